"""The store in memory, on which the long campaign runs, is the product's store: same seeds, same
steps, same events, on a SQLite file and on PostgreSQL.
"""

from __future__ import annotations

import pytest

from tests.torture.campaign import Tally, memory, random_schedule
from tests.torture.sql_stores import SqlWorld
from tests.torture.universe import ADMIN

_SEEDS = range(3_000_000, 3_000_060)


def test_same_seed_same_story(url: str) -> None:
    world = SqlWorld(url)
    tally = Tally()
    for seed in _SEEDS:
        admin = world.admin()
        real, found = random_schedule(seed, world.make_store, tally, admin)
        model, _ = random_schedule(seed, memory(), Tally())
        assert found == [], f"seed {seed}"
        if url.startswith("sqlite"):
            # PostgreSQL has an advisory lock besides the lease, so a worker may wait longer there.
            trace = [line.replace(admin, ADMIN) for line in real.trace]
            assert trace == model.trace, f"seed {seed}"
            events = [
                tuple(text.replace(admin, ADMIN) for text in event)
                for event in real.store.all_events(admin)
            ]
            assert events == model.store.all_events(ADMIN), f"seed {seed}"
    world.close()
    assert tally.outcomes["CONFIRMED"] > 400


def test_a_session_that_holds_the_advisory_lock_keeps_others_out(
    postgres_url: str, request: pytest.FixtureRequest
) -> None:
    world = SqlWorld(postgres_url)
    admin = world.admin()
    now = [1_790_000_000.0]
    from tests.torture.campaign import SETTINGS

    first = world.make_store(lambda: now[0], SETTINGS)
    second = world.make_store(lambda: now[0], SETTINGS)
    lease = first.acquire(admin, "frozen")
    now[0] += 10 * SETTINGS.lease_s
    assert not hasattr(second.acquire(admin, "other"), "epoch"), "the first session still lives"
    first.drop_guard(admin, "frozen")
    taken = second.acquire(admin, "other")
    assert taken.epoch == lease.epoch + 1
    second.release(taken)
    world.close()
