"""Amounts of a settlement in euros: the books know no other currency.

Documents keep the rate of their invoice; fees, reserves and what waits take the European Central
Bank's rate of the posted date. Source: accounting rule 6, "Currencies".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from amazon_eboekhouden.domain.money import round_half_up
from amazon_eboekhouden.domain.settlement.known import Document

Rates = Mapping[tuple[str, date], Decimal]
# The bank publishes no rate at weekends and over Easter: the last one published holds.
_LOOK_BACK_DAYS = 7


@dataclass
class Exchange:
    """Turns cents of the settlement's currency into cents of EUR.

    Attributes:
        currency: of the settlement.
        rates: units of a currency per euro, by currency and date.
        missing: dates without a rate, collected; an amount then counts as 0.
    """

    currency: str
    rates: Rates
    missing: set[date] = field(default_factory=set)

    def euro_cents(self, cents: int, on: date) -> int:
        """Cents of EUR at the rate of a date."""
        if self.currency == "EUR":
            return cents
        for days in range(_LOOK_BACK_DAYS + 1):
            rate = self.rates.get((self.currency, on - timedelta(days=days)))
            if rate is not None:
                return round_half_up(Decimal(cents) / rate)
        self.missing.add(on)
        return 0


def at_rate_of(invoice: Document, cents: int) -> int:
    """Cents of EUR that a part of an invoice's amount stands for, at the invoice's own rate."""
    if invoice.currency_cents == invoice.gross_cents:
        return cents
    return round_half_up(Decimal(cents) * invoice.gross_cents / invoice.currency_cents)
