"""What the pipelines rely on: booked once, told truly, repeated without effect."""

from __future__ import annotations

from datetime import timedelta

import pytest
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.books import BookedRelation
from amazon_eboekhouden.ledger import BookingLedger

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
    relation,
)
from tests.torture.remote import FakeRemote, Killed


def test_an_order_is_booked_and_a_second_run_writes_nothing(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    bookings = [*order(1), *order(2), payment(1), fees()]
    report = ledger.book(ADMIN, COUPLING, bookings, remote)
    assert sorted(report.booked) == sorted(b.natural for b in bookings)
    assert report.counts == {
        BookingKind.RELATION: 2,
        BookingKind.INVOICE: 2,
        BookingKind.PAYMENT: 1,
        BookingKind.FEES: 1,
    }
    assert (report.problems, report.retry_at_utc) == ([], None)
    # One Add… per booking, and one question to learn the highest number.
    assert remote.calls == {"add": 6, "mutations": 1}
    again = ledger.book(ADMIN, COUPLING, bookings, remote)
    assert sorted(again.already_booked) == sorted(b.natural for b in bookings)
    assert again.booked == []
    assert again.remote_ids[natural(1)] == report.remote_ids[natural(1)]
    assert remote.calls == {"add": 6, "mutations": 1}


def test_the_token_stands_first_in_the_text_and_in_the_voucher(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    ledger.book(ADMIN, COUPLING, order(1), remote)
    (row,) = remote.rows.values()
    assert row.voucher.startswith("#az1-")
    assert len(row.voucher) == 17
    assert row.description.startswith(row.voucher)


def test_a_preview_writes_nothing_and_names_what_is_new(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    ledger.book(ADMIN, COUPLING, order(1), remote)
    shown = ledger.preview(ADMIN, [*order(1), *order(2), invoice(1)])
    assert set(shown.booked) == {"rel:2", natural(2)}
    assert set(shown.already_booked) == {"rel:1", natural(1)}
    assert remote.calls["add"] == 2
    assert set(ledger.booked(ADMIN)["booking"]) == {"rel:1", natural(1)}


def test_an_order_that_changed_before_it_was_sent_is_sent_as_it_is_now(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["not_sent"])
    report = ledger.book(ADMIN, COUPLING, order(1, 1210), remote)
    assert set(report.waiting) == {"rel:1", natural(1)}
    assert report.retry_at_utc == hand.now_utc() + timedelta(seconds=60)
    ledger.book(ADMIN, COUPLING, order(1, 2420), remote)
    assert [row.gross_cents for row in remote.rows.values()] == [2420]
    story = next(s for s in ledger.explain("405-0000000-0000001") if s.booking == natural(1))
    assert [event.after for event in story.events][:3] == ["PLANNED", "SUPERSEDED", "PLANNED"]


def test_an_order_that_changed_after_it_was_booked_is_a_problem_and_no_second_booking(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    ledger.book(ADMIN, COUPLING, order(1, 1210), remote)
    report = ledger.book(ADMIN, COUPLING, order(1, 2420), remote)
    assert [found.code for found in report.problems] == ["booking-changed"]
    assert remote.calls["add"] == 2
    assert [p.problem.code for p in ledger.open_problems(COUPLING)] == ["booking-changed"]
    # What is asked is again what is booked: the problem closes by itself.
    assert ledger.book(ADMIN, COUPLING, order(1, 1210), remote).problems == []
    assert ledger.open_problems(COUPLING) == []


def test_an_order_that_changed_while_its_outcome_was_unknown_is_not_forgotten(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["", "lost_reply"], reads=["", "timeout", "timeout"])
    ledger.book(ADMIN, COUPLING, order(1, 1210), remote)
    remote.fault = Faults(reads=["timeout"] * 9)
    assert ledger.book(ADMIN, COUPLING, order(1, 2420), remote).unknown == [natural(1)]
    remote.fault = Faults()
    hand.move(SETTLED_S)
    # Nobody hands the order in again: its window has passed.
    report = ledger.heal(ADMIN, COUPLING, remote)
    assert report.booked == [natural(1)]
    assert [found.code for found in report.problems] == ["booking-changed"]


def test_another_text_or_address_is_no_change_of_the_books(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    ledger.book(ADMIN, COUPLING, order(1), remote)
    moved = [relation(1, "Verhuisd"), invoice(1, text="Another wording")]
    report = ledger.book(ADMIN, COUPLING, moved, remote)
    assert (report.problems, report.booked, remote.calls["add"]) == ([], [], 2)


def test_a_lost_answer_is_found_in_the_same_run(ledger: BookingLedger, remote: FakeRemote) -> None:
    remote.fault = Faults(adds=["", "lost_reply"])
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert set(report.booked) == {"rel:1", natural(1)}
    assert remote.calls == {"add": 2, "mutations": 3}  # learn, one window, one past its end
    assert len(remote.rows) == 1


def test_a_lost_request_is_sent_again_only_after_the_settle_time(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["", "lost_request"])
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert report.unknown == [natural(1)]
    assert report.retry_at_utc == hand.now_utc() + timedelta(seconds=630)
    hand.move(600)
    early = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert (early.unknown, remote.calls["add"]) == ([natural(1)], 2)
    hand.move(31)
    late = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert (late.booked, remote.calls["add"], len(remote.rows)) == ([natural(1)], 3, 1)


def test_what_an_absent_answer_hides_is_sent_three_times_at_most(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["", *["lost_request"] * 9])
    for _ in range(6):
        report = ledger.book(ADMIN, COUPLING, order(1), remote)
        hand.move(SETTLED_S)
    assert remote.calls["add"] == 1 + 3
    assert [found.code for found in report.problems] == ["booking-absent"]
    ledger.decide(ADMIN, natural(1), "rebook", who="Anna", why="the service was down")
    remote.fault = Faults()
    assert ledger.heal(ADMIN, COUPLING, remote).booked == [natural(1)]


def test_the_session_that_ended_is_asked_about_at_once(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    remote.fault = Faults(adds=["", "session_expired"])
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert (natural(1) in report.booked, remote.calls["add"], len(remote.rows)) == (True, 3, 1)


@pytest.mark.parametrize("killed", ["killed_before", "killed_after"])
def test_a_worker_that_died_while_it_sent(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand, killed: str
) -> None:
    remote.fault = Faults(adds=["", killed])
    with pytest.raises(Killed):
        ledger.book(ADMIN, COUPLING, order(1), remote)
    for _ in range(2):
        hand.move(SETTLED_S)
        ledger.book(ADMIN, COUPLING, order(1), remote)
    assert len(remote.rows) == 1
    assert ledger.booked(ADMIN)["state"].tolist() == ["CONFIRMED", "CONFIRMED"]


def test_a_refused_booking_is_tried_again_when_it_changed_or_when_a_person_asks(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    remote.closed_until = "2026-11-01"
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert (report.rejected, [p.code for p in report.problems]) == (
        [natural(1)],
        ["booking-refused"],
    )
    same = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert (same.rejected, remote.calls["add"]) == ([natural(1)], 2)
    moved = ledger.book(ADMIN, COUPLING, [relation(1), invoice(1, day=2)], remote)
    assert moved.booked == [natural(1)]
    ledger.book(ADMIN, COUPLING, order(2), remote)
    remote.closed_until = ""
    ledger.decide(ADMIN, natural(2), "retry", who="Anna", why="the period is open again")
    assert ledger.heal(ADMIN, COUPLING, remote).booked == [natural(2)]
    assert ledger.open_problems(COUPLING) == []


def test_one_strange_booking_does_not_hold_up_the_others(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    remote.closed_until = "2026-11-01"
    bookings = [relation(1), invoice(1), payment(1), relation(2), invoice(2, day=3), payment(2)]
    report = ledger.book(ADMIN, COUPLING, bookings, remote)
    assert natural(2) in report.booked
    assert report.waiting == [payment(1).natural]
    assert {p.code for p in report.problems} == {"booking-refused", "dependency-not-booked"}


def test_what_waits_for_a_person_over_two_steps_is_said_and_nobody_comes_back_for_it(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    """The relation is refused, so the invoice waits, and in another run the payment for that."""
    remote.relations["AZ0000000000001"] = BookedRelation(7, "AZ0000000000001", "Iemand anders", "")
    ledger.book(ADMIN, COUPLING, order(1), remote)
    report = ledger.book(ADMIN, COUPLING, [payment(1), fees()], remote)
    assert (report.booked, report.waiting) == ([fees().natural], [payment(1).natural])
    assert report.retry_at_utc is None
    assert [found.code for found in report.problems] == ["dependency-not-booked"]
    assert natural(1) in report.problems[0].cause


def test_a_question_that_failed_is_asked_again_later_and_not_in_the_past(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["", "lost_request"])
    ledger.book(ADMIN, COUPLING, order(1), remote)
    hand.move(SETTLED_S)
    remote.fault = Faults(reads=["timeout"] * 9)
    report = ledger.heal(ADMIN, COUPLING, remote)
    assert report.unknown == []
    assert report.retry_at_utc == hand.now_utc() + timedelta(seconds=60)


def test_a_relation_that_exists_and_is_not_shown_is_not_called_absent(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.fault = Faults(adds=["lost_reply"])
    monkeypatch.setattr(remote, "relation", lambda code: None)
    for _ in range(5):
        report = ledger.book(ADMIN, COUPLING, order(1), remote)
        assert (report.booked, report.problems) == ([], [])
        hand.move(SETTLED_S)
    assert remote.calls["add"] == 2, "sent again once; then the service said that it has it"
    monkeypatch.undo()
    assert set(ledger.book(ADMIN, COUPLING, order(1), remote).booked) == {"rel:1", natural(1)}
    assert set(remote.applied.values()) == {1}


def test_answers_without_a_single_mutation_prove_nothing(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mutation stood there before the send; who shows none at all does not show ours either."""
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.fault = Faults(adds=["lost_reply"], reads=["timeout"] * 3)
    ledger.book(ADMIN, COUPLING, [fees()], remote)
    hand.move(SETTLED_S)
    remote.fault = Faults()
    monkeypatch.setattr(remote, "mutations", lambda **window: [])
    report = ledger.heal(ADMIN, COUPLING, remote)
    monkeypatch.undo()
    assert [found.code for found in report.problems] == ["booking-not-visible"]
    ledger.heal(ADMIN, COUPLING, remote)
    assert set(remote.applied.values()) == {1}


def test_another_worker_has_the_lease(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    lease = ledger.store.acquire(ADMIN, "somebody else")
    report = ledger.book(ADMIN, COUPLING, order(1), remote)
    assert report.retry_at_utc == hand.now_utc() + timedelta(seconds=60)
    assert (report.booked, remote.calls["add"]) == ([], 0)
    ledger.store.release(lease)
    # What was stored is sent by the next run, whoever starts it.
    assert set(ledger.heal(ADMIN, COUPLING, remote).booked) == {"rel:1", natural(1)}


def test_many_orders_cost_one_question(ledger: BookingLedger, remote: FakeRemote) -> None:
    bookings = [booking for number in range(100) for booking in order(number)]
    report = ledger.book(ADMIN, COUPLING, bookings, remote)
    assert len(report.booked) == 200
    assert remote.calls == {"add": 200, "mutations": 1}
    assert ledger.verify_history(ADMIN) is None


def test_two_hundred_lost_answers_cost_few_questions(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    bookings = [booking for number in range(100) for booking in order(number)]
    remote.fault = Faults(adds=["", "lost_reply"] * 100)
    ledger.book(ADMIN, COUPLING, bookings, remote)
    assert ledger.booked(ADMIN)["state"].value_counts().to_dict() == {"CONFIRMED": 200}
    assert remote.calls["mutations"] <= 5


def test_a_relation_is_recognised_by_its_code_when_its_payload_was_erased_meanwhile(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand
) -> None:
    remote.fault = Faults(adds=["lost_reply"], reads=["", *["timeout"] * 9])
    assert len(ledger.book(ADMIN, COUPLING, order(1)[:1], remote).unknown) == 1
    remote.fault = Faults()
    hand.move(SETTLED_S)
    assert ledger.purge_payloads(hand.now_utc(), hand.now_utc()) == 1
    report = ledger.heal(ADMIN, COUPLING, remote)
    assert (len(report.booked), report.problems) == (1, [])
    assert ledger.booked(ADMIN)["state"].tolist() == ["CONFIRMED"]
    assert set(remote.applied.values()) == {1}
