"""An hour's work under Amazon's enforced buckets: calls per order, waiting, own time, re-runs."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.outcome import Line, Part, Shown, insist_on_equal
from benchmarks.sandbox import Sandbox, sandboxes, since

ORDERS, SEED = 2_000, 12
# Read three times within the 20 pages that a full bucket of searchOrders gives.
AGAIN = 600


def measure(quick: bool) -> Part:
    """The command line, from Amazon to the books, with the buckets as published."""
    count, fewer = (120, 120) if quick else (ORDERS, AGAIN)
    part = Part("hour", f"An hourly run of {count:,} orders, buckets enforced")
    with shop(count, SEED) as (sandbox, window):
        before, books_before, own_s = sandbox.calls("amazon"), sandbox.calls("books"), _own_s()
        first, first_s = sandbox.command("orders", *window)
        own_s = _own_s() - own_s
        amazon = since(sandbox.calls("amazon"), before)
        books = since(sandbox.calls("books"), books_before)
    part.lines.append(
        Line("ours, read and booked over HTTP and SOAP", f"{count:,} orders", first_s)
    )
    _claims(part, count, first, (first_s, own_s), amazon, books)
    part.notes.append(f"Calls of this run at Amazon: {amazon}; in the books: {books}.")
    part.notes.append(
        "Own time holds the sandboxes' time as well: they run on the same machine and write "
        "double-entry books."
    )
    with shop(fewer, SEED) as (sandbox, window):
        _again(part, fewer, sandbox, window)
    return part


@contextmanager
def shop(count: int, seed: int) -> Iterator[tuple[Sandbox, tuple[str, ...]]]:
    """Sandboxes with a month of orders and full buckets, and that month as options."""
    month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    with sandboxes() as sandbox:
        wishes = {"seed": seed, "orders": count, "from": f"{month}", "to": f"{after}"}
        sandbox.control("amazon", "seed", wishes)
        yield sandbox, ("--from", f"{month}T00:00:00Z", "--to", f"{after}T00:00:00Z")


def _again(part: Part, count: int, sandbox: Sandbox, window: tuple[str, ...]) -> None:
    """A preview, the run that books it, and the finished hour once more."""
    preview, preview_s = sandbox.command("orders", *window, "--preview")
    first, _ = sandbox.command("orders", *window)
    before, books_before = sandbox.calls("amazon"), sandbox.calls("books")
    again, again_s = sandbox.command("orders", *window)
    amazon = since(sandbox.calls("amazon"), before)
    books = since(sandbox.calls("books"), books_before)
    shown = len([x for x in preview["preview"] if "mutation" in x])
    insist_on_equal(
        {
            "preview": {"invoices": shown, "twice": 0},
            "first run": {"invoices": first["booked"], "twice": 0},
            "second run": {"invoices": again["already_booked"], "twice": again["booked"]},
        }
    )
    part.equal = f"{shown:,} of {count:,} orders booked as the preview showed; again: none"
    part.lines += [
        Line("ours, read only (--preview)", f"{count:,} orders", preview_s),
        Line("ours, the same hour again", f"{count:,} orders", again_s),
    ]
    writes = sum(k for n, k in books.items() if n.startswith("Add"))
    pages, calls = -(-count // 100), sum(amazon.values())
    part.shown.append(
        Shown(
            "re-run of a finished hour",
            "its pages + 1 calls, 0 SOAP writes",
            f"{calls} calls for {pages} pages, {writes} writes",
            amazon.get("searchOrders", 0) <= pages and calls <= pages + 1 and not writes,
        )
    )


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


def _own_s() -> float:
    """What ended programs of ours took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
