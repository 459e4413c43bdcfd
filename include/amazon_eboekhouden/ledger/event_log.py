"""One log line per event of a booking: who wrote, on whose behalf, which order, what became of it.

    event=CONFIRMED run=host:412:9f01 coupling=shop order=404-… booking=inv:404-… remote_id=17

Values with anything but plain characters are quoted as JSON, so that an event stays one line
whatever a service answered. No amounts and nobody's name: the ledger keeps those out of all of it.
"""

from __future__ import annotations

import json
import logging
import re

from amazon_eboekhouden.ledger.states import Change, Intent

log = logging.getLogger("amazon_eboekhouden.events")
_PLAIN = re.compile(r"[\w.:+@/-]+")


def tell(holder: str, intent: Intent, change: Change) -> None:
    """Log what became of an intent.

    Args:
        holder: the writer's unique name, as the lease and the history have it.
        intent: before the change.
        change: what it became, and why.
    """
    if not log.isEnabledFor(logging.INFO):
        return
    fields = {
        "event": change.to.value,
        "run": holder,
        "coupling": intent.coupling,
        "order": intent.order_id,
        "booking": intent.natural,
        "kind": intent.kind.value,
        "remote_id": change.remote_id,
        "reason": change.reason,
        "evidence": change.evidence,
    }
    log.info(" ".join(f"{name}={_one_word(value)}" for name, value in fields.items() if value))


def _one_word(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else json.dumps(value)
