"""The body of the watch: is each coupling still fetching, and does something new wait for a person?

It asks the ledger only. That the scheduler itself has stopped nobody inside Airflow can tell: watch
`/api/v2/monitor/health` from outside for that (docs/operating.md).
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow.sdk import get_current_context

from amazon_eboekhouden.provider import alerts, steps

if TYPE_CHECKING:
    from amazon_eboekhouden.pipelines.runtime import Runtime

# An hour's run ends well within the next hour; what is older than this was missed.
FRESH = timedelta(hours=2)
EVERY = timedelta(hours=1)
AGAIN = timedelta(days=1)


def watch_coupling(coupling: str) -> dict[str, int]:
    """Tell what is new on the list; fail when nothing was fetched for too long."""
    from amazon_eboekhouden.provider.dashboard.dutch import title_of

    context = get_current_context()
    now = datetime.now(UTC)
    since = context.get("data_interval_start") or now - EVERY
    until = context.get("data_interval_end") or now
    with steps.step_of(coupling) as runtime:
        listed = runtime.ledger.open_problems(coupling)
        heard = _last_heard(runtime)
        new = Counter(p.problem.code for p in listed if since <= p.first_seen_utc < until)
        if new:
            lines = [f"{count}x {title_of(code)}" for code, count in new.most_common()]
            text = "\n".join([*lines, "", "Kijk in Airflow bij Koppeling, Wacht op u."])
            alerts.tell(context, f"{coupling}: {new.total()} nieuw op de lijst Wacht op u", text)
        if heard is not None and now - heard > FRESH:
            _silent(coupling, heard, now)
    return {"new": new.total(), "listed": len(listed)}


def _last_heard(runtime: Runtime) -> datetime | None:
    """Until when orders were loaded, or when a person activated the coupling again.

    None before the first run, and for a preview, which moves no watermark.
    """
    from amazon_eboekhouden.pipelines import activation

    name = runtime.settings.name
    watermark = runtime.ledger.watermark(name)
    if watermark is None or runtime.preview:
        return None
    decided = runtime.ledger.decisions.about(activation.subject(name))
    return max([watermark, *(one.at_utc for one in decided)])


def _silent(coupling: str, heard: datetime, now: datetime) -> None:
    """Nothing was loaded for too long: told at once, and then once a day."""
    beyond = now - heard - FRESH
    if beyond % AGAIN < EVERY:
        alerts.tell(
            get_current_context(),
            f"{coupling}: sinds {heard:%d-%m %H:%M} UTC is niets opgehaald",
            f"De koppeling {coupling} is actief, maar heeft sinds {heard:%d-%m-%Y %H:%M} UTC "
            "niets meer opgehaald.\nKijk in Airflow of amazon_orders aan staat en of de laatste "
            "run gelukt is.\nZodra hij weer loopt, haalt hij vanzelf in wat gemist is.",
        )
    raise alerts.Told(
        f"coupling {coupling}: nothing was loaded since {heard:%Y-%m-%d %H:%M} UTC. Is "
        "amazon_orders paused, or did its last run fail?"
    )
