"""How one Add… call at the books ended. Source: design section 6, the classification table.

Anything that is not certainly booked or certainly refused is UNKNOWN, and an unknown is never
sent again before the books have been asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OutcomeKind(StrEnum):
    """The classes an answer can fall in."""

    CONFIRMED = "confirmed"
    MADE = "made"  # the invoice was made; what was booked of it must be read back
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    DUPLICATE = "duplicate"  # the number or code exists already: ask the books whether it is ours
    SESSION_EXPIRED = "session_expired"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One classified answer.

    Attributes:
        kind: the class.
        remote_id: mutation number, invoice number or relation id as text, when confirmed.
        code: the vendor's error code, if one came.
        detail: one sentence for the evidence, free of secrets and personal data.
    """

    kind: OutcomeKind
    remote_id: str = ""
    code: str = ""
    detail: str = ""
