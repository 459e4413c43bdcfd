"""VAT: which rates are in force where and when, and what a kind of sale books at a rate.

Two tables: `tables/vat_rates.csv` (a new rate is a row there) and `tables/sale_kinds.csv` (a new
kind of sale is a row there). Settings may override the second one.
Source: accounting rules 5.1 to 5.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

from amazon_eboekhouden.config.settings import CouplingSettings, VatOverride
from amazon_eboekhouden.config.tables_reader import rows_of

ZERO = Decimal(0)
# Codes whose VAT e-Boekhouden books itself, with their rate.
DUTCH_VAT_CODES = {"HOOG_VERK_21": Decimal(21), "LAAG_VERK_9": Decimal(9)}
# Codes that may stand on a sale. AFW_VERK would put foreign VAT in the Dutch return (box 1c), and
# HOOG_VERK still means 19 %.
SALES_CODES = frozenset(DUTCH_VAT_CODES) | {
    "GEEN",
    "BI_EU_VERK",
    "BI_EU_VERK_D",
    "BU_EU_VERK",
    "AFST_VERK",
    "VERL_VERK",
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate in force; `standard` or reduced."""

    percent: Decimal
    standard: bool


@dataclass(frozen=True, slots=True)
class SaleRow:
    """What one kind of sale books at one rate.

    Attributes:
        sale_kind: S0 to S12, with a variant such as S5-OUTSIDE.
        percent: the rate of the row; None: any.
        code: VAT code on the revenue lines.
        revenue, shipping: keys of `settings.accounts`.
        vat_row: "" when the code carries the VAT, "oss" or "local" when a line of its own does.
        rate_of: whose rates apply: "ship_from", "ship_to" or "none" (always 0 %).
        box: of the Dutch return.
        description: for documentation and reports.
        account: revenue account that the settings name instead, "" if none.
    """

    sale_kind: str
    percent: Decimal | None
    code: str
    revenue: str
    shipping: str
    vat_row: str
    rate_of: str
    box: str
    description: str
    account: str = ""


@cache
def _rates() -> dict[str, list[tuple[date, date, Rate]]]:
    table: dict[str, list[tuple[date, date, Rate]]] = {}
    for row in rows_of("vat_rates"):
        since = date.fromisoformat(row["from"])
        until = date.fromisoformat(row["until"]) if row["until"] else date.max
        rate = Rate(Decimal(row["percent"]), row["kind"] == "standard")
        table.setdefault(row["country"], []).append((since, until, rate))
    return table


@cache
def rates_in_force(area: str, on: date) -> tuple[Rate, ...]:
    """The rates of a country or region on a day, the standard rate first; () when unknown."""
    found = [rate for since, until, rate in _rates().get(area, ()) if since <= on <= until]
    return tuple(sorted(found, key=lambda rate: (not rate.standard, -rate.percent)))


@cache
def percents_in_force(area: str, on: date) -> tuple[Decimal, ...]:
    """The percents of `rates_in_force`."""
    return tuple(rate.percent for rate in rates_in_force(area, on))


def standard_rate(area: str, on: date) -> Decimal | None:
    """The standard rate of a country or region on a day; None when unknown."""
    rates = rates_in_force(area, on)
    return rates[0].percent if rates and rates[0].standard else None


def is_standard(country: str, percent: Decimal, on: date) -> bool:
    """Whether a rate is a country's standard rate on a day, or that of one of its regions."""
    return any(
        rate.standard and rate.percent == percent
        for area in _rates()
        if area.partition("-")[0] == country
        for rate in rates_in_force(area, on)
    )


@cache
def sale_rows() -> tuple[SaleRow, ...]:
    """The table of sale kinds, in the order of the file."""
    return tuple(
        SaleRow(
            sale_kind=row["sale_kind"],
            percent=None if row["rate"] == "*" else Decimal(row["rate"]),
            code=row["code"],
            revenue=row["revenue"],
            shipping=row["shipping"],
            vat_row=row["vat_row"],
            rate_of=row["rate_of"],
            box=row["box"],
            description=row["description"],
        )
        for row in rows_of("sale_kinds")
    )


def sale_row(sale_kind: str, percent: Decimal, settings: CouplingSettings) -> SaleRow | None:
    """What a kind of sale books at a rate; None when the table has no such row."""
    for row in sale_rows():
        if row.sale_kind == sale_kind and row.percent in (None, percent):
            return _overridden(row, percent, settings.vat)
    return None


def _overridden(row: SaleRow, percent: Decimal, overrides: Iterable[VatOverride]) -> SaleRow:
    for override in overrides:
        # Without a rate, a code with Dutch VAT is meant for its own.
        rate = override.rate_percent
        if rate is None:
            rate = DUTCH_VAT_CODES.get(override.code)
        if override.sale_kind == row.sale_kind and rate in (None, percent):
            row = replace(row, code=override.code, account=override.account or row.account)
    return row


def rates_apply_of(sale_kind: str) -> str:
    """Whose rates apply to a kind of sale: "ship_from", "ship_to" or "none"."""
    return next(row.rate_of for row in sale_rows() if row.sale_kind == sale_kind)


def box_of(code: str) -> str:
    """Box of the Dutch return that a sales code leads to; "" when it leads to none."""
    # Services to businesses abroad share the box of goods.
    sought = "BI_EU_VERK" if code == "BI_EU_VERK_D" else code
    return next((row.box for row in sale_rows() if row.code == sought), "")


def override_faults(settings: CouplingSettings) -> list[tuple[str, str]]:
    """What is wrong with the `vat` overrides: field and why. Empty when all is well."""
    kinds = {row.sale_kind for row in sale_rows()}
    faults = []
    for index, override in enumerate(settings.vat):
        if override.sale_kind not in kinds:
            faults.append((f"vat.{index}.sale_kind", f"must be one of {', '.join(sorted(kinds))}"))
        if override.code not in SALES_CODES:
            faults.append((f"vat.{index}.code", f"must be one of {', '.join(sorted(SALES_CODES))}"))
        elif override.sale_kind in kinds and (why := _misfit(override)):
            faults.append((f"vat.{index}.code", why))
    return faults


def _misfit(override: VatOverride) -> str:
    """Why a code can't carry the VAT of a kind of sale, "" when it can.

    e-Boekhouden books Dutch VAT by the code, so a sale with Dutch VAT needs the code of its rate,
    and no other sale may have one: foreign VAT would enter the Dutch return.
    """
    dutch = {
        row.percent
        for row in sale_rows()
        if row.sale_kind == override.sale_kind
        and row.code in DUTCH_VAT_CODES
        and override.rate_percent in (None, row.percent)
    }
    percent = DUTCH_VAT_CODES.get(override.code)
    at = "" if override.rate_percent is None else f" at {override.rate_percent} %"
    sale = f"a sale of kind {override.sale_kind}{at}"
    if percent is None and dutch:
        return f"{override.code} carries no VAT, and {sale} has Dutch VAT"
    if percent is not None and percent not in dutch:
        return (
            f"{override.code} puts {percent} % of Dutch VAT in the books, and {sale} has not that"
        )
    return ""
