"""What reports tell beside the orders themselves, for the transform of a run, as plain values.

The staging store keeps it between two steps: shipments that the Orders API does not show, VAT of
items, and the numbers of invoices that Amazon issued.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.domain.item_vat import ItemVat, ItemVats
from amazon_eboekhouden.domain.reported_orders import Known
from amazon_eboekhouden.domain.shipments import Parcel, Shipment

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportedFacts:
    """Facts by order id; see `domain.orders.orders_from_json` and `domain.invoices.invoices`.

    Attributes:
        shipments: of orders that Amazon fulfilled.
        item_vat: by item id.
        vcs_numbers: numbers of the invoices that Amazon issued, by order and by shipment.
    """

    shipments: Mapping[str, Shipment] = field(default_factory=dict)
    item_vat: ItemVats = field(default_factory=dict)
    vcs_numbers: Mapping[str, str] = field(default_factory=dict)


def as_json(known: Known, order_ids: Collection[str]) -> Json:
    """What is known of these orders, as JSON values."""
    return {
        "shipments": {
            order_id: _shipment_json(known.shipments[order_id])
            for order_id in order_ids
            if order_id in known.shipments
        },
        "item_vat": {
            order_id: {item: _vat_json(vat) for item, vat in known.items[order_id].items()}
            for order_id in order_ids
            if order_id in known.items
        },
        "vcs_numbers": {
            name: number
            for order_id in order_ids
            if (facts := known.vat.get(order_id))
            for name, number in {
                order_id: facts.invoice_number,
                **{f"{order_id}:{part}": one for part, one in facts.invoice_numbers.items()},
            }.items()
            if number
        },
    }


def from_json(told: Mapping[str, Any]) -> ReportedFacts:
    """The facts back."""
    return ReportedFacts(
        {order_id: _shipment(one) for order_id, one in told["shipments"].items()},
        {
            order_id: {item: ItemVat(Decimal(vat["percent"]), vat["cents"]) for item, vat in one}
            for order_id, one in ((key, items.items()) for key, items in told["item_vat"].items())
        },
        told["vcs_numbers"],
    )


def _vat_json(vat: ItemVat) -> Json:
    return {"percent": f"{vat.percent:f}", "cents": dict(vat.cents)}


def _shipment_json(shipment: Shipment) -> Json:
    return {
        "shipped": shipment.shipped_utc.isoformat(),
        "from": shipment.ship_from,
        "parcels": [
            {
                "id": parcel.shipment_id,
                "shipped": parcel.shipped_utc.isoformat(),
                "from": parcel.ship_from,
                "postal_code": parcel.postal_code,
                "pieces": dict(parcel.pieces),
            }
            for parcel in shipment.parcels
        ],
    }


def _shipment(told: Mapping[str, Any]) -> Shipment:
    parcels = tuple(
        Parcel(
            one["id"],
            datetime.fromisoformat(one["shipped"]),
            one["from"],
            one["postal_code"],
            one["pieces"],
        )
        for one in told["parcels"]
    )
    return Shipment(datetime.fromisoformat(told["shipped"]), told["from"], parcels)
