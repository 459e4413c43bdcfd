"""Compare the books with what was booked, every night, and erase what is no longer needed.

Per active coupling: bookings that a person changed or deleted, missing settlements, old open items,
the reserve, clearing and transit accounts, settlement files that Amazon is about to delete, the
month's calls, and the erasure of personal data. It books nothing; what it finds stands on the list
of problems with what to do. See docs/operating.md.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import CronDataIntervalTimetable, dag, task
from amazon_eboekhouden.provider import alerts, audit_steps, steps


@dag(
    # The bookkeeper's night; 03:15 comes exactly once on every day, clock changes included.
    schedule=CronDataIntervalTimetable("15 3 * * *", timezone="Europe/Amsterdam"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["amazon", "e-boekhouden"],
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=10),
        "on_failure_callback": alerts.failed,
    },
)
def amazon_books_audit() -> None:
    task(audit_steps.erase)()  # Depends on nothing: it runs when no coupling is active, too.
    couplings = task(steps.active_couplings)()
    audited = task(
        audit_steps.audit_coupling,
        task_id="audit",
        map_index_template="{{ map_name }}",
        doc_md=audit_steps.audit_coupling.__doc__,
    )
    audited.expand(coupling=couplings)


amazon_books_audit()
