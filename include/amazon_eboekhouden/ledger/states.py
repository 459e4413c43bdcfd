"""States of an intent, and the decisions that need no store: pure functions of what is known."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from amazon_eboekhouden.domain.bookings import BookingKind


class State(StrEnum):
    """Where an intent stands. Source: reliability rules 3.5."""

    PLANNED = "PLANNED"
    SENDING = "SENDING"
    UNKNOWN = "UNKNOWN"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    CONFLICT = "CONFLICT"  # our token, other content
    NEEDS_HUMAN = "NEEDS_HUMAN"
    HALF = "HALF"  # the invoice stands there without its mutation
    DRIFTED = "DRIFTED"  # was confirmed, a person changed the books since
    SUPERSEDED = "SUPERSEDED"  # the order changed before anything was sent
    IGNORED = "IGNORED"  # a person decided that nothing more happens


# Everything else is a mistake of the program, refused by the store.
ALLOWED: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.SENDING, State.SUPERSEDED, State.IGNORED}),
    State.SENDING: frozenset({State.CONFIRMED, State.REJECTED, State.UNKNOWN, State.PLANNED}),
    State.UNKNOWN: frozenset(
        {State.CONFIRMED, State.PLANNED, State.CONFLICT, State.NEEDS_HUMAN, State.HALF}
    ),
    State.CONFIRMED: frozenset({State.DRIFTED}),
    State.REJECTED: frozenset({State.PLANNED, State.IGNORED}),
    State.CONFLICT: frozenset({State.CONFIRMED, State.PLANNED, State.IGNORED}),
    State.NEEDS_HUMAN: frozenset({State.CONFIRMED, State.PLANNED, State.IGNORED}),
    State.HALF: frozenset({State.CONFIRMED, State.IGNORED}),
    State.DRIFTED: frozenset({State.CONFIRMED, State.PLANNED, State.IGNORED}),
    State.SUPERSEDED: frozenset({State.PLANNED}),
    State.IGNORED: frozenset({State.PLANNED}),
}

UNCERTAIN = frozenset({State.SENDING, State.UNKNOWN})
ADOPTED = "adopted"  # reason of a CONFIRMED intent whose row in the books a person accepted
TROUBLED = frozenset({State.REJECTED, State.CONFLICT, State.NEEDS_HUMAN, State.HALF, State.DRIFTED})


@dataclass(frozen=True, slots=True)
class Draft:
    """A booking as it is stored before anything is sent; see `KeyRing.draft`."""

    op_key: str
    kind: BookingKind
    natural: str
    token: str
    payload_hash: str  # keyed, so that it says nothing about the buyer
    content: str  # canonical JSON of what the books must show, without personal data
    sealed: str
    depends_on: tuple[str, ...]
    row: str
    order_id: str
    settlement_id: str
    invoice_number: str
    relation_code: str
    date: date | None
    gross_cents: int
    facts: str


@dataclass(frozen=True, slots=True)
class Intent:
    """One stored intent, as the protocol reads it."""

    op_key: str
    coupling: str
    kind: BookingKind
    natural: str
    token: str
    payload_hash: str  # "" when recovered from the books
    content: str
    sealed: str  # "" once purged
    depends_on: tuple[str, ...]
    state: State
    reason: str  # why it needs a person: "foreign", "deleted", …, or the vendor's code
    attempt: int
    epoch: int
    number_before: int  # highest mutation number known when it was armed
    remote_id: str
    evidence: str
    offered_hash: str  # another payload that came under this key after it was booked
    row: str
    order_id: str
    invoice_number: str
    settled: bool = False  # database time has passed not_before; only read for UNKNOWN
    not_before_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of an intent, with the evidence for it."""

    to: State
    reason: str = ""
    remote_id: str = ""
    evidence: str = ""
    answered: bool = False  # the service replied: nothing is under way, no need to wait
    not_counted: bool = False  # nothing left this machine: does not count as an attempt


OFFERING = frozenset({"changed", "overtaken"})  # verdicts that leave a wish to be surfaced


class Verdict(StrEnum):
    """What a booking handed in means, given what is stored under its key."""

    NEW = "new"
    WAITING = "waiting"  # stored, not sent yet
    REPLACED = "replaced"  # changed before it was sent
    BOOKED = "booked"
    RECOVERED = "recovered"  # found in the books after the store was lost; the same content
    UNCERTAIN = "uncertain"
    OVERTAKEN = "overtaken"  # changed while its outcome is not known
    CHANGED = "changed"  # booked, and now something else is asked under the same key
    REFUSED = "refused"
    HELD = "held"  # a person must decide, or has
    NUMBER_TAKEN = "number-taken"


def verdict(existing: Intent | None, draft: Draft) -> Verdict:
    """What to do with a draft. Same key and same hash is never a second write."""
    if existing is None:
        return Verdict.NEW
    same = existing.payload_hash == draft.payload_hash
    # What was purged before it could be sent gets its payload back.
    kept = same and existing.sealed != ""
    match existing.state:
        case State.PLANNED:
            return Verdict.WAITING if kept else Verdict.REPLACED
        case State.SENDING | State.UNKNOWN:
            unchanged = same or existing.content == draft.content
            return Verdict.UNCERTAIN if unchanged else Verdict.OVERTAKEN
        case State.CONFIRMED if same:
            return Verdict.BOOKED
        case State.CONFIRMED if not existing.payload_hash:
            same = same_in_books(existing.content, draft.content)
            return Verdict.RECOVERED if same else Verdict.CHANGED
        case State.CONFIRMED if existing.content == draft.content:
            return Verdict.BOOKED
        case State.CONFIRMED:
            return Verdict.CHANGED
        case State.REJECTED:
            return Verdict.REFUSED if kept else Verdict.REPLACED
        case _:
            return Verdict.HELD


def same_in_books(content: str, other: str) -> bool:
    """Whether two contents show the same in the books, which keep no VAT percentages."""
    both = [json.loads(content), json.loads(other)]
    # The books divide the VAT of an invoice that they made themselves: nets are compared then.
    made_by_books = any("as_document" in data for data in both)

    def shown(data: dict[str, Any]) -> dict[str, object]:
        lines = data.pop("lines", [])
        for name in ("in_ex_vat", "as_document"):
            data.pop(name, None)
        if not made_by_books:
            same = sorted((ln["account"], ln["vat_code"], ln["gross_cents"]) for ln in lines)
            return {**data, "lines": same}
        nets: Counter[tuple[str, str]] = Counter()
        for line in lines:
            nets[line["account"], line["vat_code"]] += line["net_cents"]
        gross = sum(line["gross_cents"] for line in lines)
        return {**data, "lines": sorted(nets.items()), "gross": gross}

    return shown(both[0]) == shown(both[1])


def event_hash(previous: str, *fields: object) -> str:
    """Hash of an event: covers the one before it, so that nothing can be taken out unseen."""
    text = "\x1f".join([previous, *(str(field) for field in fields)])
    return hashlib.sha256(text.encode()).hexdigest()


def check_transition(before: State, after: State) -> None:
    """Refuse a step that the table of states does not have.

    Raises:
        ValueError: the program is wrong.
    """
    if after not in ALLOWED[before]:
        raise ValueError(f"an intent cannot go from {before} to {after}")
