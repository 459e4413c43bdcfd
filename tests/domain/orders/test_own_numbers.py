"""Invoices in an own series: sequential, without gaps, the same number for the same booking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.invoice_numbers import NumberSeries
from amazon_eboekhouden.domain.invoices import Bookables, invoices
from amazon_eboekhouden.domain.orders import orders_from_json
from amazon_eboekhouden.ledger import BookingLedger, open_ledger

from tests.domain.orders.shop import Json, item, order
from tests.golden.sales import as_booked, settings_of

OWN = {"books": {"invoice_source": "own", "go_live": "2025-01-01"}}


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    opened = open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", install_key=b"k" * 32)
    yield opened
    opened.close()


def series(ledger: BookingLedger) -> NumberSeries:
    def numbers(name: str, naturals: Sequence[str]) -> Mapping[str, int]:
        return ledger.invoice_numbers("administration", name, naturals)

    return numbers


def sold(day: int, number: int, month: str = "2026-10", **fields: Any) -> Json:
    moment = f"{month}-{day:02d}T11:00:00Z"
    return order(
        [item("12.10")], order_id=f"405-0000000-{number:07d}", lastUpdatedTime=moment,
        createdTime=f"{month[:4]}-01-01T10:00:00Z", **fields,
    )  # fmt: skip


def book(
    orders: Sequence[Json], numbers: NumberSeries | None, booked: pd.DataFrame | None = None
) -> Bookables:
    settings = settings_of(OWN)
    read = orders_from_json(orders, settings)
    return invoices(
        read.orders,
        read.lines,
        settings,
        install_key=b"numbers",
        booked=BOOKED.empty() if booked is None else booked,
        rates=None,
        vies={},
        numbers=numbers,
    )


def numbered(found: Bookables) -> dict[str, str]:
    rows = found.mutations
    return {o[-1]: n for o, n in zip(rows["order_id"], rows["invoice_number"], strict=True)}


def test_numbers_follow_the_ship_dates_year_by_year(ledger: BookingLedger) -> None:
    orders = [sold(9, 1), sold(7, 2), sold(8, 3), sold(8, 4, month="2025-12")]
    found = book(orders, series(ledger))
    assert numbered(found) == {
        "2": "A26-000001", "3": "A26-000002", "1": "A26-000003", "4": "A25-000001",
    }  # fmt: skip


def test_an_order_that_is_held_takes_no_number(ledger: BookingLedger) -> None:
    to_nowhere = sold(7, 2, recipient={"deliveryAddress": {}})
    found = book([sold(9, 1), to_nowhere, sold(8, 3)], series(ledger))
    assert len(found.problems) == 1
    assert numbered(found) == {"3": "A26-000001", "1": "A26-000002"}


def test_asked_again_each_booking_keeps_its_number(ledger: BookingLedger) -> None:
    first = book([sold(9, 1), sold(8, 2)], series(ledger))
    # A lost plan: the ledger was never handed the first result, and an older order came to light.
    again = book([sold(9, 1), sold(8, 2), sold(7, 3)], series(ledger))
    assert numbered(again) == {**numbered(first), "3": "A26-000003"}
    booked = as_booked(first.mutations)
    assert numbered(book([sold(9, 1), sold(8, 2)], None, booked)) == numbered(first)


def test_nobody_to_ask_is_a_wrong_program() -> None:
    with pytest.raises(ValueError, match="number series"):
        book([sold(9, 1)], None)
