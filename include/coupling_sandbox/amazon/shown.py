"""What an order's JSON says of its amounts; for reports and the older Orders API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

_PARTS = {"ITEM": "goods", "SHIPPING": "shipping", "GIFT_WRAP": "gift_wrap"}
_DISCOUNTS = {"ITEM": "discount", "SHIPPING": "shipping_discount"}


@dataclass(frozen=True)
class Shown:
    """One line of an order: by part (gross cents, VAT cents in it); ``taxed`` False: none shown."""

    item: Mapping[str, Any]
    currency: str
    parts: Mapping[str, tuple[int, int]]
    taxed: bool

    def gross(self, part: str) -> int:
        """Return what the buyer paid for a part; discounts negative."""
        return self.parts.get(part, (0, 0))[0]

    def tax(self, part: str) -> int:
        """Return the VAT in a part."""
        return self.parts.get(part, (0, 0))[1]


def inner(order: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return an object inside an order; an empty one when there is none, or something else."""
    found: Any = order
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def shown_items(order: Mapping[str, Any]) -> Iterator[Shown]:
    """Yield the lines of an order; one without readable proceeds has no parts."""
    items = order.get("orderItems")
    for item in items if isinstance(items, list) else []:
        if not isinstance(item, dict):
            continue
        try:
            yield _shown(item)
        except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation):
            yield Shown(item, "", {}, False)


def _shown(item: Mapping[str, Any]) -> Shown:
    proceeds = item["proceeds"]
    total = _cents(proceeds["proceedsTotal"])
    amounts: dict[str, int] = {}
    taxes: dict[str, int] = {}
    tax_total = 0
    for row in proceeds["breakdowns"]:
        details = {
            one["subtype"]: _cents(one["value"]) for one in row.get("detailedBreakdowns") or []
        }
        if row["type"] == "TAX":
            taxes, tax_total = details, _cents(row["subtotal"])
        elif row["type"] == "DISCOUNT":
            known = details or {"ITEM": _cents(row["subtotal"])}
            amounts |= {_DISCOUNTS.get(name, "discount"): cents for name, cents in known.items()}
        else:
            amounts[_PARTS.get(row["type"], "goods")] = _cents(row["subtotal"])
    sign, on_top = _closure(amounts, tax_total, total)
    parts = {}
    for part, cents in amounts.items():
        discount = "discount" in part
        tax = _tax_of(part, amounts, taxes) * (sign if discount else 1)
        own = cents * sign if discount else cents
        parts[part] = (own + tax if on_top else own, tax)
    return Shown(item, proceeds["proceedsTotal"]["currencyCode"], parts, bool(taxes or tax_total))


def _closure(amounts: Mapping[str, int], tax: int, total: int) -> tuple[int, bool]:
    """Find how the rows add up to the total: the discounts' sign, and whether tax comes on top."""
    plain = sum(cents for part, cents in amounts.items() if "discount" not in part)
    discount = sum(cents for part, cents in amounts.items() if "discount" in part)
    for sign in (1, -1):
        for on_top in (False, True):
            if plain + sign * discount + (tax if on_top else 0) == total:
                return sign, on_top
    raise ValueError("the breakdowns don't add up to the total")


def _tax_of(part: str, amounts: Mapping[str, int], taxes: Mapping[str, int]) -> int:
    if "discount" not in part:
        names = {own: name for name, own in _PARTS.items()}
        return taxes.get(names[part], 0)
    tax = taxes.get("DISCOUNT", 0)
    goods = tax - _tax_of_shipping_discount(tax, amounts, taxes)
    return goods if part == "discount" else tax - goods


def _tax_of_shipping_discount(
    tax: int, amounts: Mapping[str, int], taxes: Mapping[str, int]
) -> int:
    """Return its share: free shipping takes the tax of shipping along, else by amount, half up."""
    shipping, goods = abs(amounts.get("shipping_discount", 0)), abs(amounts.get("discount", 0))
    if not shipping or not goods:
        return tax if shipping else 0
    sign = -1 if tax < 0 else 1
    if shipping == amounts.get("shipping") and taxes.get("SHIPPING", 0) <= abs(tax):
        return sign * taxes.get("SHIPPING", 0)
    return sign * ((2 * abs(tax) * shipping + shipping + goods) // (2 * (shipping + goods)))


def _cents(value: Mapping[str, Any]) -> int:
    return int((Decimal(value["amount"]) * 100).to_integral_exact())
