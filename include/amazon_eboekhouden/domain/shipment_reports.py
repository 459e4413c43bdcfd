"""Shipments that Amazon fulfilled: when each left, and from which country.

The report `GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL` has a row per item of a shipment and names
the warehouse. Source: accounting rules 8.4; Amazon reference 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from amazon_eboekhouden.config.fulfilment_centres import country_of_centre
from amazon_eboekhouden.domain.report_table import Moments, Row, table_of
from amazon_eboekhouden.domain.shipments import Parcel, Shipment

REPORT = "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL"
REQUIRED = ("amazon-order-id", "shipment-id", "shipment-date", "fulfillment-center-id")


@dataclass(slots=True)
class ItemIds:
    """Amazon's item ids by order and SKU: the order report does not give them."""

    known: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, order_id: str, sku: str, item_id: str) -> None:
        """One more; the same id twice counts once."""
        ids = self.known.setdefault((order_id, sku), [])
        if item_id and item_id not in ids:
            ids.append(item_id)

    def of(self, order_id: str, sku: str) -> Sequence[str]:
        """Ids of an order's items of this SKU."""
        return self.known.get((order_id, sku), ())

    def update(self, other: ItemIds) -> None:
        """Take those of another report in."""
        for (order_id, sku), ids in other.known.items():
            for item_id in ids:
                self.add(order_id, sku, item_id)


@dataclass(slots=True)
class _Sent:
    shipped_utc: datetime
    countries: set[str]
    postal_code: str
    pieces: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Shipments:
    """What reports tell of shipments, order by order, as it is gathered row by row.

    Attributes:
        item_ids: of the items seen.
    """

    item_ids: ItemIds = field(default_factory=ItemIds)
    _sent: dict[str, dict[str, _Sent]] = field(default_factory=dict)

    def add(
        self,
        order_id: str,
        shipment_id: str,
        shipped_utc: datetime,
        country: str,
        *,
        postal_code: str = "",
        item_id: str = "",
        quantity: int = 0,
    ) -> None:
        """One row: an item in a shipment."""
        parcels = self._sent.setdefault(order_id, {})
        sent = parcels.setdefault(shipment_id, _Sent(shipped_utc, set(), postal_code))
        sent.shipped_utc = max(sent.shipped_utc, shipped_utc)
        sent.countries.add(country)
        if item_id and quantity:
            sent.pieces[item_id] = sent.pieces.get(item_id, 0) + quantity

    def update(self, other: Shipments) -> None:
        """Take those of another report in: an order may have left in parts, months apart.

        A shipment that stands in both, as at the edge of two windows, is one shipment.
        """
        self.item_ids.update(other.item_ids)
        for order_id, parcels in other._sent.items():
            self._sent.setdefault(order_id, {}).update(parcels)

    def by_order(self) -> dict[str, Shipment]:
        """Order id to its shipments."""
        return {order_id: _shipment(parcels) for order_id, parcels in self._sent.items()}


def _shipment(parcels: Mapping[str, _Sent]) -> Shipment:
    made = [
        Parcel(
            shipment_id=shipment_id,
            shipped_utc=sent.shipped_utc,
            # Two countries in one shipment contradict each other: then neither is known.
            ship_from=next(iter(sent.countries)) if len(sent.countries) == 1 else "",
            postal_code=sent.postal_code,
            pieces=sent.pieces,
        )
        for shipment_id, sent in parcels.items()
    ]
    made.sort(key=lambda parcel: (parcel.shipped_utc, parcel.shipment_id))
    countries = {parcel.ship_from for parcel in made}
    only = countries.pop() if len(countries) == 1 else ""
    return Shipment(made[-1].shipped_utc, only, tuple(made))


def fulfilled_shipments(content: bytes, charset: str | None) -> Shipments:
    """Read the report of shipments that Amazon fulfilled.

    A row without an order, or with a time that can't be read, tells nothing: its order waits.

    Raises:
        ReportFault: it is another kind of file.
    """
    table = table_of(content, charset, REQUIRED)
    moments = Moments(row["shipment-date"] for row in table.rows)
    found = Shipments()
    for row in table.rows:
        shipped = moments.utc(row["shipment-date"])
        order_id = row["amazon-order-id"]
        if not order_id or shipped is None:
            continue
        item_id = row.get("amazon-order-item-id", "")
        found.item_ids.add(order_id, row.get("sku", ""), item_id)
        found.add(
            order_id,
            row["shipment-id"],
            shipped,
            country_of_centre(row["fulfillment-center-id"]),
            item_id=item_id,
            quantity=count_of(row, "quantity-shipped"),
        )
    return found


def count_of(row: Row, column: str) -> int:
    """A whole number of a cell; 0 for anything else."""
    text = row.get(column, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
