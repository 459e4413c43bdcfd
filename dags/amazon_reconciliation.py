"""Match one Amazon settlement to the open items and book it: payments, fees, refunds, payout.

Started by amazon_settlements, one run per settlement. The file must add up to Amazon's total and
every row must have exactly one destination before anything is booked; afterwards the clearing
account is zero to the cent. Where the coupling asks for it, a person approves first (*Required
Action*). See docs/operating.md.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import Param, dag, task
from amazon_eboekhouden.provider import alerts, assets, steps

COUPLINGS = steps.coupling_names()


@dag(
    schedule=None,
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=16,
    doc_md=__doc__,
    tags=["amazon", "e-boekhouden"],
    default_args={
        "retries": 3,
        "retry_delay": timedelta(minutes=1),
        "on_failure_callback": alerts.failed,
    },
    params={
        "coupling": Param(
            COUPLINGS[0], type="string", minLength=1, examples=COUPLINGS, title="Koppeling"
        ),
        "settlement_id": Param(
            "",
            type="string",
            pattern="^[0-9A-Za-z-]{0,40}$",
            title="Nummer van de afrekening",
            description="Zoals het op het dashboard onder Afrekeningen staat",
        ),
    },
)
def amazon_reconciliation() -> None:
    matched = task(
        steps.match_settlement,
        task_id="match",
        multiple_outputs=True,
        inlets=[assets.SETTLEMENTS, assets.BOOKS],
    )()

    @task.branch
    def approval(needs_approval: bool) -> str:
        """Ask a person where the coupling's settings say so, else book at once."""
        return "approve" if needs_approval else "book"

    approve = ApprovalOperator(
        task_id="approve",
        doc_md="Waits for a person: here under *Required Action*, or on the dashboard. No worker "
        "is kept.",
        subject="Settlement {{ params.settlement_id }} of {{ params.coupling }}",
        body="{{ ti.xcom_pull(task_ids='match', key='statement') }}",
    )
    book = task(
        steps.book_settlement,
        task_id="book",
        trigger_rule="none_failed_min_one_success",
        outlets=[assets.SETTLED],
    )(matched["batch"])
    approval(matched["needs_approval"]) >> [approve, book]
    approve >> book


amazon_reconciliation()
