"""The credit note of a refund, or what takes one back, made while a settlement is booked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from amazon_eboekhouden.domain.settlement.entries import Entries
from amazon_eboekhouden.domain.settlement.exchange import at_rate_of
from amazon_eboekhouden.domain.settlement.known import Document, Known

_AMOUNTS = ("net_cents", "vat_cents", "gross_cents")


def new_note(
    entries: Entries,
    invoice: Document,
    known: Known,
    event: str,
    cents: int,
    on: date,
    *,
    reason: str,
    earlier: int,
) -> Document:
    """Make the credit note of a refund, at the VAT and the exchange rate of its invoice.

    Money that comes back to the seller (a claim decided in his favour) makes the mirror image: the
    same with the signs turned, and an R behind the number.

    Args:
        entries: gets the mutation.
        invoice: the invoice that is credited.
        known: for the next number.
        event: id of the refund event.
        cents: in the settlement's currency, below zero for a refund.
        on: local posted date.
        reason: line of the statement.
        earlier: credit notes made on the same invoice in this settlement so far.
    """
    from amazon_eboekhouden.domain.credit_notes import credit_note

    euro_cents = at_rate_of(invoice, cents)
    mutation, lines = credit_note(
        invoice.row,
        refunded_cents=abs(euro_cents),
        event_id=event,
        sequence=known.next_sequence(invoice.invoice_number) + earlier,
        date=on,
        settlement_id=entries.settlement_id,
        reason=reason,
    )
    if euro_cents > 0:
        mutation, lines = _turned(mutation), [_turned(line) for line in lines]
        mutation["invoice_number"] += "R"
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
        facts={},
        row=mutation,
    )


def _turned(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: -value if key in _AMOUNTS else value for key, value in row.items()}
