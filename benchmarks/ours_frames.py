"""Ours: orders as Amazon shows them, to mutation frames that passed every expectation."""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import Any

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.invoices import invoices
from amazon_eboekhouden.domain.orders import orders_from_json
from amazon_eboekhouden.expectations.gate import check

from benchmarks.order_data import orders
from benchmarks.peers.measure import rss_mb

CHUNK = 10_000


def settings() -> CouplingSettings:
    return CouplingSettings.model_validate(
        {
            "name": "bench",
            "seller": {"connection": "amazon", "marketplaces": ["NL"], "stock_in": ["NL"]},
            "books": {"connection": "books", "go_live": "2026-01-01"},
        }
    )


def main(count: int) -> None:
    """Chunk by chunk; only our own work is timed, making the orders is not."""
    chosen, nothing = settings(), BOOKED.empty()
    _work(list(orders(50)), chosen, nothing)
    gc.collect()
    baseline, peak = rss_mb(), 0.0
    spent = {"read": 0.0, "invoice": 0.0, "validate": 0.0}
    cpu, read, booked, cents, held = 0.0, 0, 0, 0, 0
    for first in range(0, count, CHUNK):
        # As bytes, as they come off the wire and lie in staging.
        pages = [json.dumps(one) for one in orders(min(CHUNK, count - first), first)]
        before = time.process_time()
        found = _work(map(json.loads, pages), chosen, nothing, spent)
        cpu += time.process_time() - before
        read += len(pages)
        booked += found[0]
        cents += found[1]
        held += found[2]
        peak = max(peak, rss_mb())
    line = {
        "answer": {"read": read, "booked": booked, "cents": cents, "held": held, "spent": spent},
        "seconds": sum(spent.values()),
        "cpu_s": cpu,
        "baseline_mb": baseline,
        "peak_mb": peak,
        "above_mb": rss_mb("VmHWM") - baseline,
    }
    sys.stdout.write("\n" + json.dumps(line) + "\n")


def _work(
    raw: Any, chosen: CouplingSettings, nothing: Any, spent: dict[str, float] | None = None
) -> tuple[int, int, int]:
    started = time.perf_counter()
    read = orders_from_json(raw, chosen)
    was_read = time.perf_counter()
    made = invoices(
        read.orders, read.lines, chosen, install_key=b"k" * 32, booked=nothing, rates={}, vies={}
    )
    was_made = time.perf_counter()
    passed = check(made.mutations, made.mutation_lines, made.relations)
    was_checked = time.perf_counter()
    assert not passed.problems, passed.problems[:3]
    if spent is not None:
        spent["read"] += was_read - started
        spent["invoice"] += was_made - was_read
        spent["validate"] += was_checked - was_made
    total = int(passed.mutations["gross_cents"].sum())
    return len(passed.mutations), total, len(read.problems) + len(made.problems)


if __name__ == "__main__":
    main(int(sys.argv[1]))
