"""The body of the task behind the fee invoice's form."""

from __future__ import annotations

import logging
from datetime import date

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException

from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.provider import steps

log = logging.getLogger(__name__)


def enter_fee_invoice() -> dict[str, int]:
    """Compare the invoice of the form with what was booked, and book it where fees wait for it.

    Raises:
        AirflowFailException: a field of the form is not what it should be.
    """
    from amazon_eboekhouden.pipelines import fee_invoice_entry, fee_invoices

    form = dict(get_current_context()["params"])
    coupling = str(form["coupling"])
    try:
        invoice = fee_invoice_entry.one_invoice(
            form["number"],
            form["period"],
            form["net"],
            form["vat"],
            on=date.fromisoformat(form["date"]) if form["date"] else None,
            kinds=[kind.strip() for kind in form["kinds"].split(",") if kind.strip()],
            vat_code=form["vat_code"],
        )
    except ValueError as error:
        raise AirflowFailException(str(error)) from error
    with steps.step_of(coupling, invoice.number) as runtime:
        report = fee_invoices.run(
            runtime, [invoice], accept_difference=bool(form["accept_difference"])
        )
        for shown in report.details["fee_invoices"]:
            for kind in shown.get("kinds", ()):
                log.info(
                    "coupling=%s invoice=%s kind=%s booked=%s waiting=%s billed=%s difference=%s",
                    coupling,
                    shown["number"],
                    kind["kind"] or "all",
                    euros(kind["booked_net_cents"] + kind["booked_vat_cents"]),
                    euros(kind["accrued_cents"]),
                    euros(kind["invoiced_net_cents"] + kind["invoiced_vat_cents"]),
                    euros(kind["difference_cents"]),
                )
        return steps.finish(runtime, report)
