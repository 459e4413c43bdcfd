"""Euros for an order in another currency: the ECB's reference rate of the ship date.

Source: VAT Directive article 91; accounting rules 6, "Currencies".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from amazon_eboekhouden.domain.money import round_half_up
from amazon_eboekhouden.domain.proceeds import OrderFault

EURO = "EUR"
# The ECB publishes on working days; the longest gap (Easter, Christmas) is five days.
DAYS_BACK = 7

Rates = Mapping[tuple[str, date], Decimal]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One euro in another currency, as published on a day."""

    currency: str
    rate: Decimal
    published: date

    def euro_cents(self, cents: int) -> int:
        """Cents of the currency in cents of euro, half up."""
        return cents if self.currency == EURO else round_half_up(Decimal(cents) / self.rate)


def exchange_on(currency: str, on: date, rates: Rates | None) -> Exchange:
    """The rate of a day, or the last one published before.

    Raises:
        OrderFault: there is no rate of the last week.
    """
    if currency == EURO:
        return Exchange(EURO, Decimal(1), on)
    for back in range(DAYS_BACK + 1):
        day = on - timedelta(days=back)
        rate = (rates or {}).get((currency, day))
        if rate:
            return Exchange(currency, rate, day)
    raise OrderFault("exchange-rate-missing", currency=currency, on=on.isoformat())
