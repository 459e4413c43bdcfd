"""Orders of a report in the shape of the Orders API, as far as reports can tell them.

What comes out is read by `domain.orders` like an answer of searchOrders, so that a backfill and the
hourly run cannot differ. Where a booking needs something that no report tells (the buyer, the
packages, who collects the VAT), the order is named with the reason instead, and fetched by itself.
Source: Amazon reference 5.3 and 9; accounting rules 5, 6 and 8.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from amazon_eboekhouden.config.marketplaces import Marketplace, marketplaces_by_name
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.territories import territory_of
from amazon_eboekhouden.config.vat import rates_in_force
from amazon_eboekhouden.domain.item_vat import ItemVats
from amazon_eboekhouden.domain.money import euros, vat_inside
from amazon_eboekhouden.domain.order_reports import ReportedItem, ReportedOrder
from amazon_eboekhouden.domain.returns import Quarter
from amazon_eboekhouden.domain.shipment_reports import ItemIds
from amazon_eboekhouden.domain.shipments import Parcel, Shipment, local_date
from amazon_eboekhouden.domain.vat_reports import VatFacts

Json = dict[str, Any]
_NON_AMAZON = "non-amazon"
_FACILITATOR = "MARKETPLACE_FACILITATOR"
_NO_PRICES = frozenset({"PENDING", "PENDING_AVAILABILITY", "CANCELLED"})
_NEVER_BOOKED = _NO_PRICES | {"UNFULFILLABLE", "INVOICE_UNCONFIRMED"}
_NOT_SENT = frozenset({"UNSHIPPED", "PARTIALLY_SHIPPED"})


class Need(StrEnum):
    """Why the order itself must be asked for."""

    AMOUNTS = "amounts"  # the report's amounts are missing or do not fit each other
    PACKAGES = "packages"  # sent by the seller: when and from where matters, no report told
    BUYER = "buyer"  # Amazon names the buyer, and the books want the name
    BUSINESS = "business"  # a business: its VAT number, and whether Amazon resold it
    CHANGED = "changed"  # booked at another amount than the report shows
    COLLECTION = "collection"  # leaves the EU: whether Amazon collects the VAT
    UNKNOWN = "unknown"  # a status, time or marketplace that the report writes strangely


@dataclass(frozen=True, slots=True)
class Known:
    """What other reports tell of the orders.

    Attributes:
        shipments: of orders that Amazon fulfilled, by order id.
        sent: of all orders with VAT Invoice Data, those of the seller included.
        vat: by order id.
        items: VAT by order id and item id.
        item_ids: by order and SKU.
        leaves_from_elsewhere: the seller sends orders from another country than its own.
    """

    shipments: Mapping[str, Shipment] = field(default_factory=dict)
    sent: Mapping[str, Shipment] = field(default_factory=dict)
    vat: Mapping[str, VatFacts] = field(default_factory=dict)
    items: ItemVats = field(default_factory=dict)
    item_ids: ItemIds = field(default_factory=ItemIds)
    leaves_from_elsewhere: bool = False


def need_of(order: ReportedOrder, known: Known, settings: CouplingSettings) -> Need | None:
    """Why the report is not enough to book this order; None when it is, or nothing is booked."""
    if order.created_utc is None or order.updated_utc is None or not order.status:
        return Need.UNKNOWN
    if _is_elsewhere(order, settings) or not _may_be_booked(order, settings):
        return None
    if _marketplace(order) is None:
        return Need.UNKNOWN
    if not order.items or any(not _is_clear(item, order) for item in order.items):
        return Need.AMOUNTS
    if not order.by_amazon:
        if _packages_decide(order, known, settings):
            return Need.PACKAGES
        if settings.books.relations == "per_buyer":
            return Need.BUYER
    return _vat_need(order, known.vat.get(order.order_id, VatFacts()), settings)


def _packages_decide(order: ReportedOrder, known: Known, settings: CouplingSettings) -> bool:
    """Whether only its packages tell enough of an order that the seller sent.

    It left between its purchase and its last update, from where the seller's orders leave: when
    both moments lie in one VAT quarter, the booking stands on the last update, as it does for an
    order first seen as shipped.
    """
    if order.status not in ("SHIPPED", "PARTIALLY_SHIPPED"):
        return False
    if settings.books.invoice_unit == "shipment":
        return True
    if order.order_id in known.sent:
        return False
    return known.leaves_from_elsewhere or not _in_one_quarter(order)


def _in_one_quarter(order: ReportedOrder) -> bool:
    moments = [at for at in (order.created_utc, order.updated_utc) if at is not None]
    return len({Quarter.of(local_date(at)) for at in moments}) == 1


def _vat_need(order: ReportedOrder, vat: VatFacts, settings: CouplingSettings) -> Need | None:
    if settings.seller.vat.scheme == "kor":
        return None
    abroad = order.country != settings.seller.established_in
    if order.is_business:
        if order.sold_to_amazon is None or vat.buyer_vat_number is None:
            return Need.BUSINESS
        if vat.buyer_vat_number and abroad and not order.by_amazon:
            return Need.BUYER  # The number must stand on a relation of its own (ICP).
    inside = territory_of(order.country, order.postal_code).in_eu
    if not inside and not _collection_told(order):
        return Need.COLLECTION
    return None


def _is_elsewhere(order: ReportedOrder, settings: CouplingSettings) -> bool:
    """Sold outside Amazon, or on a marketplace that the coupling leaves alone."""
    place = _marketplace(order)
    return _is_outside_amazon(order) or (
        place is not None and place.code not in settings.seller.marketplaces
    )


def _is_outside_amazon(order: ReportedOrder) -> bool:
    return order.channel.lower().startswith(_NON_AMAZON)


def _marketplace(order: ReportedOrder) -> Marketplace | None:
    return marketplaces_by_name().get(order.channel.casefold())


def _may_be_booked(order: ReportedOrder, settings: CouplingSettings) -> bool:
    """Whether an order of this status is booked; a word that is not known is looked into."""
    if order.status == "PARTIALLY_SHIPPED" and settings.books.invoice_unit == "shipment":
        return True
    if order.status in _NOT_SENT:
        return settings.books.invoice_on == "unshipped"
    return order.status not in _NEVER_BOOKED


def _collection_told(order: ReportedOrder) -> bool:
    return all(item.collected for item in order.items)


def _is_clear(item: ReportedItem, order: ReportedOrder) -> bool:
    return item.readable and _discount_tax(item, order) is not None


def order_json(order: ReportedOrder, known: Known, settings: CouplingSettings) -> Json:
    """The order as searchOrders would show it, without what reports do not tell.

    Args:
        order: of the report; `need_of` found nothing missing.
        known: what other reports tell.
        settings: decides whether prices are shown (Amazon shows none before it is confirmed).
    """
    elsewhere, place = _is_outside_amazon(order), _marketplace(order)
    vat = known.vat.get(order.order_id, VatFacts())
    has_amounts = order.status not in _NO_PRICES and not elsewhere
    made: Json = {
        "orderId": order.order_id,
        "createdTime": _stamp(order.created_utc),
        "lastUpdatedTime": _stamp(order.updated_utc),
        "programs": _programs(order),
        "salesChannel": {
            "channelName": "NON_AMAZON" if elsewhere else "AMAZON",
            "marketplaceId": place.id if place else "",
            "marketplaceName": order.channel,
        },
        "recipient": {
            "deliveryAddress": {
                "city": order.city,
                "postalCode": order.postal_code,
                "countryCode": order.country,
            }
        },
        "fulfillment": {
            "fulfillmentStatus": order.status,
            "fulfilledBy": "AMAZON" if order.by_amazon else "MERCHANT",
        },
        "orderItems": _items(order, known.item_ids, has_amounts=has_amounts),
    }
    if vat.buyer_vat_number:
        number = {"taxRegistrationType": "VAT", "taxRegistrationNumber": vat.buyer_vat_number}
        made["tax"] = {"taxRegistrations": [{"entityType": "BUYER", **number}]}
    if vat.buyer_company:
        made["buyer"] = {"buyerCompanyName": vat.buyer_company}
    if not order.by_amazon and order.order_id in known.sent:
        sent = known.sent[order.order_id]
        made["packages"] = [_package(parcel) for parcel in sent.parcels]
    return made


def _programs(order: ReportedOrder) -> list[str]:
    programs = ["AMAZON_BUSINESS"] if order.is_business else []
    return programs + (["INVOICE_BY_AMAZON"] if order.sold_to_amazon else [])


def _package(parcel: Parcel) -> Json:
    return {
        "packageReferenceId": parcel.shipment_id,
        "packageStatus": {"status": "SHIPPED"},
        "shipTime": _stamp(parcel.shipped_utc),
        "shipFromAddress": {"countryCode": parcel.ship_from, "postalCode": parcel.postal_code},
    }


def _items(order: ReportedOrder, item_ids: ItemIds, *, has_amounts: bool) -> list[Json]:
    made = []
    used: dict[str, int] = {}
    for position, item in enumerate(order.items, start=1):
        nth = used[item.sku] = used.get(item.sku, 0) + 1
        ids = item_ids.of(order.order_id, item.sku)
        # Without a report that names it, an item goes by its place: settlements match by SKU then.
        one: Json = {
            "orderItemId": ids[nth - 1] if nth <= len(ids) else f"{position:02d}",
            "quantityOrdered": item.quantity,
            "product": {"sellerSku": item.sku},
        }
        if has_amounts:
            one["proceeds"] = _proceeds(item, order)
        if _amazon_collects(item):
            one["tax"] = {"taxCollections": [{"model": _FACILITATOR}]}
        made.append(one)
    return made


def _amazon_collects(item: ReportedItem) -> bool:
    return item.collected.replace("_", "").upper() == _FACILITATOR.replace("_", "")


def _proceeds(item: ReportedItem, order: ReportedOrder) -> Json:
    rows = [_breakdown(kind, cents, order) for kind, cents in item.prices.items()]
    total = sum(item.prices.values()) - sum(item.discounts.values())
    if item.discounts:
        rows.append(
            _breakdown("DISCOUNT", -sum(item.discounts.values()), order)
            | {
                "detailedBreakdowns": [
                    _detail(kind, -cents, order) for kind, cents in item.discounts.items()
                ]
            }
        )
    if item.taxes:
        off = _discount_tax(item, order) or 0
        details = [_detail(kind, cents, order) for kind, cents in item.taxes.items()]
        if off:
            details.append(_detail("DISCOUNT", -off, order))
        rows.append(
            _breakdown("TAX", sum(item.taxes.values()) - off, order)
            | {"detailedBreakdowns": details}
        )
    return {"proceedsTotal": _money(total, order), "breakdowns": rows}


def _breakdown(kind: str, cents: int, order: ReportedOrder) -> Json:
    return {"type": kind, "subtotal": _money(cents, order)}


def _detail(subtype: str, cents: int, order: ReportedOrder) -> Json:
    return {"subtype": subtype, "value": _money(cents, order)}


def _money(cents: int, order: ReportedOrder) -> Json:
    return {"amount": str(euros(cents)), "currencyCode": order.currency}


def _discount_tax(item: ReportedItem, order: ReportedOrder) -> int | None:
    """VAT in the discounts, which have no column for it; None when it can't be told.

    The VAT of a charge is that of the price before the discount, or of what is left of it: the
    rates of the destination and of the country of departure tell which.
    """
    off = 0
    for kind, discount in item.discounts.items():
        tax, price = item.taxes.get(kind), item.prices.get(kind, 0)
        if not tax:
            continue
        if discount == price:
            off += tax
            continue
        before = _fitting(tax, price, order)
        if before is not None:
            off += vat_inside(discount, before)
        elif _fitting(tax, price - discount, order) is None:
            return None
    return off


def _fitting(tax: int, gross: int, order: ReportedOrder) -> Decimal | None:
    on = local_date(order.updated_utc) if order.updated_utc else None
    if on is None:
        return None
    arrival = territory_of(order.country, order.postal_code).rates
    rates = [rate.percent for area in (arrival, "NL") for rate in rates_in_force(area, on)]
    fitting = [rate for rate in rates if rate and abs(vat_inside(gross, rate) - tax) <= 1]
    return min(fitting, key=lambda rate: abs(vat_inside(gross, rate) - tax), default=None)


def _stamp(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""
