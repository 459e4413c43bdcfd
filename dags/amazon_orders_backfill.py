"""Book a window of history by Amazon's order reports; every night, the last seven days.

*Trigger* with a from and a to books exactly that window, *preview* shows what would be booked in
the logs of `load`. `airflow backfill` books its days. A few calls per 30 days whatever the number
of orders; only what no report tells is asked for order by order, and the hourly runs keep their
tokens. Safe to run again: what was booked is recognised, and a run that was stopped goes on where
it was. Without from and to: what changed late in the last seven days. See docs/operating.md.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import CronDataIntervalTimetable, Param, dag, task, task_group
from amazon_eboekhouden.provider import alerts, assets, backfill_steps, steps

MOMENT = {"type": ["string", "null"], "format": "date-time"}


@dag(
    schedule=CronDataIntervalTimetable("25 0 * * *", timezone="UTC"),
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
        "coupling": Param(
            "",
            type="string",
            examples=steps.coupling_names(),
            title="Koppeling",
            description="Leeg: elke actieve koppeling",
        ),
        "from": Param(
            None, **MOMENT, title="Van", description="Bestellingen die sindsdien veranderden (UTC)"
        ),
        "to": Param(
            None, **MOMENT, title="Tot", description="Leeg, net als Van: de laatste zeven dagen"
        ),
        "preview": Param(
            False,
            type="boolean",
            title="Alleen tonen",
            description="Er wordt niets geboekt; wat geboekt zou worden staat in het log van load",
        ),
    },
)
def amazon_orders_backfill() -> None:
    windows = task(backfill_steps.plan_backfill, task_id="plan")()

    @task_group
    def history(window: dict[str, str]) -> None:
        named = {"map_index_template": "{{ map_name }}"}
        # One at a time, so that slices beside each other share the reports between them.
        asked = task(
            backfill_steps.request_reports, task_id="request", max_active_tis_per_dag=1, **named
        )(window)
        fetched = task(backfill_steps.fetch_history, task_id="fetch", **named)(window)
        asked >> fetched
        made = task(backfill_steps.transform_history, task_id="transform", **named)(window, fetched)
        checked = task(backfill_steps.validate_history, task_id="validate", **named)(window, made)
        # One at a time: an administration has one writer, and another would only wait.
        alone = {"max_active_tis_per_dag": 1, "outlets": [assets.BOOKS]}
        task(backfill_steps.load_history, task_id="load", **alone, **named)(window, checked)

    history.expand(window=windows)


amazon_orders_backfill()
