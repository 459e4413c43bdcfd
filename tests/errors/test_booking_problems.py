"""Every problem of the booking room, provoked; each names the row, the cause and what to do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from amazon_eboekhouden.domain.bookings import Mutation
from amazon_eboekhouden.domain.problems import _BOOKING, Problem
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger
from sqlalchemy import text

from tests.ledger.world import (
    ADMIN,
    COUPLING,
    INSTALL_KEY,
    SETTLED_S,
    Faults,
    Hand,
    fees,
    invoice,
    order,
    payment,
)
from tests.torture.remote import FakeRemote, Variant


@dataclasses.dataclass
class Room:
    """A ledger on a file, books that fail on demand, and a clock."""

    folder: Path
    hand: Hand = dataclasses.field(default_factory=Hand)
    settings: LedgerSettings = dataclasses.field(default_factory=LedgerSettings)
    variant: Variant = dataclasses.field(default_factory=Variant)
    opened: list[BookingLedger] = dataclasses.field(default_factory=list)
    name: str = "ledger.db"

    def ledger(self, key: bytes = INSTALL_KEY) -> BookingLedger:
        url = f"sqlite:///{self.folder / self.name}"
        found = open_ledger(url, install_key=key, settings=self.settings, clock=self.hand)
        self.opened.append(found)
        return found

    def remote(self, *adds: str, reads: tuple[str, ...] = ()) -> FakeRemote:
        remote = FakeRemote(self.variant, self.hand.monotonic, deadline_s=30)
        remote.fault = Faults(list(adds), list(reads))
        return remote


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    for ledger in made.opened:
        ledger.close()


def _refused(room: Room) -> list[Problem]:
    remote = room.remote()
    remote.closed_until = "2026-12-31"
    return room.ledger().book(ADMIN, COUPLING, order(1), remote).problems


def _changed(room: Room) -> list[Problem]:
    ledger, remote = room.ledger(), room.remote()
    ledger.book(ADMIN, COUPLING, order(1), remote)
    return ledger.book(ADMIN, COUPLING, order(1, 9999), remote).problems


def _conflict(room: Room) -> list[Problem]:
    ledger = room.ledger()
    remote = room.remote("", "lost_reply", reads=("", "timeout", "timeout"))
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.change_amount(max(remote.rows), 1)
    room.hand.move(SETTLED_S)
    return ledger.book(ADMIN, COUPLING, order(1), remote).problems


def _foreign(room: Room) -> list[Problem]:
    remote = room.remote()
    payload = invoice(1).payload
    assert isinstance(payload, Mutation)
    remote.book(payload, "by hand")
    return room.ledger().book(ADMIN, COUPLING, order(1), remote).problems


def _absent(room: Room) -> list[Problem]:
    ledger, remote = room.ledger(), room.remote("", *["lost_request"] * 3)
    for _ in range(4):
        report = ledger.book(ADMIN, COUPLING, order(1), remote)
        room.hand.move(SETTLED_S)
    return report.problems


def _not_visible(room: Room) -> list[Problem]:
    room.settings = LedgerSettings(page_cap=4, window=3)
    room.variant = Variant(cap_first=True, cap=4)
    ledger, remote = room.ledger(), room.remote("lost_request")
    ledger.book(ADMIN, COUPLING, [fees()], remote)
    payload = invoice(1).payload
    assert isinstance(payload, Mutation)
    for _ in range(9):
        remote.book(payload, "somebody's")
    room.hand.move(SETTLED_S)
    return ledger.book(ADMIN, COUPLING, [fees()], remote).problems


def _duplicated(room: Room) -> list[Problem]:
    ledger, remote = room.ledger(), room.remote()
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.copy(max(remote.rows))
    ledger.audit(ADMIN, COUPLING, remote)
    return ledger.book(ADMIN, COUPLING, order(1), remote).problems


def _half(room: Room) -> list[Problem]:
    ledger, remote = room.ledger(), room.remote("", "lost_request")
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.invoices.add("AZ405-0000000-0000001")
    room.hand.move(SETTLED_S)
    return ledger.book(ADMIN, COUPLING, order(1), remote).problems


def _deleted(room: Room) -> list[Problem]:
    ledger, remote = room.ledger(), room.remote()
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.delete(max(remote.rows))
    ledger.audit(ADMIN, COUPLING, remote)
    return ledger.book(ADMIN, COUPLING, order(1), remote).problems


def _changed_by_person(room: Room) -> list[Problem]:
    ledger, remote = room.ledger(), room.remote()
    ledger.book(ADMIN, COUPLING, order(1), remote)
    remote.change_amount(max(remote.rows), 1)
    ledger.audit(ADMIN, COUPLING, remote)
    return ledger.book(ADMIN, COUPLING, order(1), remote).problems


def _uncertain(room: Room) -> list[Problem]:
    ledger = room.ledger()
    remote = room.remote("", "lost_reply", reads=("", *["timeout"] * 99))
    for _ in range(2):
        report = ledger.book(ADMIN, COUPLING, order(1), remote)
        room.hand.move(24 * 3600 + 1)
    return report.problems


def _dependency(room: Room) -> list[Problem]:
    return room.ledger().book(ADMIN, COUPLING, [payment(1)], room.remote()).problems


def _number_taken(room: Room) -> list[Problem]:
    other = dataclasses.replace(invoice(1), natural="inv:other")
    return room.ledger().book(ADMIN, COUPLING, [*order(1), other], room.remote()).problems


def _unreadable(room: Room) -> list[Problem]:
    room.ledger().book(ADMIN, COUPLING, order(1), room.remote("not_sent"))
    other_key = room.ledger(bytes(32))
    return other_key.heal(ADMIN, COUPLING, room.remote()).problems


def _budget(room: Room) -> list[Problem]:
    room.settings = LedgerSettings(calls_a_month=10)
    ledger = room.ledger()
    for _ in range(9):
        ledger.store.count_call(ADMIN, "GetMutaties")
    return ledger.book(ADMIN, COUPLING, order(1), room.remote()).problems


def _account_closed(room: Room) -> list[Problem]:
    remote = room.remote()
    remote.account_code = "MODULE_001"
    return room.ledger().book(ADMIN, COUPLING, order(1), remote).problems


def _books_not_visible(room: Room) -> list[Problem]:
    room.settings = LedgerSettings(page_cap=4, window=3)
    room.variant = Variant(cap_first=True, cap=4)
    ledger, remote = room.ledger(), room.remote()
    bookings = [booking for number in range(9) for booking in order(number)]
    ledger.book(ADMIN, COUPLING, bookings, remote)
    return ledger.audit(ADMIN, COUPLING, remote).problems


def _token_not_known(room: Room) -> list[Problem]:
    remote = room.remote()
    payload = invoice(1).payload
    assert isinstance(payload, Mutation)
    remote.book(payload, "#az1-ABCDEFGHIJKL Amazon")
    return room.ledger().audit(ADMIN, COUPLING, remote).problems


def _ledger_lost(room: Room) -> list[Problem]:
    remote = room.remote()
    room.ledger().book(ADMIN, COUPLING, order(1), remote)
    room.name = "another.db"
    return room.ledger().book(ADMIN, COUPLING, order(1), remote).problems


def _by_hand(room: Room) -> list[Problem]:
    room.variant = Variant(unique_numbers=False)
    ledger, remote = room.ledger(), room.remote()
    ledger.book(ADMIN, COUPLING, order(1), remote)
    payload = invoice(1).payload
    assert isinstance(payload, Mutation)
    remote.book(payload, "by hand")
    return ledger.audit(ADMIN, COUPLING, remote).problems


def _history(room: Room) -> list[Problem]:
    ledger, remote = room.ledger(), room.remote()
    ledger.book(ADMIN, COUPLING, order(1), remote)
    with ledger.engine.begin() as connection:
        connection.execute(text("DELETE FROM event WHERE seq = 1"))
    return ledger.audit(ADMIN, COUPLING, remote).problems


def _stopped(room: Room) -> list[Problem]:
    ledger = room.ledger()
    ledger.bind(COUPLING, ADMIN, "SELLER")
    ledger.couplings.activate(COUPLING, active=False, reason="holiday")
    found = ledger.bind(COUPLING, ADMIN, "SELLER")
    return [found] if found else []


PROVOKED: dict[str, Callable[[Room], list[Problem]]] = {
    "booking-refused": _refused,
    "booking-changed": _changed,
    "booking-conflict": _conflict,
    "booking-foreign": _foreign,
    "booking-absent": _absent,
    "booking-not-visible": _not_visible,
    "booking-duplicated": _duplicated,
    "booking-half": _half,
    "booking-deleted-by-person": _deleted,
    "booking-changed-by-person": _changed_by_person,
    "booking-uncertain": _uncertain,
    "dependency-not-booked": _dependency,
    "invoice-number-taken": _number_taken,
    "payload-unreadable": _unreadable,
    "call-budget-spent": _budget,
    "account-closed": _account_closed,
    "books-not-visible": _books_not_visible,
    "ledger-lost": _ledger_lost,
    "token-not-known": _token_not_known,
    "booked-by-hand": _by_hand,
    "history-broken": _history,
    "coupling-stopped": _stopped,
}


def test_every_code_of_the_room_is_provoked() -> None:
    assert PROVOKED.keys() == _BOOKING.keys()


@pytest.mark.parametrize("code", PROVOKED)
def test_the_problem_appears_with_its_cause_and_its_remedy(code: str, room: Room) -> None:
    found = [problem for problem in PROVOKED[code](room) if problem.code == code]
    assert found, f"{code} did not appear"
    problem = found[0]
    assert problem.row
    assert problem.cause
    assert problem.todo
    texts = f"{problem.row} {problem.cause} {problem.todo}"
    assert "{" not in texts
    assert "Klant" not in texts, "a buyer's name is in a problem"
    if problem.order_id:
        assert problem.order_id in {"405-0000000-0000001"}
