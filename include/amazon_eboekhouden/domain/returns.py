"""What the books hold for a VAT return: OSS, ICP and the Dutch boxes, quarter by quarter.

Read from the facts of confirmed bookings, which outlive every customer's data. A credit note
belongs to the quarter in which it was booked; when its invoice stands in an earlier one it is a
correction of that quarter (OSS, ICP), as both returns ask for.
Source: Regulation 282/2011 article 63c; VAT Directive articles 264, 369g and 369h; accounting
rules 5.1, 6 and 9.3 (C9).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.vat import DUTCH_VAT_CODES, box_of, is_standard
from amazon_eboekhouden.domain.booked_invoice import groups_of_facts
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.exchange import EURO
from amazon_eboekhouden.domain.money import (
    round_half_up,
    split_largest_remainder,
    vat_inside,
    vat_on_top,
)
from amazon_eboekhouden.domain.vat_lines import RateGroup

OSS_KINDS = frozenset({"S4", "S6", "S6-3C"})
ICP_CODES = {"BI_EU_VERK": "goederen", "BI_EU_VERK_D": "diensten"}
_DOCUMENTS = (BookingKind.INVOICE.value, BookingKind.CREDIT_NOTE.value)
_IN_THE_BOOKS = "CONFIRMED"
_STANDARD, _REDUCED = "standaard", "verlaagd"
# Input VAT of Amazon's fees: VAT code to rate, and the box of what the seller reckons himself, ""
# when Amazon charges it.
_FEE_VAT = {
    "HOOG_INK_21": (Decimal(21), ""),
    "LAAG_INK_9": (Decimal(9), ""),
    "BI_EU_INK": (Decimal(21), "4b"),
    "BU_EU_INK": (Decimal(21), "4a"),
    "VERL_INK": (Decimal(21), "2a"),
    "VERL_INK_L9": (Decimal(9), "2a"),
}

Row = dict[str, Any]
QuarterRates = Callable[[str, "Quarter"], Decimal | None]


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A quarter of the calendar, such as 2026-Q4."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1998 <= self.year <= 2049 and 1 <= self.number <= 4):
            raise ValueError(f"{self.year}-Q{self.number} is no quarter; write it as 2026-Q4")

    @classmethod
    def of(cls, day: date) -> Quarter:
        """The quarter that a day lies in."""
        return cls(day.year, (day.month + 2) // 3)

    @property
    def last_day(self) -> date:
        """Whose exchange rate the OSS return uses."""
        year, month = (self.year + 1, 1) if self.number == 4 else (self.year, 3 * self.number + 1)
        return date(year, month, 1) - timedelta(days=1)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"


@dataclass(frozen=True, slots=True)
class _Document:
    """An invoice or credit note as the books hold it; `belongs_to` is its invoice's quarter."""

    belongs_to: Quarter
    relation_code: str
    facts: Mapping[str, Any]
    groups: tuple[RateGroup, ...]


def oss_rows(booked: pd.DataFrame, quarter: Quarter, rate_of: QuarterRates) -> list[Row]:
    """The OSS return of a quarter: per departure, country of consumption, rate and currency.

    Args:
        booked: BOOKED.
        quarter: whose return.
        rate_of: (currency, quarter) to how much of the currency one euro is on the quarter's last
            day, else at the next publication; None while that is not published.

    Returns:
        rows with cents of the return in `net_cents` and `vat_cents`, and in `booked_vat_cents`
        what the OSS account holds; corrections carry their original quarter. Without a rate the
        amounts of the return are None.
    """
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for document in _documents(booked, quarter):
        currency = document.facts["currency"]
        paid = _currency_gross(document)
        for group, gross in zip(document.groups, paid, strict=True):
            if group.sale_kind not in OSS_KINDS:
                continue
            vat = group.vat_cents if currency == EURO else vat_inside(gross, group.percent)
            key = (
                document.belongs_to, document.facts["ship_from"], group.country, group.percent,
                _rate_kind(document, group), currency,
            )  # fmt: skip
            for place, cents in enumerate((gross - vat, vat, group.vat_cents, 1)):
                sums[key][place] += cents
    return [_oss_row(quarter, key, sums[key], rate_of) for key in sorted(sums)]


def _oss_row(
    quarter: Quarter, key: tuple[Any, ...], sums: Iterable[int], rate_of: QuarterRates
) -> Row:
    belongs_to, departure, arrival, percent, kind, currency = key
    net, vat, booked, documents = sums
    rate = Decimal(1) if currency == EURO else rate_of(currency, belongs_to)
    return {
        "quarter": str(quarter),
        "correction_of": "" if belongs_to == quarter else str(belongs_to),
        "departure": departure,
        "consumption": arrival,
        "rate_percent": percent,
        "rate_kind": kind,
        "currency": currency,
        "exchange_rate": rate,
        "net_cents": None if rate is None else round_half_up(net / rate),
        "vat_cents": None if rate is None else round_half_up(vat / rate),
        "booked_vat_cents": booked,
        "documents": documents,
    }


def icp_rows(
    booked: pd.DataFrame, quarter: Quarter, vat_number_of: Callable[[str], str]
) -> list[Row]:
    """The ICP return of a quarter: supplies at 0 % per VAT number.

    Args:
        booked: BOOKED.
        quarter: whose return.
        vat_number_of: relation code to the VAT number that stands in the books; "" if none.
    """
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for document in _documents(booked, quarter):
        for group in document.groups:
            if group.code in ICP_CODES:
                number = vat_number_of(document.relation_code)
                # A relation that lost its number is shown by its code: it can't be declared.
                shown = number or document.relation_code
                key = (document.belongs_to, shown, bool(number), ICP_CODES[group.code])
                sums[key][0] += group.net_cents
                sums[key][1] += 1
    return [
        {
            "quarter": str(quarter),
            "correction_of": "" if belongs_to == quarter else str(belongs_to),
            "country": number[:2] if known else "",
            "vat_number": number if known else "",
            "relation_code": "" if known else number,
            "supply": supply,
            "net_cents": net,
            "documents": documents,
        }
        for (belongs_to, number, known, supply), (net, documents) in sorted(sums.items())
    ]


def vat_rows(booked: pd.DataFrame, quarter: Quarter) -> list[Row]:
    """Turnover and VAT per box of the Dutch return, kind of sale, country and rate.

    What stands outside the Dutch return (OSS, stock abroad) has box "": of a distance sale in box
    3c the VAT, which is another country's.
    """
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for document in _documents(booked, quarter):
        for group in document.groups:
            sale = (group.sale_kind, group.country, group.percent)
            box = box_of(group.code)
            if not box or group.code in DUTCH_VAT_CODES:
                _add(sums[box, *sale], group.net_cents, group.vat_cents)
                continue
            _add(sums[box, *sale], group.net_cents, 0)
            if group.vat_cents:
                _add(sums["", *sale], 0, group.vat_cents)
    for code, (net, vat, documents) in _fee_sums(booked, quarter).items():
        percent, own_box = _FEE_VAT[code]
        for box in filter(None, (own_box, "5b")):
            _add(sums[box, "fees", "NL", percent], net, vat, documents)
    return [
        {
            "quarter": str(quarter),
            "box": box,
            "sale_kind": kind,
            "country": country,
            "rate_percent": percent,
            "net_cents": net,
            "vat_cents": vat,
            "documents": documents,
        }
        for (box, kind, country, percent), (net, vat, documents) in sorted(
            sums.items(), key=lambda item: (item[0][0] or "~", item[0][1:])
        )
    ]


def currencies_of(booked: pd.DataFrame, quarter: Quarter) -> dict[str, set[Quarter]]:
    """Currencies other than the euro in the OSS sales of a quarter, and whose rates they need."""
    found: dict[str, set[Quarter]] = defaultdict(set)
    for document in _documents(booked, quarter):
        currency = document.facts["currency"]
        if currency != EURO and any(g.sale_kind in OSS_KINDS for g in document.groups):
            found[currency].add(document.belongs_to)
    return dict(found)


def uncertain_documents(booked: pd.DataFrame, quarter: Quarter) -> int:
    """Documents dated in the quarter whose outcome is not known yet: the return may still grow."""
    own = booked[booked["booking_kind"].isin(_DOCUMENTS) & _within(booked, quarter)]
    return int(own["state"].isin(("PLANNED", "SENDING", "UNKNOWN")).sum())


def _within(booked: pd.DataFrame, quarter: Quarter) -> pd.Series[bool]:
    dates = booked["date"].dt
    within: pd.Series[bool] = (dates.year == quarter.year) & (dates.quarter == quarter.number)
    return within


def _documents(booked: pd.DataFrame, quarter: Quarter) -> Iterator[_Document]:
    confirmed = booked["booking_kind"].isin(_DOCUMENTS) & (booked["state"] == _IN_THE_BOOKS)
    own = booked[confirmed & _within(booked, quarter)]
    for code, text in zip(own["relation_code"], own["facts"], strict=True):
        facts = json.loads(text)
        groups = groups_of_facts(facts)
        if groups:
            invoiced = facts.get("invoice_date")
            belongs_to = Quarter.of(date.fromisoformat(invoiced)) if invoiced else quarter
            yield _Document(belongs_to, code, facts, groups)


def _currency_gross(document: _Document) -> list[int]:
    """What was paid per rate, in the order's currency."""
    euros = [group.gross_cents for group in document.groups]
    if document.facts["currency"] == EURO:
        return euros
    return split_largest_remainder(int(document.facts["currency_gross_cents"]), euros)


def _rate_kind(document: _Document, group: RateGroup) -> str:
    """Standard or reduced, on the day of the sale."""
    on = date.fromisoformat(document.facts.get("ship_date") or document.facts["invoice_date"])
    return _STANDARD if is_standard(group.country, group.percent, on) else _REDUCED


def _fee_sums(booked: pd.DataFrame, quarter: Quarter) -> dict[str, list[int]]:
    """Net, VAT and number of mutations per VAT code, of fees and of Amazon's invoices for them.

    Fees that came back are negative. What waited for its invoice has no VAT before that.
    """
    confirmed = booked[(booked["state"] == _IN_THE_BOOKS) & _within(booked, quarter)]
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    own = confirmed[confirmed["booking_kind"].eq(BookingKind.FEES.value)]
    for key, gross, text in zip(own["booking"], own["gross_cents"], own["facts"], strict=True):
        code = json.loads(text).get("vat_code", "")
        if code in _FEE_VAT:
            percent, reverse = _FEE_VAT[code]
            cents = int(gross) if key.endswith(":-") else -int(gross)
            vat = vat_on_top(cents, percent) if reverse else vat_inside(cents, percent)
            _add(sums[code], cents if reverse else cents - vat, vat)
    invoices = confirmed[confirmed["booking_kind"].eq(BookingKind.FEE_INVOICE.value)]
    for text in invoices["facts"]:
        for code, (net, charged) in json.loads(text).get("vat", {}).items():
            if code in _FEE_VAT:
                percent, reverse = _FEE_VAT[code]
                _add(sums[code], net, vat_on_top(net, percent) if reverse else charged)
    return sums


def _add(sums: list[int], net: int, vat: int, documents: int = 1) -> None:
    sums[0] += net
    sums[1] += vat
    sums[2] += documents
