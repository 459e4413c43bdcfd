"""Reports that Amazon makes on request: which kinds exist, who may ask, who writes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from coupling_sandbox.amazon import order_reports, vat_invoice_report, vat_transactions
from coupling_sandbox.amazon.errors import SpApiRefusal
from coupling_sandbox.amazon.service import Asked

Writer = Callable[[Asked, datetime, datetime, Mapping[str, Any]], str]
VIDR = "GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT"


@dataclass(frozen=True)
class Kind:
    """One kind of report: its writer (None when there is no data), and the role it needs."""

    writer: Writer
    role: str
    capped: bool = False
    monthly: bool = False


KINDS = {
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": Kind(
        order_reports.by_last_update, "inventory_and_order_tracking", capped=True
    ),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": Kind(
        order_reports.by_order_date, "inventory_and_order_tracking", capped=True
    ),
    "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL": Kind(
        order_reports.fulfilled_shipments, "inventory_and_order_tracking", capped=True
    ),
    VIDR: Kind(vat_invoice_report.invoice_data, "tax_invoicing"),
    "GET_VAT_TRANSACTION_DATA": Kind(vat_transactions.transactions, "tax_remittance", monthly=True),
}


def check_request(asked: Asked, kind: str) -> None:
    """Raise 400 for a kind that can't be asked for, 403 without the role it needs."""
    if kind not in KINDS:
        raise SpApiRefusal("invalid_input", f"Report type {kind} is not allowed at this time")
    asked.need_role(KINDS[kind].role)


def requested_report(
    asked: Asked, kind: str, start: datetime, end: datetime, body: Mapping[str, Any]
) -> tuple[str, str]:
    """Write a report; return (status, text): DONE, CANCELLED without data, or FATAL."""
    known = KINDS[kind]
    longest = timedelta(days=asked.amazon.options.order_report_days)
    if end < start or (known.capped and end - start > longest):
        return "FATAL", ""
    if kind == VIDR and vat_invoice_report.too_long(body, start, end):
        return "FATAL", ""
    if known.monthly and asked.now < _third_of_next_month(end - timedelta(seconds=1)):
        return "FATAL", ""
    text = known.writer(asked, start, end, body)
    return ("DONE", text) if text else ("CANCELLED", "")


def _third_of_next_month(moment: datetime) -> datetime:
    following = moment.replace(day=1) + timedelta(days=32)
    return following.replace(day=3, hour=0, minute=0, second=0, microsecond=0)
