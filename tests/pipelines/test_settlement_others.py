"""What others booked: their invoices are paid, work by hand is noticed and not doubled."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from amazon_eboekhouden.config.connections import from_environment
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.books import OpenItem
from amazon_eboekhouden.domain.settlement.others import Unpaid, find_items, free_items
from amazon_eboekhouden.pipelines import settlements
from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings
from amazon_eboekhouden.provider import steps

from tests.domain.settlement.writing import file_of, row
from tests.pipelines.conftest import Result, World
from tests.pipelines.test_orders import WINDOW

ORDER, SECOND = "402-0000001-0000001", "402-0000002-0000002"
SALE = "Order/ItemPrice/Principal"
FEE = "Order/ItemFees/Commission"


def before_go_live(world: World, **more: str) -> None:
    added = "".join(f"  {name}: {value}\n" for name, value in more.items())
    world.settings(
        ("go_live: 2026-01-01", "go_live: 2026-06-01"), ("settlement:\n", f"settlement:\n{added}")
    )
    relation = {"Code": "WEB", "Bedrijf": "Webwinkelklanten", "BP": "P"}
    world.post(f"{world.books}/control/relations", [relation])


def person(world: World, **action: Any) -> None:
    world.post(f"{world.books}/control/mutations", {"do": "add", **action})


def invoice_of_another(
    world: World, number: str, euros: str, on: str = "2026-03-09", text: str = "verkoop"
) -> None:
    """What another coupling booked, long before this one."""
    line = {"BedragInvoer": euros, "TegenrekeningCode": "8000", "BTWCode": "HOOG_VERK_21"}
    person(
        world,
        Soort="FactuurVerstuurd",
        Datum=on,
        Rekening="1300",
        RelatieCode="WEB",
        Factuurnummer=number,
        Betalingstermijn="30",
        Omschrijving=text,
        InExBTW="IN",
        MutatieRegels=[line],
    )


def settle(world: World, *rows: Any, **options: Any) -> Result:
    file = world.home / "settlement.txt"
    file.write_bytes(file_of(rows, **options))
    return world.run("settlements", "--file", str(file))


def open_cents(world: World) -> int:
    return world.balance("1300")


def test_an_open_item_that_fits_by_amount_and_date_is_paid_after_approval(world: World) -> None:
    before_go_live(world)
    invoice_of_another(world, "WEB-77", "49.99")
    waiting = settle(world, row(SALE, "49.99", ORDER), row(FEE, "-9.08", ORDER))
    assert waiting.codes == ["settlement-waits-for-approval", "settlement-invoices-of-others"]
    assert f"{ORDER} WEB-77" in waiting.report["problems"][1]["cause"]
    (summary,) = waiting.report["settlements"]
    (found,) = summary["invoices_of_others"]
    assert (found["order_id"], found["invoice"], found["how"]) == (ORDER, "WEB-77", "amount")
    assert open_cents(world) == 4999
    # The proof of what waits shows the same, without asking the books.
    before_proof = world.calls("books")
    proof = world.run("statement", "18000000001").report["statement"]
    assert {one["account"] for one in proof["accounts"]} >= {"Debiteuren"}
    assert world.calls("books") == before_proof
    approved = world.run("settlements", "--approve", "18000000001")
    assert approved.codes == []
    assert world.open_problems() == []
    assert world.calls("books")["GetMutaties"] <= 3
    assert open_cents(world) == 0
    assert world.balance("2095") == 0
    assert world.balance("1090") == 0
    before = world.journal()
    assert world.run("settlements").report["booked"] == 0
    world.run("settlements", "--file", str(world.home / "settlement.txt"))
    assert world.journal() == before


def test_an_invoice_number_that_names_the_order_needs_no_approval(world: World) -> None:
    before_go_live(world)
    invoice_of_another(world, f"AMZ-{ORDER}", "49.99", on="2026-01-20")
    result = settle(world, row(SALE, "49.99", ORDER))
    assert result.codes == []
    assert open_cents(world) == 0


def test_an_approval_is_for_what_was_shown(world: World) -> None:
    """What came into the books after it was shown needs a new approval."""
    before_go_live(world)
    invoice_of_another(world, "WEB-77", "49.99")
    settle(world, row(SALE, "49.99", ORDER), row(SALE, "20.00", SECOND))
    invoice_of_another(world, "WEB-78", "20.00")
    for approval in (("--approve", "18000000001"), ()):
        asked = world.run("settlements", *approval)
        assert "settlement-waits-for-approval" in asked.codes
        assert open_cents(world) == 4999 + 2000
    approved = world.run("settlements", "--approve", "18000000001")
    assert approved.codes == []
    assert open_cents(world) == 0


def test_the_text_to_approve_says_it_all_in_dutch(world: World) -> None:
    """What Airflow shows under Required Action: payments, fees by account, what stays open."""
    before_go_live(world)
    world.settings(("approval: automatic", "approval: required"))
    invoice_of_another(world, "WEB-77", "49.99")
    invoice_of_another(world, f"A-{SECOND}", "20.00")
    settle(world, row(SALE, "49.99", ORDER), row(FEE, "-9.08", ORDER), row(SALE, "15.00", SECOND))
    runtime = runtime_of_the_environment()
    text = steps._to_approve(runtime, settlements.match(runtime, "18000000001"))
    runtime.ledger.close()
    for part in (
        "Facturen betaald: Verkopen | 64,99",
        "| 4610 | HOOG_INK_21 | 7,50 | 1,58 |",
        "| Debiteuren | GEEN | \N{MINUS SIGN}64,99 | 0,00 |",
        "Op de facturen blijft 5,00 EUR open.",
        f"| {ORDER} | WEB-77 | 2026-03-09 | 49,99 | bedrag en datum |",
        f"| {SECOND} | A-{SECOND} | 2026-03-09 | 20,00 | bestelnummer |",
        f"- bestelling {SECOND}: Te weinig betaald.",
        "Facturen van een andere koppeling.",
    ):
        assert part in text, text


def runtime_of_the_environment() -> Runtime:
    environment = environment_of(os.environ)
    found = read_settings(environment, "demo")
    return Runtime(found, environment, lambda name: from_environment(name, os.environ))


@pytest.mark.parametrize("options", [{}, {"get_mutaties_cap": 2}], ids=["plain", "few rows shown"])
def test_an_invoice_whose_description_names_the_order_is_paid(
    world: World, options: dict[str, int]
) -> None:
    """Found in the books, however far its date and whatever its amount; nobody has to approve."""
    before_go_live(world)
    invoice_of_another(world, "2025-0311", "49.99", "2026-01-20", f"Amazon {ORDER} verkoop")
    for number in range(6):
        invoice_of_another(world, f"2025-09{number}", "49.99")
    world.post(f"{world.books}/control/options", options)
    result = settle(world, row(SALE, "45.00", ORDER), row(FEE, "-9.08", ORDER))
    if options:  # What the service does not show can't be found, and six of the amount fit.
        assert result.codes == ["settlement-order-before-go-live"]
        return
    assert result.codes == ["settlement-underpaid"]
    assert result.report["calls"]["GetMutaties"] == 2  # The search, and one before any first write.
    paid_lines = [line for line in world.journal() if line["kind"] == "FactuurbetalingOntvangen"]
    assert {line["invoice_number"] for line in paid_lines} == {"2025-0311"}
    assert open_cents(world) == 7 * 4999 - 4500
    assert world.balance("1090") == 0


def test_an_order_sent_before_go_live_and_paid_after_it_is_found_by_its_id_only(
    world: World,
) -> None:
    """Amazon may pay weeks later; an amount alone is not enough then: it may be ours."""
    before_go_live(world)
    world.settings(("go_live: 2026-06-01", "go_live: 2026-03-01"))
    invoice_of_another(world, "2026-0200", "49.99", "2026-02-27", f"bestelling {ORDER}")
    invoice_of_another(world, "2026-0201", "20.00", "2026-03-09", "zonder nummer")
    result = settle(world, row(SALE, "49.99", ORDER), row(SALE, "20.00", SECOND))
    assert result.codes == ["settlement-order-parked"]
    assert open_cents(world) == 2000
    assert world.balance("2090") == -2000


def test_the_books_are_not_searched_on_the_last_calls_of_the_month(world: World) -> None:
    before_go_live(world)
    invoice_of_another(world, "2025-0311", "49.99", "2026-01-20", f"Amazon {ORDER}")
    with world.ledger() as ledger:
        administration = "guid-of-the-test"
        for _ in range(3):
            ledger.store.count_call(administration, "GetMutaties")
        few = replace(ledger.settings, calls_a_month=6)
        object.__setattr__(ledger, "settings", few)
        assert list(ledger.read_back(administration, None, max_calls=5)) == []


def test_a_part_of_a_settlement_can_be_read_again(world: World) -> None:
    """The open item is gone once it is paid; the settlement still knows what it paid."""
    before_go_live(world)
    invoice_of_another(world, f"AMZ-{ORDER}", "49.99")
    settle(world, row(SALE, "49.99", ORDER))
    with world.ledger() as ledger:
        ledger.settlements.record("A3SANDBOXSELLER", "18000000001", state="found")
    before = world.journal()
    again = world.run("settlements")
    assert (again.status, again.report["booked"]) == (0, 0)
    assert again.report["already_booked"] > 0
    assert world.journal() == before


@pytest.mark.parametrize("setting", ["by_order_id", "ignored"])
def test_who_does_not_want_it_keeps_the_account_for_before_go_live(
    world: World, setting: str
) -> None:
    before_go_live(world, invoices_of_others=setting)
    invoice_of_another(world, "WEB-77", "49.99")
    result = settle(world, row(SALE, "49.99", ORDER))
    assert result.codes == ["settlement-order-before-go-live"]
    assert world.balance("2095") == -4999
    assert open_cents(world) == 4999


def item(number: str, cents: int, on: date = date(2026, 3, 9)) -> OpenItem:
    return OpenItem(number, "WEB", on, cents, 0, cents)


def paid(
    *orders: tuple[str, int],
    items: list[OpenItem],
    own: frozenset[str] = frozenset(),
    naming: dict[str, list[str]] | None = None,
) -> Any:
    unpaid = [Unpaid(order_id, date(2026, 3, 10), cents) for order_id, cents in orders]
    found = find_items(unpaid, free_items(items, own), naming or {})
    return {f.order_id: (f.item.invoice_number, f.how) for f in found}


def test_only_what_fits_one_another_and_nothing_else_is_found() -> None:
    assert paid((ORDER, 100), items=[item("A", 100)]) == {ORDER: ("A", "amount")}
    assert paid((ORDER, 100), items=[item("A", 100), item("B", 100)]) == {}
    assert paid((ORDER, 100), (SECOND, 100), items=[item("A", 100)]) == {}
    assert paid((ORDER, 100), items=[item("A", 101)]) == {}
    assert paid((ORDER, 100), items=[item("A", 100, date(2026, 2, 1))]) == {}
    assert paid((ORDER, 100), items=[item("A", 100)], own=frozenset({"A"})) == {}
    assert paid((ORDER, 100), items=[item("A", -100)]) == {}
    named = [item(f"X-{ORDER}", 900), item("B", 100)]
    assert paid((ORDER, 100), (SECOND, 100), items=named) == {
        ORDER: (f"X-{ORDER}", "order_id"),
        SECOND: ("B", "amount"),
    }
    # Two invoices that name the order: the one of its amount; one that names two orders: none.
    two = [item("A", 100), item("B", 200)]
    assert paid((ORDER, 200), items=two, naming={ORDER: ["A", "B"]}) == {ORDER: ("B", "order_id")}
    both = {ORDER: ["A"], SECOND: ["A"]}
    assert paid((ORDER, 60), (SECOND, 40), items=two, naming=both) == {}


# --- by hand --------------------------------------------------------------------------------------


def booked_month(world: World) -> dict[str, Any]:
    truth = world.seed(seed=61, orders=12, **{"from": WINDOW[1], "to": WINDOW[3]})
    assert world.run("orders", *WINDOW).report["problems"] == []
    return truth


def take_back(world: World, kind: str) -> None:
    numbers = {line["mutation_number"] for line in world.journal() if line["kind"] == kind}
    for number in numbers:
        world.post(f"{world.books}/control/mutations", {"do": "delete", "number": int(number)})


def test_an_invoice_paid_by_hand_is_not_paid_twice(world: World) -> None:
    """The bank line of a transfer was booked on an invoice of the debtors."""
    booked_month(world)
    invoice = next(line for line in world.journal() if line["kind"] == "FactuurVerstuurd")
    number, amount = invoice["invoice_number"], invoice["debit"]
    line = {"BedragInvoer": amount, "TegenrekeningCode": "1300", "BTWCode": "GEEN"}
    person(
        world,
        Soort="FactuurbetalingOntvangen",
        Datum="2026-10-02",
        Rekening="1010",
        RelatieCode=invoice["relation"],
        Factuurnummer=number,
        Omschrijving="bank",
        InExBTW="EX",
        MutatieRegels=[line],
    )
    before = world.journal()
    result = world.run("settlements")
    assert "settlement-paid-by-hand" in result.codes
    (found,) = [p for p in result.report["problems"] if p["code"] == "settlement-paid-by-hand"]
    assert number in found["cause"]
    paid_now = [n for n in world.journal() if n not in before and n["invoice_number"] == number]
    assert paid_now == []
    for mutation in {
        n["mutation_number"]
        for n in world.journal()
        if n["account"] == "1010" and n["invoice_number"] == number
    }:
        world.post(f"{world.books}/control/mutations", {"do": "delete", "number": int(mutation)})
    again = world.run("settlements")
    assert again.codes == []
    assert open_cents(world) == 0
    assert world.balance("1090") == 0


def test_a_payout_booked_by_hand_on_clearing_is_not_booked_twice(world: World) -> None:
    """A person booked the bank line straight on the clearing account, before the settlement."""
    truth = booked_month(world)
    positive = [s for s in truth["settlements"] if s["payout_cents"] > 0]
    first = min(positive, key=lambda s: s["end_utc"])
    payout = first["payout_cents"]
    line = {
        "BedragInvoer": f"{payout / 100:.2f}",
        "TegenrekeningCode": "1090",
        "BTWCode": "GEEN",
    }
    person(
        world,
        Soort="Memoriaal",
        Datum="2026-10-02",
        Rekening="1010",
        Omschrijving="Amazon",
        InExBTW="IN",
        MutatieRegels=[line],
    )
    assert world.balance("1090") == -payout
    result = world.run("settlements")
    assert "settlement-payout-by-hand" in result.codes
    own = [line for line in world.journal() if first["settlement_id"] in line["description"]]
    assert own == []
    take_back(world, "Memoriaal")
    assert world.run("settlements").codes == []
    assert world.balance("1090") == 0
    assert world.balance("2010") == sum(s["payout_cents"] for s in positive)


def test_a_closed_period_is_left_alone_and_said(world: World) -> None:
    settle(world, row(SALE, "49.99", ORDER), number="18000000009")
    world.settings(("go_live: 2026-01-01", "go_live: 2026-01-01\n  closed_through: 2026-03-31"))
    result = settle(world, row("other-transaction/other-transaction/Subscription Fee", "-47.19"))
    assert result.codes == ["settlement-closed-period"]
    fees = [line for line in world.journal() if line["account"] == "4614"]
    assert {line["date"] for line in fees} == {"2026-04-01"}
    assert world.balance("1090") == 0
    # A later closing does not move what stands in the books already.
    world.settings(("closed_through: 2026-03-31", "closed_through: 2026-06-30"))
    with world.ledger() as ledger:
        ledger.settlements.record("A3SANDBOXSELLER", "18000000001", state="found")
    before = world.journal()
    world.run("settlements")
    assert world.journal() == before
