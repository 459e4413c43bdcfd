"""Find new Amazon settlements, archive them, and start one reconciliation for each.

Amazon lists a settlement minutes to hours after its period ended and keeps it 90 days. Each file is
archived by its content, once. A settlement that waits for a person holds up no other: every one has
a run of amazon_reconciliation of its own. See docs/operating.md.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import CronDataIntervalTimetable, dag, task
from amazon_eboekhouden.provider import alerts, assets, steps
from amazon_eboekhouden.provider.started_runs import StartRun


@dag(
    schedule=CronDataIntervalTimetable("35 */4 * * *", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["amazon", "e-boekhouden"],
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "on_failure_callback": alerts.failed,
    },
)
def amazon_settlements() -> None:
    found = task(steps.find_settlements, outlets=[assets.SETTLEMENTS])()
    StartRun.partial(
        task_id="reconcile",
        starts_dag_id="amazon_reconciliation",
        map_index_template="{{ task.conf['coupling'] }} {{ task.conf['settlement_id'] }}",
        doc_md="Start a run of amazon_reconciliation for each settlement that is not booked yet.",
    ).expand_kwargs(found)


amazon_settlements()
