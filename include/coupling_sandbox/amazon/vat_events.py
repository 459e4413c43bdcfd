"""What VAT reports tell of: each shipment and each refund, with the VAT of every part.

They tell what the Orders API doesn't: where a parcel left, the VAT rate and the buyer's VAT number.
Only the generator knows these, so VAT reports know generated orders only.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import tenths, vat_inside
from coupling_sandbox.amazon.order_reports import stored_orders
from coupling_sandbox.amazon.orders import LAG
from coupling_sandbox.amazon.places import BY_NAME
from coupling_sandbox.amazon.service import Asked
from coupling_sandbox.amazon.shelf import ms
from coupling_sandbox.amazon.shown import Shown, inner, shown_items

SELLER_VAT_NUMBER = "NL001234567B01"
# Refunds have further parts (goodwill, restocking, return shipping), without VAT: not told here.
_PARTS = ("goods", "shipping", "gift_wrap", "discount", "shipping_discount")


@dataclass(frozen=True)
class Line:
    """One item of an event: ``gross`` by part in cents, negative when given back.

    ``sold_cents`` is what the goods were sold for, with the VAT in it.
    """

    item: Mapping[str, Any]
    rate_percent: str
    currency: str
    gross: Mapping[str, int]
    sold_cents: int

    def amounts(self, part: str) -> tuple[int, int]:
        """Return (including VAT, the VAT in it) of a part."""
        incl = self.gross.get(part, 0)
        return incl, vat_inside(incl, tenths(self.rate_percent))

    @property
    def is_whole(self) -> bool:
        """Whether all of the item comes back (of a refund)."""
        return 0 < self.sold_cents <= -self.gross.get("goods", 0)


@dataclass(frozen=True)
class Event:
    """A shipment, or a refund when ``refund`` is set."""

    truth: Mapping[str, Any]
    order: Mapping[str, Any]
    shipment_id: str
    at: datetime
    lines: tuple[Line, ...]
    refund: Mapping[str, Any] | None = None

    @property
    def marketplace_id(self) -> str:
        """Where it was sold."""
        return BY_NAME[self.truth["marketplace"]].id

    @property
    def transaction_id(self) -> str:
        """The event's own name."""
        return str(self.refund["refund_id"]) if self.refund else f"T{self.shipment_id}"

    @property
    def address(self) -> Mapping[str, Any]:
        """Where it goes, as far as the order says."""
        return inner(self.order, "recipient", "deliveryAddress")

    @property
    def exported(self) -> bool:
        """Whether it left the European Union's VAT area."""
        return self.truth["sale_kind"] in ("export", "facilitator")

    def invoice_number(self) -> str:
        """Return the number of Amazon's invoice: fourteen characters, the last its kind."""
        kinds = {"oss": "UQ", "facilitator": "DD"}.get(self.truth["sale_kind"], "IC")
        # The middle of an order's number is different for every generated order.
        order = self.truth["order_id"].split("-")[1]
        shipment = [one["shipment_id"] for one in self.truth["shipments"]].index(self.shipment_id)
        refund = self.truth["refunds"].index(self.refund) + 1 if self.refund else 0
        kind = kinds[1 if self.refund else 0]
        return f"{self.truth['ship_from']}{order}{shipment:02d}{refund:02d}{kind}"


def events_between(asked: Asked, start: datetime, end: datetime) -> Iterator[Event]:
    """Yield every shipment and refund that happened in a span of time."""
    visible = ms(asked.now - LAG)
    for body in asked.amazon.shop.truth(asked.seller, "order"):
        truth = json.loads(body)
        if _is_sale(truth) and any(start <= at < end for at in _moments(truth)):
            order = asked.amazon.shop.order(asked.seller, truth["order_id"], visible)
            if order is not None:
                own = _events(truth, json.loads(order))
                yield from (one for one in own if start <= one.at < end)


def events_of_orders(asked: Asked, start: datetime, end: datetime) -> Iterator[Event]:
    """Yield every shipment and refund so far of the orders placed in a span of time."""
    for order in stored_orders(asked, "created", start, end):
        truth = asked.amazon.shop.truth_of(asked.seller, "order", order["orderId"])
        if truth is not None and _is_sale(truth):
            yield from (one for one in _events(truth, order) if one.at <= asked.now)


def shown_vat_number(asked: Asked, truth: Mapping[str, Any]) -> str:
    """Return the buyer's VAT number as reports show it, which was once encrypted by mistake."""
    number = str(truth["vat_number"])
    if number and asked.amazon.options.encrypted_vat_numbers:
        return "AQICAHh" + number.encode().hex().upper() * 4 + "=="
    return number


def _is_sale(truth: Mapping[str, Any]) -> bool:
    return "shipped_utc" in truth and truth["expected"] != "skipped"


def _moments(truth: Mapping[str, Any]) -> Iterator[datetime]:
    for one in truth["shipments"]:
        yield datetime.fromisoformat(one["shipped_utc"])
    for one in truth["refunds"]:
        yield datetime.fromisoformat(one["posted_utc"])


def _events(truth: Mapping[str, Any], order: Mapping[str, Any]) -> Iterator[Event]:
    rates = {one["item_id"]: one["rate_percent"] for one in truth["items"]}
    shown = {str(one.item.get("orderItemId", "")): one for one in shown_items(order)}
    place = {item: one["shipment_id"] for one in truth["shipments"] for item in one["items"]}

    def line(item_id: str, gross: Mapping[str, int] | None = None) -> Line:
        own: Shown = shown[item_id]
        sold = {part: own.gross(part) for part in _PARTS if own.gross(part) or part == "goods"}
        told = sold if gross is None else gross
        return Line(own.item, rates[item_id], own.currency, told, own.gross("goods"))

    for one in truth["shipments"]:
        at = datetime.fromisoformat(one["shipped_utc"])
        lines = tuple(line(item) for item in one["items"] if item in shown)
        yield Event(truth, order, one["shipment_id"], at, lines)
    for refund in truth["refunds"]:
        at = datetime.fromisoformat(refund["posted_utc"])
        back = {
            one["item_id"]: {part: one["parts_cents"].get(part, 0) for part in _PARTS}
            for one in refund["items"]
        }
        for shipment in dict.fromkeys(place[item] for item in back):
            lines = tuple(
                line(item, gross)
                for item, gross in back.items()
                if place[item] == shipment and item in shown and any(gross.values())
            )
            if lines:
                yield Event(truth, order, shipment, at, lines, refund)
