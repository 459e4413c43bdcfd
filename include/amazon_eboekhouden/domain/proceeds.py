"""What the buyer paid, read from `proceeds`: per order item and kind of charge.

Amazon does not document whether amounts contain VAT, nor how DISCOUNT is signed, so both are
decided by arithmetic: the reading under which an item's charges add up to its total. What closes
under no reading is held. Source: accounting rules 6; Amazon's orders model 2026-01-01.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.domain.money import (
    cents_of,
    euros,
    split_largest_remainder,
    vat_inside,
    vat_on_top,
)

# Amazon's kinds of charge; the value is our component.
CHARGES = {
    "ITEM": "goods",
    "OTHER": "other",
    "SHIPPING": "shipping",
    "GIFT_WRAP": "gift_wrap",
    "COD_FEE": "payment_costs",
}
TAX, DISCOUNT, TIP = "TAX", "DISCOUNT", "DELIVERY_TIP"
# Discount per charge it lowers, in the order of the lines.
DISCOUNTS = {
    "ITEM": "goods_discount",
    "SHIPPING": "shipping_discount",
    "GIFT_WRAP": "gift_wrap_discount",
    "COD_FEE": "payment_costs_discount",
    "OTHER": "other_discount",
}
# Order of the lines of an invoice.
COMPONENTS = (
    "goods",
    "other",
    "shipping",
    "tip",
    "gift_wrap",
    "payment_costs",
    *DISCOUNTS.values(),
)
# No single order comes near; a longer number is no amount of money.
CENTS_MAX = 10**12

Cents = dict[str, int]


class OrderFault(Exception):
    """An order can't be read; caught where orders are read and turned into a problem."""

    def __init__(self, code: str, **details: Any) -> None:
        self.code = code
        self.details = details
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Charges:
    """Breakdowns of an item or order as Amazon gives them, in cents of one currency.

    Attributes:
        values: component to amount, discounts negative; without tax rows.
        tax: the TAX row; None when there is none.
        tax_parts: component to its part of the tax, when the details add up; else empty.
        tips_final, tips_pending: DELIVERY_TIP rows.
        total: proceedsTotal or grandTotal; None when absent.
    """

    values: Cents
    tax: int | None
    tax_parts: Cents
    tips_final: int
    tips_pending: int
    total: int | None

    @property
    def sum(self) -> int:
        """The charges without tax rows, discounts taken off."""
        return sum(self.values.values())


@dataclass(frozen=True, slots=True)
class ItemAmounts:
    """One item: component to what the seller gets of the buyer, and Amazon's VAT in it.

    Attributes:
        gross: component to cents; VAT included, unless Amazon keeps the VAT (facilitator).
        tax: component to Amazon's VAT cents; None when Amazon says nothing.
    """

    gross: Cents
    tax: Cents | None


class Wallet:
    """Reads amounts and insists on one currency."""

    def __init__(self) -> None:
        self.currencies: dict[str, None] = {}

    def cents(self, money: Any, what: str) -> int:
        """Whole cents of a Money object."""
        if not isinstance(money, Mapping) or "amount" not in money:
            raise OrderFault("amount-unreadable", what=what, found="nothing")
        amount = money["amount"]
        self.currencies[str(money.get("currencyCode") or "").strip().upper()] = None
        if isinstance(amount, bool) or not isinstance(amount, str | int | float | Decimal):
            raise OrderFault("amount-unreadable", what=what, found=repr(amount)[:40])
        try:
            cents = cents_of(amount)
        except (ValueError, OverflowError):
            raise OrderFault("amount-unreadable", what=what, found=repr(amount)[:40]) from None
        if abs(cents) > CENTS_MAX:
            raise OrderFault("amount-unreadable", what=what, found=repr(amount)[:40])
        return cents


def records(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a JSON list; anything else in it, or no list, counts as absent."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def read_charges(proceeds: Any, total_key: str, wallet: Wallet) -> Charges | None:
    """Sum `proceeds` of an item or order by kind; None when there is nothing to read.

    Raises:
        OrderFault: an amount or a kind of charge that can't be read.
    """
    if not isinstance(proceeds, Mapping):
        return None
    rows = records(proceeds.get("breakdowns"))
    has_total = isinstance(proceeds.get(total_key), Mapping)
    if not rows and not has_total:
        return None
    total = wallet.cents(proceeds[total_key], total_key) if has_total else None
    sums: Cents = {}
    pending = 0
    for row in rows:
        kind = str(row.get("type"))
        cents = wallet.cents(row.get("subtotal"), kind)
        if kind == TIP and row.get("status") == "PENDING":
            pending += cents
        elif kind in CHARGES or kind in (TAX, DISCOUNT, TIP):
            sums[kind] = sums.get(kind, 0) + cents
        elif cents:
            raise OrderFault("proceeds-kind-unknown", kind=kind[:40])
    tip = sums.pop(TIP, 0)
    if not rows and total is not None:
        sums = {"ITEM": total}
    return _charges(sums, rows, total, (tip, pending), wallet)


def _charges(
    sums: Cents,
    rows: Sequence[Mapping[str, Any]],
    total: int | None,
    tips: tuple[int, int],
    wallet: Wallet,
) -> Charges:
    values = {CHARGES[kind]: sums[kind] for kind in CHARGES if sums.get(kind)}
    values |= _discounts(abs(sums.get(DISCOUNT, 0)), _details(rows, DISCOUNT, wallet))
    tax = sums.get(TAX)
    parts = _tax_parts(tax, values, _details(rows, TAX, wallet)) if tax else {}
    return Charges(values, tax, parts, *tips, total)


def _details(rows: Iterable[Mapping[str, Any]], kind: str, wallet: Wallet) -> Cents:
    sums: Cents = {}
    for row in rows:
        if row.get("type") == kind:
            for detail in records(row.get("detailedBreakdowns")):
                subtype = str(detail.get("subtype"))
                cents = wallet.cents(detail.get("value"), f"{kind} {subtype}")
                sums[subtype] = sums.get(subtype, 0) + cents
    return sums


def _discounts(discount: int, details: Cents) -> Cents:
    """Discounts per charge, negative; a discount without (usable) details is one on the goods."""
    known = {DISCOUNTS[kind]: -abs(details[kind]) for kind in DISCOUNTS if details.get(kind)}
    if sum(known.values()) == -discount:
        return known
    return {"goods_discount": -discount} if discount else {}


def _tax_parts(tax: int, values: Cents, details: Cents) -> Cents:
    """Amazon's tax per component; by the details if they add up, else in proportion."""
    on_discount = -abs(details.get(DISCOUNT, 0))
    parts = {CHARGES[kind]: details[kind] for kind in CHARGES if details.get(kind)}
    fits = sum(parts.values()) + on_discount == tax and parts.keys() <= values.keys()
    lowered = [name for name in values if name in DISCOUNTS.values()]
    if fits and (lowered or not on_discount):
        return parts | _discount_taxes(on_discount, {n: values[n] for n in lowered}, values, parts)
    return apportioned(tax, values)


def _discount_taxes(
    tax: int, discounts: Mapping[str, int], values: Cents, charge_taxes: Cents
) -> Cents:
    """Tax of each discount. One that takes a charge away whole takes its tax along whole."""
    bases = {name: name.removesuffix("_discount") for name in discounts}
    whole = {
        name: -charge_taxes.get(base, 0)
        for name, base in bases.items()
        if discounts[name] == -values.get(base, 0)
    }
    others = {name: cents for name, cents in discounts.items() if name not in whole}
    rest = tax - sum(whole.values())
    if others and rest <= 0:
        return whole | apportioned(rest, others)
    return whole if rest == 0 else apportioned(tax, discounts)


def apportioned(cents: int, values: Mapping[str, int]) -> Cents:
    """Cents divided over components in the ratio of their amounts."""
    if not values:
        return {}
    return dict(zip(values, split_largest_remainder(cents, list(values.values())), strict=True))


def item_amounts(charges: Charges, *, tax_outside: bool) -> ItemAmounts:
    """An ordinary item's amounts: VAT inside.

    Args:
        charges: of the item.
        tax_outside: the charges do not contain the tax row.
    """
    if charges.tax is None:
        return ItemAmounts(charges.values, None)
    tax = {name: charges.tax_parts.get(name, 0) for name in charges.values}
    if not tax_outside:
        return ItemAmounts(charges.values, tax)
    gross = {name: cents + tax[name] for name, cents in charges.values.items()}
    return ItemAmounts(gross, tax)


def facilitated_amounts(charges: Charges, percents: Iterable[Decimal]) -> ItemAmounts:
    """An item whose VAT Amazon collects and remits: what is left for the seller.

    When the total leaves the tax out, either the tax is inside the charges or Amazon took it away
    already: the destination's rates tell which.

    Args:
        charges: of the item; they close.
        percents: rates of the destination.

    Raises:
        OrderFault: the tax fits no rate either way.
    """
    tax = charges.tax or 0
    if not tax or charges.total == charges.sum + tax:
        return ItemAmounts(charges.values, None)
    slack = len(charges.values)
    rates = list(percents)
    if any(abs(vat_on_top(charges.sum, rate) - tax) <= slack for rate in rates):
        return ItemAmounts(charges.values, None)
    if any(abs(vat_inside(charges.sum, rate) - tax) <= slack for rate in rates):
        gross = {n: cents - charges.tax_parts.get(n, 0) for n, cents in charges.values.items()}
        return ItemAmounts(gross, None)
    raise OrderFault("facilitator-tax-unclear", tax=euros(tax), base=euros(charges.sum))


def tax_is_outside(charges: Charges, row: str) -> bool:
    """Whether the item's charges leave out the tax row.

    Raises:
        OrderFault: the charges add up to the total neither with nor without the tax.
    """
    tax = charges.tax or 0
    if charges.total == charges.sum + tax:
        return True
    if charges.total == charges.sum:
        return False
    raise OrderFault(
        "proceeds-do-not-close",
        what=row,
        total=euros(charges.total or 0),
        parts=euros(charges.sum),
        tax=euros(tax),
    )
