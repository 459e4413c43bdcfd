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
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from amazon_eboekhouden.domain.backfill import ReportKind, slices, wanted_reports
from amazon_eboekhouden.domain.errors import BadAnswer, NotNow
from amazon_eboekhouden.domain.order_reports import ReportedOrder, reported_orders
from amazon_eboekhouden.domain.report_table import ReportFault
from amazon_eboekhouden.domain.reported_bookings import (
    BookedOrder,
    booked_orders,
    is_unchanged,
    moved_dates,
)
from amazon_eboekhouden.domain.reported_facts import as_json
from amazon_eboekhouden.domain.reported_orders import Known, Need, need_of, order_json
from amazon_eboekhouden.domain.shipment_reports import Shipments, fulfilled_shipments, merged
from amazon_eboekhouden.domain.vat_reports import VatReport, invoice_data, merged_facts
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
# Of the orders of a slice that the seller sent: how many are asked for, to see where they left.
SAMPLE = 5
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
    with _counted(runtime, f"{_place(runtime, part, part.window.name)}/calls") as amazon:
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
    place = f"{runtime.settings.name}/orders/backfill/{part.run}/{part.whole.name}"
    return RequestedReports(runtime, place)


def _wanted(runtime: Runtime, part: Slice) -> Sequence[Any]:
    # A report asked for today does not change its window tomorrow, when the run goes on.
    until = runtime.staging.read_checkpoint(_place(runtime, part, "plan"))
    if until is None:
        until = {"now": datetime.now(UTC).isoformat()}
        runtime.staging.write_checkpoint(_place(runtime, part, "plan"), until)
    now = datetime.fromisoformat(until["now"])
    return wanted_reports(part.window, part.whole, runtime.settings, now)


def _place(runtime: Runtime, part: Slice, name: str) -> str:
    return f"{runtime.settings.name}/orders/backfill/{part.run}/{part.whole.name}/{name}"


def fetch(runtime: Runtime, part: Slice) -> str:
    """Read a slice's reports, and ask for the orders that no report tells enough of.

    Returns:
        name of a manifest that names the batches, one manifest of `pipelines.orders` each.

    Raises:
        domain.errors.RemoteError: NotNow while a report is being made or tokens are wanting.
    """
    wanted = _wanted(runtime, part)
    batch = _place(runtime, part, part.window.name)
    with _counted(runtime, f"{batch}/calls") as amazon:
        contents = _requested(runtime, part).read(amazon, wanted)
        try:
            read = _Read.of(zip((one.kind for one in wanted), contents, strict=True))
        except ReportFault as error:
            raise BadAnswer("Amazon", "createReport", f"{_OF_REPORTS}: {error}") from error
        asked = AskedOrders(runtime, amazon, batch)
        read = _with_sample(runtime, read, asked)
        sorted_out = _SortedOut.of(runtime, read, asked.order_ids)
        asked.ask(sorted_out.to_ask)
    chunks = [
        _batch(
            runtime, f"{batch}/{number:04d}", part, read, chunk, asked.pages if not number else []
        )
        for number, chunk in enumerate(_chunks(sorted_out.to_read) or [[]])
    ]
    log.info(
        "coupling=%s %s: %d orders in the report, %d stand in the books, asked one by one: %s",
        runtime.settings.name,
        part.window.name,
        len(read.orders),
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
            "orders": len(read.orders),
            "moved": plain_problems(moved_dates(sorted_out.booked, read.known.shipments)),
            "looked_at": sorted(sorted_out.booked),
            "calls": _calls(runtime, f"{batch}/calls"),
        },
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """The orders of a slice's report, and what its other reports tell of them."""

    orders: dict[str, ReportedOrder]
    known: Known

    @classmethod
    def of(cls, contents: Any) -> _Read:
        found: dict[str, ReportedOrder] = {}
        shipments, vat = [Shipments()], [VatReport()]
        for kind, document in contents:
            if not document.content:
                continue
            if kind is ReportKind.ORDERS:
                found |= reported_orders(document.content, document.charset)
            elif kind is ReportKind.SHIPMENTS:
                shipments.append(fulfilled_shipments(document.content, document.charset))
            else:
                vat.append(invoice_data(document.content, document.charset))
        sent = merged(one.shipments.by_order() for one in vat)
        for later in shipments[1:]:
            shipments[0].item_ids.update(later.item_ids)
        for report in vat:
            shipments[0].item_ids.update(report.item_ids)
        known = Known(
            shipments=merged([sent, *(one.by_order() for one in shipments)]),
            sent=sent,
            vat=merged_facts(vat),
            items={order_id: items for one in vat for order_id, items in one.items.items()},
            item_ids=shipments[0].item_ids,
        )
        return cls(found, known)


def _with_sample(runtime: Runtime, read: _Read, asked: AskedOrders) -> _Read:
    """Ask for some of the orders that the seller sent: do they leave from the seller's country?"""
    home = runtime.settings.seller.established_in
    own = [
        one.order_id
        for one in read.orders.values()
        if not one.by_amazon
        and one.order_id not in read.known.sent
        and one.status == "SHIPPED"
        and need_of(one, read.known, runtime.settings) is None
    ]
    asked.ask(own[:: max(1, len(own) // SAMPLE)][:SAMPLE])
    elsewhere = any(country != home for country in asked.left_from())
    return _Read(read.orders, replace(read.known, leaves_from_elsewhere=elsewhere))


@dataclass(frozen=True, slots=True)
class _SortedOut:
    """What is done with each order of a report.

    Attributes:
        to_read: the report tells enough.
        to_ask: Amazon must be asked.
        unchanged: how many stand in the books as they are shown.
        needs: why Amazon must be asked, counted.
        booked: what stands in the books.
    """

    to_read: list[str]
    to_ask: list[str]
    unchanged: int
    needs: dict[str, int]
    booked: dict[str, BookedOrder]

    @classmethod
    def of(cls, runtime: Runtime, read: _Read, asked: Collection[str]) -> _SortedOut:
        booked = booked_orders(runtime.booked(), read.orders.keys())
        listed = set(runtime.ledger.held_orders(runtime.settings.name))
        to_read, to_ask = [], []
        unchanged, needs = 0, Counter[str]()
        for order_id, order in read.orders.items():
            if order_id in asked:
                continue
            before = booked.get(order_id)
            need = need_of(order, read.known, runtime.settings)
            if before is not None and order_id not in listed and is_unchanged(order, before):
                unchanged += 1
                continue
            if before is not None and order.status != "CANCELLED":
                need = need or Need.CHANGED  # What changed after booking is judged by all of it.
            if need is None:
                to_read.append(order_id)
            else:
                to_ask.append(order_id)
                needs[need.value] += 1
        return cls(to_read, to_ask, unchanged, dict(sorted(needs.items())), booked)


def _chunks(order_ids: Sequence[str]) -> list[Sequence[str]]:
    return [order_ids[start : start + BATCH] for start in range(0, len(order_ids), BATCH)]


def _batch(
    runtime: Runtime,
    batch: str,
    part: Slice,
    read: _Read,
    order_ids: Collection[str],
    asked: Sequence[str],
) -> str:
    """Stage some of the orders in the shape of an hour that was extracted."""
    staging = runtime.staging
    told = (order_json(read.orders[one], read.known, runtime.settings) for one in order_ids)
    pages = [*asked, staging.write_json_lines(batch, "reported", told)]
    # Of orders that were asked for, only Amazon's reports tell when and from where they left.
    about = {*order_ids, *(read.orders.keys() if asked else ())}
    facts = json.dumps(as_json(read.known, about)).encode()
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


def run(
    runtime: Runtime,
    window: Window,
    *,
    patience: timedelta = timedelta(0),
    tell: Callable[[str], None] = log.info,
) -> RunReport:
    """The whole backfill, slice after slice; what was done is not done again by the next run.

    Args:
        runtime: the coupling's runtime.
        window: from and to.
        patience: how long to wait in all for reports and tokens.
        tell: hears the progress.

    Raises:
        domain.errors.RemoteError: NotNow when it takes longer.
    """
    name = "preview" if runtime.preview else "shell"
    until = time.monotonic() + patience.total_seconds()
    parts = _waiting(lambda: plan(runtime, window, name), until, tell)
    place = _place(runtime, parts[0], "progress")
    done: list[str] = (runtime.staging.read_checkpoint(place) or {"done": []})["done"]
    total = RunReport()
    asked, read = Counter[str](), 0
    for number, part in enumerate(parts, 1):
        shown = f"{part.window.from_utc:%Y-%m-%d} to {part.window.to_utc:%Y-%m-%d}"
        if part.window.name in done:
            tell(f"window {number} of {len(parts)}, {shown}: done before")
            continue
        fetched = _waiting(lambda one=part: fetch(runtime, one), until, tell)  # type: ignore[misc]
        report = load(runtime, validate(runtime, transform(runtime, fetched)))
        read += report.details.pop("orders")
        asked.update(report.details.pop("asked_one_by_one"))
        total.add(report)
        if report.retry_after_utc is not None:
            break
        done.append(part.window.name)
        runtime.staging.write_checkpoint(place, {"done": done})
        tell(
            f"window {number} of {len(parts)}, {shown}: {report.booked} booked, "
            f"{report.already_booked} already, {report.skipped} skipped, "
            f"{len(report.problems)} problems"
        )
    else:
        _forget(runtime, parts)
    total.details["backfill"] = {
        "windows": len(parts),
        "windows_done": len(done),
        "orders": read,
        "asked_one_by_one": dict(sorted(asked.items())),
    }
    return total


def _forget(runtime: Runtime, parts: Sequence[Slice]) -> None:
    """It is complete: the next backfill of the window looks at Amazon anew."""
    for part in parts:
        _requested(runtime, part).forget(_wanted(runtime, part))
        runtime.staging.clear_checkpoint(_place(runtime, part, part.window.name))
    for name in ("plan", "progress"):
        runtime.staging.clear_checkpoint(_place(runtime, parts[0], name))


def _waiting(step: Callable[[], Any], until: float, tell: Callable[[str], None]) -> Any:
    """The step's result, waiting for what is not there yet as long as there is patience."""
    while True:
        try:
            return step()
        except NotNow as error:
            wait = max(0.0, (error.retry_at_utc - datetime.now(UTC)).total_seconds())
            if time.monotonic() + wait > until:
                raise
            tell(f"waiting {wait:.0f} s: {error.cause}")
            time.sleep(wait)
