"""The fault campaign from a shell: `python -m tests.torture --schedules N --seed S`.

Prints its figures, and for every failing schedule the seed that repeats it. Exit status 1 when
any invariant was broken.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ledger.postgres import cluster
from tests.stopping import stop_as_by_ctrl_c
from tests.torture.campaign import VARIANTS, Tally, every_placement, memory, random_schedule
from tests.torture.sql_stores import SqlWorld


@contextmanager
def _world(store: str) -> Iterator[SqlWorld | None]:
    if store == "memory":
        yield None
        return
    if store == "postgres":
        # What is looked for here are wrong statements, not lost sectors.
        with cluster(durable=False) as url:
            world = SqlWorld(url)
            yield world
            world.close()
        return
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        world = SqlWorld(f"sqlite:///{Path(folder) / 'ledger.db'}")
        yield world
        world.close()


def _random(arguments: argparse.Namespace, tally: Tally) -> None:
    with _world(arguments.store) as world:
        for seed in range(arguments.seed, arguments.seed + arguments.schedules):
            if world is None:
                random_schedule(seed, memory(), tally)
            else:
                random_schedule(seed, world.make_store, tally, world.admin())


def main(argv: list[str]) -> int:
    """Run the campaign; 0 when every invariant held on every schedule."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--schedules", type=int, default=100_000, help="random schedules")
    parser.add_argument("--seed", type=int, default=0, help="seed of the first one")
    parser.add_argument("--store", choices=("memory", "sqlite", "postgres"), default="memory")
    parser.add_argument(
        "--exhaustive",
        type=int,
        default=0,
        metavar="FAULTS",
        help="instead: every placement of up to so many faults, in all variants",
    )
    arguments = parser.parse_args(argv)
    stop_as_by_ctrl_c()
    tally, began = Tally(), time.monotonic()
    if arguments.exhaustive:
        for variant in VARIANTS:
            every_placement(variant, arguments.exhaustive, memory(), tally)
            sys.stdout.write(f"{variant}: {tally.schedules} schedules so far\n")
    else:
        _random(arguments, tally)
    took = time.monotonic() - began
    figures = {
        "schedules": tally.schedules,
        "seconds": round(took, 1),
        "steps": tally.steps,
        "sends": tally.sends,
        "faults": dict(sorted(tally.faults.items())),
        "final states": dict(tally.outcomes),
        "schedules with a violation": len(tally.failing),
    }
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    for name, found in list(tally.failing.items())[:20]:
        sys.stdout.write(f"VIOLATION {name}: {'; '.join(dict.fromkeys(found))}\n")
    return 1 if tally.failing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
