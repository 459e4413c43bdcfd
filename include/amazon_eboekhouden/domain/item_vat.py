"""VAT per item as Amazon's VAT documents state it (VCS, VIDR): the best that is known of a rate.

Where Amazon's VAT service made or prepared the invoice, the buyer reads its rate and its cents, so
those are booked, whatever the settings say. Source: accounting rules 5.3 and 6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class ItemVat:
    """What a VAT report states of one item of an order.

    Attributes:
        percent: the rate, such as 21; 0 when no VAT was charged.
        cents: component (see `domain.proceeds.COMPONENTS`) to the VAT in it, in the order's
            currency and whatever its sign; empty when the report states rates only.
    """

    percent: Decimal
    cents: Mapping[str, int] = field(default_factory=dict)

    def plus(self, other: ItemVat) -> ItemVat:
        """The VAT of another part of the same item, at the same rate, added."""
        names = {*self.cents, *other.cents}
        sums = {name: self.cents.get(name, 0) + other.cents.get(name, 0) for name in names}
        return ItemVat(self.percent, sums)


# Order id to item id to its VAT.
ItemVats = Mapping[str, Mapping[str, ItemVat]]


def with_reported_vat(
    lines: Iterable[Mapping[str, Any]], reported: Mapping[str, ItemVat]
) -> list[dict[str, Any]]:
    """Rows of ORDER_LINES with the rates, and where they are stated the cents, of a VAT report.

    Args:
        lines: of one order.
        reported: item id to its VAT.
    """
    return [_with(line, reported.get(line["order_item_id"])) for line in lines]


def _with(line: Mapping[str, Any], vat: ItemVat | None) -> dict[str, Any]:
    if vat is None:
        return dict(line)
    told = {**line, "rate_told": f"{vat.percent.normalize():f}"}
    if not vat.cents:
        return told
    cents = abs(vat.cents.get(line["component"], 0))
    return told | {"tax_cents": -cents if line["gross_cents"] < 0 else cents}
