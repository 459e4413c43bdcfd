"""The purchase invoice that empties the accrual: costs and input VAT against it, total 0.00.

Source: accounting rule 2.2, step 12 (worked case G15).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from amazon_eboekhouden.config.fees import NO_VAT, PERCENT_OF, cost_account
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.money import split_largest_remainder, vat_on_top
from amazon_eboekhouden.domain.settlement.fee_invoices import (
    TOLERANCE_CENTS,
    BookedFees,
    FeeInvoice,
    FeeInvoiceLine,
)


class RateUnclear(ValueError):
    """The VAT on an invoice fits no rate, or it is 0 and nobody said why."""


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """A line of the purchase invoice, in EUR cents."""

    account: str
    vat_code: str
    vat_percent: Decimal
    net_cents: int
    vat_cents: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """The purchase invoice of step 12; its lines add up to 0.

    Attributes:
        lines: costs with their VAT, cents of difference, the accrual in full.
        reversed_cents: what leaves the accrual, per kind.
        difference_cents: accrued less invoiced; on the differences account when it is cents.
    """

    lines: tuple[PurchaseLine, ...]
    reversed_cents: Mapping[str, int] = field(default_factory=dict)
    difference_cents: int = 0


def waiting(
    invoice: FeeInvoice, fees: Mapping[str, BookedFees], earlier: Iterable[Mapping[str, int]]
) -> dict[str, int]:
    """What still waits on the accrual for an invoice, per kind that it covers.

    Args:
        invoice: the invoice.
        fees: from `booked_fees` of its month.
        earlier: per earlier purchase invoice of the month, what it took off the accrual.
    """
    left = {k: fee.accrued_cents for k, fee in fees.items() if k in invoice.covers}
    for taken in earlier:
        for kind in left.keys() & taken.keys():
            left[kind] -= taken[kind]
    return {kind: cents for kind, cents in sorted(left.items()) if cents}


def purchase(
    invoice: FeeInvoice,
    left: Mapping[str, int],
    settings: CouplingSettings,
    *,
    accept_difference: bool = False,
) -> Purchase | None:
    """The purchase invoice, or None when it differs from what waits and nobody accepted that.

    Args:
        invoice: an invoice of fees that waited, and of nothing else.
        left: from `waiting`.
        settings: the coupling's, for the accounts.
        accept_difference: take off the accrual what the invoice says, and leave the rest there.

    Raises:
        RateUnclear: see there.
    """
    difference = sum(left.values()) - invoice.gross_cents
    within = abs(difference) <= max(TOLERANCE_CENTS, len(invoice.lines))
    if not within and not accept_difference:
        return None
    month = date.fromisoformat(f"{invoice.month}-01")
    accounts = {kind: cost_account(kind, month, settings) for kind in invoice.covers}
    # Without a right to deduct there is nothing to find out: the cost includes the VAT.
    code = NO_VAT if settings.seller.vat.scheme == "kor" else invoice.vat_code
    lines = [made for line in invoice.lines for made in _cost_lines(line, left, accounts, code)]
    reversed_cents = dict(left)
    if within and difference:
        differences = settings.accounts.differences
        lines.append(PurchaseLine(differences, NO_VAT, Decimal(0), difference, 0))
    elif not within:
        weights = list(left.values())
        shares = split_largest_remainder(invoice.gross_cents, weights)
        reversed_cents = dict(zip(left, shares, strict=True))
    off = -sum(reversed_cents.values())
    lines.append(PurchaseLine(settings.accounts.fee_accrual, NO_VAT, Decimal(0), off, 0))
    return Purchase(tuple(_merged(lines)), reversed_cents, difference)


def _cost_lines(
    line: FeeInvoiceLine, left: Mapping[str, int], accounts: Mapping[str, str], chosen: str
) -> list[PurchaseLine]:
    code, percent = _rate(line, chosen)
    weights = {line.kind: 1} if line.kind else left
    per_account: dict[str, int] = defaultdict(int)
    for kind, weight in weights.items():
        per_account[accounts[kind]] += weight
    shares = sorted(per_account.items())
    net, vat = (line.net_cents, line.vat_cents) if percent else (line.net_cents + line.vat_cents, 0)
    nets = split_largest_remainder(net, [weight for _, weight in shares])
    vats = split_largest_remainder(vat, nets)
    return [
        PurchaseLine(account, code, percent, *amounts)
        for (account, _), amounts in zip(shares, zip(nets, vats, strict=True), strict=True)
    ]


def _rate(line: FeeInvoiceLine, chosen: str) -> tuple[str, Decimal]:
    if chosen:
        return chosen, PERCENT_OF.get(chosen, Decimal(0))
    near = [
        (abs(vat_on_top(line.net_cents, percent) - line.vat_cents), code, percent)
        for code, percent in PERCENT_OF.items()
    ]
    distance, code, percent = min(near)
    # Amazon may have rounded each of its own lines.
    if not line.vat_cents or distance > TOLERANCE_CENTS:
        raise RateUnclear
    return code, percent


def _merged(lines: Iterable[PurchaseLine]) -> list[PurchaseLine]:
    """One line per account and VAT code, in the order of their first."""
    sums: dict[tuple[str, str, Decimal], list[int]] = {}
    for line in lines:
        found = sums.setdefault((line.account, line.vat_code, line.vat_percent), [0, 0])
        found[0] += line.net_cents
        found[1] += line.vat_cents
    return [PurchaseLine(*key, *cents) for key, cents in sums.items() if any(cents)]
