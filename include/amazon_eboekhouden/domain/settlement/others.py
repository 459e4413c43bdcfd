"""What others booked: open items of another coupling that a settlement pays.

Orders from before go-live were invoiced elsewhere. Their open items are found by the order id in
the invoice's number, description or voucher, else by amount and date; the second is only ever
proposed, a person approves. Source: accounting rule 9.2.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind, MutationKind
from amazon_eboekhouden.domain.books import BookedMutation, OpenItem
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.known import FOREIGN
from amazon_eboekhouden.domain.settlement.places import Place

# Amazon posts an order when it ships; invoices are dated around that day.
DAYS_APART = 14
# What was sent before go-live may be paid so long after it: Amazon defers.
DEFERRED_DAYS = 60
# As Amazon writes one: 402-1234567-1234567, S01-1234567-1234567 for orders of other channels.
_ORDER_ID = re.compile(r"[A-Z0-9]{3}-\d{7}-\d{7}")
BY_ORDER_ID, BY_AMOUNT = "order_id", "amount"
# Beyond so many the problem only counts them.
_NAMED_MOST = 5


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An order of a settlement that this coupling never invoiced.

    Attributes:
        order_id: Amazon's.
        posted: local date.
        cents: EUR.
        may_be_ours: it was posted after go-live: only its id tells that another invoiced it.
    """

    order_id: str
    posted: date
    cents: int
    may_be_ours: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The open item of somebody else's invoice that an order pays.

    Attributes:
        order_id: Amazon's.
        item: the open item.
        how: BY_ORDER_ID or BY_AMOUNT; the second waits for a person.
    """

    order_id: str
    item: OpenItem
    how: str


def unpaid_orders(matched: pd.DataFrame, go_live: date) -> list[Unpaid]:
    """Orders of a settlement in euros that were, or may have been, invoiced before go-live.

    Args:
        matched: MATCHED.
        go_live: first day of the coupling's own invoices.
    """
    last = pd.Timestamp(go_live + timedelta(days=DEFERRED_DAYS))
    rows = matched[
        matched["place"].isin([Place.BEFORE_GO_LIVE, Place.PARKED])
        & (matched["event"] == "")
        & (matched["order_id"] != "")
        & (matched["posted"] <= last)
    ]
    sums = rows.groupby("order_id", observed=True).agg(
        posted=("posted", "max"), cents=("amount_cents", "sum"), place=("place", "first")
    )
    return [
        Unpaid(str(row.Index), row.posted.date(), int(row.cents), row.place == Place.PARKED)
        for row in each(sums)
        if row.cents > 0
    ]


def invoices_naming(
    mutations: Iterable[BookedMutation], order_ids: Collection[str]
) -> dict[str, list[str]]:
    """Numbers of the invoices in the books that name an order, per order.

    Args:
        mutations: of the books, whoever made them.
        order_ids: Amazon's, of the orders that matter.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for one in mutations:
        if one.kind is MutationKind.SALES_INVOICE and one.invoice_number:
            text = f"{one.invoice_number}\n{one.description}\n{one.voucher}"
            for order_id in set(_ORDER_ID.findall(text)).intersection(order_ids):
                found[order_id].add(one.invoice_number)
    return {order_id: sorted(numbers) for order_id, numbers in sorted(found.items())}


def free_items(items: Iterable[OpenItem], own_numbers: Collection[str]) -> list[OpenItem]:
    """Open items that this coupling did not make and that a payment could close."""
    return [
        item
        for item in items
        if item.open_cents > 0 and item.invoice_number and item.invoice_number not in own_numbers
    ]


def find_items(
    orders: Sequence[Unpaid],
    free: Sequence[OpenItem],
    naming: Mapping[str, Collection[str]] | None = None,
) -> list[Found]:
    """The open item of each order, as far as it is certain which one it is.

    Args:
        orders: from `unpaid_orders`.
        free: from `free_items`.
        naming: from `invoices_naming`.
    """
    named = [
        (order, _named(order, free, (naming or {}).get(order.order_id, ()))) for order in orders
    ]
    claims = Counter(item.invoice_number for _, item in named if item)
    # An invoice over several orders is paid by none of them alone: a person must look.
    found = [
        Found(order.order_id, item, BY_ORDER_ID)
        for order, item in named
        if item and claims[item.invoice_number] == 1
    ]
    left = [order for order, item in named if item is None and not order.may_be_ours]
    rest = [item for item in free if item.invoice_number not in claims]
    fitting = {o.order_id: [item for item in rest if _fits(o, item)] for o in left}
    claims = Counter(item.invoice_number for items in fitting.values() for item in items)
    # Only what fits one another and nothing else: of two equal amounts nobody knows which is which.
    return found + [
        Found(order_id, items[0], BY_AMOUNT)
        for order_id, items in fitting.items()
        if len(items) == 1 and claims[items[0].invoice_number] == 1
    ]


def _named(order: Unpaid, free: Sequence[OpenItem], numbers: Collection[str]) -> OpenItem | None:
    hits = [
        item
        for item in free
        if order.order_id in item.invoice_number or item.invoice_number in numbers
    ]
    if len(hits) > 1:
        hits = [item for item in hits if item.open_cents == order.cents]
    return hits[0] if len(hits) == 1 else None


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


def to_approve(settlement_id: str, found: Sequence[Found], account: str) -> list[Problem]:
    """What a person must weigh: open items that only their amount and date point at.

    Args:
        settlement_id: Amazon's.
        found: from `find_items`.
        account: where their orders go when the person does not want them.
    """
    by_amount = [one for one in found if one.how == BY_AMOUNT]
    if not by_amount:
        return []
    return [
        problem(
            "settlement-invoices-of-others",
            f"settlement {settlement_id}",
            count=len(by_amount),
            amount=euros(sum(one.item.open_cents for one in by_amount)),
            found=few([f"{one.order_id} {one.item.invoice_number}" for one in by_amount]),
            account=account,
        )
    ]


def few(names: Sequence[str]) -> str:
    """Some of the names, and how many more there are."""
    more = len(names) - _NAMED_MOST
    return ", ".join(names[:_NAMED_MOST]) + (f" and {more} more" if more > 0 else "")


def shown(found: Iterable[Found]) -> list[dict[str, Any]]:
    """What was found, as plain values that `foreign_rows_shown` reads back."""
    return [
        {
            "order_id": one.order_id,
            "invoice": one.item.invoice_number,
            "relation": one.item.relation_code,
            "cents": one.item.open_cents,
            "date": one.item.date.isoformat(),
            "how": one.how,
        }
        for one in found
    ]


def foreign_rows_shown(values: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of BOOKED of what `shown` wrote down, without asking the books again."""
    return [
        _row(one["order_id"], one["invoice"], one["relation"], date.fromisoformat(one["date"]),
             one["cents"])
        for one in values
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
