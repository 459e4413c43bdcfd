"""Reports for the VAT returns, from the ledger: OSS, ICP and the Dutch boxes.

They tell what the books hold, not what must be declared: a person compares and declares.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain import returns
from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.returns import Quarter
from amazon_eboekhouden.domain.spreadsheets import csv_text
from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)

# The ECB publishes again within this many days, Christmas and New Year included.
_NEXT_PUBLICATION = timedelta(days=7)

_OSS = {
    "quarter": "Tijdvak",
    "correction_of": "Correctie op",
    "departure": "Land van vertrek",
    "consumption": "Land van verbruik",
    "rate_percent": "Tarief %",
    "rate_kind": "Soort tarief",
    "currency": "Valuta",
    "exchange_rate": "Koers (ECB, einde kwartaal)",
    "net_cents": "Maatstaf EUR",
    "vat_cents": "Btw EUR",
    "booked_vat_cents": "Btw geboekt EUR",
    "documents": "Aantal",
}
_ICP = {
    "quarter": "Tijdvak",
    "correction_of": "Correctie op",
    "country": "Land",
    "vat_number": "Btw-nummer",
    "relation_code": "Relatie zonder btw-nummer",
    "supply": "Soort",
    "net_cents": "Bedrag EUR",
    "documents": "Aantal",
}
_VAT = {
    "quarter": "Tijdvak",
    "box": "Rubriek",
    "sale_kind": "Soort verkoop",
    "country": "Land",
    "rate_percent": "Tarief %",
    "net_cents": "Omzet EUR",
    "vat_cents": "Btw EUR",
    "documents": "Aantal",
}


@dataclass(frozen=True)
class TaxReport:
    """A report of one quarter.

    Attributes:
        name: "oss", "icp" or "vat".
        quarter: such as "2026-Q4".
        rows: plain values; amounts in cents in columns `..._cents`, rates as Decimal.
        headings: column to its Dutch heading.
        problems: what keeps the report from being complete.
    """

    name: str
    quarter: str
    rows: list[dict[str, Any]]
    headings: dict[str, str]
    problems: list[Problem] = field(default_factory=list)

    def csv(self) -> str:
        """The rows as CSV text; write it as `utf-8-sig`, so that spreadsheets read the accents."""
        return csv_text(self.rows, self.headings)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; Decimals as text."""
        rows = [{k: _plain(value) for k, value in row.items()} for row in self.rows]
        return {"report": self.name, "quarter": self.quarter, "rows": rows}


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value


def oss_report(runtime: Runtime, year: int, quarter: int) -> TaxReport:
    """The OSS return: per departure, country, rate and currency, corrections apart.

    Amounts in another currency are converted at the ECB's rate of the quarter's last day, so they
    differ from what was booked: the difference is settled when the return is paid (account 4910).

    Args:
        runtime: the coupling's runtime.
        year: of the return.
        quarter: 1 to 4.

    Raises:
        ValueError: no such quarter.

    Problems:
        report-incomplete: bookings of the quarter are uncertain.
        report-rate-missing: the ECB has not published the quarter's rate, or can't be asked.
    """
    asked, booked = Quarter(year, quarter), runtime.booked()
    rates = {
        (currency, one): _quarter_rate(runtime, currency, one)
        for currency, quarters in returns.currencies_of(booked, asked).items()
        for one in quarters
    }
    missing = sorted(f"{currency} {one}" for (currency, one), rate in rates.items() if not rate)
    problems = [
        problem("report-rate-missing", f"report oss {asked}", currency=name[:3], quarter=name[4:])
        for name in missing
    ]
    rows = returns.oss_rows(booked, asked, lambda currency, one: rates[currency, one])
    return TaxReport("oss", str(asked), rows, _OSS, [*problems, *_uncertain(booked, "oss", asked)])


def icp_report(runtime: Runtime, year: int, quarter: int) -> TaxReport:
    """The ICP return: supplies at 0 % to businesses in other member states, per VAT number.

    The numbers are read from the relations in the books, where e-Boekhouden's own return takes
    them from.

    Args:
        runtime: the coupling's runtime.
        year: of the return.
        quarter: 1 to 4.

    Raises:
        ValueError: no such quarter.
        domain.errors.RemoteError: the books can't be asked for the VAT numbers.

    Problems:
        report-incomplete: bookings of the quarter are uncertain.
        report-number-missing: a relation stands in the books without its VAT number.
    """
    asked, booked = Quarter(year, quarter), runtime.booked()
    numbers: dict[str, str] = {}
    with runtime.books() as books:

        def number_of(code: str) -> str:
            if code not in numbers:
                found = books.relation(code)
                numbers[code] = found.vat_number if found else ""
            return numbers[code]

        rows = returns.icp_rows(booked, asked, number_of)
    problems = [
        problem("report-number-missing", f"report icp {asked}", relation=row["relation_code"])
        for row in rows
        if row["relation_code"]
    ]
    return TaxReport("icp", str(asked), rows, _ICP, [*problems, *_uncertain(booked, "icp", asked)])


def vat_report(runtime: Runtime, year: int, quarter: int) -> TaxReport:
    """Turnover and VAT per box of the Dutch return; box "" stands outside it.

    Args:
        runtime: the coupling's runtime.
        year: of the return.
        quarter: 1 to 4.

    Raises:
        ValueError: no such quarter.

    Problems:
        report-incomplete: bookings of the quarter are uncertain.
    """
    asked, booked = Quarter(year, quarter), runtime.booked()
    rows = returns.vat_rows(booked, asked)
    return TaxReport("vat", str(asked), rows, _VAT, _uncertain(booked, "vat", asked))


def _uncertain(booked: pd.DataFrame, name: str, asked: Quarter) -> list[Problem]:
    count = returns.uncertain_documents(booked, asked)
    if not count:
        return []
    return [problem("report-incomplete", f"report {name} {asked}", count=count)]


def _quarter_rate(runtime: Runtime, currency: str, quarter: Quarter) -> Decimal | None:
    """The rate of the quarter's last day, else the next one published (article 369h)."""
    from amazon_eboekhouden.adapters.exchange_rates import ExchangeRates

    last = quarter.last_day
    history = ExchangeRates(runtime.archive, url=runtime.settings.services.ecb)
    try:
        found = history.between([currency], last, last + _NEXT_PUBLICATION)
    except RemoteError as error:
        log.warning("coupling=%s no exchange rates: %s", runtime.settings.name, error)
        return None
    days: list[date] = sorted(day for _, day in found if day >= last)
    return found[currency, days[0]] if days else None
