"""What stands on the pages."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden.domain.bookings import Mutation

from tests.dashboard.conftest import AIRFLOW_WARNINGS, HELD, Browser, hold, spoil
from tests.ledger.world import ADMIN, COUPLING, invoice, natural, order_id
from tests.torture.remote import FakeRemote

pytestmark = AIRFLOW_WARNINGS


def test_the_first_page_says_the_month_in_euros(admin: Browser, booked: Any) -> None:
    page = admin.get("/").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "November 2026" in page
    figures = page.split('<dl class="figures">')[1].split("</dl>")[0]
    assert "€ 12,10 <small>1 post</small>" in page  # what is open, by age
    shown = [part.split("</dd>")[0] for part in figures.split("<dd>")[1:]]
    assert shown == ["€ 20,00", "€ 4,20", "€ 3,00", "€ 9,10"]
    assert "2 facturen" in page
    assert "Niets wacht op u" in page
    assert "1 nov 2026: 2 bestellingen, 2 facturen, 1 betaald" in page


def test_a_settlement_is_green_only_when_clearing_is_zero(admin: Browser, booked: Any) -> None:
    # Payment 12.10 less fees 3.00: without its payout the settlement leaves 9.10 on clearing.
    page = admin.get("/koppeling/demo/afrekeningen").text.replace("\N{NO-BREAK SPACE}", " ")
    assert "maar sluit niet: € 9,10" in page
    assert "sluit op de cent" not in page


def test_open_items_by_age(admin: Browser, booked: Any) -> None:
    page = admin.get("/koppeling/demo/openstaand").text.replace("\N{NO-BREAK SPACE}", " ")
    assert f"AZ{order_id(2)}" in page
    assert f"AZ{order_id(1)}" not in page
    assert "€ 12,10 <small>1 post</small>" in page.split("30 dagen")[1].split("</div>")[0]


def test_drill_down_from_settlement_to_order_to_mutation(admin: Browser, booked: Any) -> None:
    settlement = admin.get("/koppeling/demo/afrekeningen/9").text
    assert f"/koppeling/demo/bestelling/{order_id(1)}" in settlement
    story = admin.get(f"/koppeling/demo/bestelling/{order_id(1)}").text
    frame = booked.ledger.booked(ADMIN)
    number = frame.loc[frame["booking"] == natural(1), "remote_id"].item()
    assert f"mutatie <strong>{number}</strong>" in story
    assert "HOOG_VERK_21" in story
    assert "de btw die Amazon noemt" in story
    assert "Amazon's VAT cents" not in story
    assert "Journaalregels" in story
    assert "afrekening 9" in story


def test_search_leads_to_the_order(admin: Browser, booked: Any) -> None:
    answer = admin.get("/koppeling/demo/zoek", params={"order": f" {order_id(1)} "})
    assert answer.headers["location"] == f"/koppeling/demo/bestelling/{order_id(1)}"


def test_held_orders_say_why_and_what_to_do_in_dutch(admin: Browser, sources: Any) -> None:
    hold(sources)
    page = admin.get("/koppeling/demo/wacht").text
    assert "Geen btw-registratie in het land van verzending" in page
    assert "Verzonden vanuit DE" in page
    assert "seller.vat.registrations.DE" in page
    assert f"bestelling {HELD}" in page


def test_a_coupling_whose_file_is_wrong_hides_no_other(admin: Browser, sources: Any) -> None:
    (sources.environment.couplings / "kapot.yaml").write_text("name: kapot\nseller: 3\n")
    page = admin.get("/").text
    assert "instellingen kloppen niet" in page
    assert ">demo</h2>" in page
    assert admin.get("/koppeling/kapot/wacht").status_code == 409
    assert admin.get("/koppeling/../wacht").status_code == 404


def test_inactive_and_preview_are_seen(admin: Browser, sources: Any) -> None:
    file: Path = sources.environment.couplings / "demo.yaml"
    shipped = file.read_text()
    file.write_text(shipped.replace("active: true", "active: false"))
    assert "niet actief" in admin.get("/").text
    file.write_text(shipped.replace("mode: live", "mode: preview"))
    assert "er wordt niets geboekt" in admin.get("/").text


@pytest.mark.parametrize("path", ["/?maand=2026-13", "/?maand=x", "/koppeling/demo/wacht?pagina=0"])
def test_a_wrong_address_is_said_plainly(admin: Browser, path: str) -> None:
    answer = admin.get(path)
    assert answer.status_code == 422
    assert "Dit adres klopt niet" in answer.text


def test_no_buyer_stands_on_any_page(admin: Browser, booked: Any) -> None:
    spoil(booked, 1, "NEEDS_HUMAN", "foreign")
    for path in ("/", "/koppeling/demo/beslissen", f"/koppeling/demo/bestelling/{order_id(1)}"):
        page = admin.get(path).text
        assert "k@example.org" not in page
        assert "Klant 1" not in page


def test_invoices_of_one_order_stay_apart(admin: Browser, booked: Any, remote: FakeRemote) -> None:
    def headings() -> int:
        page = admin.get(f"/koppeling/demo/bestelling/{order_id(1)}").text
        return int(page.count("<h2>Factuur "))

    first = invoice(1)
    booked.ledger.book(ADMIN, COUPLING, [first], remote)
    assert headings() == 1
    assert isinstance(first.payload, Mutation)
    payload = replace(first.payload, invoice_number=f"{first.payload.invoice_number}-2")
    second = replace(first, natural=f"{natural(1)}-2", payload=payload)
    booked.ledger.book(ADMIN, COUPLING, [second], remote)
    assert headings() == 2


def test_check_now_turns_the_light_red_and_names_the_cause(admin: Browser, sources: Any) -> None:
    """Both services are away: nothing listens on the port."""
    from amazon_eboekhouden.config.connections import SANDBOX_CONNECTIONS, Connection

    def nowhere(conn_id: str) -> Connection:
        known = SANDBOX_CONNECTIONS[conn_id]
        return Connection(conn_id, known.login, known.password, "http://127.0.0.1:9", known.extra)

    sources.connections = nowhere
    answer = admin.post("/koppeling/demo/controleer")
    assert answer.headers["location"].endswith("gedaan=fout")
    page = admin.get("/").text
    assert page.count("Een dienst is niet te bereiken (") == 2
    codes = {found.problem.code for found in sources.ledger.open_problems("demo")}
    assert codes == {"service-unreachable"}
