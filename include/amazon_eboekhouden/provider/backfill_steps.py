"""The bodies of the tasks of amazon_orders_backfill: a window of history, cut into slices."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.provider.steps import active_couplings, asked_for, finish, step_of

if TYPE_CHECKING:
    from amazon_eboekhouden.domain.windows import Window
    from amazon_eboekhouden.pipelines.backfill import Slice
    from amazon_eboekhouden.pipelines.report import RunReport
    from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)

# A preview in the log of a task: more is a matter for the command line.
SHOWN_MAX = 200


def plan_backfill() -> list[dict[str, str]]:
    """Cut the window of this run, for the coupling of the form or for every active one.

    Returns:
        one entry per slice: the coupling, its bounds, and those of the whole.
    """
    from amazon_eboekhouden.domain.backfill import slices
    from amazon_eboekhouden.pipelines.backfill import Slice

    context = get_current_context()
    running = active_couplings()
    wanted = str(context["params"].get("coupling") or "")
    if wanted and wanted not in running:
        raise AirflowFailException(f"{wanted!r} is no active coupling; active: {running}")
    window = _window()
    # The id of a run holds characters that names of staged files may not.
    run = sha256(context["run_id"].encode()).hexdigest()[:16]
    return [
        {"coupling": coupling, **Slice(part, window, run).as_dict()}
        for coupling in ([wanted] if wanted else running)
        for part in slices(window)
    ]


def _window() -> Window:
    """From and to of the form; a backfill run its own interval; else the last seven days."""
    from amazon_eboekhouden.domain.backfill import sweep
    from amazon_eboekhouden.domain.windows import LAG, chosen

    context = get_current_context()
    asked = asked_for(context["params"])
    if asked is not None:
        return asked
    start_at, end_at = context.get("data_interval_start"), context.get("data_interval_end")
    if context["dag_run"].run_type == "backfill" and start_at and end_at:
        return chosen(start_at, end_at)
    return sweep((end_at or datetime.now(UTC)) - LAG)


@contextmanager
def _slice_step(window: dict[str, str]) -> Iterator[tuple[Runtime, Slice]]:
    from amazon_eboekhouden.pipelines.backfill import Slice

    told = {name: text for name, text in window.items() if name != "coupling"}
    part = Slice.of(told)
    label = f"{window['coupling']} {window['from'][:10]}/{window['to'][:10]}"
    with step_of(window["coupling"], label) as runtime:
        preview = runtime.preview or bool(get_current_context()["params"].get("preview"))
        yield replace(runtime, preview=preview), part


def request_reports(window: dict[str, str]) -> None:
    """Ask Amazon for the reports of a slice; those that its neighbour asked for are shared."""
    from amazon_eboekhouden.pipelines import backfill

    with _slice_step(window) as (runtime, part):
        backfill.request(runtime, part)


def fetch_history(window: dict[str, str]) -> str:
    """Read the reports, and ask for the orders that no report tells enough of."""
    from amazon_eboekhouden.pipelines import backfill

    with _slice_step(window) as (runtime, part):
        return backfill.fetch(runtime, part)


def transform_history(window: dict[str, str], batch: str) -> str:
    """Turn the orders into mutations, relations and problems."""
    from amazon_eboekhouden.pipelines import backfill

    with _slice_step(window) as (runtime, _):
        return backfill.transform(runtime, batch)


def validate_history(window: dict[str, str], batch: str) -> str:
    """Hold back what breaks an expectation."""
    from amazon_eboekhouden.pipelines import backfill

    with _slice_step(window) as (runtime, _):
        return backfill.validate(runtime, batch)


def load_history(window: dict[str, str], batch: str) -> dict[str, int]:
    """Book what is new, or show it."""
    from amazon_eboekhouden.pipelines import backfill

    with _slice_step(window) as (runtime, _):
        report = backfill.load(runtime, batch)
        _show(report)
        return finish(runtime, report)


def _show(report: RunReport) -> None:
    """What would be booked; relations are customers, and a log is no place for them."""
    shown = [one["mutation"] for one in report.preview if "mutation" in one]
    for mutation in shown[:SHOWN_MAX]:
        total = sum(line["gross_cents"] for line in mutation["lines"])
        kind, number = mutation["kind"], mutation["invoice_number"]
        log.info("would book %s %s of %s, EUR %s", kind, number, mutation["date"], euros(total))
    if len(shown) > SHOWN_MAX:
        log.info("and %d more: `backfill --preview` shows all", len(shown) - SHOWN_MAX)
