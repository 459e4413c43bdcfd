"""One test per code of the catalogue's section on settlements: what provokes it, and only it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.domain import problems as catalogue
from amazon_eboekhouden.domain.bookings import MutationKind
from amazon_eboekhouden.domain.books import BookedLine, BookedMutation, OpenItem
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement import by_hand
from amazon_eboekhouden.domain.settlement.cross_checks import summary_problems
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.left_over import propose_left_over
from amazon_eboekhouden.domain.settlement.others import (
    find_items,
    free_items,
    to_approve,
    unpaid_orders,
)
from amazon_eboekhouden.domain.settlement.tie_out import gate

from tests.domain.settlement.writing import file_of, invoice, row, settings, settled

ORDER, OTHER = "402-0000001-0000001", "402-0000002-0000002"
SALE, REFUND = "Order/ItemPrice/Principal", "Refund/ItemPrice/Principal"
FEE = "other-transaction/other-transaction/Subscription Fee"
UNKNOWN = "other-transaction/other-transaction/Mystery Fee"
ADJUSTMENT = "other-transaction/other-transaction/Adjustment"


def refused(content: bytes, **hints: Any) -> list[Problem]:
    answer = read_settlement(content, **hints)
    assert isinstance(answer, list)
    return answer


def listed(*rows: Any, books: tuple[dict[str, Any], ...] = (), **more: Any) -> list[Problem]:
    return list(settled(file_of(rows), *books, **more).made.problems)


def sale(amount: str, order: str = ORDER, **more: str) -> dict[str, str]:
    return row(SALE, amount, order, **more)


def refund(amount: str, order: str = ORDER, **more: str) -> dict[str, str]:
    return row(REFUND, amount, order, **more)


def shipments() -> tuple[dict[str, Any], ...]:
    return tuple(
        invoice(ORDER, gross, booking=f"inv:X:{ORDER}:{name}", invoice_number=f"AZ-{name}")
        for name, gross in (("S1", "30.00"), ("S2", "20.00"))
    )


def credit(number: str) -> dict[str, Any]:
    note = invoice(ORDER, "20.00", booking=f"crn:{ORDER}:{number}", booking_kind="CRN")
    return {**note, "invoice_number": number, "gross_cents": -2000, "facts": "{}"}


def proposal(currency: str = "EUR") -> list[Problem]:
    rows = [sale("50.00"), row(FEE, "-12.10")]
    one = settled(file_of(rows, currency=currency), invoice(ORDER, "50.00"))
    books = BOOKED.of([invoice(ORDER, "50.00")])
    return list(propose_left_over(one.file, one.matched, books, settings()).problems)


def defect() -> list[Problem]:
    """A row that stands twice: no input can make it, so it is made by hand."""
    one = settled(file_of([sale("50.00")]), invoice(ORDER, "50.00"))
    twice = pd.concat([one.made.rows, one.made.rows], ignore_index=True)
    object.__setattr__(one.made, "rows", twice)
    return gate(one.file, one.made, "1090")


def of_others() -> list[Problem]:
    one = settled(file_of([sale("50.00", on="2025-12-30")]))
    orders = unpaid_orders(one.matched, date(2026, 1, 1))
    near = OpenItem("W-1", "WEB", date(2025, 12, 29), 5000, 0, 5000)
    return to_approve("18000000001", find_items(orders, free_items([near], ())), "2095")


def paid_already() -> list[Problem]:
    books = [invoice(ORDER, "50.00")]
    one = settled(file_of([sale("50.00")]), *books)
    return by_hand.paid_problems("18000000001", one.made.mutations, BOOKED.of(books), [])


def paid_out_already() -> list[Problem]:
    books = [invoice(ORDER, "50.00")]
    made = settled(file_of([sale("50.00")]), *books).made.mutations
    found = BOOKED.of(books), {"1090": -5000}, "1090", "2010"
    return by_hand.payout_problems("18000000001", made, *found)


def in_a_closed_period() -> list[Problem]:
    books = {"connection": "books", "go_live": "2026-01-01", "closed_through": "2026-03-31"}
    closed = settings(books=books)
    return listed(sale("50.00"), books=(invoice(ORDER, "50.00"),), with_settings=closed)


def another_amount() -> list[Problem]:
    """Finances showed the refund of that day at 20.00, the settlement takes 25.00."""
    seen = {"finances": {"ids": ["T-1"], "days": ["2026-03-10"], "is_estimate": False}}
    shown = {**credit("C1"), "facts": json.dumps(seen)}
    return listed(refund("-25.00"), books=(invoice(ORDER, "50.00"), shown))


def not_placed(*rows: Any) -> list[Problem]:
    """The manual's method: what none of its mutations holds."""
    one = settled(file_of(rows), invoice(ORDER, "50.00"))
    books = BOOKED.of([invoice(ORDER, "50.00")])
    return list(propose_left_over(one.file, one.matched, books, settings()).to_look_at)


def on_the_bank_already() -> list[Problem]:
    one = settled(file_of([sale("50.00")]), invoice(ORDER, "50.00"))
    books = BOOKED.of([invoice(ORDER, "50.00")])
    made = propose_left_over(one.file, one.matched, books, settings()).mutations
    line = BookedLine("8000", "GEEN", 5000, 0, 5000, "")
    by_person = BookedMutation(
        7, MutationKind.MONEY_RECEIVED, date(2026, 3, 18), "1010", "", "", "", "bank", "IN", (line,)
    )
    return by_hand.bank_line_problems("18000000001", made, books, [by_person], "1010")


def in_another_currency() -> list[Problem]:
    content = file_of([refund("-5.00")], currency="SEK")
    rates = {("SEK", date(2026, 3, day)): Decimal(11) for day in (10, 17)}
    return list(settled(content, invoice(ORDER, "50.00"), rates=rates).made.problems)


MAKES: dict[str, Callable[[], list[Problem]]] = {
    "settlement-encoding": lambda: refused(b"settlement-id\x81\x8d", charset="utf-8"),
    "settlement-columns": lambda: refused(b"settlement-id\ttransaction-type\n1\tOrder\n"),
    "settlement-summary": lambda: refused(file_of([]) + b"\n" + file_of([]).split(b"\n")[1]),
    "settlement-mixed": lambda: refused(file_of([sale("5.00", **{"settlement-id": "2"})])),
    "settlement-currency": lambda: refused(file_of([sale("5.00", currency="PLN")])),
    "settlement-amount": lambda: refused(
        file_of([sale("5.00")]).replace(b"Principal\t5.00", b"Principal\tfive")
    ),
    "settlement-date": lambda: refused(file_of([sale("5.00", on="2026-13-40")])),
    "settlement-total": lambda: refused(
        file_of([sale("5.00")]).replace(b"Principal\t5.00", b"Principal\t5.01")
    ),
    "settlement-cut": lambda: refused(b"\n".join(file_of([sale("5.00")]).split(b"\n")[:2])[:-9]),
    "settlement-row-unknown": lambda: listed(row(UNKNOWN, "-3.00")),
    "settlement-row-for-a-person": lambda: listed(row(ADJUSTMENT, "-3.00")),
    "settlement-row-without-order": lambda: listed(sale("5.00", order="")),
    "settlement-order-parked": lambda: listed(sale("5.00")),
    "settlement-order-before-go-live": lambda: listed(sale("5.00", on="2025-12-30")),
    "settlement-refund-unknown-order": lambda: listed(refund("-5.00")),
    "settlement-refund-ambiguous": lambda: listed(
        refund("-20.00"), books=(invoice(ORDER, "50.00"), credit("C1"), credit("C2"))
    ),
    "settlement-refund-differs": another_amount,
    "settlement-refund-too-large": lambda: listed(
        refund("-60.00"), books=(invoice(ORDER, "50.00"),)
    ),
    "settlement-order-ambiguous": lambda: listed(sale("25.00"), books=shipments()),
    "settlement-order-negative": lambda: listed(sale("-5.00"), books=(invoice(ORDER, "50.00"),)),
    "settlement-overpaid": lambda: listed(sale("55.00"), books=(invoice(ORDER, "50.00"),)),
    "settlement-underpaid": lambda: listed(sale("45.00"), books=(invoice(ORDER, "50.00"),)),
    "settlement-rate-missing": lambda: list(
        settled(file_of([row(FEE, "-5.00")], currency="SEK")).made.problems
    )[:1],
    "settlement-deposit-unknown": lambda: list(
        settled(
            file_of([sale("5.00")], currency="SEK"),
            rates={("SEK", date(2026, 3, 10)): Decimal(11)},
        ).made.problems
    ),
    "settlement-needs-approval": proposal,
    "settlement-method-only-euros": lambda: proposal("SEK"),
    "settlement-clearing-not-zero": defect,
    "settlement-invoices-of-others": of_others,
    "settlement-paid-by-hand": paid_already,
    "settlement-payout-by-hand": paid_out_already,
    "settlement-closed-period": in_a_closed_period,
    "settlement-deposit-not-placed": lambda: not_placed(sale("50.00"), sale("20.00", OTHER)),
    "settlement-row-not-placed": lambda: not_placed(sale("50.00"), row(UNKNOWN, "-3.00")),
    "settlement-bank-line-by-hand": on_the_bank_already,
    "settlement-refund-currency": in_another_currency,
    "settlement-summary-differs": lambda: summary_problems("18000000001", "EUR", 5000, 4999, 0),
}


@pytest.mark.parametrize("code", catalogue._SETTLEMENTS)
def test_every_code_is_provoked(code: str) -> None:
    assert [p.code for p in MAKES[code]()] == [code]


@pytest.mark.parametrize("code", MAKES)
def test_it_names_the_row_the_cause_and_what_to_do(code: str) -> None:
    (found,) = MAKES[code]()
    assert found.row.split()[0] in ("order", "settlement")
    for text in (found.cause, found.todo):
        assert text
        assert "{" not in text
        assert "None" not in text


def test_the_problem_of_an_unknown_kind_proposes_the_line_of_the_table() -> None:
    (found,) = MAKES["settlement-row-unknown"]()
    assert "other-transaction,other-transaction,Mystery Fee" in found.todo


@pytest.mark.parametrize("code", ["settlement-rate-missing", "settlement-deposit-unknown"])
def test_what_waits_books_nothing(code: str) -> None:
    kind, rates = (FEE, {}) if code == "settlement-rate-missing" else (SALE, {})
    made = settled(file_of([row(kind, "5.00", ORDER)], currency="SEK"), rates=rates).made
    assert made.waits
    assert made.mutations.empty
    assert made.mutation_lines.empty


def test_a_refund_that_together_with_others_is_too_large_is_held() -> None:
    rows = [refund("-30.00", **{"adjustment-id": f"E{n}"}) for n in (1, 2)]
    one = settled(file_of(rows), invoice(ORDER, "50.00"))
    assert [p.code for p in one.made.problems] == ["settlement-refund-too-large"]
    assert list(one.made.mutations["gross_cents"][:1]) == [-3000]
    assert gate(one.file, one.made, "1090") == []


def test_files_that_are_nothing_of_the_kind_are_refused() -> None:
    for content in (b"", b"<html><body>403</body></html>", b"\x1f\x8b\x08\x00"):
        assert not isinstance(read_settlement(content), SettlementFile)
