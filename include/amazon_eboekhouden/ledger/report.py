"""What a call of the ledger did, and the problems it leaves for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.ledger.states import Draft, Intent, State


@dataclass
class BookingReport:
    """Natural keys by what became of them.

    Attributes:
        booked: written in this call, or found to have been written by an earlier one.
        already_booked: stood in the books before; nothing was sent.
        unknown: sent, and the outcome still has to settle.
        waiting: stored and not sent: a dependency, the lease, the budget or the service.
        rejected: refused by the books.
        remote_ids: mutation number or relation id of what is booked.
        problems: what a person must look at.
        retry_at_utc: when it makes sense to come back, None if nothing waits.
        counts: newly booked, per kind of operation.
        sent: Add… calls made.
        lease_taken: another writer holds the administration; nothing was done.
    """

    booked: list[str] = field(default_factory=list)
    already_booked: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    remote_ids: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    retry_at_utc: datetime | None = None
    counts: Counter[BookingKind] = field(default_factory=Counter)
    sent: int = 0
    lease_taken: bool = False

    def come_back(self, at_utc: datetime | None) -> None:
        """Remember the earliest moment at which another call may get further."""
        if at_utc is not None and (self.retry_at_utc is None or at_utc < self.retry_at_utc):
            self.retry_at_utc = at_utc


# Reason of an intent that needs a person → code of the problem.
_BY_REASON = {
    "foreign": "booking-foreign",
    "absent": "booking-absent",
    "duplicated": "booking-duplicated",
    "not-visible": "booking-not-visible",
    "conflict": "booking-conflict",
    "half": "booking-half",
    "deleted": "booking-deleted-by-person",
    "changed": "booking-changed-by-person",
    "drift-duplicated": "booking-duplicated",
}


def problem_of(intent: Intent) -> Problem | None:
    """The problem that an intent is for a person, None if it is none."""
    row = intent.row or intent.natural
    if intent.state is State.CONFIRMED:
        code = "booking-changed" if intent.offered_hash else ""
    elif intent.state is State.REJECTED:
        code = "booking-refused"
    elif intent.state is State.UNKNOWN:
        code = "booking-uncertain"
    else:
        code = _BY_REASON.get(intent.reason, "")
    if not code:
        return None
    return problem(
        code,
        row,
        order_id=intent.order_id,
        booking=intent.natural,
        number=intent.remote_id or "-",
        evidence=intent.evidence or intent.reason,
        invoice=intent.invoice_number or "-",
    )


def problems_of(intents: Iterable[Intent]) -> list[Problem]:
    """The problems that these intents are."""
    return [found for intent in intents if (found := problem_of(intent)) is not None]


def number_taken(draft: Draft) -> Problem:
    """The problem of an invoice number that another booking has."""
    return problem(
        "invoice-number-taken",
        draft.row or draft.natural,
        order_id=draft.order_id,
        booking=draft.natural,
        invoice=draft.invoice_number,
    )


def dependency_not_booked(draft: Draft, needed: str, known: Mapping[str, State]) -> Problem:
    """The problem of a booking that waits for one which will not come by itself."""
    return problem(
        "dependency-not-booked",
        draft.row or draft.natural,
        order_id=draft.order_id,
        booking=draft.natural,
        dependency=needed,
        state=known[needed].value if needed in known else "never asked for",
    )
