"""Versions of one order: the newest counts, the first that was shipped tells when it left.

Amazon shows an order again at every update, so a window may hold several versions of it.
Source: accounting rules 8.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.shipments import moment_of

_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_ID = 40

# The newest version, and the last update of the first one that was shipped.
Version = tuple[Mapping[str, Any], datetime | None]


def newest_versions(
    raw_orders: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, Version], list[Problem]]:
    """The newest version of each order, and when the first of its shipped versions was updated.

    Args:
        raw_orders: as Amazon gives them, in any order.

    Problems:
        order-id-missing.
    """
    newest: dict[str, tuple[datetime, Mapping[str, Any]]] = {}
    shipped: dict[str, datetime] = {}
    problems = []
    for position, raw in enumerate(raw_orders, start=1):
        order_id = raw.get("orderId") if isinstance(raw, Mapping) else None
        if not isinstance(order_id, str) or not order_id.strip() or len(order_id) > _LONGEST_ID:
            problems.append(problem("order-id-missing", f"order number {position} of the answer"))
            continue
        order_id = order_id.strip()
        updated = moment_of(raw.get("lastUpdatedTime")) or _NO_MOMENT
        if order_id not in newest or updated >= newest[order_id][0]:
            newest[order_id] = (updated, raw)
        if updated != _NO_MOMENT and status_of(raw) == "SHIPPED":
            shipped[order_id] = min(updated, shipped.get(order_id, updated))
    found = {order_id: (raw, shipped.get(order_id)) for order_id, (_, raw) in newest.items()}
    return found, problems


def status_of(raw: Mapping[str, Any]) -> str:
    """Amazon's word for how far an order is, in capitals; "" when it says nothing."""
    fulfillment = raw.get("fulfillment")
    status = fulfillment.get("fulfillmentStatus") if isinstance(fulfillment, Mapping) else None
    return status.strip().upper() if isinstance(status, str) else ""
