"""Tell somebody when a coupling falls silent, or when something new waits for a person.

Every hour, per active coupling, from the booking ledger alone: the task turns red when nothing was
fetched for two hours, also when amazon_orders is paused. Who is told stands in the Airflow Variable
*amazon_eboekhouden_notify*; without it the log says it. See docs/operating.md.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import CronDataIntervalTimetable, dag, task
from amazon_eboekhouden.provider import alerts, steps, watch_steps


@dag(
    # Half an hour after the hour's run began: it has ended by then, or it hangs.
    schedule=CronDataIntervalTimetable("40 * * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["amazon", "e-boekhouden"],
    default_args={
        "retries": 1,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": alerts.failed,
    },
)
def amazon_couplings_watch() -> None:
    couplings = task(steps.active_couplings)()
    watched = task(
        watch_steps.watch_coupling,
        task_id="watch",
        map_index_template="{{ map_name }}",
        doc_md=watch_steps.watch_coupling.__doc__,
    )
    watched.expand(coupling=couplings)


amazon_couplings_watch()
