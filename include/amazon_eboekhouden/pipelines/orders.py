"""Orders to bookings: extract, transform, validate, load.

Each step takes the name of what the step before left in staging and returns the name of what it
leaves itself, so that a task, a shell and a test run the same four functions.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from amazon_eboekhouden.domain.frames import (
    MUTATION_LINES,
    MUTATIONS,
    RELATIONS,
    SKIPPED,
)
from amazon_eboekhouden.domain.invoice_numbers import NumberSeries
from amazon_eboekhouden.domain.invoices import invoices
from amazon_eboekhouden.domain.orders import BEFORE_SHIPPING, OrdersRead, orders_from_json
from amazon_eboekhouden.domain.reported_facts import ReportedFacts, from_json
from amazon_eboekhouden.domain.windows import Window
from amazon_eboekhouden.ledger.couplings import ORDERS
from amazon_eboekhouden.ledger.decisions import Choice
from amazon_eboekhouden.pipelines import refunds
from amazon_eboekhouden.pipelines.batches import (
    plain_problems,
    problems_of,
    read_frame,
    read_manifest,
    write_frames,
    write_manifest,
)
from amazon_eboekhouden.pipelines.booking import book
from amazon_eboekhouden.pipelines.order_pages import read_pages
from amazon_eboekhouden.pipelines.references import rates_for_orders, vies_answers
from amazon_eboekhouden.pipelines.relations import fill
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller

# Held orders that are asked again one by one, per run (burst of getOrder).
HELD_PER_RUN = 30
# Why an order is skipped that a person chose to leave out.
PASSED_OVER = "passed_over_by_a_person"


def extract(runtime: Runtime, window: Window) -> str:
    """Fetch the orders that changed in a window, and those that earlier runs had to hold.

    A fetch that ran out of tokens goes on where it stopped, see `order_pages`.

    Returns:
        name of a manifest: window, pages, calls.

    Raises:
        domain.errors.RemoteError: Amazon cannot be asked, refuses, or has no tokens left.
    """
    batch = f"{runtime.settings.name}/orders/{window.name}"
    with runtime.amazon() as amazon:
        pages = read_pages(runtime, amazon, batch, window)
        if window.moves_watermark:
            pages += _held(runtime, amazon, batch)
        refunded = refunds.extract(runtime, amazon, batch, window)
        calls = dict(amazon.calls)
    return write_manifest(
        runtime.staging,
        batch,
        "extracted",
        {
            "batch": batch,
            "to_utc": window.to_utc.isoformat(),
            "moves_watermark": window.moves_watermark,
            "pages": pages,
            "refunds": refunded,
            "calls": calls,
        },
    )


def _held(runtime: Runtime, amazon: AmazonSeller, batch: str) -> list[str]:
    """Orders that stand on the list: when their cause is mended, this run books them."""
    order_ids = runtime.ledger.held_orders(runtime.settings.name)[:HELD_PER_RUN]
    found = [order for order_id in order_ids if (order := amazon.get_order(order_id)) is not None]
    if not found:
        return []
    return [runtime.staging.write_json_lines(batch, "held", found)]


def transform(runtime: Runtime, ref: str) -> str:
    """Turn the fetched orders into mutations, relations, problems and skipped orders.

    Returns:
        name of a manifest with the frames MUTATIONS, MUTATION_LINES, RELATIONS, SKIPPED.
    """
    extracted = read_manifest(runtime.staging, ref)
    facts = _facts(runtime, extracted)
    read = orders_from_json(
        _orders(runtime, extracted["pages"]),
        runtime.settings,
        shipments=facts.shipments,
        item_vat=facts.item_vat,
        held_since=_held_since(runtime),
    )
    booked = runtime.booked()
    orders, skipped, passed_over = _without_passed_over(runtime, read)
    bookable = invoices(
        orders,
        read.lines,
        runtime.settings,
        install_key=runtime.install_key,
        booked=booked,
        rates=rates_for_orders(runtime, orders, booked),
        vies=vies_answers(runtime, orders, booked),
        vcs_numbers=facts.vcs_numbers,
        numbers=_numbers(runtime),
    )
    held = {p.order_id for p in (*read.problems, *bookable.problems)}
    notes, refunded = refunds.transform(
        runtime, extracted["refunds"], booked, bookable.mutations, held
    )
    frames = write_frames(
        runtime.staging,
        extracted["batch"],
        {
            "mutations": (MUTATIONS, _joined(bookable.mutations, notes.mutations)),
            "mutation_lines": (
                MUTATION_LINES,
                _joined(bookable.mutation_lines, notes.mutation_lines),
            ),
            "relations": (RELATIONS, bookable.relations),
            "known_relations": (RELATIONS, bookable.known_relations),
            "skipped": (SKIPPED, pd.concat([skipped, bookable.skipped], ignore_index=True)),
        },
    )
    return write_manifest(
        runtime.staging,
        extracted["batch"],
        "transformed",
        {
            **{name: extracted[name] for name in ("batch", "to_utc", "moves_watermark", "calls")},
            "frames": frames,
            "refunds": refunded,
            "order_ids": sorted({*read.orders["order_id"], *(p.order_id for p in read.problems)}),
            "problems": plain_problems(
                p for p in (*read.problems, *bookable.problems) if p.order_id not in passed_over
            ),
        },
    )


def _held_since(runtime: Runtime) -> dict[str, datetime]:
    """When the orders on the list were first seen as shipped, at the latest."""
    listed = runtime.ledger.open_problems(runtime.settings.name)
    return {
        one.problem.order_id: one.first_seen_utc
        for one in reversed(listed)  # The oldest problem of an order counts.
        if one.scope == ORDERS and one.problem.code not in BEFORE_SHIPPING
    }


def _facts(runtime: Runtime, extracted: Mapping[str, Any]) -> ReportedFacts:
    """What Amazon's reports tell beside the orders; an hour has none."""
    ref = extracted.get("facts")
    return from_json(json.loads(runtime.staging.read_bytes(ref))) if ref else ReportedFacts()


def _without_passed_over(
    runtime: Runtime, read: OrdersRead
) -> tuple[pd.DataFrame, pd.DataFrame, set[str]]:
    """Orders, skipped orders, and what a person chose to pass over ("Overslaan").

    Returns:
        ORDERS without them, SKIPPED with them, and the ids that a person chose.
    """
    prefix = f"order:{runtime.settings.name}:"
    chosen = runtime.ledger.decisions.chosen(prefix, Choice.IGNORE)
    seen = {*read.orders["order_id"], *(p.order_id for p in read.problems)}
    already = set(read.skipped["order_id"])
    rows = [
        {"order_id": order_id, "reason": PASSED_OVER}
        for order_id in sorted(chosen & seen - already)
    ]
    skipped = pd.concat([read.skipped, SKIPPED.of(rows)], ignore_index=True)
    return read.orders[~read.orders["order_id"].isin(chosen)], skipped, chosen


def _numbers(runtime: Runtime) -> NumberSeries:
    """Numbers of the seller's own series: the same booking always gets the same one back."""

    def issue(series: str, naturals: Sequence[str]) -> Mapping[str, int]:
        if runtime.preview:  # A number that is shown is not yet given.
            return {natural: number for number, natural in enumerate(naturals, 1)}
        bound = runtime.ledger.coupling_state(runtime.settings.name)
        if bound is None:
            with runtime.books() as books:
                administration = books.administration_guid()
        else:
            administration = bound.administration
        return runtime.ledger.invoice_numbers(administration, series, naturals)

    return issue


def _orders(runtime: Runtime, pages: list[str]) -> Iterator[dict[str, Any]]:
    for page in pages:
        yield from runtime.staging.read_json_lines(page)


def validate(runtime: Runtime, ref: str) -> str:
    """Hold back what breaks an expectation; the rest goes on.

    What stands in the books already is not looked at again: the ledger will recognise it.

    Returns:
        name of a manifest like transform's.
    """
    from amazon_eboekhouden.expectations.gate import check

    manifest = read_manifest(runtime.staging, ref)
    staging = runtime.staging
    mutations = read_frame(staging, manifest, "mutations", MUTATIONS)
    lines = read_frame(staging, manifest, "mutation_lines", MUTATION_LINES)
    relations = read_frame(staging, manifest, "relations", RELATIONS)
    new = _new(runtime)
    checked = check(mutations[new(mutations)], lines[new(lines)], relations[new(relations)])
    frames = write_frames(
        staging,
        manifest["batch"],
        {
            "mutations": (MUTATIONS, _joined(mutations[~new(mutations)], checked.mutations)),
            "mutation_lines": (MUTATION_LINES, _joined(lines[~new(lines)], checked.mutation_lines)),
            "relations": (RELATIONS, _joined(relations[~new(relations)], checked.relations)),
        },
    )
    return write_manifest(
        staging,
        manifest["batch"],
        "validated",
        {
            **manifest,
            "frames": {**manifest["frames"], **frames},
            "problems": manifest["problems"] + plain_problems(checked.problems),
        },
    )


def _new(runtime: Runtime) -> Callable[[pd.DataFrame], pd.Series[bool]]:
    """Tells which rows of a frame belong to bookings that are not in the books yet."""
    confirmed = runtime.confirmed()
    return lambda frame: ~frame["booking"].isin(confirmed)


def _joined(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    if first.empty or second.empty:
        return first if second.empty else second
    return pd.concat([first, second], ignore_index=True)


def load(runtime: Runtime, ref: str) -> RunReport:
    """Book what is new, and remember what could not be booked.

    Only a run that goes on where the last one stopped moves the watermark, and only when nothing
    of its window was left for later.
    """
    manifest = read_manifest(runtime.staging, ref)
    staging = runtime.staging
    report = RunReport(calls=Counter(manifest["calls"]), problems=problems_of(manifest))
    skipped = read_frame(staging, manifest, "skipped", SKIPPED)
    report.skipped = len(skipped)
    report.skipped_reasons = Counter(skipped["reason"])
    report.add(
        book(
            runtime,
            read_frame(staging, manifest, "mutations", MUTATIONS),
            read_frame(staging, manifest, "mutation_lines", MUTATION_LINES),
            read_frame(staging, manifest, "relations", RELATIONS),
        )
    )
    report.add(fill(runtime, read_frame(staging, manifest, "known_relations", RELATIONS)))
    if not runtime.preview:
        runtime.ledger.record_order_problems(
            runtime.settings.name, report.problems, considered=manifest["order_ids"]
        )
        if manifest["moves_watermark"] and report.retry_after_utc is None:
            runtime.ledger.set_watermark(
                runtime.settings.name, pd.Timestamp(manifest["to_utc"]).to_pydatetime()
            )
    report.problems += refunds.remember(
        runtime, manifest["refunds"], complete=report.retry_after_utc is None
    )
    return report


def run(runtime: Runtime, window: Window) -> RunReport:
    """All four steps, one after the other."""
    return load(runtime, validate(runtime, transform(runtime, extract(runtime, window))))
