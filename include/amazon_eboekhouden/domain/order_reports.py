"""Order reports: thousands of orders in one document, a row per item, without their buyers.

The reports `GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL` and `…_BY_ORDER_DATE_GENERAL`
hold the prices as the buyer paid them, VAT inside, and the VAT in them where Amazon calculates it.
Source: Amazon reference 1.8 and 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from amazon_eboekhouden.domain.report_table import Amounts, Moments, Row, Table, table_of
from amazon_eboekhouden.domain.settlement.formats import Unreadable
from amazon_eboekhouden.domain.shipment_reports import count_of

BY_LAST_UPDATE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
REQUIRED = (
    "amazon-order-id", "purchase-date", "last-updated-date", "order-status",
    "fulfillment-channel", "sales-channel", "sku", "quantity", "currency", "item-price",
)  # fmt: skip
# Charge of a row to the columns of its price and of the VAT in it.
CHARGES = {
    "ITEM": ("item-price", "item-tax"),
    "SHIPPING": ("shipping-price", "shipping-tax"),
    "GIFT_WRAP": ("gift-wrap-price", "gift-wrap-tax"),
}
# Discounts have no column for their VAT.
DISCOUNTS = {"ITEM": "item-promotion-discount", "SHIPPING": "ship-promotion-discount"}
_AMOUNT_COLUMNS = (*(name for pair in CHARGES.values() for name in pair), *DISCOUNTS.values())
_STATUSES = {
    "PENDING": "PENDING",
    "PENDING AVAILABILITY": "PENDING_AVAILABILITY",
    "UNSHIPPED": "UNSHIPPED",
    "SHIPPING": "PARTIALLY_SHIPPED",
    "PARTIALLYSHIPPED": "PARTIALLY_SHIPPED",
    "SHIPPED": "SHIPPED",
    "COMPLETE": "SHIPPED",
    "CANCELLED": "CANCELLED",
    "CANCELED": "CANCELLED",
    "UNFULFILLABLE": "UNFULFILLABLE",
    "INVOICEUNCONFIRMED": "INVOICE_UNCONFIRMED",
}


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """One row of an order.

    Attributes:
        sku: the seller's.
        quantity: pieces.
        prices: charge to what the buyer paid, VAT inside; only those that stand in the row.
        taxes: charge to the VAT in it; a charge without an amount of VAT is missing.
        discounts: charge to how much it was lowered, positive.
        collected: by whom VAT is collected ("MarketplaceFacilitator"), "" when it is not told.
        readable: every amount of the row could be read.
    """

    sku: str
    quantity: int
    prices: Mapping[str, int]
    taxes: Mapping[str, int]
    discounts: Mapping[str, int]
    collected: str
    readable: bool


@dataclass(frozen=True, slots=True)
class ReportedOrder:
    """One order of the report.

    Attributes:
        order_id: Amazon's.
        created_utc, updated_utc: None for a time that can't be read.
        status: in the words of the Orders API; what is not known, as it stands there.
        by_amazon: Amazon fulfils it.
        channel: name of the marketplace.
        currency: "" where Amazon shows no amounts yet.
        city, postal_code, country: of delivery.
        is_business: an order of Amazon Business.
        sold_to_amazon: Amazon Business EU buys and resells; None when the report has no such
            column.
        items: the rows that were not cancelled by themselves.
    """

    order_id: str
    created_utc: datetime | None
    updated_utc: datetime | None
    status: str
    by_amazon: bool
    channel: str
    currency: str
    city: str
    postal_code: str
    country: str
    is_business: bool
    sold_to_amazon: bool | None
    items: Sequence[ReportedItem]


def reported_orders(content: bytes, charset: str | None) -> dict[str, ReportedOrder]:
    """Read an order report; order id to order, in the order of the file.

    Raises:
        ReportFault: it is another kind of file.
    """
    table = table_of(content, charset, REQUIRED)
    amounts = Amounts(row.get(name, "") for row in table.rows for name in _AMOUNT_COLUMNS)
    moments = Moments(
        row[name] for row in table.rows for name in ("purchase-date", "last-updated-date")
    )
    rows: dict[str, list[Row]] = {}
    for row in table.rows:
        if row["amazon-order-id"]:
            rows.setdefault(row["amazon-order-id"], []).append(row)
    return {
        order_id: _order(order_id, own, table, amounts, moments) for order_id, own in rows.items()
    }


def _order(
    order_id: str, rows: Sequence[Row], table: Table, amounts: Amounts, moments: Moments
) -> ReportedOrder:
    first = rows[0]
    status = _status(first["order-status"])
    kept = [row for row in rows if status == "CANCELLED" or not _is_cancelled(row)]
    return ReportedOrder(
        order_id=order_id,
        created_utc=moments.utc(first["purchase-date"]),
        updated_utc=max(
            (at for row in rows if (at := moments.utc(row["last-updated-date"]))), default=None
        ),
        status=status,
        by_amazon=first["fulfillment-channel"].upper() in ("AMAZON", "AFN"),
        channel=first["sales-channel"],
        currency=next((row["currency"].upper() for row in kept if row["currency"]), ""),
        city=first.get("ship-city", ""),
        postal_code=first.get("ship-postal-code", ""),
        country=first.get("ship-country", "").upper(),
        is_business=first.get("is-business-order", "").lower() == "true",
        sold_to_amazon=_sold_to_amazon(rows, table),
        items=tuple(_item(row, amounts) for row in kept),
    )


def _status(text: str) -> str:
    """The word of the Orders API; "Shipped - Delivered to Buyer" is shipped."""
    plain = " ".join(text.upper().split())
    return _STATUSES.get(plain) or _STATUSES.get(plain.partition(" - ")[0]) or plain


def _is_cancelled(row: Row) -> bool:
    return _status(row.get("item-status", "")) == "CANCELLED" or row["quantity"] == "0"


def _sold_to_amazon(rows: Sequence[Row], table: Table) -> bool | None:
    columns = table.columns & {"is-iba", "is-sold-by-ab"}
    if not columns:
        return None
    return any(row[name].lower() == "true" for row in rows for name in columns)


def _item(row: Row, amounts: Amounts) -> ReportedItem:
    readable = True

    def cents(column: str) -> int | None:
        nonlocal readable
        try:
            return amounts.cents(row.get(column, ""))
        except Unreadable:
            readable = False
            return None

    prices = {kind: value for kind, (name, _) in CHARGES.items() if (value := cents(name))}
    taxes = {
        kind: value
        for kind, (_, name) in CHARGES.items()
        if (value := cents(name)) is not None and (kind in prices or value)
    }
    discounts = {kind: abs(value) for kind, name in DISCOUNTS.items() if (value := cents(name))}
    return ReportedItem(
        sku=row["sku"],
        quantity=count_of(row, "quantity"),
        prices=prices,
        taxes=taxes,
        discounts=discounts,
        collected=row.get("tax-collection-model", ""),
        readable=readable and bool(row["item-price"]),
    )
