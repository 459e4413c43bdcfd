"""One line per event, whatever a service answered, and nobody's name in it."""

from __future__ import annotations

import logging

import pytest
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.ledger import BookingLedger
from amazon_eboekhouden.ledger.event_log import tell
from amazon_eboekhouden.ledger.states import Change, State

from tests.ledger.world import ADMIN, COUPLING, order
from tests.torture.remote import FakeRemote


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "amazon_eboekhouden.events"]


def test_every_booking_that_reaches_the_books_is_one_line(
    ledger: BookingLedger, remote: FakeRemote, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bookings = list(order(1))
    ledger.book(ADMIN, COUPLING, bookings, remote)
    found = lines(caplog)
    assert len(found) == len(bookings)
    invoice = next(line for line in found if f"kind={BookingKind.INVOICE.value}" in line)
    for part in ("event=CONFIRMED ", " run=", f" coupling={COUPLING} ", " order=", " remote_id="):
        assert part in invoice
    (row,) = ledger.booked(ADMIN).query("booking_kind == 'INV'").to_dict("records")
    assert f" order={row['order_id']} " in invoice


def test_what_a_service_answers_cannot_begin_a_line_of_its_own(
    ledger: BookingLedger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    ledger.store.plan(ADMIN, COUPLING, [ledger.keys.draft(ADMIN, one) for one in order(1)])
    intent = ledger.store.sendable(ADMIN, COUPLING)[0]
    evil = "no\r\nevent=CONFIRMED booking=inv:1 \x1b[2J"
    tell("host:1:ab", intent, Change(State.REJECTED, reason="MUT001", evidence=evil))
    (line,) = lines(caplog)
    assert line.startswith("event=REJECTED run=host:1:ab ")
    assert line.endswith(r'evidence="no\r\nevent=CONFIRMED booking=inv:1 \u001b[2J"')
    assert len(line.splitlines()) == 1


def test_nothing_is_made_when_nobody_listens(
    ledger: BookingLedger, remote: FakeRemote, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="amazon_eboekhouden.events")
    ledger.book(ADMIN, COUPLING, list(order(1)), remote)
    assert lines(caplog) == []
