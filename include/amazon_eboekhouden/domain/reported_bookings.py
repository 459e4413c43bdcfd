"""What a report says of orders that stand in the books: unchanged, changed, sent on another day.

A report shows thousands of orders that were booked long ago. Those that it shows as they were
booked need no call and no second look. Source: accounting rules 8.4 and 8.5.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.order_reports import ReportedOrder
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.returns import Quarter
from amazon_eboekhouden.domain.shipments import Shipment, local_date

CONFIRMED = "CONFIRMED"
_FIRST_SEEN = "first_seen"


@dataclass(frozen=True, slots=True)
class BookedOrder:
    """The invoices and credit notes of one order, in the currency of the order.

    Attributes:
        invoiced_cents: of all its invoices.
        credited_cents: of its credit notes, negative.
        is_certain: every invoice is known to stand in the books.
        seen_on: the day on which it was booked because it was first seen as shipped then; None
            when a package or a report told the day.
    """

    invoiced_cents: int
    credited_cents: int
    is_certain: bool
    seen_on: date | None


def booked_orders(booked: pd.DataFrame, order_ids: Collection[str]) -> dict[str, BookedOrder]:
    """What stands in the books, or may stand there, of these orders.

    Args:
        booked: BOOKED.
        order_ids: of a report.
    """
    kinds = (BookingKind.INVOICE.value, BookingKind.CREDIT_NOTE.value)
    own = booked[
        booked["order_id"].isin(order_ids)
        & booked["booking_kind"].isin(kinds)
        & ~booked["state"].isin(NEVER_BOOKED)
    ]
    rows: dict[str, list[Mapping[Any, Any]]] = {}
    for row in own.to_dict("records"):
        rows.setdefault(str(row["order_id"]), []).append(row)
    return {
        order_id: _booked_order(found)
        for order_id, found in rows.items()
        if any(row["booking_kind"] == BookingKind.INVOICE for row in found)
    }


def _booked_order(rows: Iterable[Mapping[Any, Any]]) -> BookedOrder:
    invoiced = credited = 0
    certain, seen_on = True, None
    for row in rows:
        facts = json.loads(row["facts"] or "{}")
        cents = int(facts.get("currency_gross_cents", row["gross_cents"]))
        if row["booking_kind"] == BookingKind.CREDIT_NOTE:
            credited += cents
            continue
        invoiced += cents
        certain = certain and row["state"] == CONFIRMED
        if facts.get("ship_date_source") == _FIRST_SEEN and facts.get("ship_date"):
            seen_on = date.fromisoformat(facts["ship_date"])
    return BookedOrder(invoiced, credited, certain, seen_on)


def is_unchanged(order: ReportedOrder, booked: BookedOrder) -> bool:
    """Whether the report shows a shipped order as it stands in the books."""
    if (
        order.status != "SHIPPED"
        or not booked.is_certain
        or not all(item.readable for item in order.items)
    ):
        return False
    paid = sum(sum(item.prices.values()) - sum(item.discounts.values()) for item in order.items)
    # Where Amazon keeps the VAT itself, the invoice is without.
    taxes = sum(sum(item.taxes.values()) for item in order.items)
    left = booked.invoiced_cents + booked.credited_cents
    return bool({paid, paid - taxes} & {booked.invoiced_cents, left})


def moved_dates(
    booked: Mapping[str, BookedOrder], shipments: Mapping[str, Shipment]
) -> list[Problem]:
    """Orders that left in another VAT quarter than the one in which they were booked.

    Problems:
        ship-date-differs.
    """
    found = []
    for order_id, one in booked.items():
        shipment = shipments.get(order_id)
        if one.seen_on is None or shipment is None:
            continue
        left_on = local_date(shipment.shipped_utc)
        if Quarter.of(left_on) != Quarter.of(one.seen_on):
            found.append(
                problem(
                    "ship-date-differs",
                    f"order {order_id}",
                    order_id=order_id,
                    booked=one.seen_on,
                    found=left_on,
                )
            )
    return found
