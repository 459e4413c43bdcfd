"""Which invoice an order's rows pay: the ladder of accounting rule 9.1, first hit wins.

An order almost always has one invoice, and then its rows are summed once, blank SKUs and all. Only
an order with several invoices (one per shipment) is looked at by shipment, item and SKU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.corrections import in_place_of
from amazon_eboekhouden.domain.settlement.known import ITEM, SKU, Document, Known
from amazon_eboekhouden.domain.settlement.places import Choice, Place


@dataclass(frozen=True, slots=True)
class OrderPart:
    """Rows of one order that belong together; cents in the settlement's currency."""

    order_id: str
    shipment_id: str
    order_item_code: str
    sku: str
    posted: date
    cents: int


def choose_invoices(
    parts: Sequence[OrderPart], known: Known, settings: CouplingSettings
) -> list[Choice]:
    """A choice per part of one order.

    Args:
        parts: all parts of the order in this settlement.
        known: what the ledger knows.
        settings: the coupling's.
    """
    order_id = parts[0].order_id
    total = sum(part.cents for part in parts)
    if not order_id:
        held = Choice(Place.HELD, "no order id", 0, problem="settlement-row-without-order")
        return [held] * len(parts)
    decided = known.decided["orders"].get(order_id)
    invoices = _standing(order_id, known)
    if total == 0 and all(part.cents == 0 for part in parts):
        return [Choice(Place.NOTHING, "the rows of the order cancel out")] * len(parts)
    if decided or not invoices:
        return [_waiting(decided, parts, settings)] * len(parts)
    if total < 0:
        taken = Choice(Place.HELD, "sales rows below zero", 0, problem="settlement-order-negative")
        return [taken] * len(parts)
    if len(invoices) == 1:
        return [_only(part, total, invoices[0]) for part in parts]
    return _ladder(parts, invoices, known)


def _standing(order_id: str, known: Known) -> list[Document]:
    """The order's invoices without those that another took the place of."""
    found = known.invoices.get(order_id, [])
    if len(found) < 2:
        return found
    paid = [one.invoice_number for one in found if known.own_payment(one.invoice_number)]
    return in_place_of(found, paid)


def _waiting(decided: str | None, parts: Sequence[OrderPart], settings: CouplingSettings) -> Choice:
    before = max(part.posted for part in parts) < settings.books.go_live
    place = Place(decided) if decided else (Place.BEFORE_GO_LIVE if before else Place.PARKED)
    if place is Place.BEFORE_GO_LIVE:
        return Choice(place, "posted before go-live", 0, problem="settlement-order-before-go-live")
    return Choice(place, "settled before it was invoiced", 0, problem="settlement-order-parked")


def _only(part: OrderPart, total: int, invoice: Document) -> Choice:
    if part.shipment_id and part.shipment_id == invoice.shipment_id:
        return _pays(invoice, 100, "order and shipment")
    if part.order_item_code and part.order_item_code in _items(invoice, ITEM):
        return _pays(invoice, 95, "order and order item")
    if part.sku and part.sku in _items(invoice, SKU):
        return _pays(invoice, 90, "order and SKU")
    if total == invoice.currency_cents:
        return _pays(invoice, 85, "order and amount")
    return _pays(invoice, 75, "order id, its only invoice")


def _ladder(parts: Sequence[OrderPart], invoices: list[Document], known: Known) -> list[Choice]:
    choices = _with_their_shipment(parts, [_by_identity(part, invoices) for part in parts])
    taken = {choice.document for choice in choices if choice}
    free = [invoice for invoice in invoices if invoice.booking not in taken]
    if parts[0].order_id in known.decided["held"]:
        return [choice or _HELD for choice in choices]
    rest = {n: part for n, part in enumerate(parts) if choices[n] is None}
    by_shipment = _exact_per_shipment(list(rest.values()), free, known)
    taken = {choice.document for choice in by_shipment.values()}
    left = [part for part in rest.values() if part.shipment_id not in by_shipment]
    fallback = _by_amount(
        sum(part.cents for part in left), [i for i in free if i.booking not in taken], known
    )
    return [
        choice or by_shipment.get(part.shipment_id, fallback)
        for part, choice in zip(parts, choices, strict=True)
    ]


def _with_their_shipment(
    parts: Sequence[OrderPart], choices: list[Choice | None]
) -> list[Choice | None]:
    """Rows of one shipment pay one invoice: those without an item go with those that have one."""
    found: dict[str, dict[str, Choice]] = {}
    for part, choice in zip(parts, choices, strict=True):
        if choice and part.shipment_id:
            found.setdefault(part.shipment_id, {})[choice.document] = choice
    certain = {
        shipment: _pays_document(document, 90, "order, with the rest of its shipment")
        for shipment, documents in found.items()
        if len(documents) == 1
        for document in documents
    }
    return [
        choice or certain.get(part.shipment_id) for part, choice in zip(parts, choices, strict=True)
    ]


def _exact_per_shipment(
    parts: Sequence[OrderPart], invoices: list[Document], known: Known
) -> dict[str, Choice]:
    """Shipment id to the only open invoice of exactly its amount."""
    sums: dict[str, int] = {}
    for part in parts:
        if part.shipment_id:
            sums[part.shipment_id] = sums.get(part.shipment_id, 0) + part.cents
    found = {}
    for shipment, cents in sums.items():
        exact = [i for i in invoices if _remaining(i, known) == cents]
        if len(exact) == 1 and list(sums.values()).count(cents) == 1:
            found[shipment] = _pays(exact[0], 80, "order and amount of the shipment")
    return found


def _remaining(invoice: Document, known: Known) -> int:
    return invoice.currency_cents - known.paid_by_others(invoice.invoice_number)[1]


def _by_identity(part: OrderPart, invoices: list[Document]) -> Choice | None:
    tests = (
        (100, "order and shipment", part.shipment_id, lambda i: (i.shipment_id,)),
        (95, "order and order item", part.order_item_code, lambda i: _items(i, ITEM)),
        (90, "order and SKU", part.sku, lambda i: _items(i, SKU)),
    )
    for confidence, reason, key, keys_of in tests:
        hits = [invoice for invoice in invoices if key and key in keys_of(invoice)]
        if len(hits) == 1:
            return _pays(hits[0], confidence, reason)
    return None


def _by_amount(cents: int, invoices: list[Document], known: Known) -> Choice:
    """For parts that no identity explains: the amount, else the only invoice still open."""
    exact = [i for i in invoices if _remaining(i, known) == cents]
    if exact:  # Several of the same amount: any is right, the oldest is paid first.
        return _pays(exact[0], 80 if len(exact) == 1 else 60, "order and amount")
    still_open = [i for i in invoices if _remaining(i, known) > 0]
    if len(still_open) == 1:
        return _pays(still_open[0], 70, "order id, its only open invoice")
    return _HELD


_HELD = Choice(Place.HELD, "several invoices fit", 0, problem="settlement-order-ambiguous")


def _items(invoice: Document, which: int) -> set[str]:
    return {item[which] for item in invoice.items}


def _pays(invoice: Document, confidence: int, reason: str) -> Choice:
    return _pays_document(invoice.booking, confidence, reason)


def _pays_document(booking: str, confidence: int, reason: str) -> Choice:
    return Choice(Place.INVOICE, reason, confidence, booking, booking)
