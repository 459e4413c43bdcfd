"""A slice of the long campaign; `make torture` runs all of it."""

from __future__ import annotations

import pytest

from tests.torture.campaign import (
    VARIANTS,
    Tally,
    every_placement,
    memory,
    random_schedule,
)
from tests.torture.remote import ADD_FAULTS, Variant


def _violations(tally: Tally) -> str:
    return "\n".join(f"{name}: {'; '.join(found)}" for name, found in tally.failing.items())


def test_random_schedules_keep_every_invariant() -> None:
    tally = Tally()
    for seed in range(1_000_000, 1_006_000):
        random_schedule(seed, memory(), tally)
    assert not tally.failing, _violations(tally)
    # A campaign in which nothing went wrong would prove nothing.
    missing = [kind for kind in ADD_FAULTS if not tally.faults[f"add: {kind}"]]
    assert missing == []
    points = {name for name in tally.faults if name.startswith("killed after")}
    assert len(points) == 13, sorted(points)
    assert tally.outcomes["CONFIRMED"] > 40_000


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_every_placement_of_up_to_two_faults(variant: Variant) -> None:
    tally = Tally()
    every_placement(variant, 2, memory(), tally)
    assert tally.schedules > 2_500
    assert not tally.failing, _violations(tally)
