"""Orders as Amazon's searchOrders (2026-01-01) returns them, read into frames.

Every order ends in exactly one place: the ORDERS frame, the skipped list with a reason, or the
problems. Every field may be missing and every enumeration may grow: what can't be read is a
problem of that order only. Source: Amazon's model; accounting rules 5.1 (S0), 6 and 8.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.marketplaces import Marketplace, marketplaces_by_id
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.territories import territory_of
from amazon_eboekhouden.config.vat import rates_in_force
from amazon_eboekhouden.domain.buyers import BUYER_COLUMNS, buyer_of
from amazon_eboekhouden.domain.frames import SKIPPED, Frame
from amazon_eboekhouden.domain.item_vat import ItemVats, with_reported_vat
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.order_lines import is_facilitated, lines_of, pieces_of
from amazon_eboekhouden.domain.order_versions import newest_versions, status_of
from amazon_eboekhouden.domain.parcels import lines_per_parcel
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.proceeds import OrderFault, records
from amazon_eboekhouden.domain.shipments import (
    BY_AMAZON,
    BY_MERCHANT,
    Departure,
    Shipment,
    departure,
    departure_of,
    local_date,
    moment_of,
    parcels_of,
)

# Shipment of an order that is invoiced as a whole.
WHOLE = "0"

ORDERS = Frame(
    "orders",
    {
        "order_id": "text",
        "shipment_id": "text",  # Amazon's, where shipments are invoiced one by one; else WHOLE
        "marketplace_id": "text",
        "marketplace": "text",  # our code, such as NL or UK
        "status": "text",  # Amazon's word; CANCELLED orders have no lines
        "fulfilled_by": "text",
        "created_utc": "utc",
        "updated_utc": "utc",
        "date": "date",  # local date of shipping (of cancelling, for a cancelled order)
        "date_source": "text",  # domain.shipments.Departure
        "ship_from": "text",  # ISO country, "" when unknown
        "ship_from_postal_code": "text",
        "ship_from_source": "text",
        "ship_to": "text",
        "ship_to_postal_code": "text",
        "currency": "text",
        "total_cents": "cents",  # what the seller gets of the buyer, in `currency`
        "facilitated": "text",  # yes, no, or mixed: Amazon collects the VAT as deemed supplier
        "sold_to_amazon": "flag",  # Amazon Business EU buys and resells (INVOICE_BY_AMAZON)
        "is_business": "flag",  # an order of Amazon Business
        **BUYER_COLUMNS,
    },
    key=("order_id", "shipment_id"),
)

ORDER_LINES = Frame(
    "order_lines",
    {
        "order_id": "text",
        "shipment_id": "text",
        "line": "count",
        "order_item_id": "text",  # "" for what belongs to the order as a whole
        "sku": "text",
        "title": "text",  # of the article, "" on other lines
        "pieces": "count",  # of the article; 1 on other lines
        "rate_told": "text",  # percent that Amazon's VAT report states, "" when none does
        "component": "text",  # domain.proceeds.COMPONENTS
        "gross_cents": "cents",  # VAT inside, unless Amazon collects it; discounts negative
        "tax_cents": "cents",  # VAT in it according to Amazon; a hole when Amazon says nothing
    },
    key=("order_id", "shipment_id", "line"),
    holes=frozenset({"tax_cents"}),
)


class Skip(StrEnum):
    """Why an order is not booked although nothing is wrong with it."""

    PENDING = "pending"
    NOT_SHIPPED = "not_shipped"
    CANCELLED = "cancelled"
    UNFULFILLABLE = "unfulfillable"
    NOT_CONFIRMED = "invoice_unconfirmed"
    REPLACEMENT = "replacement"
    NOTHING_TO_PAY = "nothing_to_pay"
    NOT_AMAZON = "multi_channel"
    OTHER_MARKETPLACE = "other_marketplace"
    BEFORE_GO_LIVE = "before_go_live"


@dataclass(frozen=True, slots=True)
class OrdersRead:
    """Orders in frames, and those that did not get there.

    Attributes:
        orders: ORDERS; several rows of an order whose shipments are invoiced one by one.
        lines: ORDER_LINES of all but the cancelled ones.
        problems: orders that can't be read, at most one problem each.
        skipped: SKIPPED.
    """

    orders: pd.DataFrame
    lines: pd.DataFrame
    problems: list[Problem]
    skipped: pd.DataFrame


_SKIPPED_STATUS = {
    "PENDING": Skip.PENDING,
    "PENDING_AVAILABILITY": Skip.PENDING,
    "UNFULFILLABLE": Skip.UNFULFILLABLE,
    "INVOICE_UNCONFIRMED": Skip.NOT_CONFIRMED,
}
_OPEN_STATUS = ("UNSHIPPED", "PARTIALLY_SHIPPED")
# Problems that are found before the status is looked at: they do not tell that an order left.
BEFORE_SHIPPING = frozenset(
    {"order-id-missing", "marketplace-unknown", "status-unknown", "time-unreadable"}
)


class _SkippedOrder(Exception):
    def __init__(self, reason: Skip) -> None:
        self.reason = reason
        super().__init__(reason)


def orders_from_json(
    raw_orders: Iterable[Mapping[str, Any]],
    settings: CouplingSettings,
    *,
    shipments: Mapping[str, Shipment] | None = None,
    item_vat: ItemVats | None = None,
    held_since: Mapping[str, datetime] | None = None,
) -> OrdersRead:
    """Read orders; of several versions of one order the newest counts.

    Args:
        raw_orders: objects of `orders` in the answers of searchOrders or getOrder.
        settings: of the coupling.
        shipments: order id to what a report tells of an order that Amazon fulfilled.
        item_vat: what Amazon's VAT reports state of items, where its VAT service is used.
        held_since: order id to when it was first held although it had been shipped: it left then
            at the latest, however often Amazon updated it since.

    Problems:
        every code of the catalogue's section "orders" that is about reading.
    """
    orders: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    newest, problems = newest_versions(raw_orders)
    for order_id, (raw, seen) in newest.items():
        report = (shipments or {}).get(order_id)
        try:
            first = _earliest(seen, (held_since or {}).get(order_id))
            units = [_read(order_id, raw, settings, report, first)]
            if item_vat and (told := item_vat.get(order_id)) and not _is_collected(units[0][0]):
                units = [(units[0][0], with_reported_vat(units[0][1], told))]
            if settings.books.invoice_unit == "shipment":
                units = _per_parcel(*units[0], raw, settings, report)
        except _SkippedOrder as skip:
            skipped.append({"order_id": order_id, "reason": skip.reason.value})
        except OrderFault as fault:
            problems.append(
                problem(fault.code, f"order {order_id}", order_id=order_id, **fault.details)
            )
        else:
            for order, own_lines in units:
                orders.append(order)
                lines += own_lines
    return OrdersRead(ORDERS.of(orders), ORDER_LINES.of(lines), problems, SKIPPED.of(skipped))


def _earliest(seen: datetime | None, held: datetime | None) -> datetime | None:
    return min(seen, held) if seen and held else seen


def _read(
    order_id: str,
    raw: Mapping[str, Any],
    settings: CouplingSettings,
    report: Shipment | None,
    seen: datetime | None,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    place = _marketplace(raw, settings)
    fulfillment, status = _mapping(raw.get("fulfillment")), status_of(raw)
    _skip_by_status(status, settings)
    updated = moment_of(raw.get("lastUpdatedTime"))
    created = moment_of(raw.get("createdTime"))
    if updated is None or created is None:
        found = [_text(raw.get("createdTime")), _text(raw.get("lastUpdatedTime"))]
        raise OrderFault("time-unreadable", found=" / ".join(found)[:80])
    fulfilled_by = _fulfilled_by(raw, fulfillment)
    sent = seen if seen and status == "SHIPPED" else updated
    left = _left(raw, status, created, sent, fulfilled_by, settings, report)
    listed = raw.get("programs")
    programs = {_text(one).upper() for one in listed} if isinstance(listed, list) else set()
    order: dict[str, Any] = {
        "order_id": order_id,
        "shipment_id": WHOLE,
        "marketplace_id": place.id,
        "marketplace": place.code,
        "status": status,
        "fulfilled_by": fulfilled_by,
        "created_utc": created,
        "updated_utc": updated,
        **_departure_columns(left),
        **_destination(raw),
        "sold_to_amazon": "INVOICE_BY_AMAZON" in programs,
        "is_business": "AMAZON_BUSINESS" in programs,
        **buyer_of(raw),
    }
    lines: list[dict[str, Any]] = []
    if status != "CANCELLED":
        if left.on < settings.books.go_live or _surely_before(raw, left, settings):
            raise _SkippedOrder(Skip.BEFORE_GO_LIVE)
        if _replaces(raw) and not _has_proceeds(raw):
            raise _SkippedOrder(Skip.REPLACEMENT)
        area = territory_of(order["ship_to"], order["ship_to_postal_code"]).rates
        percents = [rate.percent for rate in rates_in_force(area, left.on)]
        lines = lines_of(order_id, raw, place.currency, percents)
    total = sum(line["gross_cents"] for line in lines)
    if total < 0:
        raise OrderFault("total-negative", total=euros(total), currency=place.currency)
    if status != "CANCELLED" and not total:
        raise _SkippedOrder(Skip.REPLACEMENT if _replaces(raw) else Skip.NOTHING_TO_PAY)
    facilitated = "no" if status == "CANCELLED" else _facilitated(raw)
    order |= {"currency": place.currency, "total_cents": total, "facilitated": facilitated}
    return order, [{**line, "shipment_id": WHOLE} for line in lines]


def _per_parcel(
    order: dict[str, Any],
    lines: list[dict[str, Any]],
    raw: Mapping[str, Any],
    settings: CouplingSettings,
    report: Shipment | None,
) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The order, shipment by shipment, as far as it was sent.

    An order whose shipments nobody tells apart is one shipment, once all of it was sent.
    """
    if order["status"] == "CANCELLED":
        return [(order, lines)]
    parcels = parcels_of(raw, order["updated_utc"], report)
    complete = order["status"] == "SHIPPED"
    if not parcels:
        if not complete:
            raise _SkippedOrder(Skip.NOT_SHIPPED)
        return [(order, lines)]
    whole = Departure(
        order["date"], order["date_source"], order["ship_from"],
        order["ship_from_postal_code"], order["ship_from_source"],
    )  # fmt: skip
    found = []
    for parcel, own in lines_per_parcel(lines, parcels, pieces_of(raw), complete=complete):
        left = departure_of(parcel, whole)
        total = sum(line["gross_cents"] for line in own)
        if total and left.on >= settings.books.go_live:
            one = {**order, **_departure_columns(left), "total_cents": total}
            one["shipment_id"] = parcel.shipment_id or WHOLE
            found.append((one, [{**line, "shipment_id": one["shipment_id"]} for line in own]))
    if not found:
        raise _SkippedOrder(Skip.BEFORE_GO_LIVE)
    return found


def _departure_columns(left: Departure) -> dict[str, Any]:
    return {
        "date": left.on,
        "date_source": left.date_source,
        "ship_from": left.country,
        "ship_from_postal_code": left.postal_code,
        "ship_from_source": left.country_source,
    }


def _marketplace(raw: Mapping[str, Any], settings: CouplingSettings) -> Marketplace:
    channel = _mapping(raw.get("salesChannel"))
    if _text(channel.get("channelName")).upper() == "NON_AMAZON":
        raise _SkippedOrder(Skip.NOT_AMAZON)
    marketplace_id = _text(channel.get("marketplaceId"))
    place = marketplaces_by_id().get(marketplace_id)
    if place is None:
        name = _text(channel.get("marketplaceName"))
        raise OrderFault("marketplace-unknown", id=marketplace_id or "(none)", name=name or "?")
    if place.code not in settings.seller.marketplaces:
        raise _SkippedOrder(Skip.OTHER_MARKETPLACE)
    return place


def _skip_by_status(status: str, settings: CouplingSettings) -> None:
    if status in _SKIPPED_STATUS:
        raise _SkippedOrder(_SKIPPED_STATUS[status])
    if status in _OPEN_STATUS:
        in_parts = status == "PARTIALLY_SHIPPED" and settings.books.invoice_unit == "shipment"
        if settings.books.invoice_on != "unshipped" and not in_parts:
            raise _SkippedOrder(Skip.NOT_SHIPPED)
    elif status not in ("SHIPPED", "CANCELLED"):
        raise OrderFault("status-unknown", found=status[:40] or "(none)")


def _fulfilled_by(raw: Mapping[str, Any], fulfillment: Mapping[str, Any]) -> str:
    """Who sends it; where Amazon uses another word, or none: packages show merchants only."""
    told = _text(fulfillment.get("fulfilledBy")).upper()
    if told in (BY_MERCHANT, BY_AMAZON):
        return told
    return BY_MERCHANT if records(raw.get("packages")) else BY_AMAZON


def _left(
    raw: Mapping[str, Any],
    status: str,
    created: datetime,
    updated: datetime,
    fulfilled_by: str,
    settings: CouplingSettings,
    report: Shipment | None,
) -> Departure:
    left = departure(raw, updated, fulfilled_by, settings, report)
    if status in _OPEN_STATUS and settings.books.invoice_on == "unshipped":
        # Invoiced before shipping, at the seller's wish: the order itself is the moment.
        return replace(left, on=local_date(created), date_source="created")
    return left


def _surely_before(raw: Mapping[str, Any], left: Departure, settings: CouplingSettings) -> bool:
    """A date that is only an upper bound must not pull an old shipment over the go-live date."""
    window = _mapping(_mapping(raw.get("fulfillment")).get("shipByWindow"))
    latest = moment_of(window.get("latestDateTime"))
    promised = left.date_source == "first_seen" and latest is not None
    return promised and latest is not None and local_date(latest) < settings.books.go_live


def _destination(raw: Mapping[str, Any]) -> dict[str, str]:
    address = _mapping(_mapping(raw.get("recipient")).get("deliveryAddress"))
    return {
        "ship_to": _text(address.get("countryCode")).upper(),
        "ship_to_postal_code": _text(address.get("postalCode")),
    }


def _facilitated(raw: Mapping[str, Any]) -> str:
    found = {is_facilitated(item) for item in records(raw.get("orderItems"))}
    return "mixed" if len(found) > 1 else "yes" if True in found else "no"


def _is_collected(order: Mapping[str, Any]) -> bool:
    """Whether Amazon keeps the VAT: what is left holds none, whatever a report says."""
    return bool(order["facilitated"] != "no")


def _replaces(raw: Mapping[str, Any]) -> bool:
    return any(
        _text(one.get("associationType")) in ("REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID")
        for one in records(raw.get("associatedOrders"))
    )


def _has_proceeds(raw: Mapping[str, Any]) -> bool:
    """Whether amounts are shown anywhere: what is exchanged for something dearer is paid for."""
    return any(
        isinstance(one.get("proceeds"), Mapping) for one in (raw, *records(raw.get("orderItems")))
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
