"""A soak on a clock of its own: every hour of some days, a fifth of all calls failing.

Some runs happen in a process of their own that dies by SIGKILL, before or after one of its first
requests. Whatever failed, the books are the same as after one undisturbed run, and nothing stands
in them twice. A longer one: `python -m tests.pipelines.test_soak --days 30` prints its figures.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from amazon_eboekhouden.domain.windows import chosen

from tests.pipelines.soak import (
    HOUR,
    START,
    Soak,
    books_of,
    disturbed,
    sandboxes,
    twice,
    undisturbed,
)
from tests.stopping import stop_as_by_ctrl_c


@pytest.fixture
def soak(tmp_path: Path) -> Iterator[Soak]:
    # In a process of their own: this one is forked, and brings no threads along.
    with sandboxes() as (amazon, books):
        yield Soak(amazon, books, tmp_path)


@pytest.mark.timeout(900)
def test_three_days_of_faults_leave_the_same_books(soak: Soak) -> None:
    right = undisturbed(soak, days=3, count=60)
    assert len(right) > 200
    rounds = disturbed(soak, days=3, count=60, seed=1, killed=0.1)
    journal = soak.journal()
    assert sum(soak.faults.values()) > 60
    assert soak.killed_runs > 2
    assert {"AddMutatie", "GetMutaties", "searchOrders"} <= set(soak.faults)
    assert twice(journal) == []
    assert books_of(journal) == right
    # The first healthy round asks the books what became of what was uncertain; the second has
    # nothing left to do.
    assert rounds <= 2
    before = soak.calls()
    soak.at(soak.clock.now + HOUR)
    soak.orders(chosen(START - HOUR, START + timedelta(days=3) + HOUR))
    after = soak.calls()
    assert all(after.get(name, 0) == before.get(name, 0) for name in ("AddMutatie", "AddRelatie"))


# --- the long one ---------------------------------------------------------------------------------


def _resident_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1024 / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--orders-a-day", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    stop_as_by_ctrl_c()
    count = options.days * options.orders_a_day
    memory: list[float] = []
    descriptors: list[int] = []
    started = time.monotonic()

    def measure(hour: int) -> None:
        if hour % 50 == 0:
            memory.append(round(_resident_mb(), 1))
            descriptors.append(len(os.listdir("/proc/self/fd")))

    with sandboxes() as (amazon, books), tempfile.TemporaryDirectory() as home:
        soak = Soak(amazon, books, Path(home))
        right = undisturbed(soak, options.days, count)
        soak.runs = 0
        rounds = disturbed(soak, options.days, count, options.seed, on_run=measure)
        journal, calls = soak.journal(), soak.calls()
    same = books_of(journal) == right
    figures = {
        "days": options.days,
        "seed": options.seed,
        "runs": soak.runs,
        "runs_that_failed": soak.failed_runs,
        "runs_killed": soak.killed_runs,
        "faults": sum(soak.faults.values()),
        "faults_by_operation": dict(sorted(soak.faults.items())),
        "posting_lines": len(journal),
        "twice": twice(journal),
        "books_equal": same,
        "healthy_rounds": rounds,
        "get_mutaties": calls.get("GetMutaties", 0),
        "memory_mb_every_50_hours": memory,
        "descriptors_every_50_hours": descriptors,
        "wall_s": round(time.monotonic() - started, 1),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0 if same and not figures["twice"] else 1


if __name__ == "__main__":
    sys.exit(main())
