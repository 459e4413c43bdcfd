"""What others booked: invoices of another coupling that a settlement pays, payments made by hand.

Orders from before go-live were invoiced elsewhere. Their open items are found by the order id in
the invoice number, else by amount and date; the second is only ever proposed, a person approves.
Source: accounting rule 9.2.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.books import OpenItem
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.known import FOREIGN
from amazon_eboekhouden.domain.settlement.places import Place

# Amazon posts an order when it ships; invoices are dated around that day.
DAYS_APART = 14
BY_NUMBER, BY_AMOUNT = "number", "amount"
# A payment in one of these states is in the books, or may be.
_SENT = ("CONFIRMED", "UNKNOWN", "SENDING", "DRIFTED")


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An order of a settlement that this coupling never invoiced; cents of EUR."""

    order_id: str
    posted: date
    cents: int


@dataclass(frozen=True, slots=True)
class Found:
    """The open item of somebody else's invoice that an order pays.

    Attributes:
        order_id: Amazon's.
        item: the open item.
        how: BY_NUMBER or BY_AMOUNT; the second waits for a person.
    """

    order_id: str
    item: OpenItem
    how: str


def unpaid_orders(matched: pd.DataFrame) -> list[Unpaid]:
    """Orders of a settlement in euros from before go-live that no invoice was found for."""
    rows = matched[
        (matched["place"] == Place.BEFORE_GO_LIVE)
        & (matched["event"] == "")
        & (matched["order_id"] != "")
    ]
    sums = rows.groupby("order_id", observed=True).agg(
        posted=("posted", "max"), cents=("amount_cents", "sum")
    )
    return [
        Unpaid(str(row.Index), row.posted.date(), int(row.cents))
        for row in each(sums)
        if row.cents > 0
    ]


def find_items(
    orders: Sequence[Unpaid], items: Iterable[OpenItem], own_numbers: frozenset[str]
) -> list[Found]:
    """The open item of each order, as far as it is certain which one it is.

    Args:
        orders: from `unpaid_orders`.
        items: the debtors' open items.
        own_numbers: invoice numbers that this coupling gave.
    """
    free = [item for item in items if item.invoice_number not in own_numbers]
    free = [item for item in free if item.open_cents > 0 and item.invoice_number]
    found = []
    for order in orders:
        named = [item for item in free if order.order_id in item.invoice_number]
        if len(named) == 1:
            found.append(Found(order.order_id, named[0], BY_NUMBER))
    taken = {one.item.invoice_number for one in found}
    left = [o for o in orders if o.order_id not in {one.order_id for one in found}]
    free = [item for item in free if item.invoice_number not in taken]
    fitting = {o.order_id: [item for item in free if _fits(o, item)] for o in left}
    claims = Counter(item.invoice_number for items in fitting.values() for item in items)
    # Only what fits one another and nothing else: of two equal amounts nobody knows which is which.
    return found + [
        Found(order_id, items[0], BY_AMOUNT)
        for order_id, items in fitting.items()
        if len(items) == 1 and claims[items[0].invoice_number] == 1
    ]


def _fits(order: Unpaid, item: OpenItem) -> bool:
    near = abs((item.date - order.posted).days) <= DAYS_APART
    return near and item.open_cents == order.cents


def foreign_rows(found: Iterable[Found]) -> list[dict[str, Any]]:
    """Rows of BOOKED for invoices of others."""
    return [
        _row(one.order_id, one.item.invoice_number, one.item.relation_code, one.item.date,
             one.item.open_cents)
        for one in found
    ]  # fmt: skip


def foreign_rows_of_payments(booked: pd.DataFrame, settlement_id: str) -> list[dict[str, Any]]:
    """The same for what this settlement was already planned to pay: it stays so."""
    mine = booked[
        (booked["settlement_id"] == settlement_id)
        & (booked["booking_kind"] == BookingKind.PAYMENT.value)
        & ~booked["state"].isin(NEVER_BOOKED)
    ]
    rows = []
    for payment in each(mine):
        facts = json.loads(payment.facts or "{}")
        if str(facts.get("document", "")).startswith(FOREIGN):
            on = date.fromisoformat(facts["invoiced_on"])
            number, code = payment.invoice_number, payment.relation_code
            rows.append(_row(payment.order_id, number, code, on, int(facts["open_cents"])))
    return rows


def with_foreign(booked: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """BOOKED with the invoices of others."""
    if not rows:
        return booked
    return BOOKED.check(pd.concat([booked, BOOKED.of(rows)], ignore_index=True))


def _row(
    order_id: str, number: str, relation_code: str, on: date, open_cents: int
) -> dict[str, Any]:
    return {
        "booking": f"{FOREIGN}{number}",
        "booking_kind": BookingKind.INVOICE.value,
        "state": "CONFIRMED",
        "order_id": order_id,
        "settlement_id": "",
        "invoice_number": number,
        "relation_code": relation_code,
        "date": pd.Timestamp(on),
        "gross_cents": open_cents,
        "remote_id": "",
        "facts": "{}",
    }


def paid_by_hand(
    mutations: pd.DataFrame, booked: pd.DataFrame, items: Iterable[OpenItem]
) -> list[tuple[str, str, int, int]]:
    """Invoices that a settlement is about to pay and that somebody paid in the books already.

    Args:
        mutations: MUTATIONS of the settlement.
        booked: BOOKED.
        items: the debtors' open items, read after `booked`.

    Returns:
        order id, invoice number, what must be open, what is open.
    """
    open_there: Counter[str] = Counter()
    for item in items:
        open_there[item.invoice_number] += item.open_cents
    sent = set(booked.loc[booked["state"].isin(_SENT), "booking"])
    is_payment = (mutations["booking_kind"] == BookingKind.PAYMENT.value) & ~mutations[
        "booking"
    ].isin(sent)
    numbers = set(mutations.loc[is_payment & (mutations["gross_cents"] > 0), "invoice_number"])
    open_here = _open_by_our_bookings(booked, numbers)
    return [
        (payment.order_id, payment.invoice_number, ours, open_there[payment.invoice_number])
        for payment in each(mutations[is_payment])
        if (ours := open_here.get(payment.invoice_number)) is not None
        and open_there[payment.invoice_number] < min(ours, int(payment.gross_cents))
    ]


def _open_by_our_bookings(booked: pd.DataFrame, numbers: set[str]) -> dict[str, int]:
    """What is open on numbers whose bookings are all certain; others can't be judged."""
    mine = booked[booked["invoice_number"].isin(numbers) & ~booked["state"].isin(NEVER_BOOKED)]
    doubtful = set(mine.loc[mine["state"] != "CONFIRMED", "invoice_number"])
    certain = mine[~mine["invoice_number"].isin(doubtful)]
    is_payment = certain["booking_kind"] == BookingKind.PAYMENT.value
    signed = certain["gross_cents"].where(~is_payment, -certain["gross_cents"])
    sums = signed.groupby(certain["invoice_number"]).sum()
    return {str(number): int(cents) for number, cents in sums.items()}
