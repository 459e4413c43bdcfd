"""Problems of settlements that go away by themselves: taken off the list when they have.

A settlement is read once; what it lists would stand there for ever. Parked money that went to its
invoice and a part payment that was followed by the rest are nobody's work any more. Source:
accounting rules 7.6, 7.7 and 9.2.
"""

from __future__ import annotations

from collections import defaultdict

from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement.unparking import still_parked
from amazon_eboekhouden.domain.standing import own_open_items
from amazon_eboekhouden.pipelines.runtime import Runtime

_SCOPE = "settlement:"
_PARKED, _UNDERPAID = "settlement-order-parked", "settlement-underpaid"


def close_solved(runtime: Runtime) -> None:
    """Take off the list what was solved since its settlement was booked."""
    name = runtime.settings.name
    listed: dict[str, list[Problem]] = defaultdict(list)
    for one in runtime.ledger.open_problems(name):
        if one.scope.startswith(_SCOPE):
            listed[one.scope].append(one.problem)
    if not any(p.code in (_PARKED, _UNDERPAID) for found in listed.values() for p in found):
        return
    booked = runtime.booked()
    parked = still_parked(booked)
    still_open = {item.order_id for item in own_open_items(booked) if item.open_cents > 0}

    def is_solved(scope: str, found: Problem) -> bool:
        if found.code == _PARKED:
            return (scope.removeprefix(_SCOPE), found.order_id) not in parked
        return found.code == _UNDERPAID and found.order_id not in still_open

    for scope, found in listed.items():
        rest = [one for one in found if not is_solved(scope, one)]
        if len(rest) < len(found):
            runtime.ledger.record_problems(name, scope, rest)
