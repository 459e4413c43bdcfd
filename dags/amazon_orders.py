"""Push Amazon orders to the books, every hour.

Extract the orders that changed, turn them into invoices, mutations and relations, check them, book
them: once per active coupling. Safe to run again: what was booked is recognised and skipped. One
strange order does not fail the hour; it stands on the list of problems with its reason.

By hand: *Trigger* with a from and a to books exactly that window. For an hour that failed: mend
what the log names and clear the failed task. See docs/operating.md.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import CronDataIntervalTimetable, Param, dag, task, task_group
from amazon_eboekhouden.provider import alerts, assets, steps

MOMENT = {"type": ["string", "null"], "format": "date-time"}


@dag(
    schedule=CronDataIntervalTimetable("5 * * * *", timezone="UTC"),
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
    params={
        "from": Param(
            None, **MOMENT, title="Van", description="Bestellingen veranderd vanaf (UTC)"
        ),
        "to": Param(
            None,
            **MOMENT,
            title="Tot",
            description="Bestellingen veranderd tot (UTC)",
        ),
    },
)
def amazon_orders() -> None:
    couplings = task(steps.active_couplings)()

    @task_group
    def coupling_orders(coupling: str) -> None:
        named = {"map_index_template": "{{ map_name }}"}
        extracted = task(steps.extract_orders, task_id="extract", outlets=[assets.ORDERS], **named)(
            coupling
        )
        transformed = task(steps.transform_orders, task_id="transform", **named)(
            coupling, extracted
        )
        validated = task(steps.validate_orders, task_id="validate", **named)(coupling, transformed)
        handed_on = {"inlets": [assets.ORDERS], "outlets": [assets.BOOKS]}
        task(steps.load_orders, task_id="load", **handed_on, **named)(coupling, validated)

    coupling_orders.expand(coupling=couplings)


amazon_orders()
