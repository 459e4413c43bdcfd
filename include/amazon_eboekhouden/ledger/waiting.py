"""What waits for what: whether a planned booking will come by itself, or only after a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.ledger.states import UNCERTAIN, Draft, Intent, State

# What others refer to goes first: a relation before its invoices, an invoice before its payments.
RANK = {kind: rank for rank, kind in enumerate(BookingKind)}

# What is or will be booked without anybody doing anything.
_MOVING = frozenset({State.PLANNED, State.CONFIRMED, *UNCERTAIN})


def stuck_among(planned: Iterable[Draft | Intent], known: Mapping[str, State]) -> set[str]:
    """Natural keys that only a person sets free.

    Args:
        planned: bookings that wait to be sent.
        known: states of what they depend on.

    Returns:
        what they depend on and will not be booked by itself, and all of them that wait for it,
        over however many steps: a payment waits for an invoice that waits for a relation.
    """
    ordered = sorted(planned, key=lambda booking: RANK[booking.kind])
    needed = {natural for booking in ordered for natural in booking.depends_on}
    stuck = {natural for natural in needed if known.get(natural) not in _MOVING}
    for booking in ordered:
        if stuck.intersection(booking.depends_on):
            stuck.add(booking.natural)
    return stuck
