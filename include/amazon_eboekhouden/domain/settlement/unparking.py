"""Orders that were settled before they were invoiced: off suspense as soon as the invoice exists.

The money goes back to the clearing account of its settlement and pays the invoice from there, so
that clearing stays zero and the payment carries the settlement that made it. Source: accounting
rule 9.2 (worked case G25).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.bookings import BookingKind, MutationLine
from amazon_eboekhouden.domain.corrections import in_place_of
from amazon_eboekhouden.domain.frames import with_planned
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement.credit_notes import new_note
from amazon_eboekhouden.domain.settlement.entries import Entries, dates_of, plain_line
from amazon_eboekhouden.domain.settlement.exchange import Exchange
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.known import Document, Known, known_of
from amazon_eboekhouden.domain.settlement.money_entries import unpark_key
from amazon_eboekhouden.domain.settlement.payments import Paid, paid_on
from amazon_eboekhouden.domain.settlement.places import Place
from amazon_eboekhouden.domain.settlement.refunds import RefundEvent, waiting_note


@dataclass(frozen=True, slots=True)
class Parked:
    """Money of an order, or of one of its refunds, on suspense.

    Attributes:
        booking: the suspense mutation that holds it.
        event: refund event, "" for the order itself.
        eur_cents: what stands on suspense, below zero for a refund.
        cents: the same in the settlement's currency.
    """

    booking: str
    settlement_id: str
    order_id: str
    event: str
    eur_cents: int
    cents: int
    currency: str
    posted: date


def unpark(booked: pd.DataFrame, settings: CouplingSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Move parked orders to their invoices, as far as those exist by now.

    Args:
        booked: BOOKED.
        settings: the coupling's.

    Returns:
        MUTATIONS and MUTATION_LINES: per order one from suspense to clearing and one payment; with
        a parked refund also its credit note, the payment back and one to suspense.
    """
    mutations: list[pd.DataFrame] = []
    lines: list[pd.DataFrame] = []
    done = set(booked["booking"])
    invoiced = set(booked.loc[booked["booking_kind"] == BookingKind.INVOICE.value, "order_id"])
    waiting = {
        key: found
        for key, found in _by_order(booked).items()
        if key[1] in invoiced and not _keys(*key, found) & done
    }
    concerned = booked[
        booked["order_id"].isin([order_id for _, order_id in waiting])
        | booked["settlement_id"].isin([settlement_id for settlement_id, _ in waiting])
    ]
    # Payments first: the refund of an order may wait in a settlement that comes before its own.
    for settlement_id, order_id in sorted(waiting, key=lambda key: _only_refunds(waiting[key])):
        found = waiting[settlement_id, order_id]
        known = known_of(concerned, settlement_id, {order_id})
        if _only_refunds(found) and not _is_settled(known, order_id):
            continue  # The payment of its order still waits: it goes first.
        clearing = settings.accounts.clearing.of(found[0].currency)
        closed = settings.books.closed_through
        entries = Entries(settlement_id, clearing, closed, dates_of(concerned, settlement_id))
        _unpark_order(entries, found, known, settings)
        made, made_lines = entries.frames()
        concerned = with_planned(concerned, made)
        mutations.append(made)
        lines.append(made_lines)
    if not mutations:
        return Entries("", "").frames()
    return pd.concat(mutations, ignore_index=True), pd.concat(lines, ignore_index=True)


def _only_refunds(found: list[Parked]) -> bool:
    return all(parked.event for parked in found)


def _keys(settlement_id: str, order_id: str, found: list[Parked]) -> set[str]:
    """What the move of these amounts is booked under, where it was made."""
    key = unpark_key(settlement_id, order_id)
    return {key if not one.event else f"{key}:{one.event}" for one in found}


def _is_settled(known: Known, order_id: str) -> bool:
    invoices = known.invoices.get(order_id, [])
    return any(known.payments.get(invoice.invoice_number) for invoice in invoices)


def parked_orders(booked: pd.DataFrame) -> frozenset[str]:
    """Orders whose money waits for their invoice on suspense, whichever settlement paid it.

    Args:
        booked: BOOKED.
    """
    done = set(booked["booking"])
    return frozenset(
        order_id
        for (settlement_id, order_id), found in _by_order(booked).items()
        if any(not one.event for one in found) and unpark_key(settlement_id, order_id) not in done
    )


def still_parked(booked: pd.DataFrame) -> set[tuple[str, str]]:
    """Settlement and order of all money on suspense that has not reached its invoice.

    Args:
        booked: BOOKED.
    """
    there = set(booked.loc[booked["state"] == "CONFIRMED", "booking"])
    return {
        (settlement_id, order_id)
        for (settlement_id, order_id), found in _by_order(booked).items()
        if not _keys(settlement_id, order_id, found) <= there
    }


def _by_order(booked: pd.DataFrame) -> dict[tuple[str, str], list[Parked]]:
    is_suspense = booked["booking"].str.startswith("mny:") & booked["booking"].str.contains(
        ":suspense", regex=False
    )
    found: dict[tuple[str, str], list[Parked]] = {}
    for row in each(booked[is_suspense].sort_values("booking")):
        facts = json.loads(row.facts or "{}")
        for what in ("orders", "refunds"):
            for key, entry in facts.get(what, {}).items():
                if entry["place"] == Place.PARKED:
                    parked = _parked(row, key, entry, is_event=what == "refunds")
                    found.setdefault((parked.settlement_id, parked.order_id), []).append(parked)
    return found


def _parked(row: Any, key: str, entry: dict[str, Any], *, is_event: bool) -> Parked:
    order_id, _, event = key.partition(":")
    return Parked(
        row.booking,
        row.settlement_id,
        order_id,
        event if is_event else "",
        entry["eur_cents"],
        entry["cents"],
        entry["currency"],
        date.fromisoformat(entry["posted"]),
    )


def _unpark_order(
    entries: Entries, found: list[Parked], known: Known, settings: CouplingSettings
) -> None:
    """Book what one settlement parked of one order."""
    orders = [parked for parked in found if not parked.event]
    if not orders:
        _unpark_refunds(entries, found, known, settings)
        return
    parked = orders[0]
    if parked.eur_cents <= 0:
        return
    invoice = _invoice_for(parked, known)
    if invoice is None:
        return
    exchange = Exchange(parked.currency, {})
    tolerance = settings.settlement.tolerance_cents
    # The excess, if any, stays on suspense in EUR: no rate is needed for what does not move.
    paid = paid_on(invoice, parked.cents, parked.posted, known, exchange, tolerance)
    if paid.cents <= 0:
        return
    on = max(parked.posted, invoice.on)
    entries.add_money(
        unpark_key(entries.settlement_id, parked.order_id),
        _lines(parked, paid, settings),
        on,
        f"naar factuur {invoice.invoice_number}",
        is_received=False,
        order_id=parked.order_id,
        depends_on=" ".join(filter(None, (parked.booking, invoice.depends_on))),
    )
    facts = {} if parked.currency == "EUR" else {"currency_cents": paid.currency_cents}
    entries.add_payment(invoice, paid.cents, on, **facts)
    _refunds_on(entries, [one for one in found if one.event], invoice, known, settings)


def _unpark_refunds(
    entries: Entries, found: list[Parked], known: Known, settings: CouplingSettings
) -> None:
    """Refunds of a later settlement than the one that paid their order."""
    invoices: list[Document] = in_place_of(known.invoices.get(found[0].order_id, []), ())
    if len(invoices) == 1:
        _refunds_on(entries, found, invoices[0], known, settings)


def _refunds_on(
    entries: Entries,
    refunds: list[Parked],
    invoice: Document,
    known: Known,
    settings: CouplingSettings,
) -> None:
    made: list[Document] = []
    for refund in refunds:
        note = _unpark_refund(entries, refund, invoice, known, settings, made)
        made += [note] if note else []


def _invoice_for(parked: Parked, known: Known) -> Document | None:
    invoices: list[Document] = in_place_of(known.invoices.get(parked.order_id, []), ())
    if len(invoices) == 1:
        return invoices[0]
    exact = [i for i in invoices if i.currency_cents == parked.cents]
    return exact[0] if exact else None


def _lines(parked: Parked, paid: Paid, settings: CouplingSettings) -> list[MutationLine]:
    """What leaves suspense, with the cents between it and the open item; adds up to the payment."""
    accounts = settings.accounts
    if parked.currency == "EUR":
        moved = parked.eur_cents - paid.excess_cents
        rest, account = paid.cents - moved, accounts.differences
    else:
        share = min(paid.currency_cents, parked.cents)
        moved = round(parked.eur_cents * share / parked.cents)
        rest, account = paid.cents - moved, accounts.exchange_differences
    lines = [plain_line(accounts.suspense, moved)]
    return [*lines, plain_line(account, rest)] if rest else lines


def _unpark_refund(
    entries: Entries,
    refund: Parked,
    invoice: Document,
    known: Known,
    settings: CouplingSettings,
    made: list[Document],
) -> Document | None:
    """The refund of a parked order: its credit note, the payment back, and suspense made even."""
    event = RefundEvent(refund.order_id, refund.event, "", refund.posted, refund.cents)
    note = waiting_note(event, known) or new_note(
        entries,
        invoice,
        known,
        refund.event,
        refund.cents,
        refund.posted,
        reason="",
        made=made,
    )
    if isinstance(note, Problem):
        return None  # It stays on suspense, with the problem that it waits there.
    on = max(refund.posted, invoice.on)
    facts = {} if refund.currency == "EUR" else {"currency_cents": refund.cents}
    entries.add_payment(note, note.gross_cents, on, events=[refund.event], **facts)
    lines = [plain_line(settings.accounts.suspense, -refund.eur_cents)]
    rest = refund.eur_cents - note.gross_cents
    if rest:
        lines.append(plain_line(settings.accounts.exchange_differences, rest))
    entries.add_money(
        f"{unpark_key(entries.settlement_id, refund.order_id)}:{refund.event}",
        lines,
        on,
        f"naar creditnota {note.invoice_number}",
        is_received=True,
        order_id=refund.order_id,
        depends_on=f"{refund.booking} {note.booking}",
    )
    return note
