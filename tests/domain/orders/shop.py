"""Orders as Amazon returns them, made by hand for a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from amazon_eboekhouden.config.marketplaces import marketplaces
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.invoices import Bookables

from tests.golden.sales import book, settings_of

ORDER_ID = "405-1234567-1234567"
Json = dict[str, Any]


def money(amount: str, currency: str = "EUR") -> Json:
    return {"amount": amount, "currencyCode": currency}


def row(kind: str, amount: str, currency: str = "EUR", **details: str) -> Json:
    shown: Json = {"type": kind, "subtotal": money(amount, currency)}
    if details:
        shown["detailedBreakdowns"] = [
            {"subtype": name, "value": money(value, currency)} for name, value in details.items()
        ]
    return shown


def item(
    total: str | None, *rows: Json, item_id: str = "1", sku: str = "SKU", currency: str = "EUR"
) -> Json:
    proceeds: Json = {"breakdowns": list(rows) or [row("ITEM", total or "0", currency)]}
    if total is not None:
        proceeds["proceedsTotal"] = money(total, currency)
    return {
        "orderItemId": item_id,
        "quantityOrdered": 1,
        "product": {"sellerSku": sku},
        "proceeds": proceeds,
        "fulfillment": {"quantityFulfilled": 1, "quantityUnfulfilled": 0},
    }


def order(
    items: Sequence[Json],
    *,
    order_id: str = ORDER_ID,
    marketplace: str = "NL",
    to: str | None = None,
    postal_code: str = "1012 AB",
    **fields: Any,
) -> Json:
    place = marketplaces()[marketplace]
    raw: Json = {
        "orderId": order_id,
        "createdTime": "2026-10-04T09:00:00Z",
        "lastUpdatedTime": "2026-10-05T11:00:00Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": place.id},
        "recipient": {
            "deliveryAddress": {"countryCode": to or place.country, "postalCode": postal_code}
        },
        "fulfillment": {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
        "orderItems": list(items),
    }
    return raw | fields


def facilitated(one: Json) -> Json:
    return one | {"tax": {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR"}]}}


def with_vat_number(raw: Json, number: str) -> Json:
    own = {"entityType": "BUYER", "taxRegistrationType": "VAT", "taxRegistrationNumber": number}
    return raw | {"tax": {"taxRegistrations": [own]}}


def vat(**settings: Any) -> CouplingSettings:
    """The seller of the golden cases with other VAT settings."""
    return settings_of({"seller": {"vat": settings}})


def problems(
    *orders: Json, settings: CouplingSettings | None = None, **world: Any
) -> list[tuple[str, str]]:
    """Code and order id of every problem of these orders, reading and booking together."""
    read, bookables = book({"orders": list(orders), **world}, settings or settings_of())
    return [(p.code, p.order_id) for p in (*read.problems, *bookables.problems)]


def booked(
    *orders: Json, settings: CouplingSettings | None = None, **world: Any
) -> tuple[Bookables, list[Mapping[str, Any]]]:
    """What these orders become, without any problem, and the lines."""
    read, bookables = book({"orders": list(orders), **world}, settings or settings_of())
    assert [*read.problems, *bookables.problems] == []
    return bookables, bookables.mutation_lines.to_dict("records")
