"""Amazon's fee invoices beside what was booked: compared per kind, and booked where fees wait.

```
FEES bookings ─► per month and kind: net, VAT, still accrued ─┐
invoices as a person entered them ────────────────────────────┴─► differences ─► purchase invoice
```

Fees whose VAT came from the rules are only compared. Fees that were accrued without VAT
(`by_invoice`, advertising, marketplaces whose rate nobody knows) leave the accrual by the invoice:
costs and input VAT against it, total 0.00. Source: accounting rules 2.2 step 12, 3.1 and 3.2, C7;
worked case G15.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.fees import PERCENT_OF, fee_kinds
from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.money import split_largest_remainder, vat_inside
from amazon_eboekhouden.domain.settlement.groups import each

# Amazon rounds on its own totals: so far a difference is no difference (rule 9.3, C7).
TOLERANCE_CENTS = 5
# Amazon bills it apart from all other fees.
ADVERTISING = "advertising"


@dataclass(frozen=True, slots=True)
class FeeInvoiceLine:
    """One kind of fee on an invoice; "" for an invoice that is entered by its total."""

    kind: str
    net_cents: int
    vat_cents: int


@dataclass(frozen=True, slots=True)
class FeeInvoice:
    """An invoice or credit note (below zero) of Amazon, as a person entered it.

    Attributes:
        number: Amazon's.
        on: its date.
        month: whose fees it bills, such as "2026-10".
        lines: per kind, or one line for all of them.
        kinds: the kinds it covers; () for all but advertising.
        vat_code: of its lines where the rate does not tell, "" otherwise.
    """

    number: str
    on: date
    month: str
    lines: tuple[FeeInvoiceLine, ...]
    kinds: tuple[str, ...] = ()
    vat_code: str = ""

    @property
    def net_cents(self) -> int:
        """Total without VAT."""
        return sum(line.net_cents for line in self.lines)

    @property
    def vat_cents(self) -> int:
        """Total VAT."""
        return sum(line.vat_cents for line in self.lines)

    @property
    def gross_cents(self) -> int:
        """Total with VAT."""
        return self.net_cents + self.vat_cents

    @property
    def covers(self) -> frozenset[str]:
        """The kinds of fee that it bills."""
        named = {line.kind for line in self.lines} - {""}
        return frozenset(named or self.kinds) or fee_kinds() - {ADVERTISING}


@dataclass(slots=True)
class BookedFees:
    """What settlements booked of one kind in one month, in EUR cents.

    Attributes:
        net_cents, vat_cents: on costs, by the rules.
        accrued_cents: gross, waiting on the accrual account for an invoice.
    """

    net_cents: int = 0
    vat_cents: int = 0
    accrued_cents: int = 0


class Covers(StrEnum):
    """Which of the booked fees an invoice bills."""

    ACCRUED = "accrued"  # that waited for it
    BY_RULE = "by_rule"  # whose VAT was booked by the rules
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class KindCompared:
    """One kind of fee: booked beside invoiced.

    Attributes:
        kind: "" where the invoices do not say it.
        booked_net_cents, booked_vat_cents: by the rules.
        accrued_cents: gross, what waited for these invoices.
        invoiced_net_cents, invoiced_vat_cents: on the invoices.
    """

    kind: str
    booked_net_cents: int
    booked_vat_cents: int
    accrued_cents: int
    invoiced_net_cents: int
    invoiced_vat_cents: int

    @property
    def difference_cents(self) -> int:
        """Invoiced less booked, VAT included."""
        booked = self.booked_net_cents + self.booked_vat_cents + self.accrued_cents
        return self.invoiced_net_cents + self.invoiced_vat_cents - booked

    @property
    def vat_difference_cents(self) -> int:
        """VAT on the invoices less VAT booked; where fees waited, their VAT was not known."""
        if self.accrued_cents:
            return 0
        return self.invoiced_vat_cents - self.booked_vat_cents


@dataclass(frozen=True, slots=True)
class FeeCheck:
    """The invoices of one month beside its bookings.

    Attributes:
        month: such as "2026-10".
        covers: which of the booked fees these invoices bill, as their amounts tell.
        kinds: per kind where the invoices name them, else one line for all.
        tolerance_cents: how far the total may differ.
    """

    month: str
    covers: Covers
    kinds: tuple[KindCompared, ...]
    tolerance_cents: int

    @property
    def difference_cents(self) -> int:
        """Invoiced less booked, VAT included, over all kinds."""
        return sum(kind.difference_cents for kind in self.kinds)

    @property
    def vat_difference_cents(self) -> int:
        """The same of the VAT alone."""
        return sum(kind.vat_difference_cents for kind in self.kinds)

    @property
    def agrees(self) -> bool:
        """Within what Amazon's own rounding explains."""
        worst = max(abs(self.difference_cents), abs(self.vat_difference_cents))
        return worst <= self.tolerance_cents


def booked_fees(booked: pd.DataFrame, month: str) -> dict[str, BookedFees]:
    """What settlements booked in a month, per kind of fee.

    Args:
        booked: BOOKED.
        month: such as "2026-10", of the posted dates.
    """
    rows = booked[
        (booked["booking_kind"] == BookingKind.FEES.value) & ~booked["state"].isin(NEVER_BOOKED)
    ]
    found: dict[str, BookedFees] = defaultdict(BookedFees)
    for row in each(rows):
        facts = json.loads(row.facts or "{}")
        if facts.get("month") != month:
            continue
        sign = -1 if row.booking.endswith("+") else 1
        _add(found, facts, sign)
    return dict(found)


def _add(found: dict[str, BookedFees], facts: Mapping[str, Any], sign: int) -> None:
    """One mutation, its VAT rounded once and shared over its kinds as when it was booked."""
    accrued: Mapping[str, int] = facts.get("accrued", {})
    costs = {k: cents - accrued.get(k, 0) for k, cents in facts["fees"].items()}
    gross = list(costs.values())
    percent = PERCENT_OF.get(facts["vat_code"], Decimal(0))
    nets = split_largest_remainder(sum(gross) - vat_inside(sum(gross), percent), gross)
    for (kind, cents), net in zip(costs.items(), nets, strict=True):
        found[kind].net_cents += sign * net
        found[kind].vat_cents += sign * (cents - net)
    for kind, cents in accrued.items():
        found[kind].accrued_cents += sign * cents


def compare(
    invoice: FeeInvoice,
    others: Sequence[FeeInvoice],
    fees: Mapping[str, BookedFees],
    left: Mapping[str, int],
) -> FeeCheck:
    """An invoice beside what was booked in its month: what waited for it, or what the rules made.

    Its amounts tell which of the two it bills, or whether it bills both.

    Args:
        invoice: the invoice.
        others: invoices of the month that were compared with the rules before, such as those of
            other marketplaces: their sum is what can agree.
        fees: from `booked_fees`.
        left: from `waiting`.
    """
    by_rule = {kind: BookedFees(f.net_cents, f.vat_cents) for kind, f in fees.items()}
    accrued = {kind: BookedFees(accrued_cents=cents) for kind, cents in left.items()}
    both = {
        kind: BookedFees(fee.net_cents, fee.vat_cents, left.get(kind, 0))
        for kind, fee in by_rule.items()
    }
    checks = [
        _check(Covers.ACCRUED, [invoice], accrued),
        _check(Covers.BY_RULE, [invoice, *others], by_rule),
        _check(Covers.BOTH, [invoice, *others], both),
    ]
    if not left:
        return checks[1]
    if not any(by_rule[kind].net_cents for kind in by_rule if kind in invoice.covers):
        return checks[0]
    return min(checks, key=lambda one: (not one.agrees, abs(one.difference_cents)))


def _check(
    covers: Covers, invoices: Sequence[FeeInvoice], fees: Mapping[str, BookedFees]
) -> FeeCheck:
    lines = [line for invoice in invoices for line in invoice.lines]
    covered = frozenset[str]().union(*(invoice.covers for invoice in invoices))
    if all(line.kind for line in lines):
        kinds = [
            _compared(kind, [kind], [line for line in lines if line.kind == kind], fees)
            for kind in sorted(covered)
        ]
    else:
        kinds = [_compared("", covered, lines, fees)]
    tolerance = max(TOLERANCE_CENTS, len(lines))
    return FeeCheck(invoices[0].month, covers, tuple(kinds), tolerance)


def _compared(
    name: str,
    kinds: Iterable[str],
    lines: Sequence[FeeInvoiceLine],
    fees: Mapping[str, BookedFees],
) -> KindCompared:
    mine = [fees[kind] for kind in kinds if kind in fees]
    return KindCompared(
        name,
        sum(fee.net_cents for fee in mine),
        sum(fee.vat_cents for fee in mine),
        sum(fee.accrued_cents for fee in mine),
        sum(line.net_cents for line in lines),
        sum(line.vat_cents for line in lines),
    )


def part_that_waited(invoice: FeeInvoice, check: FeeCheck) -> FeeInvoice:
    """The invoice without what the rules booked already; the invoice itself where nothing was."""
    if check.covers is not Covers.BOTH:
        return invoice
    lines = tuple(
        FeeInvoiceLine(
            one.kind,
            one.invoiced_net_cents - one.booked_net_cents,
            one.invoiced_vat_cents - one.booked_vat_cents,
        )
        for one in check.kinds
        if one.accrued_cents
    )
    return replace(invoice, lines=lines, kinds=tuple(sorted(invoice.covers)))
