"""What stands on the pages, and what the buttons do to the ledger."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden.domain.bookings import Booking, BookingKind
from amazon_eboekhouden.domain.problems import CATALOGUE, Problem, problem
from sqlalchemy import delete, event, update

from tests.dashboard.busy import fill
from tests.dashboard.conftest import NOW, SELLER, Browser
from tests.ledger.world import ADMIN, COUPLING, fees, invoice, natural, order, order_id, payment
from tests.torture.remote import FakeRemote, Variant

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using `httpx` with"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:airflow"),
    pytest.mark.filterwarnings("ignore:The HMAC key is"),
]

HELD = "302-1111111-2222222"


@pytest.fixture
def remote() -> FakeRemote:
    return FakeRemote(Variant(), time.monotonic, deadline_s=30)


@pytest.fixture
def booked(sources: Any, remote: FakeRemote) -> Any:
    """Two orders of 12.10, one of them paid by settlement 9, whose fees are 3.00."""
    rates = {"rates": [{"rate": "21", "net_cents": 1000, "vat_cents": 210, "gross_cents": 1210}]}
    rates["rates"][0] |= {"code": "HOOG_VERK_21", "country": "NL", "why": "Amazon's VAT cents"}
    bookings: list[Booking] = []
    for number in (1, 2):
        relation, sale = order(number)
        bookings += [relation, _with_facts(sale, rates)]
    bookings += [payment(1), fees()]
    assert sources.ledger.book(ADMIN, COUPLING, bookings, remote).problems == []
    days = {"start_date": date(2026, 11, 1), "end_date": date(2026, 11, 15)}
    sources.ledger.settlements.record(
        SELLER, "9", coupling="demo", state="booked", total_cents=910, currency="EUR", **days
    )
    return sources


def _with_facts(sale: Booking, facts: dict[str, Any]) -> Booking:
    return Booking(
        sale.kind,
        sale.natural,
        sale.payload,
        sale.depends_on,
        sale.row,
        sale.order_id,
        facts=facts,
    )


def hold(sources: Any, order_id: str = HELD) -> None:
    found = problem("registration-missing", f"order {order_id}", order_id=order_id, country="DE")
    sources.ledger.record_order_problems("demo", [found], considered=set())


def spoil(sources: Any, number: int, state: str, reason: str = "") -> None:
    from amazon_eboekhouden.ledger.schema import intent

    mine = (intent.c.natural == natural(number)) & (intent.c.kind == BookingKind.INVOICE.value)
    with sources.ledger.engine.begin() as connection:
        changed = connection.execute(update(intent).where(mine).values(state=state, reason=reason))
        assert changed.rowcount == 1
    sources.ledger.refresh_problems(ADMIN, COUPLING)


def state_of(sources: Any, number: int) -> str:
    frame = sources.ledger.booked(ADMIN)
    return str(frame.loc[frame["booking"] == natural(number), "state"].item())


# --- reading ---------------------------------------------------------------------------------
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


# --- deciding ----------------------------------------------------------------------------------
def test_skipping_takes_the_order_off_the_list_and_remembers_who(
    admin: Browser, sources: Any
) -> None:
    hold(sources)
    answer = admin.post(f"/koppeling/demo/bestelling/{HELD}/overslaan", why="al met de hand")
    assert answer.status_code == 303
    assert sources.ledger.open_problems("demo") == []
    page = admin.get(answer.headers["location"]).text
    assert "Overgeslagen" in page
    assert "admin-anna" in page
    assert "al met de hand" in page


def test_skipping_needs_a_reason(admin: Browser, sources: Any) -> None:
    hold(sources)
    path = f"/koppeling/demo/bestelling/{HELD}/overslaan"
    assert admin.post(path, why=" ").status_code == 400
    assert len(sources.ledger.open_problems("demo")) == 1


def test_offering_again_sends_what_was_refused(
    admin: Browser, booked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An Airflow that has not read the DAGs, whatever other tests have put in its database.
    monkeypatch.setattr("amazon_eboekhouden.provider.dashboard.airflow_state.ORDERS_DAG", "absent")
    spoil(booked, 2, "REJECTED", "MUT012")
    answer = admin.post(f"/koppeling/demo/bestelling/{order_id(2)}/opnieuw")
    assert answer.status_code == 303
    # No run could be started: the next one takes the order along.
    assert answer.headers["location"].endswith("gedaan=aangeboden")
    assert state_of(booked, 2) == "PLANNED"
    remote = FakeRemote(Variant(), time.monotonic, deadline_s=30)
    booked.ledger.heal(ADMIN, COUPLING, remote)
    assert state_of(booked, 2) == "CONFIRMED"


@pytest.mark.parametrize(
    ("choice", "after"), [("adopt", "CONFIRMED"), ("rebook", "PLANNED"), ("ignore", "IGNORED")]
)
def test_a_foreign_booking_is_decided_with_who_and_why(
    admin: Browser, booked: Any, choice: str, after: str
) -> None:
    spoil(booked, 2, "NEEDS_HUMAN", "foreign")
    page = admin.get("/koppeling/demo/beslissen").text
    assert f'name="choice" value="{choice}"' in page
    answer = admin.post(
        "/koppeling/demo/beslis", booking=natural(2), choice=choice, why="gezien in de boeken"
    )
    assert answer.status_code == 303
    assert state_of(booked, 2) == after
    last = next(s for s in booked.ledger.explain(order_id(2)) if s.booking == natural(2)).events[-1]
    assert (last.actor, last.detail) == ("admin-anna", f"{choice}: gezien in de boeken")
    assert booked.ledger.open_problems("demo") == []


def test_buttons_are_shown_to_those_who_may_press_them(
    admin: Browser, browser_of: Any, booked: Any
) -> None:
    hold(booked)
    spoil(booked, 2, "NEEDS_HUMAN", "foreign")
    for path in ("/", "/koppeling/demo/wacht", "/koppeling/demo/beslissen"):
        assert "<button" in admin.get(path).text.replace('<button class="quiet">Zoek', "")
        assert 'method="post"' not in browser_of("viewer").get(path).text


@pytest.mark.parametrize("why", ["", "  ", "ab"])
def test_no_decision_without_a_reason(admin: Browser, booked: Any, why: str) -> None:
    spoil(booked, 2, "NEEDS_HUMAN", "foreign")
    fields = {"booking": natural(2), "choice": "ignore", "why": why}
    assert admin.post("/koppeling/demo/beslis", **fields).status_code == 400
    assert state_of(booked, 2) == "NEEDS_HUMAN"


def test_only_choices_that_the_ledger_accepts_are_offered(admin: Browser, booked: Any) -> None:
    """Every state and reason: what is offered works, what is not offered is refused."""
    from amazon_eboekhouden.ledger.states import TROUBLED, UNCERTAIN, State

    path = "/koppeling/demo/beslis"
    for state in sorted(TROUBLED | UNCERTAIN):
        for reason in ("absent", "deleted", "duplicated", "foreign"):
            for choice in ("adopt", "rebook", "ignore", "retry"):
                spoil(booked, 2, state, reason)
                page = admin.get("/koppeling/demo/beslissen").text
                offered = f'name="choice" value="{choice}"' in page
                answer = admin.post(path, booking=natural(2), choice=choice, why="gezien")
                if choice == "rebook" and state is State.REJECTED:
                    assert not offered  # it is called "offer again" there
                else:
                    assert answer.status_code == (303 if offered else 409), (state, reason, choice)


@pytest.mark.parametrize("choice", ["approve", "delete", ""])
def test_other_choices_are_refused(admin: Browser, booked: Any, choice: str) -> None:
    fields = {"booking": natural(1), "choice": choice, "why": "zomaar"}
    assert admin.post("/koppeling/demo/beslis", **fields).status_code == 400


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


# --- words and size ------------------------------------------------------------------------------
def test_every_problem_has_dutch_words_with_all_its_details() -> None:
    from amazon_eboekhouden.provider.dashboard import dutch

    assert set(dutch.PROBLEMS) == set(CATALOGUE)
    for code, kind in CATALOGUE.items():
        names = dutch.placeholders(kind.cause + kind.todo)
        details = {name: f"~{name}~" for name in names}
        shown = dutch.worded(problem(code, "order 1", **details))
        assert shown.title == dutch.PROBLEMS[code][0]
        for name in dutch.placeholders(dutch.PROBLEMS[code][1] + dutch.PROBLEMS[code][2]):
            assert f"~{name}" in shown.cause + shown.todo, (code, name)
        assert shown.cause != kind.cause


def test_every_reason_of_a_booking_has_dutch_words() -> None:
    """The reasons are read from the program that gives them."""
    from amazon_eboekhouden.domain import sale_kinds, vat_lines
    from amazon_eboekhouden.provider.dashboard.dutch_why import WHY, why_in_dutch

    given = [call.args[1] for call in _calls(sale_kinds, "Sale")]
    rate_of = next(node for node in ast.walk(_tree(vat_lines)) if _is_function(node, "_rate_of"))
    given += [
        node.value.elts[1]
        for node in ast.walk(rate_of)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple)
    ]
    texts = [_plain(node) for node in given]
    assert len(texts) >= 20
    for text in texts:
        shown = why_in_dutch(text)
        assert shown != text, text
        assert shown.count("~") == text.count("~"), text
    assert why_in_dutch("gezien in de boeken") == "gezien in de boeken"
    assert len(set(WHY.values())) == len(WHY)


def _tree(module: Any) -> ast.Module:
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def _is_function(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _calls(module: Any, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def _plain(node: ast.expr) -> str:
    """The text of a string, `~` for what is filled in."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "~" for part in node.values]
        return "".join(str(part) for part in parts)
    assert isinstance(node, ast.Constant), ast.dump(node)
    return str(node.value)


def test_words_of_an_unknown_or_older_problem_are_shown_as_they_are() -> None:
    from amazon_eboekhouden.provider.dashboard import dutch

    assert dutch.worded(Problem("new-code", "r", "c", "t")) == dutch.Worded("new-code", "c", "t")
    older = dutch.worded(Problem("registration-missing", "r", "an older text", "do this"))
    assert (older.cause, older.todo) == ("an older text", "do this")


@contextmanager
def counted(engine: Any) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


PAGES = (
    "/",
    "/koppeling/demo/wacht",
    "/koppeling/demo/beslissen",
    "/koppeling/demo/afrekeningen",
    "/koppeling/demo/afrekeningen/s1",
    "/koppeling/demo/openstaand",
)


def test_pages_ask_the_database_as_often_for_100_000_orders_as_for_hardly_any(
    admin: Browser, sources: Any
) -> None:
    from amazon_eboekhouden.ledger import schema

    def questions() -> dict[str, int]:
        found = {}
        for path in PAGES:
            with counted(sources.ledger.engine) as seen:
                answer = admin.get(path)
            assert answer.status_code == 200
            assert len(answer.content) < 200_000, path
            found[path] = len([s for s in seen if not s.startswith(("BEGIN", "PRAGMA"))])
        return found

    fill(sources, 1_000, 10)
    few = questions()
    with sources.ledger.engine.begin() as connection:
        for table in (schema.intent, schema.settlement, schema.problem):
            connection.execute(delete(table))
    fill(sources, 100_000, 1_000)
    assert questions() == few
    assert few["/"] <= 20


def test_open_items_are_summed_from_their_index_alone(sources: Any) -> None:
    with counted(sources.ledger.engine) as seen:
        sources.overview("demo").open_days()
    query = next(statement for statement in seen if "GROUP BY" in statement)
    with sources.ledger.engine.connect() as connection:
        values = (ADMIN, "demo", "CONFIRMED")
        needed = query.count("?")
        plan = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {query}", tuple((values * needed)[:needed])
        )
        steps = [str(row[3]) for row in plan]
    of_bookings = [step for step in steps if " intent" in step]
    assert of_bookings
    assert all("COVERING INDEX intent_open_item" in step for step in of_bookings), steps


# --- Airflow's own state -----------------------------------------------------------------------
def test_a_run_that_did_not_start_is_said() -> None:
    from amazon_eboekhouden.provider.dashboard.airflow_state import Schedule

    assert Schedule(True, False, NOW - timedelta(hours=1)).is_late(NOW)
    assert not Schedule(True, False, NOW + timedelta(minutes=5)).is_late(NOW)
    assert not Schedule(True, True, NOW - timedelta(hours=1)).is_late(NOW)
    assert not Schedule(True, False, None).is_late(datetime.now(UTC))


@pytest.fixture
def known_dags(airflow: None) -> Iterator[None]:
    """Our DAGs as Airflow knows them: the hourly one runs, two others are paused."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    paused = {"amazon_orders": False, "amazon_settlements": True, "amazon_books_audit": True}
    with create_session() as session:
        # A test before this one, in the same process, may have made Airflow know them already.
        before = {dag.dag_id: dag.is_paused for dag in session.scalars(select(DagModel))}
        if session.get(DagBundleModel, "tests") is None:
            session.add(DagBundleModel(name="tests"))
            session.flush()
        for dag_id in {*paused, *before}:
            known = session.get(DagModel, dag_id) or DagModel(dag_id=dag_id, bundle_name="tests")
            known.is_paused = paused.get(dag_id, False)
            session.add(known)
    yield
    with create_session() as session:
        for dag_id in {*paused, *before}:
            known = session.get(DagModel, dag_id)
            if dag_id in before:
                known.is_paused = before[dag_id]
            else:
                session.delete(known)


def test_what_is_paused_is_said(admin: Browser, booked: Any, known_dags: None) -> None:
    page = admin.get("/").text
    assert "<em>amazon_settlements</em>, <em>amazon_books_audit</em>. Zet in Airflow" in page
    assert "staat op pauze" not in page


def test_invoices_of_one_order_stay_apart(admin: Browser, booked: Any, remote: FakeRemote) -> None:
    booked.ledger.book(ADMIN, COUPLING, [invoice(1)], remote)
    with counted(booked.ledger.engine):
        page = admin.get(f"/koppeling/demo/bestelling/{order_id(1)}").text
    assert page.count("<h2>Factuur ") == 1
