"""The credit note of a refund, or what takes one back, made while a settlement is booked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from amazon_eboekhouden.domain.booked_invoice import facts_text
from amazon_eboekhouden.domain.credit_notes import PerItem, credit_note
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement.entries import Entries
from amazon_eboekhouden.domain.settlement.exchange import at_rate_of
from amazon_eboekhouden.domain.settlement.known import Document, Known


def new_note(
    entries: Entries,
    invoice: Document,
    known: Known,
    event: str,
    cents: int,
    on: date,
    *,
    reason: str,
    made: Sequence[Document] = (),
    per_item: PerItem | None = None,
) -> Document | Problem:
    """Make the credit note of a refund, at the VAT and the exchange rate of its invoice.

    Money that comes back to the seller (a claim decided in his favour) makes the mirror image: the
    same with the signs turned, and an R behind the number.

    Args:
        entries: gets the mutation.
        invoice: the invoice that is credited.
        known: for the next number, and what was credited before.
        event: id of the refund event.
        cents: in the settlement's currency, below zero for a refund.
        on: local posted date.
        reason: line of the statement.
        made: credit notes that this settlement made before.
        per_item: what was refunded of which item.

    Returns:
        The credit note, or why the invoice can't bear it.
    """
    euro_cents = at_rate_of(invoice, cents)
    on_invoice = [note for note in made if note.invoice == invoice.booking]
    noted = [*known.notes_on(invoice), *on_invoice]
    answer = credit_note(
        invoice.row,
        refunded_cents=abs(euro_cents),
        event_id=event,
        sequence=known.next_sequence(invoice.invoice_number) + len(on_invoice),
        date=on,
        settlement_id=entries.settlement_id,
        reason=reason,
        earlier=[note.row for note in noted] if euro_cents < 0 else (),
        per_item=per_item,
    )
    if isinstance(answer, Problem):
        return answer
    mutation, lines = answer
    if euro_cents > 0:
        facts = facts_text(_turned(json.loads(mutation["facts"])))
        number = _taken_back(noted, euro_cents, known) or mutation["invoice_number"]
        mutation = {**_turned(mutation), "invoice_number": f"{number}R", "facts": facts}
        lines = [_turned(line) for line in lines]
    entries.add_raw(mutation, lines)
    return Document(
        booking=mutation["booking"],
        invoice_number=mutation["invoice_number"],
        order_id=invoice.order_id,
        relation_code=mutation["relation_code"],
        settlement_id=entries.settlement_id,
        on=on,
        gross_cents=int(mutation["gross_cents"]),
        currency=invoice.currency,
        currency_cents=cents,
        items=(),
        invoice=invoice.booking,
        row=mutation,
    )


def _taken_back(notes: Sequence[Document], cents: int, known: Known) -> str:
    """Number of the credit note that is taken back, "" when none has this amount."""
    return next(
        (
            note.invoice_number
            for note in notes
            if note.gross_cents == -cents and f"{note.invoice_number}R" not in known.numbers
        ),
        "",
    )


def _turned(value: Any) -> Any:
    """The same with every amount negated, also in the lists of facts."""
    if isinstance(value, Mapping):
        return {
            key: -part if key.endswith("_cents") and isinstance(part, int) else _turned(part)
            for key, part in value.items()
        }
    return [_turned(part) for part in value] if isinstance(value, list) else value
