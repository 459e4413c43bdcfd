"""Where a process is held open, and who is killed there."""

from __future__ import annotations

import random

# A step of the ledger that has just been done. Before the colon its name; after it the kind of
# booking: REL relation, INV invoice, PAY payment, FEE fees, MNY other money, CRN credit note.
#   planning, leasing, arming, finishing, resolving: written, and not yet committed
#   requested: the request is at the service, its answer is not read
CORE = (
    *("planning", "planned", "leasing", "leased"),
    *("arming:REL", "armed:REL", "requested:REL", "sent:REL", "finishing:REL", "settled:REL"),
    *("probed:REL", "armed:INV", "requested:INV", "sent:INV", "finishing:INV", "settled:INV"),
    *("swept", "judged", "resolving", "resolved", "requested:PAY"),
)
MORE = (
    *("listed", "ready:REL", "ready:INV", "arming:INV", "arming:PAY", "armed:PAY", "sent:PAY"),
    *("finishing:PAY", "settled:PAY", "armed:FEE", "requested:FEE", "sent:FEE", "finishing:FEE"),
    *("armed:MNY", "requested:MNY", "sent:MNY", "armed:CRN", "requested:CRN", "sent:CRN"),
)
# Beside the kills: see `campaign.DISTURBED`.
DISTURBED = {
    "ready:REL": ["clear", "clear"],
    "requested:REL": ["clear", "backfill"],
    "armed:INV": ["clear", "clear"],
    "requested:INV": ["overlap"],
}
SMOKE = (
    *("planned", "leased", "arming:REL", "requested:REL", "finishing:REL", "armed:INV"),
    *("requested:INV", "sent:INV", "swept", "resolving", "settled:INV", "requested:PAY"),
    *("armed:PAY", "sent:FEE"),
)

# The local executor's worker is itself the supervisor of its task: one process, one victim.
LOCAL = ("task", "supervisor", "scheduler", "database")
CELERY = ("worker",)


def every_victim(points: tuple[str, ...], victims: tuple[str, ...]) -> dict[str, list[str]]:
    """Each victim once at each point."""
    return {point: list(victims) for point in points}


def in_turn(points: tuple[str, ...], victims: tuple[str, ...]) -> dict[str, list[str]]:
    """One victim at each point, all of them in turn."""
    return {point: [victims[i % len(victims)]] for i, point in enumerate(points)}


def both(*plans: dict[str, list[str]]) -> dict[str, list[str]]:
    """All kills of several plans."""
    points = list(dict.fromkeys(point for plan in plans for point in plan))
    return {point: [v for plan in plans for v in plan.get(point, ())] for point in points}


def mixed(plan: dict[str, list[str]], seed: int) -> dict[str, list[str]]:
    """The same kills in an order of their own."""
    dice = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    return {point: dice.sample(victims, len(victims)) for point, victims in plan.items()}
