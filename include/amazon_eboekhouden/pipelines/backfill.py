"""History to bookings, by order report: a few calls per 30 days, whatever the number of orders.

```
plan ──► per slice: fetch ──► transform ──► validate ──► load      the last three as for an hour
          reports, and getOrder for what no report tells
```

A slice is fetched into batches of some thousand orders that look like pages of searchOrders, so
that history and the hour are booked by the same code. Everything that was fetched is remembered:
a run that was stopped, or sent away for want of tokens, goes on where it was. Of the tokens that
the hourly run needs as well, some are left. Source: design section 5.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from amazon_eboekhouden.domain.backfill import WantedReport, slices, wanted_reports
from amazon_eboekhouden.domain.errors import BadAnswer
from amazon_eboekhouden.domain.report_table import ReportFault
from amazon_eboekhouden.domain.reported_bookings import booked_orders, moved_dates
from amazon_eboekhouden.domain.reported_facts import as_json
from amazon_eboekhouden.domain.reported_orders import order_json
from amazon_eboekhouden.domain.reported_slice import ReportedSlice, read_slice, sort_out
from amazon_eboekhouden.domain.windows import Window
from amazon_eboekhouden.pipelines import orders, refunds
from amazon_eboekhouden.pipelines.asked_orders import AskedOrders
from amazon_eboekhouden.pipelines.batches import (
    plain_problems,
    problems_of,
    read_manifest,
    write_manifest,
)
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.requested_reports import RequestedReports
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller

log = logging.getLogger(__name__)

# Orders per batch: what one transform holds in memory.
BATCH = 5_000
DATES = "ship-dates"  # scope of the problems that ship dates are
_OF_REPORTS = "an order report"


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a backfill.

    Attributes:
        window: of this part.
        whole: of the backfill.
        run: who asks: reports are shared within a run, and asked for anew by the next.
    """

    window: Window
    whole: Window
    run: str

    def as_dict(self) -> dict[str, str]:
        """Plain values that a task may hand on."""
        moments = (*_span(self.window), *_span(self.whole))
        return dict(zip(("from", "to", "whole_from", "whole_to"), moments, strict=True)) | {
            "run": self.run
        }

    @classmethod
    def of(cls, told: dict[str, str]) -> Slice:
        """The slice back."""
        at = {name: datetime.fromisoformat(text) for name, text in told.items() if name != "run"}
        return cls(
            Window(at["from"], at["to"]), Window(at["whole_from"], at["whole_to"]), told["run"]
        )


def _span(window: Window) -> tuple[str, str]:
    return window.from_utc.isoformat(), window.to_utc.isoformat()


def plan(runtime: Runtime, window: Window, run: str) -> list[Slice]:
    """Cut the window, and ask Amazon for the reports of all its slices.

    Raises:
        domain.errors.RemoteError: NotNow without tokens; the reports asked for are remembered.
    """
    parts = [Slice(one, window, run) for one in slices(window)]
    for part in parts:
        request(runtime, part)
    return parts


def request(runtime: Runtime, part: Slice) -> None:
    """Ask Amazon for the reports of a slice that were not asked for yet.

    Raises:
        domain.errors.RemoteError: NotNow without tokens; the reports asked for are remembered.
    """
    requested, wanted = _requested(runtime, part), _wanted(runtime, part)
    if requested.all_known(wanted):
        return
    with _counted(runtime, f"{place_of(runtime, part, part.window.name)}/calls") as amazon:
        requested.ask(amazon, wanted)


@contextmanager
def _counted(runtime: Runtime, place: str) -> Iterator[AmazonSeller]:
    """Amazon, its calls counted over all the times that a step goes on where it was stopped."""
    with runtime.amazon(background=True) as amazon:
        try:
            yield amazon
        finally:
            calls = Counter(runtime.staging.read_checkpoint(place) or {}) + amazon.calls
            runtime.staging.write_checkpoint(place, dict(sorted(calls.items())))


def _calls(runtime: Runtime, place: str) -> Counter[str]:
    calls = Counter(runtime.staging.read_checkpoint(place) or {})
    runtime.staging.clear_checkpoint(place)
    return calls


def _requested(runtime: Runtime, part: Slice) -> RequestedReports:
    return RequestedReports(runtime, place_of(runtime, part))


def _wanted(runtime: Runtime, part: Slice) -> Sequence[WantedReport]:
    # A report asked for today does not change its window tomorrow, when the run goes on.
    until = runtime.staging.read_checkpoint(place_of(runtime, part, "plan"))
    if until is None:
        until = {"now": datetime.now(UTC).isoformat()}
        runtime.staging.write_checkpoint(place_of(runtime, part, "plan"), until)
    now = datetime.fromisoformat(until["now"])
    return wanted_reports(part.window, part.whole, runtime.settings, now)


def place_of(runtime: Runtime, part: Slice, *name: str) -> str:
    """Where a backfill, or a part of it, is staged."""
    return "/".join((runtime.settings.name, "orders/backfill", part.run, part.whole.name, *name))


def fetch(runtime: Runtime, part: Slice) -> str:
    """Read a slice's reports, and ask for the orders that no report tells enough of.

    Returns:
        name of a manifest that names the batches, one manifest of `pipelines.orders` each.

    Raises:
        domain.errors.RemoteError: NotNow while a report is being made or tokens are wanting.
    """
    wanted = _wanted(runtime, part)
    batch = place_of(runtime, part, part.window.name)
    with _counted(runtime, f"{batch}/calls") as amazon:
        contents = _requested(runtime, part).read(amazon, wanted)
        try:
            told = read_slice(
                (one.kind, document.content, document.charset)
                for one, document in zip(wanted, contents, strict=True)
            )
        except ReportFault as error:
            raise BadAnswer("Amazon", "createReport", f"{_OF_REPORTS}: {error}") from error
        asked = AskedOrders(runtime, amazon, batch)
        told = _with_sample(runtime, told, asked)
        booked = booked_orders(runtime.booked(), told.orders.keys())
        listed = set(runtime.ledger.held_orders(runtime.settings.name))
        sorted_out = sort_out(told, runtime.settings, booked, listed, asked.order_ids)
        asked.ask(sorted_out.to_ask)
    chunks = [
        _batch(
            runtime, f"{batch}/{number:04d}", part, told, chunk, asked.pages if not number else []
        )
        for number, chunk in enumerate(_chunks(sorted_out.to_read) or [[]])
    ]
    log.info(
        "coupling=%s %s: %d orders in the report, %d stand in the books, asked one by one: %s",
        runtime.settings.name,
        part.window.name,
        len(told.orders),
        sorted_out.unchanged,
        sorted_out.needs or "none",
    )
    return write_manifest(
        runtime.staging,
        batch,
        "fetched",
        {
            "batch": batch,
            "chunks": chunks,
            "unchanged": sorted_out.unchanged,
            "needs": sorted_out.needs,
            "orders": len(told.orders),
            "moved": plain_problems(moved_dates(booked, told.known.shipments)),
            "looked_at": sorted(booked),
            "calls": _calls(runtime, f"{batch}/calls"),
        },
    )


def _with_sample(runtime: Runtime, told: ReportedSlice, asked: AskedOrders) -> ReportedSlice:
    """Ask for some of the orders that the seller sent: do they leave from the seller's country?"""
    asked.ask(told.own_sample(runtime.settings))
    home = runtime.settings.seller.established_in
    elsewhere = any(country != home for country in asked.left_from())
    return replace(told, known=replace(told.known, leaves_from_elsewhere=elsewhere))


def _chunks(order_ids: Sequence[str]) -> list[Sequence[str]]:
    return [order_ids[start : start + BATCH] for start in range(0, len(order_ids), BATCH)]


def _batch(
    runtime: Runtime,
    batch: str,
    part: Slice,
    told: ReportedSlice,
    order_ids: Collection[str],
    asked: Sequence[str],
) -> str:
    """Stage some of the orders in the shape of an hour that was extracted."""
    staging = runtime.staging
    orders_told = (order_json(told.orders[one], told.known, runtime.settings) for one in order_ids)
    pages = [*asked, staging.write_json_lines(batch, "reported", orders_told)]
    # Of orders that were asked for, only Amazon's reports tell when and from where they left.
    about = {*order_ids, *(told.orders.keys() if asked else ())}
    facts = json.dumps(as_json(told.known, about)).encode()
    return write_manifest(
        staging,
        batch,
        "extracted",
        {
            "batch": batch,
            "to_utc": part.window.to_utc.isoformat(),
            "moves_watermark": False,
            "pages": pages,
            "facts": staging.write_bytes(batch, "facts", facts),
            "refunds": refunds.nothing_read(part.window),
            "calls": {},
        },
    )


def transform(runtime: Runtime, ref: str) -> str:
    """`orders.transform` of each batch."""
    return _each(runtime, ref, "transformed", orders.transform)


def validate(runtime: Runtime, ref: str) -> str:
    """`orders.validate` of each batch."""
    return _each(runtime, ref, "validated", orders.validate)


def _each(runtime: Runtime, ref: str, name: str, step: Callable[[Runtime, str], str]) -> str:
    manifest = read_manifest(runtime.staging, ref)
    done = {**manifest, "chunks": [step(runtime, one) for one in manifest["chunks"]]}
    return write_manifest(runtime.staging, manifest["batch"], name, done)


def load(runtime: Runtime, ref: str) -> RunReport:
    """`orders.load` of each batch, one after the other, until one has to wait."""
    manifest = read_manifest(runtime.staging, ref)
    moved = problems_of({"problems": manifest["moved"]})
    report = RunReport(calls=Counter(manifest["calls"]), problems=list(moved))
    report.already_booked = manifest["unchanged"]
    for one in manifest["chunks"]:
        report.add(orders.load(runtime, one))
        if report.retry_after_utc is not None:
            break
    if not runtime.preview:
        runtime.ledger.record_problems(
            runtime.settings.name, DATES, moved, orders=set(manifest["looked_at"])
        )
    report.details = {"orders": manifest["orders"], "asked_one_by_one": manifest["needs"]}
    return report


def forget(runtime: Runtime, parts: Sequence[Slice]) -> None:
    """It is complete: the next backfill of the window looks at Amazon anew."""
    for part in parts:
        _requested(runtime, part).forget(_wanted(runtime, part))
        runtime.staging.clear_checkpoint(place_of(runtime, part, part.window.name))
    runtime.staging.clear_checkpoint(place_of(runtime, parts[0], "plan"))
