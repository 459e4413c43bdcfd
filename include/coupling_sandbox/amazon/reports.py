"""Reports API 2021-06-30; the documents themselves are handed out by ``documents``."""

import asyncio
import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from coupling_sandbox.amazon.documents import SETTLEMENTS, get_report_document, store_document
from coupling_sandbox.amazon.errors import SpApiRefusal
from coupling_sandbox.amazon.requested import check_request, requested_report
from coupling_sandbox.amazon.service import Asked, Operation, iso
from coupling_sandbox.amazon.shop import Report
from coupling_sandbox.clock import read_time

KEPT = timedelta(days=90)
ORDER_REPORTS_KEPT = timedelta(days=30)
STATUSES = ("CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE")
WRITTEN_AT_ONCE_S = 2.0


async def get_reports(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /reports/2021-06-30/reports``."""
    if (token := asked.one("nextToken")) is not None:
        # The client library adds marketplace parameters to every call.
        others = {name for name in asked.request.query_params if "arketplace" not in name}
        if others != {"nextToken"}:
            raise SpApiRefusal("invalid_input", "nextToken must be the only parameter.")
        query = _unpack(token)
    else:
        query = _listing(asked)
    if asked.fault == "empty_page":
        return {"reports": [], "nextToken": _pack(query)}
    found = _found(asked, query)
    start, size = query["start"], query["size"]
    answer: dict[str, Any] = {"reports": [_row(asked, one) for one in found[start : start + size]]}
    if len(found) > start + size:
        repeated = asked.fault == "repeated_page"
        answer["nextToken"] = _pack({**query, "start": start if repeated else start + size})
    return answer


def _listing(asked: Asked) -> dict[str, Any]:
    types = asked.many("reportTypes")
    if SETTLEMENTS in types:
        asked.need_role("finance_and_accounting")
    if not 1 <= len(types) <= 10:
        raise SpApiRefusal("invalid_input", "reportTypes must have 1 to 10 values.")
    marketplaces = asked.many("marketplaceIds")
    if len(marketplaces) > 10:
        raise SpApiRefusal("invalid_input", "marketplaceIds must have 1 to 10 values.")
    statuses = asked.many("processingStatuses")
    if strange := set(statuses) - set(STATUSES):
        raise SpApiRefusal("invalid_input", f"Invalid processingStatus: {sorted(strange)[0]}.")
    size = asked.whole("pageSize", 10, 100)
    since = asked.time("createdSince") or asked.now - KEPT
    until = asked.time("createdUntil") or asked.now
    return {
        "types": types,
        "marketplaces": marketplaces,
        "statuses": statuses,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "size": size,
        "start": 0,
    }


def _found(asked: Asked, query: Mapping[str, Any]) -> list[Report]:
    now = asked.now
    since = max(datetime.fromisoformat(query["since"]), now - KEPT)
    until = min(datetime.fromisoformat(query["until"]), now)
    found = []
    for report in asked.amazon.shop.reports(asked.seller, since, until):
        status = _status(report, now)
        # Settlements: the filter doesn't separate, the same document comes back for every one.
        elsewhere = report.type != SETTLEMENTS and query["marketplaces"]
        if (
            report.type in query["types"]
            and (not query["statuses"] or status in query["statuses"])
            and not (elsewhere and not set(report.marketplaces) & set(query["marketplaces"]))
            and not _gone(report, now)
        ):
            found.append(report)
    return found


def _gone(report: Report, now: datetime) -> bool:
    kept = ORDER_REPORTS_KEPT if "_ORDERS_" in report.type else KEPT
    return now - report.created > kept


def _status(report: Report, now: datetime) -> str:
    if report.status != "CANCELLED_BY_SELLER" and report.done is not None and now < report.done:
        waited = (now - report.created) / (report.done - report.created)
        return "IN_QUEUE" if waited < 0.5 else "IN_PROGRESS"
    return report.status.removesuffix("_BY_SELLER")


def _row(asked: Asked, report: Report) -> dict[str, Any]:
    status = _status(report, asked.now)
    row: dict[str, Any] = {
        "reportId": report.report_id,
        "reportType": report.type,
        "createdTime": iso(report.created),
        "processingStatus": status,
        "marketplaceIds": list(report.marketplaces),
    }
    if report.data_start:
        row["dataStartTime"] = iso(report.data_start)
    if report.data_end:
        row["dataEndTime"] = iso(report.data_end)
    if status != "IN_QUEUE":
        row["processingStartTime"] = iso(report.created)
    if status in ("DONE", "FATAL", "CANCELLED"):
        row["processingEndTime"] = iso(report.done or report.created)
    if status in ("DONE", "FATAL") and report.document_id:
        row["reportDocumentId"] = report.document_id
    return row


async def get_report(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /reports/2021-06-30/reports/{reportId}``."""
    return _row(asked, _known(asked))


def _known(asked: Asked) -> Report:
    report = asked.amazon.shop.report(asked.seller, asked.request.path_params["report_id"])
    if report is None or _gone(report, asked.now) or report.created > asked.now:
        raise SpApiRefusal("report_not_found")
    return report


async def cancel_report(asked: Asked) -> Mapping[str, Any]:
    """Answer ``DELETE /reports/2021-06-30/reports/{reportId}``: only while in the queue."""
    report = _known(asked)
    if _status(report, asked.now) != "IN_QUEUE":
        raise SpApiRefusal("cannot_cancel")
    stopped = replace(report, status="CANCELLED_BY_SELLER", done=asked.now)
    asked.amazon.shop.put_report(asked.seller, stopped)
    return {}


async def create_report(asked: Asked) -> Mapping[str, Any]:
    """Answer ``POST /reports/2021-06-30/reports``."""
    body = await _specification(asked)
    kind, marketplaces = body["reportType"], body["marketplaceIds"]
    options = asked.amazon.options
    fatal = kind == SETTLEMENTS and options.createreport_settlement == "FATAL"
    if kind == SETTLEMENTS and not fatal:
        raise SpApiRefusal("list_only_report")
    report_id = str(50_000_000_000 + asked.amazon.shop.serial())
    now = asked.now
    start = _moment(body.get("dataStartTime"), now - timedelta(days=1))
    end = min(_moment(body.get("dataEndTime"), now), now)
    being_made = Report(
        report_id,
        kind,
        tuple(marketplaces),
        now,
        "IN_PROGRESS",
        None,
        start,
        end,
        None,
        body.get("reportOptions"),
    )
    if fatal:
        _finish(asked, being_made, "FATAL", "")
        return {"reportId": report_id}
    check_request(asked, kind)
    # A large report is written beside the other answers, as Amazon does: nobody waits for it here.
    writing = asyncio.create_task(_written(asked, being_made, body))
    asked.amazon.writing.add(writing)
    writing.add_done_callback(asked.amazon.writing.discard)
    await asyncio.wait({writing}, timeout=WRITTEN_AT_ONCE_S)
    if not writing.done():
        asked.amazon.shop.put_report(asked.seller, being_made)
    elif not writing.cancelled():  # By a reset.
        writing.result()
    return {"reportId": report_id}


async def _written(asked: Asked, report: Report, body: Mapping[str, Any]) -> None:
    start, end = report.data_start or asked.now, report.data_end or asked.now
    try:
        made = await asyncio.to_thread(requested_report, asked, report.type, start, end, body)
    except Exception:
        # Whoever still waits is told by the answer; who doesn't finds the report failed.
        _finish(asked, report, "FATAL", "")
        raise
    _finish(asked, report, *made)


def _finish(asked: Asked, report: Report, status: str, text: str) -> None:
    """Store a report that was made, with its document."""
    options = asked.amazon.options
    if options.report_outcome != "DONE":
        status = options.report_outcome
    done = report.created + timedelta(seconds=options.report_seconds)
    made = replace(report, status=status, done=done)
    if status != "CANCELLED":
        # A FATAL report's document says what went wrong; the VAT report was seen in UTF-8.
        is_vat = report.type == "GET_VAT_TRANSACTION_DATA"
        charset = "UTF-8" if is_vat else options.document_charset
        written = text if status == "DONE" else json.dumps({"errorDetails": "The report failed."})
        body_bytes = written.encode(charset or "cp1252", "replace")
        document_id = store_document(asked.amazon, asked.seller, body_bytes, charset)
        made = replace(made, document_id=document_id)
    asked.amazon.shop.put_report(asked.seller, made)


async def _specification(asked: Asked) -> Mapping[str, Any]:
    """Return the request's body; 400 unless it has the shape of Amazon's model."""
    try:
        body = await asked.request.json()
        kind, marketplaces = body["reportType"], body["marketplaceIds"]
    except (ValueError, KeyError, TypeError):
        raise SpApiRefusal("invalid_input", "reportType and marketplaceIds are required.") from None
    if not isinstance(kind, str):
        raise SpApiRefusal("invalid_input", "reportType must be a string.")
    if not _texts(marketplaces, list) or not 1 <= len(marketplaces) <= 25:
        raise SpApiRefusal("invalid_input", "marketplaceIds must have 1 to 25 values.")
    options = body.get("reportOptions")
    if options is not None and not (_texts(options, dict) and _texts(options.values())):
        raise SpApiRefusal("invalid_input", "reportOptions must map names to strings.")
    return dict(body)


def _texts(values: Any, kind: type = Iterable) -> bool:
    fits = isinstance(values, kind)
    return fits and all(isinstance(one, str) for one in values)


def _moment(text: Any, otherwise: datetime) -> datetime:
    if text is None:
        return otherwise
    try:
        return read_time(text)
    except (TypeError, ValueError):
        raise SpApiRefusal("invalid_input", "A data time is not an ISO 8601 date-time.") from None


def _pack(query: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(query).encode()).decode()


def _unpack(token: str) -> dict[str, Any]:
    try:
        query = json.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        raise SpApiRefusal("invalid_input", "Invalid nextToken.") from None
    if not isinstance(query, dict) or "start" not in query:
        raise SpApiRefusal("invalid_input", "Invalid nextToken.")
    return query


_REPORTS = "/reports/2021-06-30/reports"
OPERATIONS = (
    Operation("getReports", "GET", _REPORTS, get_reports),
    Operation("createReport", "POST", _REPORTS, create_report, 202),
    Operation("getReport", "GET", _REPORTS + "/{report_id}", get_report),
    Operation("cancelReport", "DELETE", _REPORTS + "/{report_id}", cancel_report),
    Operation(
        "getReportDocument",
        "GET",
        "/reports/2021-06-30/documents/{document_id}",
        get_report_document,
    ),
)
