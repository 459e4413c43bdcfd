"""The guided page: what each step says, and what its buttons do to the ledger and the sandboxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import yaml
from amazon_eboekhouden.config.connections import SANDBOX_CONNECTIONS, Connection
from amazon_eboekhouden.ledger.couplings import CouplingState
from coupling_sandbox.amazon.app import create_app as amazon_app
from coupling_sandbox.eboekhouden.app import create_app as books_app
from coupling_sandbox.server import serve_in_thread

from tests.dashboard.conftest import AIRFLOW_WARNINGS, NOW, Browser, hold

pytestmark = AIRFLOW_WARNINGS

GUIDE = "/koppeling/demo/activeren"


class Services:
    """Both sandboxes, and the dashboard's connections to them."""

    def __init__(self, sources: Any, amazon: str, books: str) -> None:
        self.sources, self.amazon, self.books = sources, amazon, books
        sources.connections = self.connection

    def connection(self, conn_id: str) -> Connection:
        known = SANDBOX_CONNECTIONS[conn_id]
        host = self.amazon if conn_id.startswith("amazon") else f"{self.books}/soap.asmx"
        return Connection(conn_id, known.login, known.password, host, known.extra)

    def journal(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = httpx.get(f"{self.books}/control/journal").json()
        return found

    def state(self) -> CouplingState | None:
        found: CouplingState | None = self.sources.ledger.couplings.state("demo")
        return found


@pytest.fixture
def services(sources: Any) -> Iterator[Services]:
    with serve_in_thread(amazon_app()) as amazon, serve_in_thread(books_app()) as books:
        yield Services(sources, amazon, books)


@pytest.fixture
def unbound(sources: Any) -> Any:
    """A new coupling: nothing of it is in the ledger, and a person must activate it."""
    from amazon_eboekhouden.ledger.schema import coupling
    from sqlalchemy import delete

    with sources.ledger.engine.begin() as connection:
        connection.execute(delete(coupling))
    settings(sources, activated_by="person")
    return sources


def settings(sources: Any, **changed: Any) -> None:
    file = sources.environment.couplings / "demo.yaml"
    data = {**yaml.safe_load(file.read_text()), **changed}
    file.write_text(yaml.safe_dump(data))


def test_a_new_coupling_waits_for_a_person(
    admin: Browser, unbound: Any, services: Services
) -> None:
    assert "nog niet geactiveerd" in admin.get("/").text
    page = admin.get(GUIDE).text
    assert "Nog niet gecontroleerd" in page
    assert "<button disabled>Koppeling activeren" in page
    from amazon_eboekhouden.pipelines.activation import running

    assert running(unbound.environment) == []
    before = datetime.now(UTC) - timedelta(minutes=1)
    assert admin.post("/koppeling/demo/activeer").headers["location"].endswith("=geactiveerd")
    bound = services.state()
    assert bound is not None
    assert (bound.active, bound.seller) == (True, "A3SANDBOXSELLER")
    assert bound.administration
    watermark = unbound.ledger.watermark("demo")
    assert watermark is not None
    assert watermark > before
    page = admin.get(GUIDE).text
    assert "De koppeling haalt elk uur op en boekt." in page
    assert "admin-anna" in page
    assert running(unbound.environment) == ["demo"]


def test_a_seller_without_a_name_or_with_another_is_said_at_amazons_light(
    admin: Browser, unbound: Any, services: Services
) -> None:
    def named(seller_id: str) -> None:
        def connection(conn_id: str) -> Connection:
            known = services.connection(conn_id)
            return replace(known, extra={**known.extra, "seller_id": seller_id})

        services.sources.connections = connection

    named("")
    assert admin.post("/koppeling/demo/activeer").headers["location"].endswith("=fout")
    assert services.state() is None
    assert "De verbinding is niet volledig (" in admin.get(GUIDE).text
    named("A3SANDBOXSELLER")
    assert admin.post("/koppeling/demo/activeer").headers["location"].endswith("=geactiveerd")
    named("A9ANOTHERSELLER")
    admin.post("/koppeling/demo/controleer")
    before, found, _ = admin.get(GUIDE).text.partition(
        "De verbinding hoort bij een andere verkoper ("
    )
    assert found
    assert before.rpartition("<li>")[2].startswith("<strong>Amazon</strong>")


def test_what_the_check_finds_keeps_it_from_being_activated(
    admin: Browser, unbound: Any, services: Services
) -> None:
    chart = f"{services.books}/control/ledgers"
    # On the card only a person books, so 1020 is not asked for.
    httpx.post(chart, json={"remove": ["8000", "1090", "1020"]}).raise_for_status()
    assert admin.post("/koppeling/demo/activeer").headers["location"].endswith("=fout")
    assert services.state() is None
    page = admin.get(GUIDE).text
    assert "2 rekeningen ontbreken" in page
    assert "bereikbaar, maar 2 rekeningen kloppen niet" in page
    assert page.count("niet nodig") == 1
    assert "ontbreekt; zelf aanmaken" in page  # 1090 is FIN: no program may
    answer = admin.post("/koppeling/demo/rekeningen")
    assert answer.headers["location"].endswith("=fout")
    page = admin.get(GUIDE).text
    assert "1 rekening ontbreekt" in page
    codes = {row["code"] for row in httpx.get(chart).json()}
    assert "8000" in codes
    assert "1090" not in codes


def test_deactivating_says_what_is_still_open_and_starts_nothing(
    admin: Browser, sources: Any, services: Services
) -> None:
    from amazon_eboekhouden.pipelines.activation import running

    hold(sources)
    page = admin.get(GUIDE).text
    assert "1 op de lijst" in page
    assert admin.post("/koppeling/demo/deactiveer").status_code == 400  # no reason
    answer = admin.post("/koppeling/demo/deactiveer", why="wij stoppen met Amazon")
    assert answer.headers["location"].endswith("=gedeactiveerd")
    assert running(sources.environment) == []
    page = admin.get(GUIDE).text
    assert "Gedeactiveerd: wij stoppen met Amazon" in page
    assert "1 op de lijst" in page
    assert "gedeactiveerd" in admin.get("/").text
    decided = sources.ledger.decisions.about("coupling:demo")[-1]
    assert (decided.choice, decided.who) == ("deactivate", "admin-anna")


def test_a_file_that_says_no_is_not_overruled(
    admin: Browser, sources: Any, services: Services
) -> None:
    settings(sources, active=False)
    assert admin.post("/koppeling/demo/activeer").status_code == 409
    assert "active: false" in admin.get(GUIDE).text


def test_another_administration_is_not_activated(
    admin: Browser, sources: Any, services: Services
) -> None:
    # The ledger's coupling is bound to an administration that the sandbox does not have.
    assert admin.post("/koppeling/demo/activeer").headers["location"].endswith("=fout")
    assert "andere administratie" in admin.get(GUIDE).text


# --- preview ------------------------------------------------------------------------------------
def test_a_preview_shows_every_booking_and_writes_none(
    admin: Browser, unbound: Any, services: Services
) -> None:
    clock = f"{services.amazon}/control/clock"
    httpx.post(clock, json={"now": NOW.isoformat()}).raise_for_status()
    seed = {"seed": 3, "orders": 30, "from": "2026-11-01", "to": "2026-11-24"}
    httpx.post(f"{services.amazon}/control/seed", json=seed, timeout=120).raise_for_status()
    answer = admin.post("/koppeling/demo/proef", wat="week")
    assert answer.headers["location"].endswith("gedaan=proef")
    page = admin.get(answer.headers["location"]).text
    assert "De proef is klaar" in page
    assert services.journal() == []
    assert unbound.ledger.engine.connect().exec_driver_sql("SELECT * FROM intent").all() == []
    shown = page.count("<h3>Factuur verstuurd")
    assert shown > 0
    assert f"<dd>{shown} <small>" in page
    with unbound.runtime("demo", preview=True) as runtime:
        stored = str(runtime.staging.read_checkpoint("demo/orders/preview"))
    for personal in ("company", "address", "email", "contact"):
        assert personal not in stored


@pytest.mark.parametrize("what", ["", "jaar", "../x"])
def test_other_previews_are_refused(admin: Browser, sources: Any, what: str) -> None:
    assert admin.post("/koppeling/demo/proef", wat=what or "nee").status_code == 400


# --- settings as a file ---------------------------------------------------------------------------
def test_the_form_gives_back_a_file_that_is_read(admin: Browser, sources: Any) -> None:
    page = admin.get("/koppeling/demo/instellingen").text
    assert 'name="accounts.revenue"' in page
    before = (sources.environment.couplings / "demo.yaml").read_text()
    fields = {
        "accounts.revenue": "8888",
        "accounts.clearing.EUR": "1099",
        "seller.stock_in": "nl, de",
    }
    answer = admin.post("/koppeling/demo/instellingen", **fields)
    assert answer.headers["content-disposition"] == 'attachment; filename="demo.yaml"'
    made = yaml.safe_load(answer.text)
    assert made["accounts"] == {"revenue": "8888", "clearing": {"EUR": "1099"}}
    assert made["seller"]["stock_in"] == ["NL", "DE"]
    assert (sources.environment.couplings / "demo.yaml").read_text() == before
    (sources.environment.couplings / "demo.yaml").write_text(answer.text)
    assert sources.settings("demo").accounts.revenue == "8888"


@pytest.mark.parametrize(
    ("field", "value", "label"),
    [
        ("accounts.revenue", "<b>", "Omzet tegen 21 %"),
        ("books.go_live", "morgen", "Ingangsdatum"),
        ("seller.marketplaces", "NL, XX", "Marktplaatsen"),
    ],
)
def test_what_is_wrong_comes_back_with_its_name(
    admin: Browser, field: str, value: str, label: str
) -> None:
    answer = admin.post("/koppeling/demo/instellingen", **{field: value})
    assert answer.status_code == 422
    assert f"<li>{label}" in answer.text
    assert "<b>" not in answer.text


def test_a_new_coupling_waits_in_its_file_for_a_person(admin: Browser, sources: Any) -> None:
    assert admin.post("/nieuw", name="demo").status_code == 409
    answer = admin.post("/nieuw", name="../x")
    assert answer.status_code == 422
    answer = admin.post("/nieuw", name="winkel-2", **{"seller.connection": "amazon_2"})
    made = yaml.safe_load(answer.text)
    assert (made["activated_by"], made["seller"]["connection"]) == ("person", "amazon_2")
    (sources.environment.couplings / "winkel-2.yaml").write_text(answer.text)
    assert sources.settings("winkel-2").name == "winkel-2"


def test_the_file_as_it_is_can_be_had(admin: Browser, sources: Any) -> None:
    answer = admin.get("/koppeling/demo/instellingen.yaml")
    assert answer.text == (sources.environment.couplings / "demo.yaml").read_text()
