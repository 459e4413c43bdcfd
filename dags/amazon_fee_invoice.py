"""Enter Amazon's fee invoice: compare it with what was booked, book it where fees wait for it.

*Trigger*, fill in the form, and read the outcome in the log of the task; what differs also stands
on the list of problems. An invoice with a line per kind of fee: `amazon-eboekhouden fee-invoice
--csv`. Safe to run again: a number that was booked is not booked twice. See docs/operating.md.
"""

from __future__ import annotations

from datetime import timedelta

import pendulum
from airflow.sdk import Param, dag, task
from amazon_eboekhouden.provider import alerts, fee_invoice_steps, steps

COUPLINGS = steps.coupling_names()
AMOUNT = {"type": "string", "pattern": r"^-?[0-9.]*[0-9](,[0-9]{1,2})?$", "minLength": 1}


@dag(
    schedule=None,
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
            COUPLINGS[0], type="string", minLength=1, examples=COUPLINGS, title="Koppeling"
        ),
        "number": Param("", type="string", maxLength=50, title="Factuurnummer van Amazon"),
        "date": Param(None, type=["string", "null"], format="date", title="Factuurdatum"),
        "period": Param(
            "",
            type="string",
            pattern="^(20[0-9]{2}-(0[1-9]|1[0-2]))?$",
            title="Maand",
            description="Zoals 2026-10: wiens kosten het zijn",
        ),
        "net": Param(
            "0,00", **AMOUNT, title="Bedrag zonder btw", description="Creditnota: onder nul"
        ),
        "vat": Param("0,00", **AMOUNT, title="Btw-bedrag"),
        "kinds": Param(
            "",
            type="string",
            title="Soorten kosten",
            description="Leeg: alle behalve advertenties. Anders zoals advertising of fba,storage",
        ),
        "vat_code": Param(
            "",
            type="string",
            enum=["", "HOOG_INK_21", "LAAG_INK_9", "BI_EU_INK", "BU_EU_INK", "GEEN"],
            title="Btw-code, als het tarief hem niet vertelt",
        ),
        "accept_difference": Param(False, type="boolean", title="Ook bij een verschil boeken"),
    },
)
def amazon_fee_invoice() -> None:
    task(fee_invoice_steps.enter_fee_invoice, task_id="compare_and_book")()


amazon_fee_invoice()
