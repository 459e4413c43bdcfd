"""The coupling's figures through Airflow's own metrics (StatsD or OpenTelemetry, as configured).

Names and meaning stand in docs/operating.md. Every one has the tag `coupling`.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.sdk.observability import stats
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from amazon_eboekhouden.pipelines.report import RunReport
    from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)
PREFIX = "amazon_eboekhouden."


def tell(runtime: Runtime, report: RunReport) -> None:
    """What a run did, and how its coupling stands now.

    A ledger that cannot be asked costs the figures, never the run.
    """
    tags = {"coupling": runtime.settings.name}
    done = {
        "booked": report.booked,
        "already_booked": report.already_booked,
        "skipped": report.skipped,
    }
    for name, count in done.items():
        stats.incr(PREFIX + name, count, tags=tags)
    for operation, calls in report.calls.items():
        stats.incr(PREFIX + "calls", calls, tags={**tags, "operation": operation})
    try:
        figures = _standing(runtime)
    except SQLAlchemyError as error:
        log.warning("coupling=%s no figures: %s", runtime.settings.name, type(error).__name__)
        return
    for name, value in figures.items():
        stats.gauge(PREFIX + name, value, tags=tags)


def _standing(runtime: Runtime) -> dict[str, float]:
    name, ledger = runtime.settings.name, runtime.ledger
    open_problems = ledger.open_problems(name)
    orders = {found.problem.order_id for found in open_problems} - {""}
    figures: dict[str, float] = {"held": len(orders), "problems": len(open_problems)}
    watermark = ledger.watermark(name)
    if watermark is not None:
        figures["watermark_age_s"] = (datetime.now(UTC) - watermark).total_seconds()
    bound = ledger.coupling_state(name)
    if bound is not None and bound.administration:
        used, allowed = ledger.calls_used(bound.administration)
        figures["unknown"] = len(ledger.uncertain(bound.administration))
        figures["get_mutaties_used"] = used
        figures["get_mutaties_left"] = allowed - used
    return figures
