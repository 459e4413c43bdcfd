"""The credit note of an order that was cancelled after it was booked: all that is left of it.

Source: accounting rules 7.1 and 8.5.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from amazon_eboekhouden.domain.booked_invoice import credit_note_key, shipment_of
from amazon_eboekhouden.domain.credit_notes import CreditNote, credit_note
from amazon_eboekhouden.domain.orders import WHOLE
from amazon_eboekhouden.domain.problems import Problem

Row = Mapping[str, Any]


def cancelled_event(invoice: Row) -> tuple[str, str]:
    """Natural key of an invoice's credit note for the cancellation, and the event's name."""
    part = shipment_of(invoice["booking"])
    event = "cancelled" if part == WHOLE else f"cancelled-{part}"
    return credit_note_key(invoice["order_id"], event), event


def credited_whole(
    invoice: Row, event: str, on: date, own: Row | None, notes: Iterable[Row]
) -> CreditNote | Problem | None:
    """The credit note of what is left of an invoice.

    Args:
        invoice: BOOKED row.
        event: from `cancelled_event`.
        on: date of a new one; the one that was planned before keeps its own.
        own: BOOKED row of this very credit note, if it was planned before.
        notes: BOOKED rows of the order's credit notes.

    Returns:
        None when nothing was left.
    """
    others = [
        row
        for row in notes
        if (own is None or row["booking"] != own["booking"])
        and json.loads(row["facts"] or "{}").get("invoice", "") in ("", invoice["booking"])
    ]
    earlier = others if own is None else [r for r in others if r["date"] <= own["date"]]
    left = int(invoice["gross_cents"]) + sum(int(row["gross_cents"]) for row in earlier)
    if left <= 0:
        return None
    return credit_note(
        invoice,
        refunded_cents=left,
        event_id=event,
        sequence=len(earlier) + 1,
        date=on if own is None else own["date"].date(),
        reason="geannuleerd",
        earlier=earlier,
    )
