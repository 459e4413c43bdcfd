"""Where the money of a row can end up, and the choice of one with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """Where the money of a row ends up."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    FEE = "fee"
    REIMBURSEMENT = "reimbursement"
    RESERVE = "reserve"
    CARRIED = "carried"
    DEBT = "debt"
    PAYOUT = "payout"
    MICRO = "micro"
    SUSPENSE = "suspense"  # unknown, or for a person
    PARKED = "parked"  # on suspense until the order is invoiced
    HELD = "held"  # on suspense until a person decides
    BEFORE_GO_LIVE = "before_go_live"
    NOTHING = "nothing"  # cancels out within its order: no booking


@dataclass(frozen=True, slots=True)
class Choice:
    """A place with its reason.

    Attributes:
        document: natural key of the invoice or credit note that is paid, "" if none.
        invoice: natural key of the invoice behind it.
        confidence: 0 to 100.
        problem: code of the problem to list, "" if none.
    """

    place: Place
    reason: str
    confidence: int = 100
    document: str = ""
    invoice: str = ""
    problem: str = ""
