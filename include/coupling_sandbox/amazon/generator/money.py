"""The money that follows from a sale: what Amazon pays out for it and keeps of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import share, vat_inside, vat_on_top
from coupling_sandbox.amazon.generator.sale import Item, Refund, Sale

FEE_VAT = 210  # Since August 2024 Amazon's Dutch branch bills its fees with Dutch VAT.

# part → (amount-type, description of the amount, description of its tax)
_REVENUE = {
    "goods": ("ItemPrice", "Principal", "Tax"),
    "shipping": ("ItemPrice", "Shipping", "ShippingTax"),
    "gift_wrap": ("ItemPrice", "GiftWrap", "GiftWrapTax"),
    "discount": ("Promotion", "Principal", "TaxDiscount"),
    "shipping_discount": ("Promotion", "Shipping", "TaxDiscount"),
}


@dataclass
class Row:
    """One row of a settlement; ``cents`` as Amazon signs it."""

    amount_type: str
    description: str
    cents: int
    item_id: str = ""
    sku: str = ""
    quantity: str = ""
    promotion: str = ""

    def packed(self) -> list[Any]:
        """Return the row as a list, for storing."""
        return [self.amount_type, self.description, self.cents, self.item_id, self.sku,
                self.quantity, self.promotion]  # fmt: skip


@dataclass
class Transaction:
    """One event on the seller's Amazon account."""

    kind: str
    posted: datetime
    rows: list[Row]
    order_id: str = ""
    shipment_id: str = ""
    adjustment_id: str = ""
    refund_id: str = ""
    marketplace: str = ""
    fulfillment: str = ""
    deferred: datetime | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def packed(self) -> dict[str, Any]:
        """Return the event as a JSON-able dict, for storing."""
        return {
            "kind": self.kind,
            "order": self.order_id,
            "shipment": self.shipment_id,
            "adjustment": self.adjustment_id,
            "refund": self.refund_id,
            "marketplace": self.marketplace,
            "fulfillment": self.fulfillment,
            "rows": [row.packed() for row in self.rows],
            **self.extra,
        }


def with_vat(net: int) -> int:
    """Return a fee with the VAT Amazon adds to it."""
    return net + vat_on_top(net, FEE_VAT)


def transactions(sale: Sale, tax_rows: bool) -> Iterator[Transaction]:
    """Yield everything Amazon settles for a sale: the sale itself, then its refunds."""
    rows = [
        row
        for item in sale.items
        for row in (*_revenue(item, item.parts, tax_rows), *_fees(sale, item))
    ]
    yield Transaction(
        "Order",
        sale.released,
        rows,
        sale.order_id,
        sale.shipment_id,
        marketplace=sale.place.name,
        fulfillment="AFN" if sale.fba else "MFN",
        deferred=sale.shipped,
    )
    for refund in sale.refunds:
        yield _refund(sale, refund, tax_rows)


def _revenue(item: Item, parts: dict[str, int], tax_rows: bool) -> Iterator[Row]:
    for part, gross in parts.items():
        if not gross:
            continue
        kind, amount, tax = _REVENUE[part]
        promotion = f"PROMO-{item.article.sku}" if kind == "Promotion" else ""
        same = (item.item_id, item.article.sku, str(item.quantity), promotion)
        contained = vat_inside(gross, item.rate) if tax_rows else 0
        yield Row(kind, amount, gross - contained, *same)
        if contained:
            yield Row(kind, tax, contained, *same)


def commission(item: Item) -> int:
    """Return what Amazon charges for selling an item, incl. VAT (positive), at least 0.30."""
    return with_vat(max(share(item.gross, item.article.commission, 1000), 30))


def _fees(sale: Sale, item: Item) -> Iterator[Row]:
    same = (item.item_id, item.article.sku, str(item.quantity))
    yield Row("ItemFees", "Commission", -commission(item), *same)
    if not sale.fba:
        if item.parts.get("shipping"):
            keeps = with_vat(share(item.parts["shipping"], 124, 1000))
            yield Row("ItemFees", "ShippingHB", -keeps, *same)
        return
    unit = 259 + item.article.price // 40
    yield Row("ItemFees", "FBAPerUnitFulfillmentFee", -with_vat(unit * item.quantity), *same)
    # Amazon ships and wraps FBA goods itself, so it keeps what the buyer paid for that.
    if item.parts.get("shipping"):
        yield Row("ItemFees", "ShippingChargeback", -item.parts["shipping"], *same)
    if item.parts.get("gift_wrap"):
        yield Row("ItemFees", "GiftwrapChargeback", -item.parts["gift_wrap"], *same)


def _refund(sale: Sale, refund: Refund, tax_rows: bool) -> Transaction:
    rows: list[Row] = []
    for position, parts in refund.parts.items():
        item = sale.items[position]
        same = (item.item_id, item.article.sku, "")
        rows += _revenue(item, parts, tax_rows)
        returned = share(commission(item), -sum(parts.values()), item.gross) if item.gross else 0
        if returned:
            rows.append(Row("ItemFees", "Commission", returned, *same))
            # Amazon keeps a fifth of the commission, at most 5.00, for handling the refund.
            kept = min(share(returned, 200, 1000), with_vat(500))
            rows.append(Row("ItemFees", "RefundCommission", -kept, *same))
    return Transaction(
        refund.kind,
        refund.posted,
        rows,
        sale.order_id,
        sale.shipment_id,
        refund.adjustment_id,
        refund.refund_id,
        sale.place.name,
        "AFN" if sale.fba else "MFN",
    )
