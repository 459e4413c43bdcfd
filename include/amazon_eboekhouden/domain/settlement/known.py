"""What the ledger knows of the orders in a settlement: documents, payments, earlier decisions.

A settlement that is planned once must come out the same when it is read again, also after orders
were booked in between. So what was decided for it before (parked orders, refunds on hold, the
amounts paid) is read back from its own bookings' facts and stays.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import numpy as np
import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED, shipment_of
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.settlement.groups import Item

# Documents that another coupling or a person made; the pipeline adds them to BOOKED so.
FOREIGN = "ext:"
# What the facts of a suspense booking keep for the next reading of the same settlement.
DECISIONS = ("orders", "refunds", "held", "kinds")
ITEM, SKU = 0, 1  # Places in an Item.


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a credit note in the books.

    Attributes:
        booking: natural key.
        gross_cents: in EUR, negative for a credit note.
        currency: of the order.
        currency_cents: gross in that currency.
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
    items: tuple[Item, ...]
    invoice: str
    row: Mapping[str, Any]

    @property
    def depends_on(self) -> str:
        """What a payment must wait for; nothing, when the document is not ours."""
        return "" if self.booking.startswith(FOREIGN) else self.booking

    @property
    def shipment_id(self) -> str:
        """The shipment that is invoiced, "" when the whole order is."""
        last = shipment_of(self.booking)
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
    invoices: Documents
    credit_notes: Documents
    payments: Mapping[str, list[Payment]]
    event_credit_note: Mapping[tuple[str, str], str]
    numbers: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    decided: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def invoice(self, order_id: str, booking: str) -> Document:
        """An invoice of an order, by its natural key.

        Raises:
            KeyError: the order has no such invoice.
        """
        for found in self.invoices[order_id]:
            if found.booking == booking:
                return found
        raise KeyError(booking)

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


class Documents(Mapping[str, list[Document]]):
    """Invoices or credit notes per order, oldest first; each is made when it is asked for.

    A settlement may pay hundreds of thousands of invoices: all of them at once would fill the
    memory.

    Args:
        booked: BOOKED.
        rows: positions in it.
        orders: number of its order per position, below zero for one that does not matter.
        number: order id to its number.
    """

    def __init__(
        self, booked: pd.DataFrame, rows: np.ndarray, orders: np.ndarray, number: Mapping[str, int]
    ) -> None:
        self._columns = {name: booked[name].array for name in booked.columns}
        self._number = number
        by_order = np.argsort(orders, kind="stable")
        self._rows = rows[by_order]
        self._starts = np.searchsorted(orders[by_order], np.arange(len(number) + 1))

    def __getitem__(self, order_id: str) -> list[Document]:
        at = self._number[order_id]
        rows = self._rows[self._starts[at] : self._starts[at + 1]]
        if not len(rows):
            raise KeyError(order_id)
        found = [_document(_BookedRow(self._columns, int(row))) for row in rows]
        return found if len(found) == 1 else sorted(found, key=lambda d: (d.on, d.booking))

    def __iter__(self) -> Iterator[str]:
        return (order for order, n in self._number.items() if self._count[n])

    def __len__(self) -> int:
        return int(np.count_nonzero(self._count))

    @property
    def _count(self) -> np.ndarray:
        return np.diff(self._starts)

    def several(self) -> frozenset[str]:
        """The orders that have more than one."""
        more = self._count > 1
        return frozenset(order for order, n in self._number.items() if more[n])


class _BookedRow(Mapping[str, Any]):
    """A row of BOOKED, its values looked up when they are asked for."""

    def __init__(self, columns: Mapping[str, Any], row: int) -> None:
        self._columns = columns
        self._row = row

    def __getitem__(self, name: str) -> Any:
        value = self._columns[name][self._row]
        return value.item() if isinstance(value, np.generic) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def known_of(booked: pd.DataFrame, settlement_id: str, orders: Collection[str]) -> Known:
    """The part of BOOKED that concerns a settlement with these orders."""
    usable = ~booked["state"].isin(NEVER_BOOKED)
    # Rows of fees have no order. Neither have bookings that a rebuild knows by their token only.
    number = {order: n for n, order in enumerate(filter(None, orders))}
    order = np.fromiter(
        (number.get(order_id, -1) for order_id in booked["order_id"]), "int32", count=len(booked)
    )
    concerns = (booked["settlement_id"] == settlement_id) | (order >= 0)
    rows = np.flatnonzero((usable & concerns).to_numpy())
    kind = booked["booking_kind"].iloc[rows]
    is_invoice = (kind == BookingKind.INVOICE.value).to_numpy()
    is_note = (kind == BookingKind.CREDIT_NOTE.value).to_numpy()
    payments: dict[str, list[Payment]] = defaultdict(list)
    events: dict[tuple[str, str], str] = {}
    decided: dict[str, dict[str, str]] = {what: {} for what in DECISIONS}
    found = booked.iloc[rows[~is_invoice]].sort_values(["date", "booking"]).to_dict("records")
    for row in cast("list[dict[str, Any]]", found):
        facts = json.loads(row["facts"] or "{}")
        kind = row["booking_kind"]
        if kind == BookingKind.CREDIT_NOTE:
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
    given = concerns & (booked["booking_kind"] == BookingKind.CREDIT_NOTE.value)
    numbers = frozenset(booked.loc[given, "invoice_number"])
    own = frozenset(booked.loc[booked["settlement_id"] == settlement_id, "booking"])
    invoices, notes = (
        Documents(booked, rows[chosen], order[rows[chosen]], number)
        for chosen in (is_invoice, is_note)
    )
    return Known(settlement_id, invoices, notes, payments, events, numbers, own, decided)


def _document(row: Mapping[str, Any]) -> Document:
    facts = json.loads(row["facts"] or "{}")
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
