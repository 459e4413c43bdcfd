"""Orders API v0, deprecated; here so that the two can be compared. Written from the same orders."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from coupling_sandbox.amazon.errors import SpApiRefusal
from coupling_sandbox.amazon.generator.arithmetic import money
from coupling_sandbox.amazon.orders import BASIC_ROLES, LAG
from coupling_sandbox.amazon.service import Asked, Operation, iso
from coupling_sandbox.amazon.shelf import ms
from coupling_sandbox.amazon.shop import OrderQuery
from coupling_sandbox.amazon.shown import inner, shown_items

_STATUS = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}
_CHANNEL = {"MERCHANT": "MFN", "AMAZON": "AFN"}


async def get_orders(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /orders/v0/orders``."""
    asked.need_role(*BASIC_ROLES)
    marketplaces = asked.many("MarketplaceIds")
    if not 1 <= len(marketplaces) <= 50:
        raise SpApiRefusal("invalid_input", "MarketplaceIds is required, with at most 50 values.")
    created, updated = asked.time("CreatedAfter"), asked.time("LastUpdatedAfter")
    mixed = created and (updated or asked.one("LastUpdatedBefore"))
    if mixed or (updated and asked.one("CreatedBefore")):
        raise SpApiRefusal("invalid_input", "Created… and LastUpdated… exclude each other.")
    after = created or updated
    token = _unpack(asked.one("NextToken"))
    if after is None and not token:
        raise SpApiRefusal("invalid_input", "Either CreatedAfter or LastUpdatedAfter is required.")
    family = "created" if created else "lastUpdated"
    name = "CreatedBefore" if created else "LastUpdatedBefore"
    latest = asked.now - LAG
    before = asked.time(name) or latest
    if before > latest:
        raise SpApiRefusal("invalid_input", f"{name} must be two minutes before the current time.")
    wanted = {own: status for status, own in _STATUS.items()}
    channels = {own: kind for kind, own in _CHANNEL.items()}
    _check_values(asked, "OrderStatuses", (*wanted, "InvoiceUnconfirmed"))
    _check_values(asked, "FulfillmentChannels", tuple(channels))
    query = OrderQuery(
        token.get("family", family),
        token.get("after", ms(after) if after else 0),
        token.get("before", ms(before)),
        ms(latest),
        ms(asked.now - timedelta(days=asked.amazon.options.oldest_order_days)),
        tuple(marketplaces),
        tuple(wanted.get(one, one) for one in asked.many("OrderStatuses")),
        tuple(channels.get(one, one) for one in asked.many("FulfillmentChannels")),
    )
    size = asked.whole("MaxResultsPerPage", 100, 100)
    start = tuple(token["start"]) if token else None
    rows = asked.amazon.shop.search_orders(asked.seller, query, start, size + 1)
    payload: dict[str, Any] = {"Orders": [_order(json.loads(order)) for _, order in rows[:size]]}
    if len(rows) > size:
        state = {"family": query.family, "after": query.after_ms, "before": query.before_ms}
        payload["NextToken"] = _pack({**state, "start": rows[size - 1][0]})
    payload["CreatedBefore" if query.family == "created" else "LastUpdatedBefore"] = iso(before)
    return {"payload": payload}


def _check_values(asked: Asked, name: str, known: tuple[str, ...]) -> None:
    if strange := sorted(set(asked.many(name)) - set(known)):
        raise SpApiRefusal("invalid_input", f"{name} has an invalid value: {strange[0]}.")


async def get_order(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /orders/v0/orders/{orderId}``."""
    return {"payload": _order(_known(asked))}


async def get_items(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /orders/v0/orders/{orderId}/orderItems``."""
    order = _known(asked)
    pending = _status(order) == "Pending"
    items = []
    for shown in shown_items(order):
        item, product = shown.item, inner(shown.item, "product")
        one: dict[str, Any] = {
            "ASIN": product.get("asin") or "",
            "OrderItemId": item.get("orderItemId") or "",
            "SellerSKU": product.get("sellerSku") or "",
            "Title": product.get("title") or "",
            "QuantityOrdered": item.get("quantityOrdered") or 0,
            "QuantityShipped": inner(item, "fulfillment").get("quantityFulfilled", 0),
        }
        if not pending:
            one |= _prices(shown.currency, shown)
        items.append(one)
    return {"payload": {"AmazonOrderId": order["orderId"], "OrderItems": items}}


def _prices(currency: str, shown: Any) -> dict[str, Any]:
    names = {
        "goods": ("ItemPrice", "ItemTax"),
        "shipping": ("ShippingPrice", "ShippingTax"),
        "discount": ("PromotionDiscount", "PromotionDiscountTax"),
        "shipping_discount": ("ShippingDiscount", "ShippingDiscountTax"),
    }
    prices = {}
    for part, (price, tax) in names.items():
        if part in shown.parts:
            gross, contained = shown.parts[part]
            prices[price] = {"CurrencyCode": currency, "Amount": money(abs(gross))}
            if shown.taxed:
                prices[tax] = {"CurrencyCode": currency, "Amount": money(abs(contained))}
    return prices


async def get_address(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /orders/v0/orders/{orderId}/address``; needs a restricted data token."""
    _restricted(asked)
    order = _known(asked)
    payload: dict[str, Any] = {"AmazonOrderId": order["orderId"]}
    if address := inner(order, "recipient", "deliveryAddress"):
        payload["ShippingAddress"] = _address(address)
    return {"payload": payload}


async def get_buyer(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /orders/v0/orders/{orderId}/buyerInfo``; needs a restricted data token."""
    _restricted(asked)
    order = _known(asked)
    buyer = inner(order, "buyer")
    payload = {"AmazonOrderId": order["orderId"]}
    for name, own in (("BuyerName", "buyerName"), ("BuyerEmail", "buyerEmail")):
        if buyer.get(own):
            payload[name] = buyer[own]
    return {"payload": payload}


def _second(time: str) -> str:
    """A time as v0 writes it: to the second."""
    return time and time.split(".")[0].removesuffix("Z") + "Z"


def _restricted(asked: Asked) -> None:
    if not (asked.request.headers.get("x-amz-access-token") or "").startswith("Atz.sprdt|"):
        raise SpApiRefusal("unauthorized", details="")


def _known(asked: Asked) -> dict[str, Any]:
    asked.need_role(*BASIC_ROLES)
    order_id = asked.request.path_params["order_id"]
    order = asked.amazon.shop.order(asked.seller, order_id, ms(asked.now - LAG))
    if order is None:
        raise SpApiRefusal("not_found")
    known: dict[str, Any] = json.loads(order)
    return known


def _status(order: Mapping[str, Any]) -> str:
    return _STATUS.get(str(inner(order, "fulfillment").get("fulfillmentStatus")), "Unshipped")


def _order(order: Mapping[str, Any]) -> dict[str, Any]:
    fulfillment, channel = inner(order, "fulfillment"), inner(order, "salesChannel")
    programs = order.get("programs") or []
    items = [shown.item for shown in shown_items(order)]
    shipped = sum(inner(i, "fulfillment").get("quantityFulfilled", 0) for i in items)
    shown: dict[str, Any] = {
        "AmazonOrderId": order["orderId"],
        "PurchaseDate": _second(order.get("createdTime") or ""),
        "LastUpdateDate": _second(order.get("lastUpdatedTime") or ""),
        "OrderStatus": _status(order),
        "FulfillmentChannel": _CHANNEL.get(str(fulfillment.get("fulfilledBy")), "MFN"),
        "SalesChannel": channel.get("marketplaceName") or "",
        "MarketplaceId": channel.get("marketplaceId") or "",
        "NumberOfItemsShipped": shipped,
        "NumberOfItemsUnshipped": sum(i.get("quantityOrdered", 0) for i in items) - shipped,
        "IsBusinessOrder": "AMAZON_BUSINESS" in programs,
        "IsPrime": "PRIME" in programs,
        "IsIBA": "INVOICE_BY_AMAZON" in programs,
        "IsSoldByAB": "INVOICE_BY_AMAZON" in programs,
        "IsReplacementOrder": bool(order.get("associatedOrders")),
        "OrderType": "StandardOrder",
    }
    total = inner(order, "proceeds", "grandTotal")
    if total and shown["OrderStatus"] != "Pending":
        shown["OrderTotal"] = {
            "CurrencyCode": total.get("currencyCode") or "",
            "Amount": total.get("amount") or "",
        }
    address = inner(order, "recipient", "deliveryAddress")
    if address:
        # Without a restricted token only the place is shown, never the person.
        place = {"city", "postalCode", "countryCode", "stateOrRegion"}
        shown["ShippingAddress"] = _address({k: v for k, v in address.items() if k in place})
    return shown


def _address(address: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        "name": "Name",
        "companyName": "CompanyName",
        "addressLine1": "AddressLine1",
        "addressLine2": "AddressLine2",
        "city": "City",
        "stateOrRegion": "StateOrRegion",
        "postalCode": "PostalCode",
        "countryCode": "CountryCode",
        "phone": "Phone",
    }
    shown = {own: address[name] for name, own in names.items() if address.get(name)}
    return {"Name": "", **shown}


def _pack(state: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode()


def _unpack(token: str | None) -> dict[str, Any]:
    if not token:
        return {}
    try:
        state = json.loads(base64.urlsafe_b64decode(token))
    except ValueError:
        raise SpApiRefusal("invalid_input", "Invalid NextToken.") from None
    if not isinstance(state, dict) or "start" not in state:
        raise SpApiRefusal("invalid_input", "Invalid NextToken.")
    return state


async def create_restricted_token(asked: Asked) -> Mapping[str, Any]:
    """Answer ``POST /tokens/2021-03-01/restrictedDataToken``."""
    try:
        body = await asked.request.json()
        resources = body["restrictedResources"]
        if not resources or not all(one["method"] and one["path"] for one in resources):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise SpApiRefusal("invalid_input", "restrictedResources is required.") from None
    asked.need_role("direct_to_consumer_delivery", "tax_invoicing", "tax_remittance")
    token = asked.amazon.login.restricted(asked.grant)
    return {"restrictedDataToken": token, "expiresIn": 3600}


_ORDERS = "/orders/v0/orders"
OPERATIONS = (
    Operation("getOrders", "GET", _ORDERS, get_orders),
    Operation("getOrderV0", "GET", _ORDERS + "/{order_id}", get_order),
    Operation("getOrderItems", "GET", _ORDERS + "/{order_id}/orderItems", get_items),
    Operation("getOrderAddress", "GET", _ORDERS + "/{order_id}/address", get_address),
    Operation("getOrderBuyerInfo", "GET", _ORDERS + "/{order_id}/buyerInfo", get_buyer),
    Operation(
        "createRestrictedDataToken",
        "POST",
        "/tokens/2021-03-01/restrictedDataToken",
        create_restricted_token,
    ),
)
