"""An invoice that was booked, seen again: repeated as it stands, or another one in its place.

What is decided once stays decided: the credit note in the ledger tells that an invoice was
corrected, so that reading the order again gives the same bytes. When to correct at all is said in
`domain.corrections`. Source: accounting rules 7.1 and 8.3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Generic, Protocol, TypeVar

import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.booked_invoice import NOT_YET_BOOKED, credit_note_key
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.corrections import (
    REASON,
    amount_changed,
    counts,
    day_of,
    event_of,
    insist_on_nothing_refunded,
    key_of_next,
    mark_of,
    number_changed,
    pieces_of,
    set_off,
    standing_of,
)
from amazon_eboekhouden.domain.credit_notes import CreditNote, credit_note, repeated
from amazon_eboekhouden.domain.exchange import Exchange
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.shipments import local_date
from amazon_eboekhouden.domain.vat_lines import OrderLine

Row = Mapping[str, Any]
# Kinds of sale whose VAT number stands in the ICP return.
_WITH_NUMBER = ("S9", "S1-ICP")


class Desk(Protocol):
    """What is known of the orders at hand, and what came out so far; see `domain.invoices`."""

    settings: CouplingSettings
    install_key: bytes
    booked: Mapping[str, Row]
    credits: Mapping[str, list[Row]]
    payments: Mapping[str, list[Row]]
    updated: Mapping[str, date]
    mutations: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Correction:
    """An invoice that another one takes the place of, on a day."""

    invoice: Row
    facts: Mapping[str, Any]
    on: date


D = TypeVar("D", bound=Desk)


@dataclass(frozen=True, slots=True)
class Hands(Generic[D]):
    """How invoices are made.

    Attributes:
        make: a new invoice under a key; the row planned before; what it takes the place of.
        repeat: a booked invoice, from its facts.
        kind_of: the kind of sale, judged as of a day at an exchange rate.
    """

    make: Callable[[D, Row, Sequence[OrderLine], str, Row | None, Correction | None], None]
    repeat: Callable[[D, Row, Row, Mapping[str, Any]], None]
    kind_of: Callable[[D, Row, Sequence[OrderLine], date, Exchange], str]


class Updated(dict[str, date]):
    """Local date of an order's last update; looked up for the few that ask."""

    def __init__(self, orders: pd.DataFrame) -> None:
        super().__init__()
        self._orders = orders

    def __missing__(self, order_id: str) -> date:
        own = self._orders.loc[self._orders["order_id"] == order_id, "updated_utc"]
        return local_date(own.max().to_pydatetime())


def for_corrections(
    install_key: bytes, order: Row, lines: Sequence[OrderLine], corrects: Correction | None
) -> dict[str, Any]:
    """Facts by which it will be seen that an invoice must be corrected, or that it corrects one."""
    facts: dict[str, Any] = {}
    if mark := mark_of(install_key, order["buyer_vat_number"]):
        facts["buyer_number"] = mark
    if order["date_source"] == "created":
        facts["pieces"] = pieces_of(lines)
    if corrects:
        first = corrects.facts.get("invoice_date") or str(corrects.invoice["date"])[:10]
        facts |= {"corrects": corrects.invoice["booking"], "invoice_date": first}
    return facts


def waits_for(order: Row, facts: Mapping[str, Any]) -> str:
    """What must be in the books before an invoice: its relation, and the end of the one before."""
    corrected = facts.get("corrects")
    if not corrected:
        return str(facts["relation"])
    return f"{facts['relation']} {_note_key(order, {'booking': corrected})}"


def exchange_of(facts: Mapping[str, Any]) -> Exchange:
    """The exchange rate of an invoice, for the one that takes its place."""
    published = date.fromisoformat(facts["exchange_date"])
    return Exchange(facts["currency"], Decimal(facts["exchange_rate"]), published)


def again(desk: D, hands: Hands[D], order: Row, lines: Sequence[OrderLine], invoice: Row) -> None:
    """Repeat what stands in the books (or may stand there), corrections included.

    Args:
        desk: gets mutations and problems.
        hands: how invoices are made.
        order: row of ORDERS.
        lines: of the order.
        invoice: row of BOOKED, the first invoice of the order or shipment.

    Raises:
        OrderFault: it changed in a way that no program can decide.
    """
    while (note := desk.booked.get(_note_key(order, invoice))) and counts(note):
        kept = repeated(note, invoice["invoice_number"])
        following = desk.booked.get(key_of_next(invoice))
        if following is None or following["state"] in NOT_YET_BOOKED:
            _replace(desk, hands, order, lines, invoice, kept)
            return
        hands.repeat(desk, order, invoice, json.loads(invoice["facts"]))
        _add_note(desk, kept)
        _add_set_off(desk, order, invoice, kept[0], following)
        invoice = following
    facts = json.loads(invoice["facts"])
    if not _must_change(desk, hands, order, lines, invoice, facts):
        hands.repeat(desk, order, invoice, facts)
        return
    made = credit_note(
        invoice,
        refunded_cents=int(invoice["gross_cents"]),
        event_id=event_of(invoice),
        sequence=1 + _notes_ever(desk, order, invoice),
        date=day_of(desk.updated[order["order_id"]], invoice, desk.settings),
        reason=REASON,
    )
    if isinstance(made, Problem):
        desk.problems.append(made)
        return
    _replace(desk, hands, order, lines, invoice, made)


def _replace(
    desk: D,
    hands: Hands[D],
    order: Row,
    lines: Sequence[OrderLine],
    invoice: Row,
    note: CreditNote,
) -> None:
    """The invoice, the credit note over all of it, and the invoice in its place."""
    facts, key = json.loads(invoice["facts"]), key_of_next(invoice)
    correction = Correction(invoice, facts, note[0]["date"])
    # First: when the new invoice can't be made, nothing is credited.
    hands.make(desk, order, lines, key, desk.booked.get(key), correction)
    following = desk.mutations[-1]
    hands.repeat(desk, order, invoice, facts)
    _add_note(desk, note)
    _add_set_off(desk, order, invoice, note[0], following)


def _must_change(
    desk: D,
    hands: Hands[D],
    order: Row,
    lines: Sequence[OrderLine],
    invoice: Row,
    facts: Mapping[str, Any],
) -> bool:
    mark = mark_of(desk.install_key, order["buyer_vat_number"])
    same_number = mark in ("", facts.get("buyer_number", ""))
    if facts["currency_gross_cents"] == order["total_cents"] and same_number:
        return False
    credits = desk.credits.get(order["order_id"], ())
    standing = standing_of(invoice, facts, credits, _paid_numbers(desk, order))
    if amount_changed(standing, order, lines):
        return True
    if not number_changed(standing, mark):
        return False
    on = date.fromisoformat(facts["ship_date"])
    kind = hands.kind_of(desk, order, lines, on, exchange_of(facts))
    if kind == facts["sale_kind"] and kind not in _WITH_NUMBER:
        return False
    insist_on_nothing_refunded(standing)
    return True


def _note_key(order: Row, invoice: Row) -> str:
    return credit_note_key(order["order_id"], event_of(invoice))


def _notes_ever(desk: Desk, order: Row, invoice: Row) -> int:
    """Credit notes that were ever numbered after an invoice, refused ones too."""
    start = f"C{invoice['invoice_number']}-"
    return sum(
        row["booking_kind"] == BookingKind.CREDIT_NOTE
        and row["order_id"] == order["order_id"]
        and str(row["invoice_number"]).startswith(start)
        for row in desk.booked.values()
    )


def _paid_numbers(desk: Desk, order: Row) -> set[str]:
    """Invoice numbers of the order on which a settlement paid."""
    return {row["invoice_number"] for row in desk.payments.get(order["order_id"], ())}


def _add_note(desk: Desk, note: CreditNote) -> None:
    desk.mutations.append(note[0])
    desk.lines += note[1]


def _add_set_off(desk: Desk, order: Row, invoice: Row, note: Row, following: Row) -> None:
    """Close the open item of the credit note: against its invoice, or what took its place."""
    asked = [row for row in (invoice, following) if _set_off_key(row) in desk.booked]
    is_paid = invoice["invoice_number"] in _paid_numbers(desk, order)
    other = asked[0] if asked else following if is_paid else invoice
    if int(other["gross_cents"]) == -int(note["gross_cents"]) and other["invoice_number"]:
        mutations, lines = set_off(other, note, note["date"], desk.settings)
        desk.mutations += mutations
        desk.lines += lines


def _set_off_key(invoice: Row) -> str:
    return f"pay:set-off:{invoice['invoice_number']}"
