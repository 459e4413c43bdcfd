"""What Amazon's answers become: values with checked fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.adapters.amazon_answers import expect, moment
from amazon_eboekhouden.adapters.amazon_client import SERVICE
from amazon_eboekhouden.domain.errors import BadAnswer
from amazon_eboekhouden.domain.money import cents_of
from amazon_eboekhouden.domain.settlement.finance_totals import EventGroup, NetProceeds


@dataclass(frozen=True, slots=True)
class OrdersPage:
    """One page of orders.

    Attributes:
        orders: as Amazon sends them, amounts that are JSON numbers as Decimal.
        next_token: asks for the next page with otherwise the same arguments; None on the last.
        last_updated_before: up to when the answer is complete.
    """

    orders: list[dict[str, Any]]
    next_token: str | None
    last_updated_before: datetime


@dataclass(frozen=True, slots=True)
class ReportListed:
    """A report as Amazon lists it."""

    report_id: str
    report_type: str
    status: str  # IN_QUEUE, IN_PROGRESS, DONE, CANCELLED (also: no data), FATAL
    document_id: str  # "" until it is DONE
    created_utc: datetime
    data_start_utc: datetime | None
    data_end_utc: datetime | None
    marketplace_ids: tuple[str, ...]


def report_listed(row: Any) -> ReportListed:
    """A report of getReport or getReports.

    Raises:
        BadAnswer: a field that must be there is not.
    """
    operation = "getReport"
    created = moment(operation, expect(operation, row, "createdTime", str))
    if created is None:
        raise BadAnswer(SERVICE, operation, "a report has no time")
    return ReportListed(
        report_id=expect(operation, row, "reportId", str),
        report_type=expect(operation, row, "reportType", str),
        status=expect(operation, row, "processingStatus", str),
        document_id=str(row.get("reportDocumentId") or ""),
        created_utc=created,
        data_start_utc=moment(operation, row.get("dataStartTime")),
        data_end_utc=moment(operation, row.get("dataEndTime")),
        marketplace_ids=tuple(str(one) for one in row.get("marketplaceIds") or ()),
    )


def net_proceeds(row: Any) -> NetProceeds:
    """What a summary of listSummary comes to.

    Raises:
        BadAnswer: a field that must be there is not.
    """
    operation = "listSummary"
    return NetProceeds(*_amount(operation, expect(operation, row, "netProceeds", dict)))


def event_group(row: Any) -> EventGroup:
    """A group of listFinancialEventGroups: a settlement and its transfer to the bank.

    Raises:
        BadAnswer: a field that must be there is not.
    """
    operation = "listFinancialEventGroups"
    total = _amount(operation, expect(operation, row, "OriginalTotal", dict))
    converted = row.get("ConvertedTotal")
    ended = moment(operation, row.get("FinancialEventGroupEnd"))
    return EventGroup(
        group_id=str(row.get("FinancialEventGroupId") or ""),
        total=NetProceeds(*total),
        converted=NetProceeds(*_amount(operation, converted)) if converted else None,
        ended_utc=ended,
    )


def _amount(operation: str, value: Any) -> tuple[str, int]:
    """Currency and cents of an amount, as either version of the Finances API writes it."""
    for code, amount in (("currencyCode", "currencyAmount"), ("CurrencyCode", "CurrencyAmount")):
        if isinstance(value, dict) and isinstance(value.get(amount), int | Decimal):
            try:
                return str(value.get(code) or ""), cents_of(value[amount])
            except ValueError as error:
                raise BadAnswer(SERVICE, operation, "an amount holds parts of a cent") from error
    raise BadAnswer(SERVICE, operation, "an amount of the answer can't be read")
