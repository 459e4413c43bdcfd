"""A mutation as journal lines: balanced, and on the sides where the books put it."""

from __future__ import annotations

import json
from dataclasses import replace

from amazon_eboekhouden.domain.bookings import Booking, Mutation, MutationKind
from amazon_eboekhouden.domain.journal import JournalLine, journal
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.world import fees, invoice, line


def shown(booking: Booking) -> tuple[JournalLine, ...]:
    return journal(json.loads(booking.payload_json()))


def test_an_invoice_debits_debtors() -> None:
    assert shown(invoice(1)) == (
        JournalLine("1300", "", 1210, 0),
        JournalLine("8000", "HOOG_VERK_21", 0, 1000),
        JournalLine("", "HOOG_VERK_21", 0, 210),
    )


def test_a_credit_note_is_the_same_on_the_other_sides() -> None:
    mutation = invoice(1).payload
    assert isinstance(mutation, Mutation)
    credit = replace(mutation, lines=(line("8000", -1210, -210),))
    assert shown(replace(invoice(1), payload=credit)) == (
        JournalLine("1300", "", 0, 1210),
        JournalLine("8000", "HOOG_VERK_21", 1000, 0),
        JournalLine("", "HOOG_VERK_21", 210, 0),
    )


def test_fees_leave_clearing() -> None:
    assert shown(fees(300)) == (
        JournalLine("1090", "", 0, 300),
        JournalLine("4610", "GEEN", 300, 0),
    )


@given(
    st.sampled_from(sorted(MutationKind)),
    st.lists(st.tuples(st.integers(-10_000, 10_000), st.integers(-2_000, 2_000)), max_size=6),
)
def test_debit_equals_credit(kind: MutationKind, amounts: list[tuple[int, int]]) -> None:
    mutation = invoice(1).payload
    assert isinstance(mutation, Mutation)
    lines = tuple(line("8000", gross, vat) for gross, vat in amounts)
    found = shown(replace(invoice(1), payload=replace(mutation, kind=kind, lines=lines)))
    assert sum(entry.debit_cents for entry in found) == sum(entry.credit_cents for entry in found)
    assert all((entry.debit_cents > 0) != (entry.credit_cents > 0) for entry in found)
