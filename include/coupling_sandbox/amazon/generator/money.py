"""The money that follows from a sale: what Amazon pays out for it and keeps of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import share, vat_inside, vat_on_top
from coupling_sandbox.amazon.generator.rates import PRICE_FACTOR
from coupling_sandbox.amazon.generator.sale import Item, Refund, Sale

FEE_VAT = 210  # Since August 2024 Amazon's Dutch branch bills its fees with Dutch VAT.

# part → (amount-type, description of the amount, description of its tax)
_REVENUE = {
    "goods": ("ItemPrice", "Principal", "Tax"),
    "shipping": ("ItemPrice", "Shipping", "ShippingTax"),
    "gift_wrap": ("ItemPrice", "GiftWrap", "GiftWrapTax"),
    "discount": ("Promotion", "Principal", "TaxDiscount"),
    "shipping_discount": ("Promotion", "Shipping", "TaxDiscount"),
    "goodwill": ("ItemPrice", "Goodwill", ""),
    "restocking": ("ItemPrice", "RestockingFee", ""),
    "return_shipping": ("ItemPrice", "ReturnShipping", ""),
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


def transactions(sale: Sale, tax_rows: bool, rng: Random) -> Iterator[Transaction]:
    """Yield everything Amazon settles for a sale: its shipments, refunds and corrections."""
    if sale.kind == "replacement":
        return
    for shipment_id, shipped, items in sale.shipments():
        released = sale.released + (shipped - sale.shipped)
        yield _shipment(sale, shipment_id, items, released, shipped, tax_rows)
    for refund in sale.refunds:
        yield _refund(sale, refund, tax_rows)
    yield from _corrections(sale, rng)


def _shipment(
    sale: Sale,
    shipment_id: str,
    items: list[Item],
    released: datetime,
    shipped: datetime,
    tax_rows: bool,
) -> Transaction:
    if sale.kind == "mcf":
        cost = with_vat(sum(549 * item.quantity for item in items))
        rows = [Row("ShipmentFees", "FBA transportation fee", -cost)]
    else:
        rows = [
            row
            for item in items
            for row in (*_revenue(sale, item, item.parts, tax_rows), *_fees(sale, item))
        ]
    if sale.cash_on_delivery:
        # The courier brought the buyer's cash to the seller: Amazon settles the rest only.
        cash = sum(item.gross for item in items)
        rows.append(Row("DirectPayment", "CollectOnDeliveryRevenue", -cash))
    return Transaction(
        "Order",
        released,
        rows,
        sale.order_id,
        shipment_id,
        marketplace=f"Non-Amazon {sale.place.code}" if sale.kind == "mcf" else sale.place.name,
        fulfillment="AFN" if sale.fba else "MFN",
        deferred=shipped,
        extra={"deferral": sale.deferral},
    )


def _revenue(sale: Sale, item: Item, parts: dict[str, int], tax_rows: bool) -> Iterator[Row]:
    facilitated = sale.kind == "facilitator"
    withheld: dict[str, int] = {}
    for part, gross in parts.items():
        if not gross:
            continue
        kind, amount, tax = _REVENUE[part]
        promotion = f"PROMO-{item.article.sku}" if kind == "Promotion" else ""
        same = (item.item_id, item.article.sku, str(item.quantity), promotion)
        contained = vat_inside(gross, item.rate) if tax and (tax_rows or facilitated) else 0
        yield Row(kind, amount, gross - contained, *same)
        if contained:
            yield Row(kind, tax, contained, *same)
            name = "Shipping" if amount == "Shipping" else "Principal"
            withheld[name] = withheld.get(name, 0) + contained
    for name, contained in withheld.items():
        if facilitated and contained:
            kind = f"MarketplaceFacilitatorVAT-{name}"
            yield Row("ItemWithheldTax", kind, -contained, item.item_id, item.article.sku)


def commission(item: Item) -> int:
    """Return what Amazon charges for selling an item, incl. VAT (positive), at least 0.30."""
    return with_vat(max(share(item.gross, item.article.commission, 1000), 30))


def _fees(sale: Sale, item: Item) -> Iterator[Row]:
    same = (item.item_id, item.article.sku, str(item.quantity))
    yield Row("ItemFees", "Commission", -commission(item), *same)
    if sale.place.code in ("FR", "IT", "ES", "UK"):
        yield Row("ItemFees", "DigitalServicesFee", -_digital(item), *same)
    if not sale.fba:
        if item.parts.get("shipping"):
            keeps = with_vat(share(item.parts["shipping"], 124, 1000))
            yield Row("ItemFees", "ShippingHB", -keeps, *same)
        return
    unit = share(259 + item.article.price // 40, PRICE_FACTOR[sale.place.currency], 100)
    yield Row("ItemFees", "FBAPerUnitFulfillmentFee", -with_vat(unit * item.quantity), *same)
    # Amazon ships and wraps FBA goods itself, so it keeps what the buyer paid for that.
    if item.parts.get("shipping"):
        yield Row("ItemFees", "ShippingChargeback", -item.parts["shipping"], *same)
    if item.parts.get("gift_wrap"):
        yield Row("ItemFees", "GiftwrapChargeback", -item.parts["gift_wrap"], *same)


def _digital(item: Item) -> int:
    return max(1, share(commission(item), 30, 1000))


def _refund(sale: Sale, refund: Refund, tax_rows: bool) -> Transaction:
    rows: list[Row] = []
    for position, parts in refund.parts.items():
        rows += _revenue(sale, sale.items[position], parts, tax_rows)
        rows += _returned_fees(sale, sale.items[position], parts)
    return Transaction(
        refund.kind,
        refund.posted,
        rows,
        sale.order_id,
        sale.shipment_of(refund.parts),
        refund.adjustment_id,
        refund.refund_id,
        sale.place.name,
        "AFN" if sale.fba else "MFN",
    )


def _returned_fees(sale: Sale, item: Item, parts: dict[str, int]) -> Iterator[Row]:
    """Yield the part of its fees that Amazon gives back with a refund, and what it keeps."""
    same = (item.item_id, item.article.sku, "")
    back = -sum(cents for part, cents in parts.items() if part in item.parts)
    if back <= 0 or not item.gross:
        return
    returned = share(commission(item), back, item.gross)
    yield Row("ItemFees", "Commission", returned, *same)
    # Amazon keeps a fifth of the commission, at most 5.00, for handling the refund.
    kept = min(share(returned, 200, 1000), with_vat(500))
    yield Row("ItemFees", "RefundCommission", -kept, *same)
    if sale.place.code in ("FR", "IT", "ES", "UK") and back == item.gross:
        yield Row("ItemFees", "DigitalServicesFee", _digital(item), *same)
    if parts.get("shipping") and sale.fba:
        yield Row("ItemFees", "ShippingChargeback", -parts["shipping"], *same)
    elif parts.get("shipping"):
        yield Row("ItemFees", "ShippingHB", with_vat(share(-parts["shipping"], 124, 1000)), *same)
    if parts.get("gift_wrap") and sale.fba:
        yield Row("ItemFees", "GiftwrapChargeback", -parts["gift_wrap"], *same)


def _corrections(sale: Sale, rng: Random) -> Iterator[Transaction]:
    """Yield the tax corrections that come weeks after some sales and refunds."""
    if rng.random() >= 0.03:
        return
    when = sale.released + timedelta(days=rng.randrange(20, 40))
    item = sale.items[0]
    same = (item.item_id, item.article.sku, "")
    if sale.kind == "facilitator":
        rows = [Row("ItemPrice", "Tax", -7, *same), Row("ItemPrice", "ShippingTax", -1, *same)]
        rows.append(Row("ItemWithheldTax", "MarketplaceFacilitatorVAT-Principal", 8, *same))
        kind = "Order_Retrocharge"
    elif sale.refunds:
        rows = [Row("ItemPrice", "Tax", 3, *same), Row("ItemPrice", "ShippingTax", 1, *same)]
        kind = "Refund_Retrocharge"
    else:
        return
    yield Transaction(kind, when, rows, sale.order_id, marketplace=sale.place.name)
