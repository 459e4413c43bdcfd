"""How Amazon's fees are booked: a dated table per fee kind, seller and marketplace.

Since 1 August 2024 Amazon bills sellers established in the Netherlands from its Dutch branch, with
Dutch VAT; before, and for all others, from Luxembourg under reverse charge. The settlement shows
amounts including that VAT. Source: accounting rules 3.1 and 3.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

from amazon_eboekhouden.config.settings import CouplingSettings, FeeOverride
from amazon_eboekhouden.config.tables_reader import rows_of

NO_VAT = "GEEN"
# In the table: the rate is unknown until Amazon's invoice tells, whatever the settings say.
BY_INVOICE = "INVOICE"
PERCENT_OF = {"HOOG_INK_21": Decimal(21), "LAAG_INK_9": Decimal(9)}
# Codes that may stand on a purchase; VERL_INK is the reverse charge within the Netherlands.
PURCHASE_CODES = frozenset(PERCENT_OF) | {NO_VAT, "BI_EU_INK", "BU_EU_INK", "VERL_INK"}


@dataclass(frozen=True, slots=True)
class FeeRule:
    """How one fee is booked.

    Attributes:
        fee_kind: kind of `tables/settlement_rows.csv`.
        account: ledger account, a cost or the accrual.
        vat_code: VAT code of a purchase, GEEN for none.
        vat_percent: VAT inside the amount; 0 when there is none or it is reverse charged.
        includes_vat: the amount withheld includes the VAT.
        waits_for_invoice: it stands on the accrual until Amazon's invoice tells the VAT.
    """

    fee_kind: str
    account: str
    vat_code: str
    vat_percent: Decimal
    includes_vat: bool
    waits_for_invoice: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    fee_kind: str
    established_in: str
    marketplace: str
    since: date
    role: str
    vat_code: str
    includes_vat: bool


def fee_kinds() -> frozenset[str]:
    """Every kind of fee that the table knows."""
    return frozenset(line.fee_kind for line in _table()) - {"*"}


def override_faults(settings: CouplingSettings) -> list[tuple[str, str]]:
    """What is wrong with the `fees` overrides: field and why. Empty when all is well."""
    faults = []
    codes = PURCHASE_CODES | {BY_INVOICE}
    for index, override in enumerate(settings.fees):
        if override.fee_kind not in fee_kinds():
            faults.append((f"fees.{index}.fee_kind", f"must be one of {_listed(fee_kinds())}"))
        if override.vat_code is not None and override.vat_code not in codes:
            faults.append((f"fees.{index}.vat_code", f"must be one of {_listed(codes)}"))
    return faults


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def fee_rule(fee_kind: str, marketplace: str, on: date, settings: CouplingSettings) -> FeeRule:
    """The rule for a fee.

    Args:
        fee_kind: one of `fee_kinds()`.
        marketplace: code such as "DE"; "" when the row does not tell.
        on: local posted date.
        settings: the coupling's, with its overrides.

    Raises:
        KeyError: the table does not know the fee kind.
    """
    line = _line(fee_kind, marketplace, on, settings.seller.established_in)
    rule = FeeRule(
        fee_kind=fee_kind,
        account=getattr(settings.accounts, line.role),
        vat_code=line.vat_code,
        vat_percent=PERCENT_OF.get(line.vat_code, Decimal(0)),
        includes_vat=line.includes_vat,
    )
    entry = _override(fee_kind, marketplace, on, settings)
    if entry is not None:
        rule = _overridden(rule, entry)
    if entry is not None and entry.vat_code and entry.vat_code != BY_INVOICE:
        return rule  # Somebody chose the VAT of this very fee: that beats every default.
    if rule.vat_code == BY_INVOICE or _waits_for_invoice(fee_kind, settings):
        waiting = _without_vat(rule, settings.accounts.fee_accrual)
        return replace(waiting, waits_for_invoice=True)
    if settings.seller.vat.scheme == "kor":  # No right to deduct: the cost includes the VAT.
        return _without_vat(rule, rule.account)
    return rule


def cost_account(fee_kind: str, on: date, settings: CouplingSettings) -> str:
    """The cost account of a kind of fee, also while the fee itself waits on the accrual.

    Args:
        fee_kind: one of `fee_kinds()`.
        on: local date.
        settings: the coupling's, with its overrides.

    Raises:
        KeyError: the table does not know the fee kind.
    """
    entry = _override(fee_kind, "", on, settings)
    if entry is not None and entry.account:
        return entry.account
    line = _line(fee_kind, "", on, settings.seller.established_in)
    return str(getattr(settings.accounts, line.role))


def _without_vat(rule: FeeRule, account: str) -> FeeRule:
    return FeeRule(rule.fee_kind, account, NO_VAT, Decimal(0), includes_vat=True)


def _waits_for_invoice(fee_kind: str, settings: CouplingSettings) -> bool:
    choice = settings.settlement
    return (
        choice.advertising_vat == "by_invoice"
        if fee_kind == "advertising"
        else choice.fee_vat == "by_invoice"
    )


def _override(
    fee_kind: str, marketplace: str, on: date, settings: CouplingSettings
) -> FeeOverride | None:
    fitting = [
        entry
        for entry in settings.fees
        if entry.fee_kind == fee_kind
        and entry.from_date <= on
        and entry.marketplace in (None, marketplace)
    ]
    return max(fitting, key=lambda e: (e.marketplace is not None, e.from_date), default=None)


def _overridden(rule: FeeRule, entry: FeeOverride) -> FeeRule:
    vat_code = entry.vat_code or rule.vat_code
    percent = PERCENT_OF.get(vat_code, Decimal(0))
    includes_vat = rule.includes_vat
    if entry.vat_code:
        includes_vat = percent > 0 or vat_code == NO_VAT
    if entry.includes_vat is not None:
        includes_vat = entry.includes_vat
    return FeeRule(rule.fee_kind, entry.account or rule.account, vat_code, percent, includes_vat)


def _line(fee_kind: str, marketplace: str, on: date, established_in: str) -> _Line:
    fitting = [
        line
        for line in _table()
        if line.fee_kind in (fee_kind, "*")
        and line.established_in in (established_in, "*")
        and line.marketplace in (marketplace, "*")
        and line.since <= on
    ]
    if not any(line.fee_kind == fee_kind for line in fitting):
        raise KeyError(f"no fee rule for {fee_kind} on {on}")
    best = max(fitting, key=lambda e: (e.marketplace != "*", e.established_in != "*", e.since))
    role = next(line.role for line in fitting if line.fee_kind == fee_kind)
    return best if best.role else replace(best, role=role)


@cache
def _table() -> tuple[_Line, ...]:
    return tuple(
        _Line(
            fee_kind=row["fee_kind"],
            established_in=row["established_in"],
            marketplace=row["marketplace"],
            since=date.fromisoformat(row["since"]),
            role=row["role"],
            vat_code=row["vat_code"],
            includes_vat=row["includes_vat"] == "yes",
        )
        for row in rows_of("fee_rules")
    )
