"""Refunds to credit notes: Amazon's finances, read beside the orders of an hourly run.

A part of the orders' run (`pipelines.orders`): the same extract, the same booking session. It has
marks of its own, so that trouble with finances holds up no order, and a refund that was not read
today is read tomorrow; a settlement brings whatever is missed for good.

```
hour      |──13──|──14──|        what was posted since the last reading
once a day   ◄── 48 hours ──|    once more, for Amazon shows some transactions up to two days late
```

Source: finances 2024-06-19, `listTransactions`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from amazon_eboekhouden.config.refund_parts import refund_type
from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.domain.finances import AmazonRefund, refund_events
from amazon_eboekhouden.domain.frames import MUTATIONS, RELATIONS
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.refunds import RefundBookables, alias_id, refund_bookables
from amazon_eboekhouden.domain.windows import OVERLAP, Window
from amazon_eboekhouden.ledger.decisions import Choice
from amazon_eboekhouden.pipelines.batches import plain_problems, problems_of
from amazon_eboekhouden.pipelines.booking import book
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller

log = logging.getLogger(__name__)

REFUNDS = "refunds"  # scope of the problems that refunds are
# Amazon: "might not include orders from the last 48 hours".
SHOWN_LATE = timedelta(hours=48)
LATE_EVERY = timedelta(hours=24)
# Refunds on the list of problems that are asked again one by one, per run (burst of the bucket).
HELD_PER_RUN = 10
# A day without finances is a person's business; an hour is not.
SILENT_MAX = timedelta(hours=24)


def extract(runtime: Runtime, amazon: AmazonSeller, batch: str, window: Window) -> dict[str, Any]:
    """Read the refunds that were posted since the last reading, and those on the list.

    A chosen window of orders reads none: the marks leave no gap that it could fill.

    Args:
        runtime: the coupling's runtime.
        amazon: open.
        batch: where to stage them.
        window: of the orders; its end is how far finances are read.

    Returns:
        plain values for the manifest: the staged "page", "until" per mark when the reading
        succeeded, why it "failed" and whether "for_good", and "to_utc".
    """
    nothing = nothing_read(window)
    if not window.moves_watermark:
        return nothing
    start, until = _to_read(runtime, window)
    found: list[dict[str, Any]] = []
    try:
        if start is not None:
            listed = amazon.list_transactions(posted_after=start, posted_before=window.to_utc)
            found += _refunds_in(listed)
        for order_id in _held(runtime)[:HELD_PER_RUN]:
            found += _refunds_in(amazon.transactions_of(order_id))
    except RemoteError as error:  # A refusal too: orders were just read with the same credentials.
        log.warning("coupling=%s refunds not read: %s", runtime.settings.name, error)
        return {**nothing, "failed": str(error), "for_good": not error.should_retry}
    page = runtime.staging.write_json_lines(batch, "refunds", found) if found else None
    return {**nothing, "page": page, "until": until}


def nothing_read(window: Window) -> dict[str, Any]:
    """What `extract` returns for a window of which no refunds are read."""
    return {
        "page": None,
        "until": {},
        "failed": "",
        "for_good": False,
        "to_utc": window.to_utc.isoformat(),
    }


def _to_read(runtime: Runtime, window: Window) -> tuple[datetime | None, dict[str, str]]:
    """From when on to read, None when nothing is new; and the marks that it sets."""
    recent, late = _mark(runtime, "recent"), _mark(runtime, "late")
    if recent is not None and recent >= window.to_utc:
        return None, {}
    end = window.to_utc.isoformat()
    start = (recent or window.from_utc) - OVERLAP
    if late is not None and window.to_utc - late < LATE_EVERY:
        return start, {"recent": end}
    return min(start, (late or window.from_utc) - SHOWN_LATE), {"recent": end, "late": end}


def _mark(runtime: Runtime, name: str) -> datetime | None:
    return runtime.ledger.watermark(_mark_name(runtime, name))


def _mark_name(runtime: Runtime, name: str) -> str:
    # A coupling's name holds no slash.
    return f"{runtime.settings.name}/refunds-{name}"


def _held(runtime: Runtime) -> list[str]:
    """Orders whose refund stands on the list, the one that was looked at longest ago first."""
    listed = runtime.ledger.open_problems(runtime.settings.name)
    own = [one for one in listed if one.scope == REFUNDS and one.problem.order_id]
    own.sort(key=lambda one: one.last_seen_utc)
    return list(dict.fromkeys(one.problem.order_id for one in own))


def _refunds_in(transactions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Only the refunds: sales and fees are the settlement's business."""
    return [
        one
        for one in transactions
        if refund_type(str(one.get("transactionType")), str(one.get("description")))
    ]


def transform(
    runtime: Runtime,
    extracted: Mapping[str, Any],
    booked: pd.DataFrame,
    planned: pd.DataFrame,
    held: Collection[str],
) -> tuple[RefundBookables, dict[str, Any]]:
    """The credit notes of what was read.

    Args:
        runtime: the coupling's runtime.
        extracted: what `extract` returned.
        booked: BOOKED.
        planned: MUTATIONS of the orders of this run.
        held: orders that this run could not book.

    Returns:
        what is to be booked, and plain values for the manifest.
    """
    page = extracted["page"]
    rows = list(runtime.staging.read_json_lines(page)) if page else []
    return _bookables(runtime, rows, booked, planned, held, extracted)


def _bookables(
    runtime: Runtime,
    rows: list[dict[str, Any]],
    booked: pd.DataFrame,
    planned: pd.DataFrame,
    held: Collection[str],
    extracted: Mapping[str, Any],
) -> tuple[RefundBookables, dict[str, Any]]:
    events, unread = refund_events(rows)
    name = runtime.settings.name
    passed_over: set[str] = set()
    listed: set[str] = set()
    if rows:
        passed_over = runtime.ledger.decisions.chosen(f"order:{name}:", Choice.IGNORE)
        listed = set(runtime.ledger.held_orders(name))
    bookables = refund_bookables(
        events,
        booked,
        planned,
        runtime.settings,
        aliases=_aliases(runtime, events),
        held={*held, *listed},
        passed_over=passed_over,
    )
    known = passed_over | _credited_by_settlements(booked)
    problems = [p for p in unread if p.order_id not in known] + bookables.problems
    order_ids = {p.order_id for p in unread} | {event.order_id for event in events}
    return bookables, {
        "aliases": {key: sorted(ids) for key, ids in bookables.aliases.items() if ids},
        "order_ids": sorted(order_ids),
        "problems": plain_problems(problems),
        **{key: extracted[key] for key in ("until", "failed", "for_good", "to_utc")},
    }


def _credited_by_settlements(booked: pd.DataFrame) -> set[str]:
    """Orders of which a settlement made a credit note: what finances say of them adds nothing."""
    is_note = booked["booking_kind"].eq(BookingKind.CREDIT_NOTE.value)
    return set(booked.loc[is_note & (booked["settlement_id"] != ""), "order_id"])


def _aliases(runtime: Runtime, events: Iterable[AmazonRefund]) -> dict[str, str]:
    bound = runtime.ledger.coupling_state(runtime.settings.name)
    ids = {alias_id(name): name for event in events for name in event.ids}
    if bound is None or not ids:
        return {}
    known = runtime.ledger.aliases.resolve(bound.administration, ids)
    return {ids[alias]: natural for alias, natural in known.items()}


def remember(runtime: Runtime, manifest: Mapping[str, Any], *, complete: bool) -> list[Problem]:
    """Keep what was learnt: ids that lead to a booking, problems, how far finances were read.

    Args:
        runtime: the coupling's runtime.
        manifest: the plain values that `transform` returned.
        complete: whether everything of the run was booked, so that the marks may move.

    Returns:
        the problems of this run, for its report.
    """
    name = runtime.settings.name
    problems = problems_of({"problems": manifest["problems"]})
    late = _silent_too_long(runtime, manifest)
    if runtime.preview:
        return [*problems, *late]
    if manifest["aliases"]:
        _remember_aliases(runtime, manifest["aliases"])
    considered = {*manifest["order_ids"], ""}
    runtime.ledger.record_problems(name, REFUNDS, [*problems, *late], orders=considered)
    if complete:
        for mark, until in manifest["until"].items():
            runtime.ledger.set_watermark(_mark_name(runtime, mark), datetime.fromisoformat(until))
    return [*problems, *late]


def _remember_aliases(runtime: Runtime, aliases: Mapping[str, Collection[str]]) -> None:
    bound = runtime.ledger.coupling_state(runtime.settings.name)
    booked = runtime.booked()
    stored = set(booked.loc[~booked["state"].isin(NEVER_BOOKED), "booking"])
    for natural, ids in aliases.items():
        if bound and natural in stored:
            runtime.ledger.aliases.record(bound.administration, map(alias_id, ids), natural)


def _silent_too_long(runtime: Runtime, manifest: Mapping[str, Any]) -> list[Problem]:
    """A refusal is a person's business at once, silence after a day."""
    since, until = _mark(runtime, "recent"), datetime.fromisoformat(manifest["to_utc"])
    if not manifest["failed"]:
        return []
    if not manifest["for_good"] and (since is None or until - since < SILENT_MAX):
        return []
    shown = f"{since or until:%Y-%m-%d %H:%M}"
    row = f"coupling {runtime.settings.name}"
    return [problem("refunds-not-read", row, since=shown, why=manifest["failed"])]


def run(runtime: Runtime, window: Window) -> RunReport:
    """Credit notes of the refunds that were posted in a window that a person chose.

    Raises:
        domain.errors.RemoteError: Amazon or the books cannot be asked.
    """
    from amazon_eboekhouden.expectations.gate import check

    with runtime.amazon() as amazon:
        rows = _refunds_in(
            amazon.list_transactions(posted_after=window.from_utc, posted_before=window.to_utc)
        )
        report = RunReport(calls=Counter(amazon.calls))
    bookables, manifest = _bookables(
        runtime, rows, runtime.booked(), MUTATIONS.empty(), (), nothing_read(window)
    )
    is_new = ~bookables.mutations["booking"].isin(runtime.confirmed())
    new_lines = ~bookables.mutation_lines["booking"].isin(runtime.confirmed())
    checked = check(
        bookables.mutations[is_new], bookables.mutation_lines[new_lines], RELATIONS.empty()
    )
    report.problems += checked.problems
    mutations = pd.concat([bookables.mutations[~is_new], checked.mutations], ignore_index=True)
    lines = pd.concat(
        [bookables.mutation_lines[~new_lines], checked.mutation_lines], ignore_index=True
    )
    report.add(book(runtime, mutations, lines, RELATIONS.empty()))
    report.problems += remember(runtime, manifest, complete=False)
    return report
