"""A whole backfill in one process, as the command line runs it: slice by slice, waiting for Amazon.

What was done is remembered: a run that was stopped, or that ran out of patience, goes on there.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from amazon_eboekhouden.domain.errors import NotNow
from amazon_eboekhouden.domain.windows import Window
from amazon_eboekhouden.pipelines import backfill
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)


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
    parts = _waiting(lambda: backfill.plan(runtime, window, name), until, tell)
    place = backfill.place_of(runtime, parts[0], "progress")
    done: list[str] = (runtime.staging.read_checkpoint(place) or {"done": []})["done"]
    total = RunReport()
    asked, read = Counter[str](), 0
    for number, part in enumerate(parts, 1):
        shown = f"{part.window.from_utc:%Y-%m-%d} to {part.window.to_utc:%Y-%m-%d}"
        if part.window.name in done:
            tell(f"window {number} of {len(parts)}, {shown}: done before")
            continue
        fetched = _waiting(lambda one=part: backfill.fetch(runtime, one), until, tell)  # type: ignore[misc]
        report = backfill.load(
            runtime, backfill.validate(runtime, backfill.transform(runtime, fetched))
        )
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
        backfill.forget(runtime, parts)
        runtime.staging.clear_checkpoint(place)
    total.details["backfill"] = {
        "windows": len(parts),
        "windows_done": len(done),
        "orders": read,
        "asked_one_by_one": dict(sorted(asked.items())),
    }
    return total


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
