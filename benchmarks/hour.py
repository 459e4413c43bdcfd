"""An hour's work under Amazon's enforced buckets: calls per order, waiting, own time, re-runs."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.outcome import Line, Part, Shown
from benchmarks.running import ROOT, TIME_LIMIT_S
from benchmarks.sandbox import Sandbox, sandboxes

ORDERS = 2_000


def measure(quick: bool) -> Part:
    """The command line, from Amazon to the books, with the buckets as published."""
    count = 120 if quick else ORDERS
    part = Part("hour", f"An hourly run of {count:,} orders, buckets enforced")
    month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    window = ("--from", f"{month}T00:00:00Z", "--to", f"{after}T00:00:00Z")
    with sandboxes() as sandbox:
        wishes = {"seed": 12, "orders": count, "from": f"{month}", "to": f"{after}"}
        sandbox.control("amazon", "seed", wishes)
        preview, preview_s = _command(sandbox, "orders", *window, "--preview")
        before, books_before = sandbox.calls("amazon"), sandbox.calls("books")
        own_s = _processor_s()
        first, first_s = _command(sandbox, "orders", *window)
        own_s = _processor_s() - own_s
        amazon = _since(sandbox.calls("amazon"), before)
        books = _since(sandbox.calls("books"), books_before)
        again, again_s = _command(sandbox, "orders", *window)
        amazon_again = _since(sandbox.calls("amazon"), _sum(before, amazon))
        books_again = _since(sandbox.calls("books"), _sum(books_before, books))
    assert len([x for x in preview["preview"] if "mutation" in x]) == first["booked"]
    assert again["already_booked"] == first["booked"]
    assert again["booked"] == 0
    part.equal = f"{first['booked']:,} orders booked as the preview showed; again: none"
    part.lines = [
        Line("ours, read only (--preview)", f"{count:,} orders", preview_s),
        Line("ours, read and booked over HTTP and SOAP", f"{count:,} orders", first_s),
        Line("ours, the same hour again", f"{count:,} orders", again_s),
    ]
    _claims(part, count, first, (first_s, own_s), amazon, books)
    writes = {n: k for n, k in books_again.items() if n.startswith("Add")}
    pages = -(-count // 100)
    calls = sum(amazon_again.values())
    part.shown.append(
        Shown(
            "re-run of a finished hour",
            "its pages + 1 calls, 0 SOAP writes",
            f"{calls} calls for {pages} pages, {sum(writes.values())} writes",
            amazon_again.get("searchOrders", 0) <= pages and calls <= pages + 1 and not writes,
        )
    )
    part.notes.append(f"Calls of the first run at Amazon: {amazon}; in the books: {books}.")
    part.notes.append(
        "Own time holds the sandboxes' time as well: they run on the same machine and write "
        "double-entry books."
    )
    return part


def _claims(
    part: Part,
    count: int,
    report: dict[str, Any],
    seconds: tuple[float, float],
    amazon: dict[str, int],
    books: dict[str, int],
) -> None:
    # "Orders path": what fetching orders costs; a token is shared by all calls of an hour.
    orders = amazon.get("searchOrders", 0) + amazon.get("getOrder", 0) + amazon.get("token", 0)
    refused = sum(k for n, k in amazon.items() if n.startswith("refused:"))
    waited = report.get("retry_after_utc") is not None
    part.shown += [
        Shown(
            "SP-API calls per order, orders path (peers 1.01 to 3.01)",
            "<= 0.02",
            f"{orders / count:.4f} ({orders} calls)",
            orders / count <= 0.02 if count >= 1_000 else None,
        ),
        Shown(
            f"{count:,} orders under enforced buckets: waiting",
            "0 s, no 429",
            f"{'waited' if waited else '0 s'}, {refused} refused",
            not waited and refused == 0,
        ),
        Shown(
            f"{count:,} orders, own time of the whole run",
            "<= 20 s",
            f"{seconds[1]:.1f} s of the processor; {seconds[0]:.1f} s by the clock, the sandboxes' "
            "own work included",
            True if seconds[0] <= 20 else None if seconds[1] <= 20 else False,
        ),
        Shown(
            "SOAP calls per order booked",
            "1 per order + 1 per new relation + session",
            f"{sum(books.values()):,} calls for {books.get('AddMutatie', 0):,} bookings and "
            f"{books.get('AddRelatie', 0):,} relations",
            sum(books.values())
            <= 1.02 * (books.get("AddMutatie", 0) + books.get("AddRelatie", 0)) + 12,
        ),
    ]


def _command(sandbox: Sandbox, *arguments: str) -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "amazon_eboekhouden.cli", *arguments, "--json"],
        capture_output=True,
        text=True,
        env={**_environment(), **sandbox.variables},
        timeout=TIME_LIMIT_S,
        cwd=ROOT,
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise RuntimeError((done.stderr or done.stdout)[-300:])
    report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return report, seconds


def _processor_s() -> float:
    """What ended programs of ours took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "include")}


def _since(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: n - before.get(name, 0) for name, n in now.items() if n - before.get(name, 0)}


def _sum(a: dict[str, int], b: dict[str, int]) -> dict[str, int]:
    return {name: a.get(name, 0) + b.get(name, 0) for name in {*a, *b}}
