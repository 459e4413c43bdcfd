"""Amazon's Selling Partner API: orders, reports, finances, through sp_api.

What may be asked, and what the answers become. Every call ends in a checked answer or in a typed
error; how it is made stands in `amazon_calls`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

from sp_api.api import Finances, Orders, Reports, Sellers

from amazon_eboekhouden.adapters import amazon_answers as answers
from amazon_eboekhouden.adapters.amazon_calls import AmazonCalls, token_of
from amazon_eboekhouden.adapters.amazon_client import SERVICE, AmazonCredentials
from amazon_eboekhouden.adapters.amazon_rates import NullBudget, RateBudget
from amazon_eboekhouden.adapters.amazon_values import (
    OrdersPage,
    ReportListed,
    event_group,
    net_proceeds,
    report_listed,
)
from amazon_eboekhouden.adapters.clock import SystemClock
from amazon_eboekhouden.adapters.http import is_loopback
from amazon_eboekhouden.adapters.report_document import Document, DocumentLink, DocumentReader
from amazon_eboekhouden.adapters.retrying import Patience
from amazon_eboekhouden.domain.books import Clock
from amazon_eboekhouden.domain.errors import BadAnswer, Refused
from amazon_eboekhouden.domain.settlement.finance_totals import EventGroup, NetProceeds

__all__ = ["AmazonCredentials", "AmazonSeller", "OrdersPage", "ReportListed"]

SETTLEMENT_REPORT = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
INCLUDED_DATA = (
    *("BUYER", "RECIPIENT", "PROCEEDS", "PROMOTION", "CANCELLATION"),
    *("FULFILLMENT", "PACKAGES", "TAX", "PAYMENT"),
)
ORDERS_A_PAGE = 100
# Beyond 180 days listTransactions answers with nothing at all, not with an error.
TRANSACTIONS_DAYS = timedelta(days=179)
_ORDERS = "/orders/2026-01-01/orders"
_REPORTS = "/reports/2021-06-30/reports"
_TRANSACTIONS = "/finances/2024-06-19/transactions"
_SUMMARY = "/finances/2024-06-19/summary"
# Only v0 tells what a settlement in another currency brought to the bank.
_EVENT_GROUPS = "/finances/v0/financialEventGroups"


class AmazonSeller:
    """One seller's data.

    Args:
        credentials: whose.
        budget: shared buckets, asked before each call.
        call_deadline_s: total seconds of a call, signing in included.
        patience: how often a read is tried, and how long a near token is waited for.
        clock: from which `NotNow` counts.
        on_secret: told each access token as soon as it is known, so that a log can mask it.
        documents: fetches report documents; the default allows Amazon's storage hosts only.

    Attributes:
        calls: number of calls per operation, "token" for signing in.
    """

    def __init__(
        self,
        credentials: AmazonCredentials,
        *,
        budget: RateBudget | None = None,
        call_deadline_s: float = 30.0,
        patience: Patience | None = None,
        clock: Clock | None = None,
        on_secret: Callable[[str], None] | None = None,
        documents: DocumentReader | None = None,
    ) -> None:
        self.calls: Counter[str] = Counter()
        self._credentials = credentials
        self._patience = patience or Patience()
        self._documents = documents
        self._api = AmazonCalls(
            credentials,
            self.calls,
            budget=budget or NullBudget(),
            deadline_s=call_deadline_s,
            patience=self._patience,
            clock=clock or SystemClock(),
            on_secret=on_secret or (lambda _secret: None),
        )

    def __repr__(self) -> str:
        return f"AmazonSeller({self._credentials!r})"

    def __enter__(self) -> AmazonSeller:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connections and the downloaded documents."""
        self._api.close()
        if self._documents is not None:
            self._documents.close()

    # --- orders -----------------------------------------------------------------------------------

    def search_orders(
        self,
        *,
        last_updated_after: datetime,
        last_updated_before: datetime,
        marketplace_ids: Sequence[str] = (),
        pagination_token: str | None = None,
    ) -> OrdersPage:
        """A page of the orders that changed in a window, of all marketplaces in one call.

        Without marketplaces Amazon gives the orders of all of the seller's.

        A page's token is only good with the very same arguments, for 24 hours; Amazon refuses a
        window that ends less than two minutes ago.

        Raises:
            RemoteError: NotNow without a token in the bucket; Refused when the page token no
                longer holds, so that the window must be read anew.
        """
        operation = "searchOrders"
        arguments: dict[str, Any] = {
            "lastUpdatedAfter": _stamp(last_updated_after),
            "lastUpdatedBefore": _stamp(last_updated_before),
            "includedData": ",".join(INCLUDED_DATA),
            "maxResultsPerPage": ORDERS_A_PAGE,
        }
        if marketplace_ids:
            arguments["marketplaceIds"] = ",".join(marketplace_ids)
        if pagination_token:
            arguments["paginationToken"] = pagination_token
        answer = self._api.asked(operation, Orders, _ORDERS, arguments)
        orders = answers.expect(operation, answer.payload, "orders", list)
        if not all(isinstance(order, dict) for order in orders):
            raise BadAnswer(SERVICE, operation, "an order of the answer is no object")
        until = answers.moment(operation, answer.payload.get("lastUpdatedBefore"))
        return OrdersPage(orders, token_of(answer), until or last_updated_before.astimezone(UTC))

    def get_order(self, order_id: str) -> dict[str, Any] | None:
        """One order, or None when Amazon knows it not (any more)."""
        operation = "getOrder"
        included = list(INCLUDED_DATA)
        try:
            answer = self._api.read(
                operation,
                lambda: self._api.client(Orders).get_order(order_id, includedData=included),
            )
        except Refused as error:
            if error.code == "NotFound":
                return None
            raise
        order: dict[str, Any] = answers.expect(operation, answer.payload, "order", dict)
        return order

    # --- reports ----------------------------------------------------------------------------------

    def settlement_reports(self, created_since: datetime | None = None) -> list[ReportListed]:
        """All settlement reports that are done, oldest first, each document once.

        Without a moment Amazon lists what it still has: 90 days by its own clock.

        Amazon lists the same document for several marketplaces, so they are not asked for one by
        one, and reports of one document count as one.
        """
        first: dict[str, Any] = {
            "reportTypes": SETTLEMENT_REPORT,
            "processingStatuses": "DONE",
            "pageSize": 100,
        }
        if created_since is not None:
            first["createdSince"] = _stamp(created_since)
        found: dict[str, ReportListed] = {}
        # The token must be alone, the library's own marketplace included.
        rows = self._api.paged(
            "getReports", Reports, _REPORTS, first, key="reports", token_alone=True
        )
        for row in rows:
            report = report_listed(row)
            found.setdefault(report.document_id or report.report_id, report)
        return sorted(found.values(), key=lambda report: (report.created_utc, report.report_id))

    def report(self, report_id: str) -> ReportListed:
        """The state of a report."""
        answer = self._api.read(
            "getReport", lambda: self._api.client(Reports).get_report(report_id)
        )
        return report_listed(answer.payload)

    def create_report(
        self,
        report_type: str,
        *,
        data_start: datetime,
        data_end: datetime,
        marketplace_ids: Sequence[str],
        options: dict[str, str] | None = None,
    ) -> str:
        """Ask for a report; returns its id. Not tried again: each try would make a report."""
        arguments: dict[str, Any] = {
            "reportType": report_type,
            "dataStartTime": _stamp(data_start),
            "dataEndTime": _stamp(data_end),
            "marketplaceIds": list(marketplace_ids),
        }
        if options:
            arguments["reportOptions"] = options
        answer = self._api.once(
            "createReport", lambda: self._api.client(Reports).create_report(**arguments)
        )
        return str(answers.expect("createReport", answer.payload, "reportId", str))

    def report_document(self, document_id: str) -> DocumentLink:
        """A link to a document, good for five minutes."""
        operation = "getReportDocument"
        answer = self._api.read(
            operation, lambda: self._api.client(Reports).get_report_document(document_id)
        )
        url = answers.expect(operation, answer.payload, "url", str)
        compression = answer.payload.get("compressionAlgorithm")
        if compression not in (None, "GZIP"):
            raise BadAnswer(SERVICE, operation, "the document's compression is not known")
        return DocumentLink(document_id, url, is_gzip=compression == "GZIP")

    def fetch_document(self, document_id: str) -> Document:
        """The document itself, checked to its end; a fresh link is asked when one has expired.

        The file lives until this object is closed or goes away.
        """
        if self._documents is None:
            local = is_loopback(self._credentials.base_url)
            self._documents = DocumentReader(allow_loopback=local, patience=self._patience)
        self.calls["document"] += 1
        return self._documents.fetch(lambda: self.report_document(document_id))

    # --- the rest ---------------------------------------------------------------------------------

    def marketplace_participations(self) -> list[dict[str, Any]]:
        """The seller's marketplaces, as Amazon sends them."""
        operation = "getMarketplaceParticipations"
        answer = self._api.read(
            operation, lambda: self._api.client(Sellers).get_marketplace_participation()
        )
        if not isinstance(answer.payload, list):
            raise BadAnswer(SERVICE, operation, "the answer holds no payload")
        return answer.payload

    def check_credentials(self) -> list[dict[str, Any]]:
        """Sign in anew and use the token once; returns the seller's marketplaces.

        Raises:
            CredentialsRefused: names the field that is wrong.
        """
        self._api.forget_token()
        return self.marketplace_participations()

    def list_transactions(
        self, *, posted_after: datetime, posted_before: datetime, marketplace_id: str = ""
    ) -> Iterator[dict[str, Any]]:
        """Financial transactions posted in a window, amounts as Decimal.

        Amazon answers a window of 180 days and more with nothing, so a longer one is asked for in
        parts. It may show a transaction up to 48 hours late, and wants the end of a window to be
        two minutes ago.
        """
        start = posted_after
        while start < posted_before:
            end = min(start + TRANSACTIONS_DAYS, posted_before)
            arguments = {"postedAfter": _stamp(start), "postedBefore": _stamp(end)}
            if marketplace_id:
                arguments["marketplaceId"] = marketplace_id
            yield from self._transactions(arguments)
            start = end

    def transactions_of(self, order_id: str) -> Iterator[dict[str, Any]]:
        """Every financial transaction of an order, amounts as Decimal."""
        yield from self._transactions(
            {"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": order_id}
        )

    def settlement_summary(self, settlement_id: str) -> list[NetProceeds]:
        """What Amazon's finances say a settlement comes to: the independent control total.

        Returns:
            one per marketplace or account, none when Amazon has no summary of it.
        """
        which = {"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": settlement_id}
        rows = self._api.paged("listSummary", Finances, _SUMMARY, which, key="summaries")
        return [net_proceeds(row) for row in rows]

    def event_groups(self, started_after: datetime) -> list[EventGroup]:
        """Settlements that began after a moment, with what reached the bank."""
        arguments = {
            "FinancialEventGroupStartedAfter": _stamp(started_after),
            "MaxResultsPerPage": 100,
        }
        rows = self._api.paged(
            "listFinancialEventGroups",
            Finances,
            _EVENT_GROUPS,
            arguments,
            key="FinancialEventGroupList",
            next_page="NextToken",
        )
        return [event_group(row) for row in rows]

    def _transactions(self, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        operation = "listTransactions"
        return self._api.paged(operation, Finances, _TRANSACTIONS, arguments, key="transactions")


def _stamp(moment: datetime) -> str:
    """A time as Amazon wants it; the same moment always gives the same text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
