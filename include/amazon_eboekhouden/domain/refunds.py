"""Refunds that Amazon's finances show, as credit notes: one per refund event, whoever tells first.

```
finances ──► seen before (an id)? ──► repeat it                      settlement ──► refunds.py there
             credited by the settlement, order and amount the same? ──► remember that it is the same
             waits on suspense of a settlement? ──► the settlement goes on with it
             else ──► a credit note on the invoice that can bear it, dated when the refund happened
```

Settlement rows stay the safety net: what is not decided here is booked there at the latest.
Source: accounting rules 7.1 and 7.2.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED, NOT_YET_BOOKED, facts_text
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.credit_notes import SeenInFinances, repeated, seen_in_finances
from amazon_eboekhouden.domain.finances import AmazonRefund
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, with_planned
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.credit_notes import new_note
from amazon_eboekhouden.domain.settlement.entries import Entries
from amazon_eboekhouden.domain.settlement.exchange import at_rate_of
from amazon_eboekhouden.domain.settlement.known import Document, Known, known_of
from amazon_eboekhouden.domain.settlement.refunds import bearing_invoices

# A settlement id that no settlement has: what a settlement decided is read apart.
_NO_SETTLEMENT = "-"


@dataclass(frozen=True, slots=True)
class RefundBookables:
    """What refund events become.

    Attributes:
        mutations, mutation_lines: MUTATIONS and MUTATION_LINES of credit notes, those that were
            asked for before among them.
        problems: refunds that a person or the settlement must decide, with their order.
        aliases: natural key of the booking that holds a refund, to ids of the refund that are new.
    """

    mutations: pd.DataFrame
    mutation_lines: pd.DataFrame
    problems: list[Problem]
    aliases: Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class _OnSuspense:
    """A refund that a settlement left on suspense, or on the account for before go-live."""

    booking: str
    cents: int
    posted: date


@dataclass
class _Desk:
    settings: CouplingSettings
    known: Known
    known_ids: Mapping[str, str]
    settled: Mapping[str, list[_OnSuspense]]
    held: Collection[str]
    taken: set[str]
    entries: Entries = field(default_factory=lambda: Entries("", ""))
    made: list[Document] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    aliases: dict[str, set[str]] = field(default_factory=dict)

    def report(self, code: str, refund: AmazonRefund, **details: Any) -> None:
        row = f"order {refund.order_id}"
        shown = {"amount": euros(-refund.cents), "currency": refund.currency, **details}
        shown["event"] = refund.event
        self.problems.append(problem(code, row, order_id=refund.order_id, **shown))


def refund_bookables(
    refunds: Iterable[AmazonRefund],
    booked: pd.DataFrame,
    planned: pd.DataFrame,
    settings: CouplingSettings,
    *,
    aliases: Mapping[str, str],
    held: Collection[str] = (),
    passed_over: Collection[str] = (),
) -> RefundBookables:
    """The credit notes of refund events.

    Args:
        refunds: events of finances.
        booked: BOOKED.
        planned: MUTATIONS of the same run: an invoice may be as new as its refund.
        settings: the coupling's.
        aliases: id of a refund to the booking that is known to hold it.
        held: orders that stand on the list of problems: their invoice may still come.
        passed_over: orders that a person chose to leave out.

    Problems:
        refund-amount-changed, refund-waits-for-invoice, refund-ambiguous, refund-too-large.
    """
    by_order: dict[str, list[AmazonRefund]] = {}
    for refund in sorted(refunds, key=lambda one: (one.posted_utc, one.event)):
        if refund.order_id not in passed_over and refund.days[0] >= settings.books.go_live:
            by_order.setdefault(refund.order_id, []).append(refund)
    if not by_order:
        return RefundBookables(MUTATIONS.empty(), MUTATION_LINES.empty(), [], {})
    own = booked[booked["order_id"].isin(by_order)]
    is_new = planned["order_id"].isin(by_order) & ~planned["booking"].isin(own["booking"])
    known = known_of(with_planned(own, planned[is_new]), _NO_SETTLEMENT, set(by_order))
    ids, taken = _seen_before(known, aliases)
    desk = _Desk(settings, known, ids, _on_suspense(booked, by_order), held, taken)
    states = dict(zip(own["booking"], own["state"], strict=True))
    for events in by_order.values():
        desk.made.clear()
        for refund in events:
            _handle(desk, refund, states)
    mutations, lines = desk.entries.frames()
    return RefundBookables(mutations, lines, desk.problems, desk.aliases)


def _seen_before(known: Known, aliases: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    """Booking per id of a refund, and the bookings that finances showed before."""
    ids = dict(aliases)
    for notes in known.credit_notes.values():
        for note in notes:
            seen = seen_in_finances(note.row)
            ids |= dict.fromkeys(seen.ids if seen else (), note.booking)
    return ids, set(ids.values())


def _on_suspense(booked: pd.DataFrame, orders: Collection[str]) -> dict[str, list[_OnSuspense]]:
    is_money = booked["booking_kind"].eq(BookingKind.MONEY.value)
    with_refunds = booked[is_money & booked["facts"].str.contains('"refunds"', regex=False)]
    found: dict[str, list[_OnSuspense]] = {}
    for key, text in zip(with_refunds["booking"], with_refunds["facts"], strict=True):
        for name, entry in json.loads(text)["refunds"].items():
            order_id = name.partition(":")[0]
            if order_id in orders:
                one = _OnSuspense(key, entry["cents"], date.fromisoformat(entry["posted"]))
                found.setdefault(order_id, []).append(one)
    return found


def _handle(desk: _Desk, refund: AmazonRefund, states: Mapping[str, str]) -> None:
    known = (desk.known_ids[name] for name in sorted(refund.ids) if name in desk.known_ids)
    natural = next((key for key in known if states.get(key) not in NEVER_BOOKED), "")
    if natural:
        _again(desk, refund, natural, states)
    elif refund.cents and not _settled_already(desk, refund):
        _new(desk, refund)


def _again(desk: _Desk, refund: AmazonRefund, natural: str, states: Mapping[str, str]) -> None:
    """A refund that was seen before: the same credit note, whatever its phase is by now."""
    desk.aliases[natural] = {name for name in refund.ids if name not in desk.known_ids}
    note = _note(desk, refund.order_id, natural)
    if note is None or note.settlement_id or seen_in_finances(note.row) is None:
        return
    if note.currency_cents != refund.cents and not _settled_since(desk, refund, note):
        booked, found = euros(-note.currency_cents), euros(-refund.cents)
        desk.report(
            "refund-amount-changed", refund, note=note.invoice_number, booked=booked, found=found
        )
    if states.get(natural) not in NOT_YET_BOOKED:
        invoices = desk.known.invoices.get(refund.order_id, [])
        number = next((i.invoice_number for i in invoices if i.booking == note.invoice), "")
        desk.entries.add_raw(*repeated(note.row, number))


def _settled_since(desk: _Desk, refund: AmazonRefund, note: Document) -> bool:
    """Whether a settlement paid the credit note, or lists the other amount itself."""
    listed = desk.settled.get(refund.order_id, ())
    return bool(desk.known.payments.get(note.invoice_number)) or any(
        one.cents == refund.cents for one in listed
    )


def _note(desk: _Desk, order_id: str, natural: str) -> Document | None:
    notes = desk.known.credit_notes.get(order_id, ())
    return next((note for note in notes if note.booking == natural), None)


def _settled_already(desk: _Desk, refund: AmazonRefund) -> bool:
    """Whether a settlement, or the cancellation of the order, took care of the same refund.

    The same order and amount, and not settled before it happened; of several the nearest day.
    """
    since = refund.days[0] - timedelta(days=1)
    found = [
        (abs(note.on - refund.days[-1]), note.booking)
        for note in desk.known.credit_notes.get(refund.order_id, ())
        if note.currency_cents == refund.cents and (not note.settlement_id or note.on >= since)
    ]
    found += [
        (abs(one.posted - refund.days[-1]), one.booking)
        for one in desk.settled.get(refund.order_id, ())
        if one.cents == refund.cents and one.posted >= since
    ]
    free = sorted(one for one in found if one[1] not in desk.taken)
    if not free:
        return False
    natural = free[0][1]
    desk.taken.add(natural)
    desk.aliases.setdefault(natural, set()).update(refund.ids)
    return True


def _new(desk: _Desk, refund: AmazonRefund) -> None:
    if not desk.known.invoices.get(refund.order_id):
        if refund.order_id in desk.held:
            desk.report("refund-waits-for-invoice", refund)
        return  # Sold before go-live, or not sold here: the settlement says so.
    if other := _same_day(desk, refund):
        booked, found = euros(-other.currency_cents), euros(-refund.cents)
        desk.report(
            "refund-amount-changed", refund, note=other.invoice_number, booked=booked, found=found
        )
        return
    bearing = bearing_invoices(
        refund.order_id, refund.shipment_id, refund.cents, desk.known, items=refund.per_item.keys()
    )
    if len(bearing) > 1 or (bearing and bearing[0].currency != refund.currency):
        desk.report("refund-ambiguous", refund)
        return
    invoice = bearing[0] if bearing else desk.known.invoices[refund.order_id][0]
    if at_rate_of(invoice, refund.cents) == 0:
        return  # Less than a cent: the settlement's differences take it.
    answer = new_note(
        desk.entries,
        invoice,
        desk.known,
        refund.event,
        refund.cents,
        _day(desk, refund),
        reason=refund.line,
        made=desk.made,
        per_item=refund.per_item,
    )
    if isinstance(answer, Problem):
        desk.problems.append(answer)
        return
    desk.made.append(answer)
    _mark(desk.entries, refund)


def _same_day(desk: _Desk, refund: AmazonRefund) -> Document | None:
    """A settlement's credit note of the same day over another amount: most likely the same."""
    for note in desk.known.credit_notes.get(refund.order_id, ()):
        if note.settlement_id and note.booking not in desk.taken and note.on in refund.days:
            return note
    return None


def _day(desk: _Desk, refund: AmazonRefund) -> date:
    """When the refund happened; in a period that is closed: the first day after it."""
    closed = desk.settings.books.closed_through
    return max(refund.days[0], closed + timedelta(days=1)) if closed else refund.days[0]


def _mark(entries: Entries, refund: AmazonRefund) -> None:
    """Let the facts of the credit note that was made last say under which ids it was seen."""
    mutation = cast("dict[str, Any]", entries.mutations[-1])
    seen = SeenInFinances(refund.ids, refund.days, refund.is_estimate)
    facts = {**json.loads(mutation["facts"]), "finances": seen.as_facts()}
    entries.mutations[-1] = {**mutation, "facts": facts_text(facts)}


def alias_id(refund_id: str) -> str:
    """How an id of finances stands in the ledger's table of aliases."""
    return f"finances:{refund_id}"


def refund_ids(refunds: Sequence[AmazonRefund]) -> set[str]:
    """All ids of these refunds."""
    return {name for refund in refunds for name in refund.ids}
