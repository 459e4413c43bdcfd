"""Erasing what is no longer needed: customers first, whatever became of the couplings.

Nothing here needs a coupling or a service: also when every coupling is switched off, the customers
of the last runs go. Source: Amazon's data protection policy (30 days after delivery); reliability
rules 6.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from amazon_eboekhouden.adapters.blobs import blobs_at
from amazon_eboekhouden.adapters.install_key import load_or_create
from amazon_eboekhouden.adapters.staging import Staging
from amazon_eboekhouden.config.environment import Environment
from amazon_eboekhouden.ledger import BookingLedger, open_ledger

# Raw orders and sealed payloads hold customers: they go two days after they were of use. Whatever
# else was staged (a settlement that waits for approval names nobody) goes after a month.
PERSONAL_KEPT = timedelta(hours=48)
# Also of what could not be booked: Amazon allows 30 days after delivery.
PERSONAL_AT_MOST = timedelta(days=28)
STAGED_KEPT = timedelta(days=30)
# A problem that was solved: long enough to be looked up at the year's end.
SOLVED_KEPT = timedelta(days=400)


def erase_everywhere(environment: Environment, now: datetime) -> dict[str, int]:
    """Erase what is due, of all couplings, the inactive ones included.

    Args:
        environment: where things are kept.
        now: UTC.

    Returns:
        how many of each kind were erased.
    """
    install_key = load_or_create(environment.key_file)
    ledger = open_ledger(environment.ledger_url, install_key=install_key)
    try:
        return erase(ledger, Staging(environment.staging, install_key), environment, now)
    finally:
        ledger.close()


def erase(
    ledger: BookingLedger, staging: Staging, environment: Environment, now: datetime
) -> dict[str, int]:
    """The same on a ledger and a staging store that are open already."""
    blobs = blobs_at(environment.staging)
    orders = [
        name
        for name, written in blobs.written()
        if written < now - PERSONAL_KEPT and "/orders/" in name
    ]
    for name in orders:
        blobs.delete(name)
    return {
        "staged_orders": len(orders),
        "staged_others": staging.purge(now - STAGED_KEPT),
        "payloads": ledger.purge_payloads(now - PERSONAL_KEPT, now - PERSONAL_AT_MOST),
        "solved_problems": ledger.couplings.forget_closed(now - SOLVED_KEPT),
    }
