"""The month as bars: a drawing made of numbers, without script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from amazon_eboekhouden.ledger.overview import Day

WIDTH, HEIGHT, FOOT = 620, 120, 18


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: two bars side by side, in the units of the drawing."""

    day: date
    invoices: int
    payments: int
    x: float
    width: float
    invoice_height: float
    payment_height: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its scale."""

    bars: tuple[Bar, ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = FOOT


def chart(days: Sequence[Day], first: date, after: date) -> Chart:
    """Bars of every day of a period; days without bookings are there with none."""
    known = {found.day: found for found in days}
    count = (after - first).days
    most = max([1, *(max(found.invoices, found.payments) for found in days)])
    step = WIDTH / count
    bars = []
    for number in range(count):
        on = first + timedelta(days=number)
        found = known.get(on, Day(on, 0, 0))
        bars.append(
            Bar(
                day=on,
                invoices=found.invoices,
                payments=found.payments,
                x=round(number * step, 2),
                width=round(step / 2 - 1, 2),
                invoice_height=round(HEIGHT * found.invoices / most, 2),
                payment_height=round(HEIGHT * found.payments / most, 2),
                label=str(on.day) if on.day == 1 or on.day % 5 == 0 else "",
            )
        )
    return Chart(tuple(bars), most)
