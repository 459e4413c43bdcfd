"""The month as bars: a drawing made of numbers, without script.

Every day one bar of orders: at the bottom what is paid, on it what is invoiced and still open, on
top what is held and has no invoice yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT, FOOT = 620, 120, 18


@dataclass(frozen=True, slots=True)
class Bar:
    """One day, in the units of the drawing; parts from the bottom to the top."""

    day: date
    invoices: int
    paid: int
    held: int
    x: float
    width: float
    paid_height: float
    open_height: float
    held_height: float
    label: str

    @property
    def orders(self) -> int:
        """With an invoice or held."""
        return self.invoices + self.held


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing with its scale."""

    bars: tuple[Bar, ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT
    foot: int = FOOT

    @property
    def invoices(self) -> int:
        """Invoices and credit notes of the period."""
        return sum(bar.invoices for bar in self.bars)

    @property
    def paid(self) -> int:
        """Those that are wholly paid."""
        return sum(bar.paid for bar in self.bars)

    @property
    def held(self) -> int:
        """Orders without an invoice."""
        return sum(bar.held for bar in self.bars)


def chart(
    invoices: Mapping[date, int],
    still_open: Mapping[date, int],
    held: Mapping[date, int],
    first: date,
    after: date,
) -> Chart:
    """Bars of every day of a period; days without orders are there with none.

    Args:
        invoices: per booking date.
        still_open: of those, not wholly paid.
        held: orders without an invoice, per day on which they were first seen.
        first: first day of the period.
        after: the day after its last.
    """
    days = [first + timedelta(days=number) for number in range((after - first).days)]
    most = max([1, *(invoices.get(day, 0) + held.get(day, 0) for day in days)])
    step = WIDTH / len(days)
    bars = []
    for number, day in enumerate(days):
        count = invoices.get(day, 0)
        paid = max(0, count - still_open.get(day, 0))
        bars.append(
            Bar(
                day=day,
                invoices=count,
                paid=paid,
                held=held.get(day, 0),
                x=round(number * step + 1, 2),
                width=round(step - 3, 2),
                paid_height=round(HEIGHT * paid / most, 2),
                open_height=round(HEIGHT * (count - paid) / most, 2),
                held_height=round(HEIGHT * held.get(day, 0) / most, 2),
                label=str(day.day) if day.day == 1 or day.day % 5 == 0 else "",
            )
        )
    return Chart(tuple(bars), most)
