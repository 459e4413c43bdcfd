"""The figures of a coupling: the same on both databases, and only its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden.domain.bookings import Booking, MutationKind
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger
from amazon_eboekhouden.ledger.overview import Overview
from amazon_eboekhouden.ledger.overview_settlements import OpenDay
from amazon_eboekhouden.ledger.schema import intent
from sqlalchemy import update

from tests.ledger.postgres import cluster, programs
from tests.ledger.world import ADMIN, COUPLING, INSTALL_KEY, fees, natural, order, payment
from tests.torture.remote import FakeRemote, Variant

FIRST, AFTER = date(2026, 11, 1), date(2026, 12, 1)


@pytest.fixture(params=["sqlite", "postgres"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BookingLedger]:
    if request.param == "sqlite":
        opened = _open(f"sqlite:///{tmp_path / 'ledger.db'}")
        yield opened
        opened.close()
        return
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with cluster(durable=False) as url:
        opened = _open(url)
        yield opened
        opened.close()


def _open(url: str) -> BookingLedger:
    return open_ledger(url, install_key=INSTALL_KEY, settings=LedgerSettings())


def sale(number: int, *rates: tuple[int, int]) -> list[Booking]:
    relation, invoice = order(number)
    listed = [{"net_cents": net, "vat_cents": vat} for net, vat in rates]
    return [relation, replace(invoice, facts={"rates": listed})]


def book(ledger: BookingLedger, coupling: str, bookings: list[Booking]) -> None:
    remote: Any = FakeRemote(Variant(), time.monotonic, deadline_s=30)
    assert ledger.book(ADMIN, coupling, bookings, remote).problems == []


@pytest.fixture
def view(ledger: BookingLedger) -> Overview:
    payout = replace(fees(910), natural="mny:9:payout-", kind=payment(1).kind.__class__("MNY"))
    received = replace(
        fees(50),
        natural="fee:9:GEEN:2026-11:+",
        payload=replace(fees(50).payload, kind=MutationKind.MONEY_RECEIVED),
    )
    bookings = [*sale(1, (900, 189), (100, 21)), *sale(2, (1000, 210)), payment(1)]
    book(ledger, COUPLING, [*bookings, fees(350), received, payout])
    book(ledger, "other", sale(3, (5000, 1050)))
    ledger.settlements.record(
        "S",
        "9",
        coupling=COUPLING,
        state="booked",
        total_cents=910,
        currency="EUR",
        end_date=date(2026, 11, 15),
    )
    return Overview(ledger.engine, ADMIN, COUPLING)


def test_the_month(view: Overview) -> None:
    month = view.month(FIRST, AFTER)
    assert (month.invoices, month.credit_notes) == (2, 0)
    assert (month.revenue_cents, month.vat_cents) == (2000, 420)
    assert month.fees_cents == 300  # withheld 3.50, given back 0.50
    assert month.payouts == (("EUR", 910),)
    assert view.month(date(2026, 10, 1), FIRST).revenue_cents == 0


def test_days_and_the_newest(view: Overview) -> None:
    assert view.per_day(FIRST, AFTER) == {date(2026, 11, 1): 2}
    assert view.newest_day() == date(2026, 11, 1)


def test_a_settlement_leaves_nothing_on_clearing(view: Overview) -> None:
    (row,) = view.settlements(["1090"], limit=5)
    assert (row.bookings, row.confirmed, row.left_cents) == (4, 4, 0)
    assert view.settlements(["1091"], limit=5)[0].left_cents == 0
    assert len(view.bookings_of("9", limit=3)) == 3
    assert [b.kind for b in view.bookings_of("9", limit=9)][-1] == "PAY"


def test_open_items(view: Overview) -> None:
    assert view.open_days() == [OpenDay(date(2026, 11, 1), 1, 1210)]
    (item,) = view.oldest_open(limit=5)
    assert (item.day, item.gross_cents, item.open_cents) == (date(2026, 11, 1), 1210, 1210)
    assert view.oldest_open(limit=5, offset=1) == []


def test_a_part_that_was_paid_is_taken_off(view: Overview, ledger: BookingLedger) -> None:
    book(ledger, COUPLING, [payment(2, 1000)])
    assert view.open_days() == [OpenDay(date(2026, 11, 1), 1, 210)]
    # A payment of nothing that is booked opens nothing.
    with view.engine.begin() as connection:
        mine = intent.c.natural == natural(1)
        connection.execute(update(intent).where(mine).values(state="DRIFTED", reason="deleted"))
    assert view.open_days() == [OpenDay(date(2026, 11, 1), 1, 210)]


def test_held_orders_per_hour_in_which_they_were_seen(
    view: Overview, ledger: BookingLedger
) -> None:
    found = [Problem("vies-unanswered", f"order {n}", "c", "t", f"o{n}") for n in (1, 1, 2)]
    other = Problem("vies-unanswered", "order 3", "c", "t", "o3")
    ledger.record_problems(COUPLING, "orders", [*found, Problem("b2b", "x", "c", "t", "o1")])
    ledger.record_problems("other", "orders", [other])
    now = datetime.now(UTC)
    hours = view.held_per_hour(now - timedelta(days=1), now + timedelta(days=1))
    assert list(hours.values()) == [2]
    assert view.held_per_hour(now + timedelta(days=1), now + timedelta(days=2)) == {}


def test_the_newest_balance_and_check_are_kept(ledger: BookingLedger) -> None:
    assert ledger.seen.balances(ADMIN) == {}
    for cents in (5, -700):
        ledger.seen.record_balances(ADMIN, {"1090": cents, "2010": 0})
    assert {b.account: b.cents for b in ledger.seen.balances(ADMIN).values()} == {
        "1090": -700,
        "2010": 0,
    }
    for good in (True, False):
        ledger.seen.record_check(COUPLING, "amazon", good=good)
    assert [(c.service, c.good) for c in ledger.seen.checks(COUPLING).values()] == [
        ("amazon", False)
    ]


def test_what_is_not_confirmed_does_not_count(view: Overview) -> None:
    with view.engine.begin() as connection:
        mine = intent.c.natural == natural(1)
        connection.execute(update(intent).where(mine).values(state="DRIFTED", reason="deleted"))
    assert view.month(FIRST, AFTER).revenue_cents == 1000
    assert view.undecided_counts() == {"DRIFTED": 1}
    assert [row.natural for row in view.undecided(limit=5)] == [natural(1)]
