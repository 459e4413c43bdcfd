"""A booking as a list shows it, and what a person may choose about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from amazon_eboekhouden.ledger.decisions import LEADS_TO, NOT_FOR, Choice
from amazon_eboekhouden.ledger.states import State


@dataclass(frozen=True, slots=True)
class BookingRow:
    """One booking as a list shows it; no personal data."""

    natural: str
    kind: str
    state: str
    reason: str
    row: str
    order_id: str
    settlement_id: str
    invoice_number: str
    day: date | None
    gross_cents: int
    remote_id: str
    evidence: str
    sent_at_utc: datetime | None
    asks_again_utc: datetime | None
    has_payload: bool


def possible_choices(row: BookingRow) -> tuple[Choice, ...]:
    """What a person may choose for a booking, as `Decisions.decide` will accept it."""
    found = []
    for choice in (Choice.RETRY, Choice.ADOPT, Choice.REBOOK, Choice.IGNORE):
        states, after = LEADS_TO[choice]
        if State(row.state) not in states or (choice, row.reason) in NOT_FOR:
            continue
        # What was refused is offered again; to book it "again" would say something else.
        if choice is Choice.REBOOK and row.state == State.REJECTED:
            continue
        if after is not State.PLANNED or row.has_payload:
            found.append(choice)
    return tuple(found)
