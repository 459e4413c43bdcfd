"""Euro reference rates in the layout of the ECB's `eurofxref-hist.csv`.

The rates are made up: two slow waves around a level of 2025, the same on every machine. Rows exist
for the ECB's working days (TARGET calendar) from 2024 to the end of 2027, and appear at 16:00
Central European time of their day, as the ECB publishes them.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

FIRST_DAY, LAST_DAY = dt.date(2024, 1, 1), dt.date(2027, 12, 31)
PUBLISHED_AT = dt.time(16, 0, tzinfo=ZoneInfo("Europe/Berlin"))

# The columns of the real file, in its order; None: a currency that is no longer quoted.
COLUMNS: dict[str, str | None] = {
    "USD": "1.1300",
    "JPY": "163.50",
    "BGN": "1.9558",
    "CYP": None,
    "CZK": "24.950",
    "DKK": "7.4605",
    "EEK": None,
    "GBP": "0.85500",
    "HUF": "402.50",
    "LTL": None,
    "LVL": None,
    "MTL": None,
    "PLN": "4.2500",
    "ROL": None,
    "RON": "5.0400",
    "SEK": "11.1500",
    "SIT": None,
    "SKK": None,
    "CHF": "0.94000",
    "ISK": "145.10",
    "NOK": "11.7500",
    "HRK": None,
    "RUB": None,
    "TRL": None,
    "TRY": "44.2500",
    "AUD": "1.7500",
    "BRL": "6.3500",
    "CAD": "1.5700",
    "CNY": "8.1500",
    "HKD": "8.8000",
    "IDR": "18500.00",
    "ILS": "4.0500",
    "INR": "97.5000",
    "KRW": "1580.00",
    "MXN": "21.6500",
    "MYR": "4.8500",
    "NZD": "1.9000",
    "PHP": "64.500",
    "SGD": "1.4700",
    "THB": "37.500",
    "ZAR": "20.5000",
}
# Pegged, or gone: Bulgaria has the euro since 2026-01-01.
_STEADY = {"BGN", "DKK"}
_BGN_ENDS = dt.date(2026, 1, 1)


class Rates:
    """The rates of each working day, changeable per day and currency."""

    def __init__(self) -> None:
        self.changes: dict[dt.date, dict[str, Decimal | None] | None] = {}

    def reset(self) -> None:
        """Forget every change."""
        self.changes = {}

    def change(self, body: dict[str, Any]) -> None:
        """Take `{day: {currency: rate or null} or null}`; null takes the rate or the day away.

        Raises:
            ValueError: a day, currency or rate that cannot be.
        """
        read = {dt.date.fromisoformat(day): _read_day(values) for day, values in body.items()}
        for day, values in read.items():
            before = self.changes.get(day) or {}
            self.changes[day] = None if values is None else {**before, **values}

    def on(self, day: dt.date) -> dict[str, Decimal | None] | None:
        """The rates of a day, None for a currency that is not quoted; None if nothing appears."""
        changes = self.changes.get(day, {})
        if changes is None or (not changes and not is_working_day(day)):
            return None
        return {**{currency: made_up_rate(currency, day) for currency in COLUMNS}, **changes}

    def csv(self, now: dt.datetime) -> str:
        """The whole file as published by `now`, newest day first."""
        lines = ["Date," + "".join(f"{currency}," for currency in COLUMNS)]
        for day in self._days(now):
            rates = self.on(day)
            if rates is not None:
                cells = ("N/A" if rate is None else f"{rate:f}" for rate in rates.values())
                lines.append(f"{day.isoformat()}," + "".join(f"{cell}," for cell in cells))
        return "\n".join(lines) + "\n"

    def _days(self, now: dt.datetime) -> Iterator[dt.date]:
        local = now.astimezone(PUBLISHED_AT.tzinfo)
        out_today = local.timetz() >= PUBLISHED_AT
        last = local.date() if out_today else local.date() - dt.timedelta(days=1)
        day = min(last, LAST_DAY)
        while day >= FIRST_DAY:
            yield day
            day -= dt.timedelta(days=1)


def _read_day(values: Any) -> dict[str, Decimal | None] | None:
    if values is None:
        return None
    unknown = sorted(set(values) - set(COLUMNS))
    if unknown:
        raise ValueError(f"the ECB quotes no {unknown[0]!r}")
    return {currency: _read_rate(rate) for currency, rate in values.items()}


def _read_rate(value: Any) -> Decimal | None:
    if value is None:
        return None
    try:
        rate = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no rate") from error
    if not rate.is_finite() or rate <= 0:
        raise ValueError(f"{value!r} is no rate")
    return rate


def made_up_rate(currency: str, day: dt.date) -> Decimal | None:
    """The made-up rate of a currency on a day, with as many decimals as the ECB gives it."""
    level = COLUMNS[currency]
    if level is None or (currency == "BGN" and day >= _BGN_ENDS):
        return None
    base = Decimal(level)
    if currency in _STEADY:
        return base
    phase = sum(map(ord, currency))
    wave = 0.025 * math.sin(day.toordinal() / 71 + phase) + 0.006 * math.sin(
        day.toordinal() / 5 + 2 * phase
    )
    return (base * Decimal(f"{1 + wave:.9f}")).quantize(base)


def is_working_day(day: dt.date) -> bool:
    """Whether the ECB publishes rates on a day: no weekend, no TARGET holiday."""
    easter = easter_sunday(day.year)
    holidays = {
        dt.date(day.year, 1, 1),
        easter - dt.timedelta(days=2),
        easter + dt.timedelta(days=1),
        dt.date(day.year, 5, 1),
        dt.date(day.year, 12, 25),
        dt.date(day.year, 12, 26),
    }
    return day.weekday() < 5 and day not in holidays


def easter_sunday(year: int) -> dt.date:
    """Easter Sunday in the Gregorian calendar (Gauss, for the years 1900 to 2099)."""
    a, b, c = year % 19, year % 4, year % 7
    d = (19 * a + 24) % 30
    e = (2 * b + 4 * c + 6 * d + 5) % 7
    day = 22 + d + e
    if (d == 29 and e == 6) or (d == 28 and e == 6 and a > 10):
        day -= 7
    return dt.date(year, 3, 1) + dt.timedelta(days=day - 1)
