"""A slice of history: its reports put together, and what is done with each of its orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.backfill import ReportKind
from amazon_eboekhouden.domain.order_reports import ReportedOrder, reported_orders
from amazon_eboekhouden.domain.reported_bookings import BookedOrder, is_unchanged
from amazon_eboekhouden.domain.reported_orders import Known, Need, need_of
from amazon_eboekhouden.domain.shipment_reports import Shipments, fulfilled_shipments
from amazon_eboekhouden.domain.vat_reports import VatReport, invoice_data

# Of the orders that the seller sent: how many are asked for, to see from where they left.
SAMPLE = 5


@dataclass(frozen=True, slots=True)
class ReportedSlice:
    """What the reports of a slice tell.

    Attributes:
        orders: by order id.
        known: what other reports tell of them.
    """

    orders: Mapping[str, ReportedOrder]
    known: Known

    def own_sample(self, settings: CouplingSettings) -> list[str]:
        """Some orders that the seller sent and that no report tells the departure of."""
        own = [
            one.order_id
            for one in self.orders.values()
            if not one.by_amazon
            and one.order_id not in self.known.sent
            and one.status == "SHIPPED"
            and need_of(one, self.known, settings) is None
        ]
        return own[:: max(1, len(own) // SAMPLE)][:SAMPLE]


def read_slice(reports: Iterable[tuple[ReportKind, bytes, str | None]]) -> ReportedSlice:
    """Read the reports of a slice; several of one kind complete each other.

    Args:
        reports: kind, content and declared character set; an empty one tells nothing.

    Raises:
        ReportFault: one is another kind of file.
    """
    orders: dict[str, ReportedOrder] = {}
    fulfilled, vat = Shipments(), VatReport()
    for kind, content, charset in reports:
        if not content:
            continue
        if kind is ReportKind.ORDERS:
            orders |= reported_orders(content, charset)
        elif kind is ReportKind.SHIPMENTS:
            fulfilled.update(fulfilled_shipments(content, charset))
        else:
            vat.update(invoice_data(content, charset))
    sent = vat.shipments.by_order()
    fulfilled.item_ids.update(vat.shipments.item_ids)
    known = Known(
        shipments={**sent, **fulfilled.by_order()},
        sent=sent,
        vat=vat.facts,
        items=vat.items(),
        item_ids=fulfilled.item_ids,
    )
    return ReportedSlice(orders, known)


@dataclass(frozen=True, slots=True)
class SortedOrders:
    """What is done with each order of a slice.

    Attributes:
        to_read: the reports tell enough.
        to_ask: Amazon must be asked.
        unchanged: how many stand in the books as they are shown.
        needs: why Amazon must be asked, counted.
    """

    to_read: Sequence[str]
    to_ask: Sequence[str]
    unchanged: int
    needs: Mapping[str, int]


def sort_out(
    told: ReportedSlice,
    settings: CouplingSettings,
    booked: Mapping[str, BookedOrder],
    listed: Collection[str],
    asked: Collection[str],
) -> SortedOrders:
    """Sort the orders of a slice.

    Args:
        told: by its reports.
        settings: of the coupling.
        booked: what stands in the books, by order id.
        listed: orders on the list of what was held: looked at again, changed or not.
        asked: those that Amazon was asked for already.
    """
    to_read, to_ask = [], []
    unchanged, needs = 0, Counter[str]()
    for order_id, order in told.orders.items():
        if order_id in asked:
            continue
        before = booked.get(order_id)
        if before is not None and order_id not in listed and is_unchanged(order, before):
            unchanged += 1
            continue
        need = need_of(order, told.known, settings)
        if before is not None and order.status != "CANCELLED":
            need = need or Need.CHANGED  # What changed after booking is judged by all of it.
        if need is None:
            to_read.append(order_id)
        else:
            to_ask.append(order_id)
            needs[need.value] += 1
    return SortedOrders(to_read, to_ask, unchanged, dict(sorted(needs.items())))
