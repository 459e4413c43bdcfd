"""Orders API 2026-01-01: searchOrders and getOrder."""

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from coupling_sandbox.amazon.errors import SpApiRefusal
from coupling_sandbox.amazon.service import Asked, Operation, iso
from coupling_sandbox.amazon.shelf import as_json, ms
from coupling_sandbox.amazon.shop import OrderQuery
from coupling_sandbox.clock import read_time

LAG = timedelta(minutes=2)
TOKEN_LIFE = timedelta(hours=24)
STATUSES = (
    "PENDING_AVAILABILITY",
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "UNFULFILLABLE",
)
# included data → (fields of the order, fields of its items)
INCLUDED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "BUYER": (("buyer",), ()),
    "RECIPIENT": (("recipient",), ()),
    "PROCEEDS": (("proceeds",), ("proceeds",)),
    "EXPENSE": ((), ("expense",)),
    "PROMOTION": ((), ("promotion",)),
    "CANCELLATION": ((), ("cancellation",)),
    "FULFILLMENT": (("fulfillment",), ("fulfillment",)),
    "PACKAGES": (("packages",), ()),
    "TAX": (("tax",), ("tax",)),
    "PAYMENT": (("payment",), ()),
    "FULFILLMENT_ORDERS": (("fulfillmentOrders",), ()),
}
# included data → the roles of which one must be there to see it
RESTRICTED = {
    "RECIPIENT": ("direct_to_consumer_delivery",),
    "BUYER": ("tax_remittance", "tax_invoicing"),
    "TAX": ("tax_remittance", "tax_invoicing"),
}
BASIC_ROLES = (
    "finance_and_accounting",
    "inventory_and_order_tracking",
    "direct_to_consumer_delivery",
    "tax_invoicing",
    "tax_remittance",
)
KNOWN = {
    "createdAfter",
    "createdBefore",
    "lastUpdatedAfter",
    "lastUpdatedBefore",
    "fulfillmentStatuses",
    "marketplaceIds",
    "fulfilledBy",
    "maxResultsPerPage",
    "paginationToken",
    "includedData",
}


async def search_orders(asked: Asked) -> str:
    """Answer ``GET /orders/2026-01-01/orders``."""
    asked.need_role(*BASIC_ROLES)
    _transient(asked)
    family, after, before = _times(asked)
    hidden = _hidden(asked)
    limit = asked.whole("maxResultsPerPage", 100, 100)
    query = OrderQuery(
        family,
        ms(after),
        ms(before),
        ms(asked.now - LAG),
        ms(asked.now - timedelta(days=asked.amazon.options.oldest_order_days)),
        _listed(asked, "marketplaceIds", most=50),
        _listed(asked, "fulfillmentStatuses", STATUSES),
        _listed(asked, "fulfilledBy", ("MERCHANT", "AMAZON")),
        asked.amazon.options.result_order == "newest_first",
    )
    start, before = _position(asked, before)
    query = replace(query, before_ms=ms(before))
    if asked.fault == "empty_page":
        rows = []
    else:
        rows = asked.amazon.shop.search_orders(asked.seller, query, start, limit + 1)
    shown = ",".join(_shown(order, hidden) for _, order in rows[:limit])
    answer: dict[str, Any] = {}
    if len(rows) > limit:
        # The fault: this page's token leads to this page again.
        following = start if asked.fault == "repeated_page" else rows[limit - 1][0]
        answer["pagination"] = {"nextToken": _token(asked, following, before)}
    elif asked.fault == "empty_page":
        answer["pagination"] = {"nextToken": _token(asked, start, before)}
    answer[f"{family}Before"] = iso(before)
    return f'{{"orders":[{shown}],{as_json(answer)[1:]}'


async def get_order(asked: Asked) -> str:
    """Answer ``GET /orders/2026-01-01/orders/{orderId}``."""
    asked.need_role(*BASIC_ROLES)
    order_id = asked.request.path_params["order_id"]
    order = asked.amazon.shop.order(asked.seller, order_id, ms(asked.now - LAG))
    if order is None:
        raise SpApiRefusal("not_found")
    return f'{{"order":{_shown(order, _hidden(asked))}}}'


def _transient(asked: Asked) -> None:
    """Refuse valid requests for a while, as the real service did in August 2026."""
    until = asked.amazon.options.transient_400_until
    if until and asked.now < read_time(until):
        raise SpApiRefusal("invalid_input")


def _times(asked: Asked) -> tuple[str, datetime, datetime]:
    """Return the family of times and its bounds, after all rules about them."""
    if unknown_marketplace_spelling(asked):
        raise SpApiRefusal("invalid_input", "The request contains an unknown parameter.")
    given = {name: asked.time(name) for name in sorted(KNOWN) if name.endswith(("After", "Before"))}
    created = given["createdAfter"] or given["createdBefore"]
    updated = given["lastUpdatedAfter"] or given["lastUpdatedBefore"]
    if created and updated:
        raise SpApiRefusal(
            "invalid_input",
            "createdAfter/createdBefore and lastUpdatedAfter/lastUpdatedBefore are mutually "
            "exclusive.",
        )
    family = "created" if created else "lastUpdated"
    after, before = given[f"{family}After"], given[f"{family}Before"]
    if after is None:
        raise SpApiRefusal("invalid_input", "Either createdAfter or lastUpdatedAfter is required.")
    latest = asked.now - LAG
    if before is None:
        return family, after, latest
    if before > latest:
        raise SpApiRefusal(
            "invalid_input", f"{family}Before must be at least two minutes before the current time."
        )
    if before < after:
        raise SpApiRefusal("invalid_input", f"{family}Before must not be before {family}After.")
    return family, after, before


def unknown_marketplace_spelling(asked: Asked) -> bool:
    """Say whether the request names something that is no parameter of searchOrders.

    The client library sends four spellings of the marketplace parameter; all are tolerated.
    """
    spellings = {"MarketplaceId", "MarketplaceIds", "marketplace_ids"}
    return bool(set(asked.request.query_params) - KNOWN - spellings)


def _listed(
    asked: Asked, name: str, allowed: tuple[str, ...] = (), most: int = 1000
) -> tuple[str, ...]:
    values = tuple(asked.many(name))
    if len(values) > most:
        raise SpApiRefusal("invalid_input", f"{name} takes at most {most} values.")
    if allowed and (strange := [value for value in values if value not in allowed]):
        raise SpApiRefusal("invalid_input", f"{name} has an invalid value: {strange[0]}.")
    return values


@dataclass(frozen=True)
class _Hidden:
    """Which fields are not shown, of an order and of its items."""

    of_order: frozenset[str]
    of_item: frozenset[str]
    # As they stand in an order's JSON text.
    marks: tuple[str, ...]


def _hidden(asked: Asked) -> _Hidden:
    """Return what is hidden: not asked for, or not allowed by the grant's roles."""
    wanted = _listed(asked, "includedData", tuple(INCLUDED))
    shown = set()
    for name in wanted:
        needed = RESTRICTED.get(name)
        if needed is None or set(needed) & set(asked.grant.roles):
            shown.add(name)
        elif asked.amazon.options.missing_role == "403":
            raise SpApiRefusal("unauthorized", details="")
    left = [fields for name, fields in INCLUDED.items() if name not in shown]
    of_order = frozenset(field for own, _ in left for field in own)
    of_item = frozenset(field for _, own in left for field in own)
    return _Hidden(of_order, of_item, tuple(f'"{field}"' for field in of_order | of_item))


def _shown(text: str, hidden: _Hidden) -> str:
    """Return an order's JSON without what is hidden."""
    if not any(mark in text for mark in hidden.marks):
        return text  # Nothing to hide: reading it, and writing it again, is most of the work.
    order = json.loads(text)
    shown = {key: value for key, value in order.items() if key not in hidden.of_order}
    items = shown.get("orderItems")
    if isinstance(items, list):
        shown["orderItems"] = [
            {key: value for key, value in item.items() if key not in hidden.of_item}
            if isinstance(item, dict)
            else item
            for item in items
        ]
    return as_json(shown)


def _fingerprint(asked: Asked) -> str:
    """Identify everything that must stay the same from page to page."""
    free = {"paginationToken", "maxResultsPerPage", "includedData"}
    same = sorted(
        (name, sorted(asked.many(name))) for name in set(asked.request.query_params) - free
    )
    return hashlib.sha256(f"{asked.grant.holder}{same}".encode()).hexdigest()[:32]


def _token(asked: Asked, position: tuple[int, str] | None, before: datetime) -> str:
    first = asked.one("paginationToken")
    born = _unpack(first)["born"] if first else ms(asked.now)
    state = {"p": position, "f": _fingerprint(asked), "born": born, "before": iso(before)}
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode()


def _unpack(token: str) -> dict[str, Any]:
    try:
        state = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        raise SpApiRefusal("page_token") from None
    if not isinstance(state, dict) or {"p", "f", "born", "before"} - set(state):
        raise SpApiRefusal("page_token")
    return state


def _position(asked: Asked, before: datetime) -> tuple[tuple[int, str] | None, datetime]:
    """Return where the asked page starts and the upper bound that its first page had."""
    token = asked.one("paginationToken")
    if token is None:
        return None, before
    state = _unpack(token)
    age_ms = ms(asked.now) - state["born"]
    if state["f"] != _fingerprint(asked) or age_ms > TOKEN_LIFE.total_seconds() * 1000:
        raise SpApiRefusal("page_token")
    position = (state["p"][0], state["p"][1]) if state["p"] else None
    return position, datetime.fromisoformat(state["before"])


OPERATIONS = (
    Operation("searchOrders", "GET", "/orders/2026-01-01/orders", search_orders),
    Operation("getOrder", "GET", "/orders/2026-01-01/orders/{order_id}", get_order),
)
