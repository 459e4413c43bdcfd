"""Order reports: All Orders by last update or by order date, and shipments fulfilled by Amazon.

Columns: Amazon's documentation of each report; the further ones of ``order_report_columns`` were
seen in sellers' files of 2026. Prices contain the VAT, as documented for sellers whose VAT Amazon
calculates.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from coupling_sandbox.amazon.generator.arithmetic import money
from coupling_sandbox.amazon.orders import LAG
from coupling_sandbox.amazon.service import Asked
from coupling_sandbox.amazon.shelf import ms
from coupling_sandbox.amazon.shop import OrderQuery
from coupling_sandbox.amazon.shown import Shown, inner, shown_items
from coupling_sandbox.clock import read_time

ORDER_COLUMNS = (
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status",
    "fulfillment-channel", "sales-channel", "order-channel", "ship-service-level", "product-name",
    "sku", "asin", "item-status", "quantity", "currency", "item-price", "item-tax",
    "shipping-price", "shipping-tax", "gift-wrap-price", "gift-wrap-tax",
    "item-promotion-discount", "ship-promotion-discount", "ship-city", "ship-state",
    "ship-postal-code", "ship-country", "promotion-ids", "is-business-order",
    "purchase-order-number", "price-designation",
)  # fmt: skip
# What files of 2026 have besides: the item's id stands fifth, the others at the end.
EXTENDED_COLUMNS = (
    *ORDER_COLUMNS[:5], "order-item-id", *ORDER_COLUMNS[5:28], "cpf", *ORDER_COLUMNS[28:],
    "fulfilled-by", "buyer-company-name", "is-amazon-invoiced", "vat-exclusive-item-price",
    "vat-exclusive-shipping-price", "vat-exclusive-giftwrap-price", "is-iba",
    "signature-confirmation-recommended",
)  # fmt: skip
SHIPMENT_COLUMNS = (
    "amazon-order-id", "merchant-order-id", "shipment-id", "shipment-item-id",
    "amazon-order-item-id", "merchant-order-item-id", "purchase-date", "payments-date",
    "shipment-date", "reporting-date", "buyer-email", "buyer-name", "buyer-phone-number", "sku",
    "product-name", "quantity-shipped", "currency", "item-price", "item-tax", "shipping-price",
    "shipping-tax", "gift-wrap-price", "gift-wrap-tax", "ship-service-level", "recipient-name",
    "ship-address-1", "ship-address-2", "ship-address-3", "ship-city", "ship-state",
    "ship-postal-code", "ship-country", "ship-phone-number", "item-promotion-discount",
    "ship-promotion-discount", "carrier", "tracking-number", "estimated-arrival-date",
    "fulfillment-center-id", "fulfillment-channel", "sales-channel",
)  # fmt: skip
_STATUS = {
    "PENDING_AVAILABILITY": "Pending",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "Shipping",
    "SHIPPED": "Shipped",
    "CANCELLED": "Cancelled",
    "UNFULFILLABLE": "Unfulfillable",
}
# Where Amazon's warehouses stand; the product has to know the country from the code.
CENTRES = {
    "NL": ("AMS9",),
    "DE": ("LEJ1", "LEJ3", "DUS2", "DTM2", "HAM2"),
    "PL": ("WRO2", "WRO5", "POZ1", "KTW1"),
    "FR": ("ORY4", "LIL1", "MRS1"),
    "CZ": ("PRG2",),
    "IT": ("MXP5", "FCO1"),
    "ES": ("MAD4", "BCN1"),
    "SE": ("ARN1",),
    "BE": ("LGG1",),
}
PAGE = 1000
LAST_PARCEL = timedelta(days=30)


def by_last_update(asked: Asked, start: datetime, end: datetime, _body: Mapping[str, Any]) -> str:
    """Write GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL; "" without orders."""
    return _all_orders(asked, "lastUpdated", start, end)


def by_order_date(asked: Asked, start: datetime, end: datetime, _body: Mapping[str, Any]) -> str:
    """Write GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL; "" without orders."""
    return _all_orders(asked, "created", start, end)


def fulfilled_shipments(
    asked: Asked, start: datetime, end: datetime, _body: Mapping[str, Any]
) -> str:
    """Write GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL: what left Amazon's warehouses."""
    return table(SHIPMENT_COLUMNS, _shipments(asked, start, end))


def _shipments(asked: Asked, start: datetime, end: datetime) -> Iterator[dict[str, str]]:
    sent, amazon = ("SHIPPED", "PARTIALLY_SHIPPED"), ("AMAZON",)
    # Every shipment is an update, so one of this span belongs to an order updated in it or later:
    # when its last parcel leaves, at most.
    until = min(end + LAST_PARCEL, asked.now)
    for order in stored_orders(asked, "lastUpdated", start, until, sent, amazon):
        truth = asked.amazon.shop.truth_of(asked.seller, "order", order["orderId"]) or {}
        parcels = _sent_in(truth)
        for number, shown in enumerate(shown_items(order), 1):
            if not inner(shown.item, "fulfillment").get("quantityFulfilled", 1):
                continue  # Waits for another shipment.
            # Of an order that no generator made, only the last update is known.
            whole = (f"D{crc32(order['orderId'].encode()):08X}", order.get("lastUpdatedTime"))
            shipment, shipped = parcels.get(str(shown.item.get("orderItemId", "")), whole)
            left = _moment(shipped)
            if left is not None and start <= left < end:
                yield _shipped(order, shown, truth, shipment, number, left)


def _shipped(
    order: Mapping[str, Any],
    shown: Shown,
    truth: Mapping[str, Any],
    shipment: str,
    number: int,
    left: datetime,
) -> dict[str, str]:
    row = _common(order, shown)
    centres = CENTRES.get(truth.get("ship_from", "NL"), CENTRES["NL"])
    for cell in ("item-promotion-discount", "ship-promotion-discount"):
        # All Orders writes a discount as what it is worth, this report as what it takes away.
        if worth := row.get(cell):
            row[cell] = f"-{worth}"
    return row | {
        "shipment-id": shipment,
        "shipment-item-id": f"{shipment}{number}",
        "amazon-order-item-id": str(shown.item.get("orderItemId", "")),
        "payments-date": _written(left),
        "shipment-date": _written(left),
        "reporting-date": _written(left + timedelta(hours=3)),
        "quantity-shipped": row["quantity"],
        "carrier": f"AMZN_{row['ship-country'] or 'NL'}",
        "tracking-number": f"TBA{crc32(shipment.encode()):012d}",
        "estimated-arrival-date": _written(left + timedelta(days=2)),
        "fulfillment-center-id": centres[crc32(shipment.encode()) % len(centres)],
        "fulfillment-channel": "AFN",
    }


def _sent_in(truth: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return item id to the id and the time of the shipment it left in."""
    return {
        item: (one["shipment_id"], one["shipped_utc"])
        for one in truth.get("shipments", ())
        for item in one["items"]
    }


def _all_orders(asked: Asked, family: str, start: datetime, end: datetime) -> str:
    extended = asked.amazon.options.order_report_columns == "extended"
    rows = (
        _common(order, shown) | (_extended(order, shown) if extended else {})
        for order in stored_orders(asked, family, start, end)
        for shown in shown_items(order)
    )
    return table(EXTENDED_COLUMNS if extended else ORDER_COLUMNS, rows)


def stored_orders(
    asked: Asked,
    family: str,
    start: datetime,
    end: datetime,
    statuses: tuple[str, ...] = (),
    fulfilled_by: tuple[str, ...] = (),
) -> Iterator[dict[str, Any]]:
    """Yield the visible orders of a time span; the upper bound is not included."""
    visible = ms(asked.now - LAG)
    query = OrderQuery(family, ms(start), ms(end) - 1, visible, 0, (), statuses, fulfilled_by)
    position = None
    while rows := asked.amazon.shop.search_orders(asked.seller, query, position, PAGE):
        yield from (json.loads(order) for _, order in rows)
        position = rows[-1][0]


def _common(order: Mapping[str, Any], shown: Shown) -> dict[str, str]:
    """Return the fields that all order reports share."""
    fulfillment, channel = inner(order, "fulfillment"), inner(order, "salesChannel")
    address, product = inner(order, "recipient", "deliveryAddress"), inner(shown.item, "product")
    amazon = fulfillment.get("fulfilledBy") == "AMAZON"
    status = str(fulfillment.get("fulfillmentStatus"))
    promotions = inner(shown.item, "promotion").get("breakdowns") or []
    return {
        "amazon-order-id": order["orderId"],
        "purchase-date": when(order.get("createdTime")),
        "last-updated-date": when(order.get("lastUpdatedTime")),
        "order-status": _STATUS.get(status, ""),
        "fulfillment-channel": "Amazon" if amazon else "Merchant",
        "sales-channel": channel.get("marketplaceName") or "",
        "ship-service-level": str(fulfillment.get("fulfillmentServiceLevel") or "").capitalize(),
        "product-name": product.get("title") or "",
        "sku": product.get("sellerSku") or "",
        "asin": product.get("asin") or "",
        "item-status": _item_status(status, shown),
        "quantity": str(shown.item.get("quantityOrdered", "")),
        "ship-city": address.get("city") or "",
        "ship-state": address.get("stateOrRegion") or "",
        "ship-postal-code": address.get("postalCode") or "",
        "ship-country": address.get("countryCode") or "",
        "promotion-ids": ",".join(one.get("promotionId", "") for one in promotions),
        "is-business-order": str(is_business(order)).lower(),
        "price-designation": inner(product, "price").get("priceDesignation") or "",
        "purchase-order-number": inner(order, "buyer").get("buyerPurchaseOrderNumber") or "",
        **_amounts(shown),
    }


def _item_status(status: str, shown: Shown) -> str:
    """Return how far this item is: in an order sent in parts some have left and some have not."""
    if status == "PARTIALLY_SHIPPED":
        status = "UNSHIPPED" if _waits(shown) else "SHIPPED"
    return _STATUS.get(status, "")


def _waits(shown: Shown) -> bool:
    return bool(inner(shown.item, "fulfillment").get("quantityUnfulfilled"))


def _extended(order: Mapping[str, Any], shown: Shown) -> dict[str, str]:
    cells = {
        "order-item-id": str(shown.item.get("orderItemId", "")),
        "buyer-company-name": inner(order, "buyer").get("buyerCompanyName") or "",
        "is-amazon-invoiced": "false",
        "is-iba": str("INVOICE_BY_AMAZON" in (order.get("programs") or ())).lower(),
        "signature-confirmation-recommended": "false",
    }
    for part, name in (("goods", "item"), ("shipping", "shipping"), ("gift_wrap", "giftwrap")):
        if part in shown.parts and shown.taxed:
            net = shown.gross(part) - shown.tax(part)
            cells[f"vat-exclusive-{name}-price"] = money(net)
    return cells


def is_business(order: Mapping[str, Any]) -> bool:
    """Say whether a business bought."""
    programs = order.get("programs")
    return isinstance(programs, list) and "AMAZON_BUSINESS" in programs


def _amounts(shown: Shown) -> dict[str, str]:
    if not shown.parts:
        return {}
    cells = {"currency": shown.currency}
    for part, name in (("goods", "item"), ("shipping", "shipping"), ("gift_wrap", "gift-wrap")):
        if part in shown.parts:
            cells[f"{name}-price"] = money(shown.gross(part))
            cells[f"{name}-tax"] = money(shown.tax(part)) if shown.taxed else ""
    for part, name in (("discount", "item"), ("shipping_discount", "ship")):
        if shown.gross(part):
            cells[f"{name}-promotion-discount"] = money(-shown.gross(part))
    return cells


def when(text: Any) -> str:
    """Write a time the way order reports do; "" for none."""
    moment = _moment(text)
    return _written(moment) if moment else ""


def _moment(text: Any) -> datetime | None:
    try:
        return read_time(text)
    except (TypeError, ValueError):
        return None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def table(
    columns: tuple[str, ...],
    rows: Iterable[Mapping[str, str]],
    end: str = "\n",
    ragged: bool = False,
) -> str:
    """Write a flat file: a header row and one line per row; "" when there are none.

    Rows are taken one by one: hundred thousands of them, with 90 fields, take far more memory than
    their text. ``ragged`` leaves out the empty fields at the end of a row.
    """
    lines = ["\t".join(columns)]
    for row in rows:
        line = _line([row.get(name, "") for name in columns])
        lines.append(line.rstrip("\t") if ragged else line)
    return end.join(lines) + end if len(lines) > 1 else ""


def _line(cells: Sequence[object]) -> str:
    line = "\t".join(map(str, cells))
    if line.count("\t") < len(cells) and "\n" not in line:
        return line
    return "\t".join(map(_clean, cells))


def _clean(text: object) -> str:
    return str(text).replace("\t", " ").replace("\n", " ")
