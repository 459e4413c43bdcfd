"""Each clause of the statements that guard a send, on real databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger
from amazon_eboekhouden.ledger.states import Change, Intent, State
from amazon_eboekhouden.ledger.store import Lease

from tests.ledger.world import ADMIN, COUPLING, INSTALL_KEY, Hand, invoice, natural, relation


@pytest.fixture
def intent(ledger: BookingLedger) -> Intent:
    drafts = [ledger.keys.draft(ADMIN, relation(1))]
    ledger.store.plan(ADMIN, COUPLING, drafts)
    (found,) = ledger.store.sendable(ADMIN, COUPLING)
    return found


def _lease(ledger: BookingLedger, holder: str = "one") -> Lease:
    lease = ledger.store.acquire(ADMIN, holder)
    assert isinstance(lease, Lease)
    return lease


def test_only_one_holds_the_lease_and_every_holder_has_a_higher_epoch(
    ledger: BookingLedger, hand: Hand
) -> None:
    first = _lease(ledger)
    assert isinstance(ledger.store.acquire(ADMIN, "two"), datetime)
    hand.move(59)
    assert ledger.store.renew(first)
    hand.move(59)
    assert isinstance(ledger.store.acquire(ADMIN, "two"), datetime)
    ledger.store.drop_guard(ADMIN, "one")
    hand.move(2)
    second = _lease(ledger, "two")
    assert second.epoch == first.epoch + 1
    assert not ledger.store.renew(first)
    ledger.store.release(first)  # Not his any more: without effect.
    assert ledger.store.renew(second)


def test_arm_needs_a_lease_that_outlasts_the_call(
    ledger: BookingLedger, hand: Hand, intent: Intent
) -> None:
    lease = _lease(ledger)
    hand.move(25)  # 35 s are left: exactly a call and the margin, not more.
    assert not ledger.store.arm(lease, intent, 0)
    hand.move(-0.001)
    assert ledger.store.arm(lease, intent, 0)


def test_arm_needs_the_state_the_hash_the_epoch_and_the_holder(
    ledger: BookingLedger, intent: Intent
) -> None:
    lease = _lease(ledger)
    changed = ledger.keys.draft(ADMIN, relation(1, "Another name"))
    ledger.store.plan(ADMIN, COUPLING, [changed])
    assert not ledger.store.arm(lease, intent, 0), "the payload was replaced"
    (now,) = ledger.store.sendable(ADMIN, COUPLING)
    assert not ledger.store.arm(Lease(ADMIN, "one", lease.epoch - 1), now, 0)
    assert not ledger.store.arm(Lease(ADMIN, "two", lease.epoch), now, 0)
    assert ledger.store.arm(lease, now, 7)
    assert not ledger.store.arm(lease, now, 7), "it is in SENDING already"


def test_a_fenced_worker_cannot_write_its_result(
    ledger: BookingLedger, hand: Hand, intent: Intent
) -> None:
    old = _lease(ledger)
    assert ledger.store.arm(old, intent, 0)
    ledger.store.drop_guard(ADMIN, "one")
    hand.move(61)
    new = _lease(ledger, "two")
    assert not ledger.store.finish(old, intent, Change(State.CONFIRMED, remote_id="5"))
    (unknown,) = ledger.store.unknowns(ADMIN)
    assert unknown.state is State.UNKNOWN
    assert not unknown.settled
    stale = [(unknown, Change(State.PLANNED))]
    assert ledger.store.resolve(old, stale) == set(), "an old lease settles nothing"
    assert ledger.store.resolve(new, stale) == {unknown.op_key}
    assert ledger.store.resolve(new, stale) == set(), "nothing moves twice"


def test_an_old_proof_of_absence_is_worth_nothing_after_another_send(
    ledger: BookingLedger, intent: Intent
) -> None:
    lease = _lease(ledger)
    for _ in range(2):
        (now,) = ledger.store.sendable(ADMIN, COUPLING)
        assert ledger.store.arm(lease, now, 0)
        assert ledger.store.finish(lease, now, Change(State.UNKNOWN))
        unknown = ledger.store.unknowns(ADMIN)
        if now.attempt == 0:
            first = unknown
            assert ledger.store.resolve(lease, [(first[0], Change(State.PLANNED))])
    assert ledger.store.resolve(lease, [(first[0], Change(State.PLANNED))]) == set()


def test_settled_is_the_call_and_the_settle_time_after_the_arming(
    ledger: BookingLedger, hand: Hand, intent: Intent
) -> None:
    lease = _lease(ledger)
    assert ledger.store.arm(lease, intent, 0)
    ledger.store.finish(lease, intent, Change(State.UNKNOWN))
    hand.move(629.999)
    assert not ledger.store.unknowns(ADMIN)[0].settled
    hand.move(0.001)
    assert ledger.store.unknowns(ADMIN)[0].settled


def test_the_table_of_states_is_kept(ledger: BookingLedger, intent: Intent) -> None:
    lease = _lease(ledger)
    assert ledger.store.arm(lease, intent, 0)
    with pytest.raises(ValueError, match="cannot go from SENDING to CONFLICT"):
        ledger.store.finish(lease, intent, Change(State.CONFLICT))


def test_calls_are_counted_by_the_month(ledger: BookingLedger, hand: Hand) -> None:
    hand.seconds = datetime(2026, 11, 30, 23, 59, tzinfo=UTC).timestamp()
    assert [ledger.store.count_call(ADMIN, "GetMutaties") for _ in range(3)] == [1, 2, 3]
    hand.move(120)
    assert ledger.calls_used(ADMIN) == (0, 5000)


def test_the_lease_runs_on_the_clock_of_the_database(url: str) -> None:
    """Workers whose clocks differ agree on when a lease ends."""
    settings = LedgerSettings(lease_s=0.9, call_deadline_s=0.2, settle_s=0)
    one = open_ledger(url, install_key=INSTALL_KEY, settings=settings)
    two = open_ledger(url, install_key=INSTALL_KEY, settings=settings)
    before = datetime.now(UTC)
    lease = one.store.acquire(ADMIN, "one")
    until = two.store.acquire(ADMIN, "two")
    assert isinstance(until, datetime)
    assert 0 < (until - before).total_seconds() < 2.5
    assert isinstance(lease, Lease)
    one.store.release(lease)
    assert isinstance(two.store.acquire(ADMIN, "two"), Lease)
    one.close()
    two.close()


def test_history_that_was_changed_outside_is_seen(ledger: BookingLedger) -> None:
    from sqlalchemy import text

    drafts = [ledger.keys.draft(ADMIN, booking) for booking in (relation(1), invoice(1))]
    ledger.store.plan(ADMIN, COUPLING, drafts)
    assert ledger.verify_history(ADMIN) is None
    with ledger.engine.begin() as connection:
        connection.execute(text("UPDATE event SET detail = 'x' WHERE seq = 2"))
    assert ledger.verify_history(ADMIN).cause.endswith("at event 2")  # type: ignore[union-attr]
    with ledger.engine.begin() as connection:
        connection.execute(text("DELETE FROM event WHERE seq = 2"))
    problem = ledger.verify_history(ADMIN)
    assert problem is not None
    assert problem.code == "history-broken"


def test_personal_data_is_sealed_and_can_be_purged(ledger: BookingLedger, hand: Hand) -> None:
    from sqlalchemy import text

    drafts = [ledger.keys.draft(ADMIN, relation(1, "Kanarie"))]
    ledger.store.plan(ADMIN, COUPLING, drafts)
    with ledger.engine.connect() as connection:
        stored = str(connection.execute(text("SELECT * FROM intent")).all())
    assert "Kanarie" not in stored
    assert "k@example.org" not in stored
    assert ledger.keys.open(drafts[0].kind, drafts[0].sealed) == relation(1, "Kanarie").payload
    lease = _lease(ledger)
    (intent,) = ledger.store.sendable(ADMIN, COUPLING)
    ledger.store.arm(lease, intent, 0)
    ledger.store.finish(lease, intent, Change(State.CONFIRMED, remote_id="1"))
    assert ledger.purge_payloads(hand.now_utc()) == 0
    hand.move(1)
    assert ledger.purge_payloads(hand.now_utc()) == 1
    assert ledger.booked(ADMIN)["state"].tolist() == ["CONFIRMED"]


def test_what_was_never_booked_is_purged_in_the_end_and_can_be_handed_in_again(
    ledger: BookingLedger, hand: Hand
) -> None:
    drafts = [ledger.keys.draft(ADMIN, relation(1, "Kanarie"))]
    ledger.store.plan(ADMIN, COUPLING, drafts)
    hand.move(10)
    assert ledger.purge_payloads(hand.now_utc()) == 0
    assert ledger.purge_payloads(hand.now_utc(), hand.now_utc()) == 1
    assert ledger.store.sendable(ADMIN, COUPLING)[0].sealed == ""
    ledger.store.plan(ADMIN, COUPLING, drafts)
    (intent,) = ledger.store.sendable(ADMIN, COUPLING)
    assert ledger.keys.open(intent.kind, intent.sealed) == relation(1, "Kanarie").payload


def test_an_invoice_number_is_given_once_and_for_ever(ledger: BookingLedger) -> None:
    first = ledger.invoice_numbers(ADMIN, "2026", [natural(1), natural(2)])
    assert first == {natural(1): 1, natural(2): 2}
    second = ledger.invoice_numbers(ADMIN, "2026", [natural(2), natural(3)])
    assert second == {natural(2): 2, natural(3): 3}


def test_two_refund_events_lead_to_one_booking(ledger: BookingLedger) -> None:
    assert ledger.aliases.record(ADMIN, ["finances-1"], "crn:1:a") == "crn:1:a"
    assert ledger.aliases.record(ADMIN, ["settlement-9", "finances-1"], "crn:1:b") == "crn:1:a"
    assert ledger.aliases.resolve(ADMIN, ["settlement-9", "other"]) == {"settlement-9": "crn:1:a"}


def test_who_gave_the_lease_back_keeps_nobody_waiting(ledger: BookingLedger, hand: Hand) -> None:
    """On PostgreSQL a session that is only closed would hold its lock a moment longer."""
    for turn in range(30):
        lease = ledger.store.acquire(ADMIN, f"worker {turn}")
        assert isinstance(lease, Lease), f"turn {turn}"
        ledger.store.release(lease)
        hand.move(0.002)
