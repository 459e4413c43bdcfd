"""What the ledger knows of the orders in a settlement: documents, payments, earlier decisions.

A settlement that is planned once must come out the same when it is read again, also after orders
were booked in between. So what was decided for it before (parked orders, refunds on hold, the
amounts paid) is read back from its own bookings' facts and stays.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind

# Documents that another coupling or a person made; the pipeline adds them to BOOKED so.
FOREIGN = "ext:"
# What the facts of a suspense booking keep for the next reading of the same settlement.
DECISIONS = ("orders", "refunds", "held", "kinds")


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a credit note in the books.

    Attributes:
        booking: natural key.
        gross_cents: in EUR, negative for a credit note.
        currency: of the order.
        currency_cents: gross in that currency.
        items: order item id and SKU of each item.
        invoice: for a credit note, the natural key of its invoice, "" when nobody tells.
        row: the BOOKED row, for those who need all of it.
    """

    booking: str
    invoice_number: str
    order_id: str
    relation_code: str
    settlement_id: str
    on: date
    gross_cents: int
    currency: str
    currency_cents: int
    items: tuple[tuple[str, str], ...]
    invoice: str
    row: Mapping[str, Any]

    @property
    def depends_on(self) -> str:
        """What a payment must wait for; nothing, when the document is not ours."""
        return "" if self.booking.startswith(FOREIGN) else self.booking

    @property
    def shipment_id(self) -> str:
        """The shipment that is invoiced, "" when the whole order is."""
        last = self.booking.rsplit(":", 1)[-1]
        return "" if last == "0" else last


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that a settlement made: cents in EUR, and in the settlement's currency."""

    settlement_id: str
    gross_cents: int
    currency_cents: int


@dataclass(frozen=True, slots=True)
class Known:
    """BOOKED, as far as it concerns one settlement.

    Attributes:
        invoices, credit_notes: per order, oldest first.
        payments: per invoice number.
        event_credit_note: order id and event id to the natural key of its credit note.
        numbers: every credit note number ever given, rejected ones too: none is given twice.
        own: natural keys of the settlement's own bookings.
        decided: what its suspense bookings say was decided, per order ("orders"), per order and
            refund event ("refunds"), per order for rows no invoice was found for ("held"), and per
            row kind ("kinds"): to a Place.
    """

    settlement_id: str
    invoices: Mapping[str, list[Document]]
    credit_notes: Mapping[str, list[Document]]
    payments: Mapping[str, list[Payment]]
    event_credit_note: Mapping[tuple[str, str], str]
    numbers: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    decided: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def paid_by_others(self, invoice_number: str) -> tuple[int, int]:
        """What other settlements paid on a number: EUR cents, cents in their currency."""
        others = [
            p
            for p in self.payments.get(invoice_number, ())
            if p.settlement_id != self.settlement_id
        ]
        return sum(p.gross_cents for p in others), sum(p.currency_cents for p in others)

    def own_payment(self, invoice_number: str) -> Payment | None:
        """What this settlement was already planned to pay on a number."""
        for payment in self.payments.get(invoice_number, ()):
            if payment.settlement_id == self.settlement_id:
                return payment
        return None

    def notes_on(self, invoice: Document) -> list[Document]:
        """Credit notes that were made on an invoice."""
        notes = self.credit_notes.get(invoice.order_id, [])
        return [note for note in notes if note.invoice in ("", invoice.booking)]

    def next_sequence(self, invoice_number: str) -> int:
        """Number of the next credit note on an invoice: `C<invoice>-<number>`."""
        start = f"C{invoice_number}-"
        given = [n.removeprefix(start).rstrip("R") for n in self.numbers if n.startswith(start)]
        return 1 + max((int(n) for n in given if n.isdigit()), default=0)


def known_of(booked: pd.DataFrame, settlement_id: str, orders: Collection[str]) -> Known:
    """The part of BOOKED that concerns a settlement with these orders."""
    usable = ~booked["state"].isin(NEVER_BOOKED)
    # Rows of fees have no order. Neither have bookings that a rebuild knows by their token only.
    named = [order for order in orders if order]
    concerns = booked["order_id"].isin(named) | (booked["settlement_id"] == settlement_id)
    invoices: dict[str, list[Document]] = defaultdict(list)
    credit_notes: dict[str, list[Document]] = defaultdict(list)
    payments: dict[str, list[Payment]] = defaultdict(list)
    events: dict[tuple[str, str], str] = {}
    decided: dict[str, dict[str, str]] = {what: {} for what in DECISIONS}
    found = booked[usable & concerns].sort_values(["date", "booking"]).to_dict("records")
    for row in cast("list[dict[str, Any]]", found):
        facts = json.loads(row["facts"] or "{}")
        kind = row["booking_kind"]
        if kind == BookingKind.INVOICE:
            invoices[row["order_id"]].append(_document(row, facts))
        elif kind == BookingKind.CREDIT_NOTE:
            credit_notes[row["order_id"]].append(_document(row, facts))
            for event in (row["booking"].split(":", 2)[-1], *facts.get("events", ())):
                events[row["order_id"], event] = row["booking"]
        elif kind == BookingKind.PAYMENT:
            cents = int(facts.get("currency_cents", row["gross_cents"]))
            payments[row["invoice_number"]].append(
                Payment(row["settlement_id"], int(row["gross_cents"]), cents)
            )
            if row["settlement_id"] == settlement_id:
                for event in facts.get("events", ()):
                    events[row["order_id"], event] = facts["document"]
        elif kind == BookingKind.MONEY and row["settlement_id"] == settlement_id:
            for what in DECISIONS:
                decided[what] |= {k: e["place"] for k, e in facts.get(what, {}).items()}
    is_note = concerns & (booked["booking_kind"] == BookingKind.CREDIT_NOTE.value)
    numbers = frozenset(booked.loc[is_note, "invoice_number"])
    own = frozenset(booked.loc[booked["settlement_id"] == settlement_id, "booking"])
    return Known(settlement_id, invoices, credit_notes, payments, events, numbers, own, decided)


def _document(row: Mapping[str, Any], facts: Mapping[str, Any]) -> Document:
    # Facts themselves stay text: hundreds of thousands of them parsed would fill the memory.
    gross = int(row["gross_cents"])
    return Document(
        booking=row["booking"],
        invoice_number=row["invoice_number"],
        order_id=row["order_id"],
        relation_code=row["relation_code"],
        settlement_id=row["settlement_id"],
        on=row["date"].date(),
        gross_cents=gross,
        currency=facts.get("currency", "EUR"),
        currency_cents=int(facts.get("currency_gross_cents", gross)),
        items=tuple(
            (str(item.get("order_item_id", "")), str(item.get("sku", "")))
            for item in facts.get("items", ())
        ),
        invoice=facts.get("invoice", ""),
        row=row,
    )
