"""A sale as searchOrders shows it: one version per step of its life."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import money, vat_inside
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.sale import Item, Sale
from coupling_sandbox.amazon.service import iso

Rows = list[dict[str, Any]]
# part → (breakdown type, subtype of TAX and DISCOUNT)
_TYPES = {
    "goods": ("ITEM", "ITEM"),
    "shipping": ("SHIPPING", "SHIPPING"),
    "gift_wrap": ("GIFT_WRAP", "GIFT_WRAP"),
    "discount": ("DISCOUNT", "ITEM"),
    "shipping_discount": ("DISCOUNT", "SHIPPING"),
}
WAREHOUSE = {
    "name": "Magazijn Sandbox BV",
    "addressLine1": "Handelsweg 1",
    "city": "Tilburg",
    "postalCode": "5015 AB",
    "countryCode": "NL",
}


def versions(sale: Sale, options: SeedOptions) -> Iterator[dict[str, Any]]:
    """Yield the order as it looked after each step of its life."""
    yield _order(sale, "PENDING", sale.created, options)
    if sale.status == "PENDING":
        return
    if sale.cancelled_late is not None:
        yield _order(sale, "UNSHIPPED", sale.confirmed, options)
        yield _order(sale, "CANCELLED", sale.cancelled_late, options)
        return
    if sale.status == "CANCELLED":
        yield _order(sale, "CANCELLED", sale.confirmed, options)
        return
    yield _order(sale, "UNSHIPPED", sale.confirmed, options)
    if sale.status != "SHIPPED":
        return
    if sale.shipped_second is not None:
        yield _order(sale, "PARTIALLY_SHIPPED", sale.shipped, options)
    yield _order(sale, "SHIPPED", sale.complete, options)


def _order(sale: Sale, status: str, updated: datetime, options: SeedOptions) -> dict[str, Any]:
    sign = options.discount_sign
    priced = sale.kind != "mcf" and (
        status not in ("PENDING", "CANCELLED") or (status == "PENDING" and options.pending_prices)
    )
    priced_items = [_breakdowns(sale, item, sign) if priced else None for item in sale.items]
    order: dict[str, Any] = {
        "orderId": sale.order_id,
        "createdTime": iso(sale.created),
        "lastUpdatedTime": iso(updated),
        "programs": sale.programs,
        "salesChannel": {
            "channelName": "NON_AMAZON" if sale.kind == "mcf" else "AMAZON",
            "marketplaceId": sale.place.id,
            "marketplaceName": _channel(sale),
        },
        **_people(sale),
        "fulfillment": {
            "fulfillmentStatus": status,
            "fulfilledBy": "AMAZON" if sale.fba else "MERCHANT",
            "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": {
                "earliestDateTime": iso(sale.created),
                "latestDateTime": iso(sale.created + timedelta(days=2)),
            },
        },
        "orderItems": [
            _item(sale, position, item, status, rows)
            for position, (item, rows) in enumerate(zip(sale.items, priced_items, strict=True))
        ],
    }
    if sale.original:
        original, kind = sale.original
        order["associatedOrders"] = [{"orderId": original, "associationType": kind}]
    if sale.buyer.vat_number and options.buyer_vat_in_orders:
        order["tax"] = {"taxRegistrations": [_registration(sale)]}
    if priced:
        order["proceeds"] = _proceeds(sale, priced_items)
        method = "CashOnDelivery" if sale.cash_on_delivery else "CreditCard"
        paid = {"paymentMethod": method, "paymentAmount": _value(sale, sale.buyer_paid)}
        order["payment"] = {"paymentExecutions": [paid]}
    if status in ("SHIPPED", "PARTIALLY_SHIPPED") and not sale.fba:
        order["packages"] = _packages(sale, status)
    return order


def _channel(sale: Sale) -> str:
    """Name the channel the way settlements do; orders from elsewhere are "Non-Amazon"."""
    return f"Non-Amazon {sale.place.code}" if sale.kind == "mcf" else sale.place.name


def _registration(sale: Sale) -> dict[str, Any]:
    return {
        "entityType": "BUYER",
        "legalName": sale.buyer.company,
        "taxRegistrationType": "VAT",
        "taxRegistrationNumber": sale.buyer.vat_number,
    }


def _people(sale: Sale) -> dict[str, Any]:
    """Amazon tells who the buyer is for merchant-fulfilled orders only."""
    buyer = sale.buyer
    where = {
        "city": buyer.city,
        "postalCode": buyer.postal_code,
        "countryCode": buyer.country,
    }
    if sale.fba or sale.nameless:
        return {"recipient": {"deliveryAddress": where}}
    known = {"buyerName": buyer.name, "buyerEmail": buyer.email}
    address = {"name": buyer.name, "addressLine1": buyer.street, **where}
    if buyer.company:
        known |= {"buyerCompanyName": buyer.company, "buyerPurchaseOrderNumber": "4500012345"}
        address |= {"companyName": buyer.company, "addressType": "COMMERCIAL"}
    else:
        address["addressType"] = "RESIDENTIAL"
    return {"buyer": known, "recipient": {"deliveryAddress": address}}


def _item(
    sale: Sale, position: int, item: Item, status: str, breakdowns: Rows | None
) -> dict[str, Any]:
    """Return an item; ``breakdowns`` are its own, None where no prices are shown."""
    later = sale.second is not None and position >= sale.second
    sent = status == "SHIPPED" or (status == "PARTIALLY_SHIPPED" and not later)
    done = item.quantity if sent else 0
    unit = {
        "amount": money(item.parts["goods"] // item.quantity),
        "currencyCode": sale.place.currency,
    }
    shown: dict[str, Any] = {
        "orderItemId": item.item_id,
        "quantityOrdered": 0 if status == "CANCELLED" else item.quantity,
        "product": {
            "asin": item.article.asin,
            "title": item.article.title,
            "sellerSku": item.article.sku,
            "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
            "price": {"unitPrice": unit},
        },
        "fulfillment": {"quantityFulfilled": done, "quantityUnfulfilled": item.quantity - done},
    }
    if status == "CANCELLED":
        shown["fulfillment"] = {"quantityFulfilled": 0, "quantityUnfulfilled": 0}
        shown["cancellation"] = {
            "cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "NO_LONGER_NEEDED"}
        }
    elif breakdowns is not None:
        total = _value(sale, item.gross)
        shown["proceeds"] = {"proceedsTotal": total, "breakdowns": breakdowns}
    if item.parts.get("discount") or item.parts.get("shipping_discount"):
        shown["promotion"] = {"breakdowns": [{"promotionId": f"PROMO-{item.article.sku}"}]}
    if "AMAZON_BUSINESS" in sale.programs:
        shown["product"]["price"]["priceDesignation"] = "BUSINESS_PRICE"
    if tax := _TAX.get(sale.kind):
        shown["tax"] = tax
    return shown


_TAX: dict[str, dict[str, Any]] = {
    "facilitator": {
        "taxCollections": [
            {"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services Europe"}
        ]
    },
    "oss": {"taxCalculationBreakdowns": [{"reportingScheme": "UOSS"}]},
}


def _breakdowns(sale: Sale, item: Item, sign: int) -> Rows:
    """Return the item's breakdowns; ``sign`` is how a discount is written.

    The basis of the sale says whether the rows contain the tax (``inclusive``), leave it to the TAX
    row (``exclusive``, as in Amazon's own examples) or show none (``none``).
    """
    sums: dict[str, int] = {}
    details: dict[tuple[str, str], int] = {}
    for part, gross in item.parts.items():
        if not gross and part != "goods":
            continue
        kind, subtype = _TYPES[part]
        shown_sign = -sign if kind == "DISCOUNT" else 1
        tax = vat_inside(gross, item.rate)
        value = gross - tax if sale.basis == "exclusive" else gross
        sums[kind] = sums.get(kind, 0) + shown_sign * value
        if kind == "DISCOUNT":
            details[kind, subtype] = details.get((kind, subtype), 0) + shown_sign * value
        if sale.basis != "none":
            sums["TAX"] = sums.get("TAX", 0) + tax
            taxed = "DISCOUNT" if kind == "DISCOUNT" else subtype
            details["TAX", taxed] = details.get(("TAX", taxed), 0) + shown_sign * tax
    rows = []
    for kind, amount in sums.items():
        row: dict[str, Any] = {"type": kind, "subtotal": _value(sale, amount)}
        nested = [
            {"subtype": subtype, "value": _value(sale, value)}
            for (owner, subtype), value in details.items()
            if owner == kind
        ]
        if nested:
            row["detailedBreakdowns"] = nested
        rows.append(row)
    return rows


def _proceeds(sale: Sale, items: Iterable[Rows | None]) -> dict[str, Any]:
    sums: dict[str, int] = {}
    for rows in items:
        for row in rows or ():
            text = row["subtotal"]["amount"].replace(".", "")
            sums[row["type"]] = sums.get(row["type"], 0) + int(text)
    return {
        "grandTotal": _value(sale, sale.buyer_paid),
        "breakdowns": [
            {"type": kind, "subtotal": _value(sale, amount)} for kind, amount in sums.items()
        ],
    }


def _value(sale: Sale, cents: int) -> dict[str, str]:
    return {"amount": money(cents), "currencyCode": sale.place.currency}


def _packages(sale: Sale, status: str) -> list[dict[str, Any]]:
    cut = len(sale.items) if sale.second is None else sale.second
    packages = [_package(sale, 1, sale.shipped, sale.items[:cut])]
    if sale.shipped_second is not None and status == "SHIPPED":
        packages.append(_package(sale, 2, sale.shipped_second, sale.items[cut:]))
    return packages


def _package(sale: Sale, number: int, shipped: datetime, items: list[Item]) -> dict[str, Any]:
    return {
        "packageReferenceId": str(number),
        "createdTime": iso(sale.confirmed),
        "packageStatus": {"status": "SHIPPED"},
        "carrier": "PostNL",
        "shipTime": iso(shipped),
        "shippingService": "Standard",
        "trackingNumber": f"3SABC{number}{sale.order_id[-7:]}",
        "shipFromAddress": {**WAREHOUSE, "countryCode": sale.ship_from},
        "packageItems": [{"orderItemId": one.item_id, "quantity": one.quantity} for one in items],
    }
