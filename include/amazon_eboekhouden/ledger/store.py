"""The seam between the protocol and its store.

Every method is one atomic, durable transaction. The protocol holds no truth of its own between
two of them: whatever it believes is proved again inside the statement that acts on it. Two stores
keep this seam: `sql_store.SqlStore`, and the simulator's in memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from amazon_eboekhouden.ledger.states import Change, Draft, Intent, State, Verdict

NEVER_ASKED = -1  # highest mutation number of an administration that was never asked


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write to one administration, until it expires by the database's clock."""

    admin: str
    holder: str
    epoch: int


class Store(Protocol):
    """What the booking protocol asks of its store."""

    def now(self) -> datetime:
        """The store's own clock."""
        ...

    def plan(
        self, admin: str, coupling: str, drafts: Sequence[Draft]
    ) -> Mapping[str, tuple[Verdict, Intent | None]]:
        """Store new drafts, replace what was not sent yet; per op_key the verdict.

        The intent beside the verdict is what stood there before, None when new.
        """
        ...

    def has_work(self, admin: str, coupling: str) -> bool:
        """Whether something waits to be sent for the coupling, or to be settled at all."""
        ...

    def acquire(self, admin: str, holder: str) -> Lease | datetime:
        """The lease with a new epoch, or when the present one ends.

        In the same transaction, what an earlier epoch left in SENDING becomes UNKNOWN: there is no
        moment at which a new holder could send beside it.
        """
        ...

    def renew(self, lease: Lease) -> bool:
        """Extend the lease, if it is still this holder's and this epoch's."""
        ...

    def release(self, lease: Lease) -> None:
        """End the lease now, if it is still ours."""
        ...

    def unknowns(self, admin: str) -> list[Intent]:
        """Intents in UNKNOWN, each with `settled` as of now."""
        ...

    def sendable(self, admin: str, coupling: str) -> list[Intent]:
        """Intents in PLANNED, oldest first, with their payload."""
        ...

    def states(self, admin: str, naturals: Sequence[str]) -> Mapping[str, State]:
        """State per natural key; a key that is not stored is left out."""
        ...

    def arm(self, lease: Lease, intent: Intent, number_before: int) -> bool:
        """PLANNED → SENDING, if the lease outlasts one call and the payload is still this one."""
        ...

    def finish(self, lease: Lease, intent: Intent, change: Change) -> bool:
        """SENDING → the change, if it is still in SENDING under this epoch."""
        ...

    def resolve(self, lease: Lease, changes: Sequence[tuple[Intent, Change]]) -> set[str]:
        """UNKNOWN → the changes, while the lease holds and nothing moved since they were read.

        Returns:
            op_keys of what was changed.
        """
        ...

    def own_tokens(self, admin: str, tokens: Sequence[str]) -> set[str]:
        """Which of these tokens are ours."""
        ...

    def highest_number(self, admin: str) -> int:
        """Highest mutation number known, or NEVER_ASKED."""
        ...

    def note_number(self, admin: str, number: int) -> None:
        """Remember a mutation number that was seen."""
        ...

    def count_call(self, admin: str, operation: str) -> int:
        """Count one metered call of this month; the new total."""
        ...

    def calls_used(self, admin: str, operation: str) -> int:
        """Metered calls of this month."""
        ...

    def troubled(self, admin: str, coupling: str) -> list[Intent]:
        """Intents of the coupling that a person must look at."""
        ...
