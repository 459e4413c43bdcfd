"""Ours: the hourly run's own extraction: pages to the encrypted staging store."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from amazon_eboekhouden.adapters.amazon_rates import NullBudget
from amazon_eboekhouden.domain.windows import chosen
from amazon_eboekhouden.pipelines.batches import read_manifest
from amazon_eboekhouden.pipelines.orders import extract

from benchmarks.peers.measure import measured
from benchmarks.sandbox import runtime


def main(after: str, before: str) -> None:
    start, end = datetime.fromisoformat(after), datetime.fromisoformat(before)
    window = chosen(start, end)
    with runtime() as given:
        # As for the others here: our own limiter is off. Part "hour" runs with it.
        given.ledger.rate_budget = lambda *_: NullBudget()
        # The ledger is made, the libraries are loaded, a token is there: as in any hour's run.
        extract(given, chosen(start - timedelta(minutes=2), start - timedelta(minutes=1)))
        measured(lambda: _answer(given, extract(given, window)))


def _answer(given: Any, ref: str) -> Any:
    def told() -> dict[str, Any]:
        manifest = read_manifest(given.staging, ref)
        return digest(
            order for page in manifest["pages"] for order in given.staging.read_json_lines(page)
        )

    return told


def digest(orders: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Orders and their items, as one text that all must agree on."""
    pairs = {
        f"{one['orderId']} {item['orderItemId']}" for one in orders for item in one["orderItems"]
    }
    found = hashlib.sha256("\n".join(sorted(pairs)).encode()).hexdigest()[:16]
    return {"orders": len({pair.split()[0] for pair in pairs}), "items": found}


if __name__ == "__main__":
    main(*sys.argv[1:3])
