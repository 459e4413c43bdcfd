"""What an answer, or what stands in the books, makes of an intent: pure decisions.

Source: reliability rules 3.7 (answers) and 3.8 (probes).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.domain.bookings import Mutation, MutationKind, MutationLine
from amazon_eboekhouden.domain.books import BookedLine, BookedMutation, BookedRelation
from amazon_eboekhouden.domain.outcomes import Outcome, OutcomeKind
from amazon_eboekhouden.ledger.keys import TOKEN_MARK
from amazon_eboekhouden.ledger.states import Change, Intent, State

# The account as a whole is closed, unpaid or full: nothing is wrong with the booking.
_ACCOUNT_CODES = ("SECURITY_", "MODULE_")
# Reason of an invoice that the service says it made: its mutation was not seen yet.
READ_BACK = "read-back"
# Reason of a booking whose number, or of a relation whose code, the service says it has already.
NUMBER_EXISTS = "number-exists"


def change_of(outcome: Outcome) -> Change:
    """What an answer makes of an intent in SENDING."""
    evidence = " ".join(filter(None, (outcome.code, outcome.detail)))
    match outcome.kind:
        case OutcomeKind.CONFIRMED:
            return Change(State.CONFIRMED, remote_id=outcome.remote_id, evidence=evidence)
        case OutcomeKind.REJECTED if concerns_account(outcome):
            return Change(State.PLANNED, evidence=evidence, not_counted=True)
        case OutcomeKind.REJECTED:
            return Change(State.REJECTED, outcome.code or "refused", evidence=evidence)
        case OutcomeKind.NOT_SENT:
            return Change(State.PLANNED, evidence=evidence, not_counted=True)
        case OutcomeKind.MADE:
            return Change(State.UNKNOWN, READ_BACK, evidence=evidence, answered=True)
        case OutcomeKind.DUPLICATE:
            return Change(State.UNKNOWN, NUMBER_EXISTS, evidence=evidence, answered=True)
        case OutcomeKind.SESSION_EXPIRED:
            return Change(State.UNKNOWN, "session-expired", evidence=evidence, answered=True)
        case _:
            return Change(State.UNKNOWN, "no-answer", evidence=evidence)


def concerns_account(outcome: Outcome) -> bool:
    """Whether a refusal is about the whole account, so that the run must stop."""
    named = any(name in outcome.code for name in _ACCOUNT_CODES)
    return outcome.kind is OutcomeKind.REJECTED and named


def is_silent(outcome: Outcome) -> bool:
    """Whether no answer came: after a few of these in a row a run gives up for now."""
    return outcome.kind in {OutcomeKind.NOT_SENT, OutcomeKind.UNKNOWN}


def token_in(row: BookedMutation) -> str:
    """The token that a mutation bears, "" if none."""
    for text in (row.description, row.voucher):
        start = text.find(TOKEN_MARK)
        if start >= 0:
            return text[start : start + len(TOKEN_MARK) + 12]
    return ""


def invoice_numbers(row: BookedMutation) -> set[str]:
    """The invoice numbers a mutation carries, in its head or on its lines."""
    return {row.invoice_number, *(line.invoice_number for line in row.lines)} - {""}


def planned_mutation(content: str) -> Mutation:
    """The mutation that the books must show, from an intent's content."""
    data: dict[str, Any] = json.loads(content)
    data.pop("as_document", None)
    lines = [{**line, "vat_percent": Decimal(line["vat_percent"])} for line in data.pop("lines")]
    fixed = {
        "kind": MutationKind(data["kind"]),
        "date": date.fromisoformat(data["date"]),
        "lines": tuple(MutationLine(**line) for line in lines),
        "description": "",
    }
    return Mutation(**{**data, **fixed})


def differences(content: str, row: BookedMutation) -> list[str]:
    """Names of what differs between our booking and the row in the books."""
    ours = planned_mutation(content)
    pairs: dict[str, tuple[object, object]] = {
        "kind": (ours.kind, row.kind),
        "date": (ours.date, row.date),
        "account": (ours.account, row.account),
        "relation": (ours.relation_code, row.relation_code),
        "amount": (ours.gross_cents, row.gross_cents),
        "lines": (
            shown_lines(ours.lines, made_by_books="as_document" in json.loads(content)),
            shown_lines(row.lines, made_by_books="as_document" in json.loads(content)),
        ),
    }
    found = [name for name, (mine, theirs) in pairs.items() if mine != theirs]
    if ours.invoice_number and ours.invoice_number not in invoice_numbers(row):
        found.append("invoice number")
    return found


def shown_lines(
    lines: Iterable[MutationLine | BookedLine], *, made_by_books: bool
) -> list[tuple[str, str, int]]:
    """Lines as they are compared: account, VAT code, amount.

    An invoice that the books made has its VAT reckoned per code, and only the books know how they
    divide it over the lines: the nets per account and the total are compared then.
    """
    if not made_by_books:
        return sorted((line.account, line.vat_code, line.gross_cents) for line in lines)
    nets: dict[tuple[str, str], int] = {}
    for line in lines:
        key = line.account, line.vat_code
        nets[key] = nets.get(key, 0) + line.net_cents
    return sorted((*key, cents) for key, cents in nets.items())


@dataclass(frozen=True, slots=True)
class Sight:
    """What a probe saw for one intent.

    Attributes:
        own: rows that bear its token.
        foreign: rows with its invoice number and kind, and no token of ours.
        complete: whether a row of ours could not have been missed.
        hidden: whether the service does not show mutations that far back.
        half: whether the invoice stands there without its mutation.
    """

    own: Sequence[BookedMutation]
    foreign: Sequence[BookedMutation]
    complete: bool
    hidden: bool = False
    half: bool = False


def judge(intent: Intent, sight: Sight, max_attempts: int) -> Change | None:
    """What a probe makes of an unknown mutation; None: nothing is proved yet."""
    if len(sight.own) > 1:
        numbers = ", ".join(str(row.number) for row in sight.own)
        first = str(sight.own[0].number)
        return Change(State.NEEDS_HUMAN, "duplicated", first, f"mutations {numbers}")
    if sight.own:
        return _adopt(intent, sight.own[0])
    if intent.reason == READ_BACK and len(sight.foreign) == 1:
        # The service said that it made this invoice, and wrote a description of its own.
        return _adopt(intent, sight.foreign[0])
    if not intent.settled:
        return None  # It may still be applied: absence proves nothing yet.
    if sight.half:
        return Change(State.HALF, "half", evidence="the invoice exists without its mutation")
    if sight.foreign:
        row = sight.foreign[0]
        evidence = f"mutation {row.number} of {row.date} over {row.gross_cents} cents"
        return Change(State.NEEDS_HUMAN, "foreign", str(row.number), evidence)
    if sight.hidden:
        evidence = "e-Boekhouden does not show mutations that far back"
        return Change(State.NEEDS_HUMAN, "not-visible", evidence=evidence)
    if not sight.complete:
        return None
    return absent(intent, max_attempts)


def absent(intent: Intent, max_attempts: int) -> Change:
    """Proved absent: to be sent again, unless that was tried often enough."""
    if intent.attempt >= max_attempts:
        evidence = f"absent from the books after {intent.attempt} attempts"
        return Change(State.NEEDS_HUMAN, "absent", evidence=evidence)
    return Change(State.PLANNED, evidence="proved absent from the books")


def _adopt(intent: Intent, row: BookedMutation) -> Change:
    different = differences(intent.content, row)
    if different:
        evidence = f"mutation {row.number} differs in {', '.join(different)}"
        return Change(State.CONFLICT, "conflict", str(row.number), evidence)
    return Change(State.CONFIRMED, "", str(row.number), f"found as mutation {row.number}")


def judge_relation(
    intent: Intent, company: str, vat_number: str, row: BookedRelation | None, max_attempts: int
) -> Change | None:
    """What the relation with our code makes of an unknown relation."""
    if row is None:
        # The service itself said that the code exists: showing none contradicts that.
        doubted = not intent.settled or intent.reason == NUMBER_EXISTS
        return None if doubted else absent(intent, max_attempts)
    names_differ = _folded(row.company) != _folded(company)
    vat_differs = bool(row.vat_number and vat_number) and row.vat_number != vat_number
    if names_differ or vat_differs:
        evidence = f"relation {row.code} exists with another name or VAT number"
        return Change(State.CONFLICT, "conflict", str(row.id), evidence)
    return Change(State.CONFIRMED, "", str(row.id), f"found as relation {row.code}")


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()
