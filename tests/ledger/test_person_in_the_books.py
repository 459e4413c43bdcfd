"""Twelve stories of a person in the books: each surfaces, and nothing is booked again by itself."""

from __future__ import annotations

import dataclasses

import pytest
from amazon_eboekhouden.domain.bookings import Booking, Mutation
from amazon_eboekhouden.domain.books import BookedRelation
from amazon_eboekhouden.ledger import BookingLedger
from amazon_eboekhouden.ledger.decisions import NotPossibleError

from tests.ledger.world import (
    ADMIN,
    COUPLING,
    SETTLED_S,
    Faults,
    Hand,
    fees,
    invoice,
    natural,
    order,
    payment,
)
from tests.torture.remote import FakeRemote, Variant


def _booked(ledger: BookingLedger, remote: FakeRemote) -> int:
    """Orders 1 and 2 are in the books; the mutation of order 1."""
    ledger.book(ADMIN, COUPLING, [*order(1), *order(2), fees()], remote)
    return int(ledger.explain("405-0000000-0000001")[0].remote_id)


def _night(ledger: BookingLedger, remote: FakeRemote) -> list[str]:
    """The audit, a run over everything, and the codes of the open problems after it."""
    sent = remote.calls["add"]
    ledger.audit(ADMIN, COUPLING, remote)
    ledger.book(ADMIN, COUPLING, [*order(1), *order(2), fees()], remote)
    assert remote.calls["add"] == sent, "nothing is booked again by itself"
    return sorted(found.problem.code for found in ledger.open_problems(COUPLING))


def _state(ledger: BookingLedger, number: int = 1) -> str:
    return next(
        story.state
        for story in ledger.explain(f"405-0000000-{number:07d}")
        if story.booking == natural(number)
    )


def test_1_deletes_an_invoice(ledger: BookingLedger, remote: FakeRemote) -> None:
    remote.delete(_booked(ledger, remote))
    assert _night(ledger, remote) == ["booking-deleted-by-person"]
    assert _state(ledger) == "DRIFTED"
    ledger.decide(ADMIN, natural(1), "rebook", who="Anna", why="deleted by mistake")
    assert ledger.heal(ADMIN, COUPLING, remote).booked == [natural(1)]
    assert _night(ledger, remote) == []


def test_2_deletes_the_newest_booking(ledger: BookingLedger, remote: FakeRemote) -> None:
    """No window of the audit reaches it any more: it is above the newest number."""
    _booked(ledger, remote)
    remote.delete(max(remote.rows))
    assert _night(ledger, remote) == ["booking-deleted-by-person"]


def test_3_changes_an_amount(ledger: BookingLedger, remote: FakeRemote) -> None:
    remote.change_amount(_booked(ledger, remote), 5)
    assert _night(ledger, remote) == ["booking-changed-by-person"]
    ledger.decide(ADMIN, natural(1), "adopt", who="Anna", why="the parcel was damaged")
    assert _night(ledger, remote) == []
    assert _state(ledger) == "CONFIRMED"


def test_4_gives_an_invoice_to_another_relation(ledger: BookingLedger, remote: FakeRemote) -> None:
    number = _booked(ledger, remote)
    remote.rows[number] = dataclasses.replace(remote.rows[number], relation_code="OTHER")
    ledger.audit(ADMIN, COUPLING, remote)
    (found,) = ledger.open_problems(COUPLING)
    assert "relation" in found.problem.cause


def test_5_rewrites_the_text_and_takes_our_mark_away(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    """It keeps its number and its amounts: nothing has happened to the books."""
    number = _booked(ledger, remote)
    row = dataclasses.replace(remote.rows[number], description="Rob's order", voucher="")
    remote.rows[number] = row
    codes = _night(ledger, remote)
    assert _state(ledger) == "CONFIRMED"
    assert codes == []


def test_6_copies_a_booking(ledger: BookingLedger, remote: FakeRemote) -> None:
    copied = remote.copy(_booked(ledger, remote))
    assert _night(ledger, remote) == ["booking-duplicated"]
    with pytest.raises(NotPossibleError):
        ledger.decide(ADMIN, natural(1), "retry", who="Anna", why="?")
    remote.delete(copied)
    ledger.decide(ADMIN, natural(1), "adopt", who="Anna", why="the copy is gone")
    assert _night(ledger, remote) == []


@pytest.mark.parametrize("unique", [True, False])
def test_7_books_the_invoice_by_hand_before_us(
    ledger: BookingLedger, hand: Hand, unique: bool
) -> None:
    remote = FakeRemote(Variant(unique_numbers=unique), hand.monotonic, deadline_s=30)
    payload = invoice(1).payload
    assert isinstance(payload, Mutation)
    remote.by_hand.add(remote.book(payload, "by hand"))
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    ledger.audit(ADMIN, COUPLING, remote)
    codes = [found.problem.code for found in ledger.open_problems(COUPLING)]
    if unique:
        assert [found.code for found in report.problems] == ["booking-foreign"]
        assert (_state(ledger), codes, len(remote.rows)) == ("NEEDS_HUMAN", ["booking-foreign"], 1)
        ledger.decide(ADMIN, natural(1), "adopt", who="Anna", why="I booked it myself")
        assert ledger.book(ADMIN, COUPLING, [*order(1), payment(1)], remote).booked == [
            payment(1).natural
        ]
        ledger.audit(ADMIN, COUPLING, remote)
        assert ledger.open_problems(COUPLING) == []
    else:
        # The service took ours as well: two invoices with one number, said the same night.
        assert codes == ["booked-by-hand"]
        assert len(remote.rows) == 2


def test_8_books_the_invoice_by_hand_while_ours_is_uncertain(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["", "lost_request"])
    ledger.book(ADMIN, COUPLING, order(1), remote)
    payload = invoice(1).payload
    assert isinstance(payload, Mutation)
    remote.by_hand.add(remote.book(payload, "by hand"))
    hand.move(SETTLED_S)
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert [found.code for found in report.problems] == ["booking-foreign"]
    assert len(remote.rows) == 1
    ledger.decide(ADMIN, natural(1), "ignore", who="Anna", why="that one stands")
    assert ledger.book(ADMIN, COUPLING, order(1), remote).problems == []


def test_9_changes_the_amount_while_ours_is_uncertain(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["", "lost_reply"], reads=["", "timeout", "timeout"])
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.change_amount(max(remote.rows), 1)
    hand.move(SETTLED_S)
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert [found.code for found in report.problems] == ["booking-conflict"]
    assert (_state(ledger), len(remote.rows)) == ("CONFLICT", 1)


def test_10_closes_the_year(ledger: BookingLedger, remote: FakeRemote) -> None:
    remote.closed_until = "2026-12-31"
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert [found.code for found in report.problems] == ["booking-refused"]
    assert "MUT_005" in report.problems[0].cause
    assert ledger.book(ADMIN, COUPLING, order(1), remote).rejected == [natural(1)]
    assert remote.calls["add"] == 2


def test_11_uses_the_relation_code_for_somebody_else(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    remote.relations["AZ0000000000001"] = BookedRelation(9, "AZ0000000000001", "Other Ltd", "")
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    codes = sorted(found.code for found in report.problems)
    assert codes == ["booking-conflict", "dependency-not-booked"]
    assert remote.rows == {}


def test_12_pays_and_deletes_a_payment(ledger: BookingLedger, remote: FakeRemote) -> None:
    _booked(ledger, remote)
    ledger.book(ADMIN, COUPLING, [payment(1)], remote)
    remote.delete(max(remote.rows))
    assert _night(ledger, remote) == ["booking-deleted-by-person"]
    ledger.decide(ADMIN, payment(1).natural, "ignore", who="Anna", why="refunded in the shop")
    assert _night(ledger, remote) == []


def test_the_administration_cannot_be_written_for_a_while(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    remote.account_code = "SECURITY_005"
    report = ledger.book(ADMIN, COUPLING, [*order(1), *order(2)], remote)
    assert [found.code for found in report.problems] == ["account-closed"]
    assert remote.calls["add"] == 3, "the run stops at the first invoice"
    remote.account_code = ""
    assert len(ledger.heal(ADMIN, COUPLING, remote).booked) == 2


def test_a_duplicate_can_be_turned_round(ledger: BookingLedger, remote: FakeRemote) -> None:
    _booked(ledger, remote)
    draft: Booking = ledger.draft_reversal(ADMIN, natural(1))
    assert ledger.book(ADMIN, COUPLING, [draft], remote).booked == [draft.natural]
    newest = remote.rows[max(remote.rows)]
    assert (newest.gross_cents, newest.invoice_number) == (-1210, "AZ405-0000000-0000001-R")
    assert ledger.book(ADMIN, COUPLING, [draft], remote).booked == []


def test_an_invoice_without_its_mutation_is_not_sent_again(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["", "lost_request"])
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.invoices.add("AZ405-0000000-0000001")
    hand.move(SETTLED_S)
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert [found.code for found in report.problems] == ["booking-half"]
    assert (_state(ledger), remote.rows) == ("HALF", {})


def test_decisions_need_a_name_and_a_reason(ledger: BookingLedger, remote: FakeRemote) -> None:
    remote.delete(_booked(ledger, remote))
    ledger.audit(ADMIN, COUPLING, remote)
    for who, why in (("", "because"), ("Anna", "")):
        with pytest.raises(NotPossibleError):
            ledger.decide(ADMIN, natural(1), "rebook", who=who, why=why)
    with pytest.raises(NotPossibleError):
        ledger.decide(ADMIN, "inv:unknown", "rebook", who="Anna", why="?")
