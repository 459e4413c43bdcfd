"""Looking at all the books: within the calls allowed, and honest about what is not shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from amazon_eboekhouden.domain.bookings import Mutation
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger

from tests.ledger.world import (
    ADMIN,
    COUPLING,
    INSTALL_KEY,
    Hand,
    fees,
    invoice,
    natural,
    order,
    payment,
)
from tests.torture.remote import FakeRemote, Variant

SMALL_PAGES = LedgerSettings(page_cap=50, window=40)


def _many(ledger: BookingLedger, remote: FakeRemote, orders: int) -> list[object]:
    bookings = [booking for number in range(orders) for booking in order(number)]
    ledger.book(ADMIN, COUPLING, bookings, remote)
    return list(bookings)


def test_a_lost_ledger_is_rebuilt_and_writes_nothing(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand, tmp_path: object
) -> None:
    bookings = [*order(1), *order(2), payment(1), payment(2), fees()]
    ledger.book(ADMIN, COUPLING, bookings, remote)
    sent = remote.calls["add"]
    new = open_ledger(f"sqlite:///{tmp_path}/new.db", install_key=INSTALL_KEY, clock=hand)
    report = new.rebuild(ADMIN, COUPLING, remote, bookings)
    assert sorted(report.recovered) == sorted(b.natural for b in bookings)
    assert report.by_token == []
    again = new.book(ADMIN, COUPLING, bookings, remote)
    assert sorted(again.already_booked) == sorted(b.natural for b in bookings)
    assert (again.problems, remote.calls["add"]) == ([], sent)
    assert new.verify_history(ADMIN) is None
    new.close()


@pytest.mark.parametrize("backup", [False, True], ids=["no ledger", "a backup from before"])
def test_a_ledger_that_never_booked_does_not_book_what_stands_there_with_our_mark(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand, tmp_path: Path, backup: bool
) -> None:
    """Also when nobody noticed that the ledger was lost, nothing is booked twice."""
    bookings = [*order(1), payment(1), fees()]
    new = open_ledger(f"sqlite:///{tmp_path}/new.db", install_key=INSTALL_KEY, clock=hand)
    if backup:  # Made when everything was planned and nothing sent.
        lease = new.store.acquire(ADMIN, "somebody else")
        new.book(ADMIN, COUPLING, bookings, remote)
        new.store.release(lease)
    ledger.book(ADMIN, COUPLING, bookings, remote)
    sent = remote.calls["add"]
    for _ in range(2):
        lost = new.book(ADMIN, COUPLING, [*bookings, *order(2)], remote)
        assert [found.code for found in lost.problems] == ["ledger-lost"]
        assert (lost.booked, lost.retry_at_utc, remote.calls["add"]) == ([], None, sent)
    new.rebuild(ADMIN, COUPLING, remote)
    again = new.book(ADMIN, COUPLING, [*bookings, *order(2)], remote)
    assert again.problems == []
    assert {natural(2), "rel:2"} <= set(again.booked)
    assert set(remote.applied.values()) == {1}
    assert new.book(ADMIN, COUPLING, [*bookings, *order(2)], remote).booked == []
    new.close()


def test_what_is_known_only_by_its_token_is_recognised_when_it_is_handed_in(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand, tmp_path: object
) -> None:
    bookings = [*order(1), payment(1), fees()]
    ledger.book(ADMIN, COUPLING, bookings, remote)
    sent = remote.calls["add"]
    new = open_ledger(f"sqlite:///{tmp_path}/new.db", install_key=INSTALL_KEY, clock=hand)
    report = new.rebuild(ADMIN, COUPLING, remote)
    assert (report.recovered, len(report.by_token)) == ([], 4)
    assert new.rebuild(ADMIN, COUPLING, remote).by_token == [], "twice changes nothing"
    again = new.book(ADMIN, COUPLING, bookings, remote)
    assert (again.booked, again.problems, remote.calls["add"]) == ([], [], sent)
    frame = new.booked(ADMIN)
    assert set(frame["booking"]) == {b.natural for b in bookings}
    # What is different from the books is said, not sent.
    changed = new.book(ADMIN, COUPLING, [invoice(1, 9999)], remote)
    assert [found.code for found in changed.problems] == ["booking-changed"]
    new.close()


def test_a_changed_booking_is_recovered_as_drifted(
    ledger: BookingLedger, remote: FakeRemote, hand: Hand, tmp_path: object
) -> None:
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.change_amount(max(remote.rows), 7)
    remote.copy(max(remote.rows))
    new = open_ledger(f"sqlite:///{tmp_path}/new.db", install_key=INSTALL_KEY, clock=hand)
    new.rebuild(ADMIN, COUPLING, remote, order(1))
    report = new.book(ADMIN, COUPLING, order(1), remote)
    assert [found.code for found in report.problems] == ["booking-duplicated"]
    new.close()


def test_the_audit_goes_on_where_its_calls_ended(url: str, hand: Hand) -> None:
    ledger = open_ledger(url, install_key=INSTALL_KEY, settings=SMALL_PAGES, clock=hand)
    remote = FakeRemote(Variant(cap=50), hand.monotonic, deadline_s=30)
    _many(ledger, remote, 100)
    remote.delete(190)  # Numbers 101 to 200: the fake counts relations as well.
    first = ledger.audit(ADMIN, COUPLING, remote, max_calls=3)
    assert (first.complete, first.calls, first.drifted) == (False, 3, [])
    second = ledger.audit(ADMIN, COUPLING, remote, max_calls=3)
    assert (second.complete, second.drifted) == (True, [natural(89)])
    assert first.compared + second.compared == 100
    third = ledger.audit(ADMIN, COUPLING, remote)
    assert (third.complete, third.compared, third.drifted) == (True, 99, [])
    ledger.close()


def test_what_the_service_does_not_show_is_not_called_deleted(url: str, hand: Hand) -> None:
    """The cap comes before the filter: only the newest 50 can be seen at all."""
    ledger = open_ledger(url, install_key=INSTALL_KEY, settings=SMALL_PAGES, clock=hand)
    remote = FakeRemote(Variant(cap_first=True, cap=50), hand.monotonic, deadline_s=30)
    _many(ledger, remote, 70)
    report = ledger.audit(ADMIN, COUPLING, remote)
    assert report.drifted == []
    assert {found.code for found in report.problems} == {"books-not-visible"}
    assert report.compared == 50
    remote.delete(139)
    assert ledger.audit(ADMIN, COUPLING, remote).drifted == [natural(68)]
    ledger.close()


def test_our_mark_on_a_mutation_that_we_do_not_know(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    ledger.book(ADMIN, COUPLING, order(1), remote)
    payload = invoice(2).payload
    assert isinstance(payload, Mutation)
    remote.book(payload, "#az1-ABCDEFGHIJKL of another installation")
    report = ledger.audit(ADMIN, COUPLING, remote)
    assert [found.code for found in report.problems] == ["token-not-known"]


def test_ten_thousand_mutations_are_read_in_thirty_calls(
    ledger: BookingLedger, remote: FakeRemote
) -> None:
    payload = invoice(2).payload
    assert isinstance(payload, Mutation)
    for _ in range(10_000):
        remote.book(payload, "somebody's")
    report = ledger.rebuild(ADMIN, COUPLING, remote)
    assert (report.calls <= 30, report.recovered, report.by_token) == (True, [], [])
