"""What settlements come to: listSummary and listBalances of 2024-06-19, event groups of v0."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any

from coupling_sandbox.amazon.errors import SpApiRefusal
from coupling_sandbox.amazon.finances import LAG, LONGEST, amount, group_of, page_start, page_token
from coupling_sandbox.amazon.places import BY_NAME, MARKETPLACES
from coupling_sandbox.amazon.service import Asked, Operation, iso
from coupling_sandbox.amazon.shelf import ms

BALANCES = ("AVAILABLE", "RESERVED", "TOTAL", "DEFERRED", "ACCOUNT_LEVEL_RESERVE")
PAGE = 500


def _settlements(
    asked: Asked, at: datetime, settlement_id: str | None = None
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the truth of settlements (or of one) that have begun by a time, and whether it is over.

    What was posted is there, whatever the clock says.
    """
    for kind in ("settlement", "posted"):
        for body in asked.amazon.shop.truth(asked.seller, kind, settlement_id):
            truth = json.loads(body)
            start, end = (datetime.fromisoformat(truth[name]) for name in ("start_utc", "end_utc"))
            if kind == "posted" or start <= at:
                yield truth, kind == "posted" or end <= at


def _paged(asked: Asked, name: str, rows: list[dict[str, Any]], size: int) -> dict[str, Any]:
    first = page_start(asked)
    skip = first[0] if first else 0
    page: dict[str, Any] = {name: rows[skip : skip + size]}
    if len(rows) > skip + size:
        page["nextToken"] = page_token((skip + size, 0))
    return page


async def list_summary(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /finances/2024-06-19/summary``: the control total of a settlement."""
    asked.need_role("finance_and_accounting")
    name, wanted = asked.one("relatedIdentifierName"), asked.one("relatedIdentifierValue")
    if name not in (None, "SETTLEMENT_ID"):
        raise SpApiRefusal("invalid_input", "relatedIdentifierName must be SETTLEMENT_ID.")
    if (name is None) != (wanted is None):
        raise SpApiRefusal("invalid_input", "relatedIdentifierName needs relatedIdentifierValue.")
    start, end = asked.time("periodStart"), asked.time("periodEnd")
    marketplaces = asked.many("marketplaceIds")
    summaries = []
    for truth, is_closed in _settlements(asked, asked.now, wanted):
        place = BY_NAME.get(truth["marketplace"])
        if (
            is_closed
            and (not start or datetime.fromisoformat(truth["end_utc"]) >= start)
            and (not end or datetime.fromisoformat(truth["start_utc"]) <= end)
            and (not marketplaces or (place is not None and place.id in marketplaces))
        ):
            summaries.append(_summary(asked, truth))
    return _paged(asked, "summaries", summaries, PAGE)


def _summary(asked: Asked, truth: Mapping[str, Any]) -> dict[str, Any]:
    currency = truth["currency"]
    place = BY_NAME.get(truth["marketplace"])
    metadata = {"partnerId": asked.seller, "accountType": "Standard Orders"}
    if place is not None:
        metadata["marketplaceId"] = place.id
    parts = (
        ("Sales", "payments_cents"),
        ("Refunds", "refunds_cents"),
        ("Expenses", "fees_cents"),
        ("Transfers", "balances_cents"),
    )
    return {
        "partnerMetadata": metadata,
        "netProceeds": amount(truth["total_cents"], currency),
        "relatedIdentifiers": [
            {
                "relatedIdentifierName": "SETTLEMENT_ID",
                "relatedIdentifierValue": truth["settlement_id"],
            }
        ],
        "breakdowns": [
            {"breakdownType": name, "breakdownAmount": amount(truth[key], currency)}
            for name, key in parts
            if key in truth
        ],
        "periodStart": truth["start_utc"],
        "periodEnd": truth["end_utc"],
    }


async def list_balances(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /finances/2024-06-19/balances``: deferred, available, kept in reserve."""
    asked.need_role("finance_and_accounting")
    kind = asked.one("balanceType")
    if kind not in (None, *BALANCES):
        raise SpApiRefusal("invalid_input", f"Invalid balanceType: {kind}.")
    marketplaces = asked.many("marketplaceIds")
    at = _as_of(asked)
    rows = [
        row
        for stream, sums in _balances(asked, at).items()
        if not marketplaces or MARKETPLACES[stream].id in marketplaces
        for row in _balance_rows(asked, stream, sums, at)
        if kind in (None, row["balanceType"])
    ]
    return _paged(asked, "balances", rows, PAGE)


def _as_of(asked: Asked) -> datetime:
    day = asked.time("asOfDate")
    if day is None:
        return asked.now
    return min(asked.now, datetime.combine(day.date(), time.max, UTC))


def _balances(asked: Asked, at: datetime) -> dict[str, dict[str, int]]:
    """Return per stream each balance: what is in no settlement yet, and the last one's reserve."""
    sums = asked.amazon.shop.balances(asked.seller, ms(at))
    for truth, is_closed in _settlements(asked, at):
        place = BY_NAME.get(truth["marketplace"])
        if place is not None and is_closed:
            own = sums.setdefault(place.code, {"AVAILABLE": 0, "DEFERRED": 0})
            # The next settlement gives it back, so that the last one's counts alone.
            own["RESERVED"] = -truth["balances"].get("Current Reserve Amount", 0)
    return sums


def _balance_rows(
    asked: Asked, stream: str, sums: Mapping[str, int], at: datetime
) -> Iterator[dict[str, Any]]:
    place = MARKETPLACES[stream]
    shown = {"RESERVED": 0, **sums}
    shown |= {"TOTAL": sum(shown.values()), "ACCOUNT_LEVEL_RESERVE": shown["RESERVED"]}
    metadata = {
        "partnerId": asked.seller,
        "accountType": "Standard Orders",
        "marketplaceId": place.id,
    }
    for kind in BALANCES:
        yield {
            "partnerMetadata": metadata,
            "balanceType": kind,
            "amount": amount(shown[kind], place.currency),
            "lastUpdatedTime": iso(at),
        }


async def list_groups(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /finances/v0/financialEventGroups``: settlements and their bank transfers."""
    asked.need_role("finance_and_accounting")
    after = asked.time("FinancialEventGroupStartedAfter")
    latest = asked.now - LAG
    before = asked.time("FinancialEventGroupStartedBefore") or latest
    if before > latest or (after is not None and after > latest):
        raise SpApiRefusal(
            "invalid_input", "Times must be at least two minutes before the current time."
        )
    if after is not None and before <= after:
        raise SpApiRefusal(
            "invalid_input",
            "FinancialEventGroupStartedBefore must be later than FinancialEventGroupStartedAfter.",
        )
    size = asked.whole("MaxResultsPerPage", 100, 100)
    first = before - LONGEST if after is None else after
    groups = [] if before - first > LONGEST else _groups(asked, first, before)
    page = _paged(asked, "FinancialEventGroupList", groups, size)
    if "nextToken" in page:
        page["NextToken"] = page.pop("nextToken")
    return {"payload": page}


def _groups(asked: Asked, first: datetime, before: datetime) -> list[dict[str, Any]]:
    now = asked.now
    found = [
        (truth, is_closed)
        for truth, is_closed in _settlements(asked, now)
        if first <= datetime.fromisoformat(truth["start_utc"]) < before
    ]
    so_far = {}
    if not all(is_closed for _, is_closed in found):
        so_far = asked.amazon.shop.balances(asked.seller, ms(now))
    return [_group(truth) if is_closed else _open(truth, so_far) for truth, is_closed in found]


def _open(truth: Mapping[str, Any], so_far: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return the group of a period that is not over: no end, no transfer, a total so far."""
    sums = so_far.get(BY_NAME[truth["marketplace"]].code, {})
    return {
        "FinancialEventGroupId": group_of(truth["settlement_id"]),
        "ProcessingStatus": "Open",
        "OriginalTotal": _v0_amount(sums.get("AVAILABLE", 0), truth["currency"]),
        "BeginningBalance": _v0_amount(0, truth["currency"]),
        "FinancialEventGroupStart": truth["start_utc"],
    }


def _group(truth: Mapping[str, Any]) -> dict[str, Any]:
    group = {
        "FinancialEventGroupId": group_of(truth["settlement_id"]),
        "ProcessingStatus": "Closed",
        "FundTransferStatus": "Failed" if truth.get("transfer_fails") else "Succeeded",
        "OriginalTotal": _v0_amount(truth["total_cents"], truth["currency"]),
        "FundTransferDate": truth["deposit_utc"],
        "TraceId": truth["settlement_id"][::-1],
        "AccountTail": "789",
        "BeginningBalance": _v0_amount(0, truth["currency"]),
        "FinancialEventGroupStart": truth["start_utc"],
        "FinancialEventGroupEnd": truth["end_utc"],
    }
    if truth.get("converted_eur_cents") is not None:
        group["ConvertedTotal"] = _v0_amount(truth["converted_eur_cents"], "EUR")
    return group


def _v0_amount(cents: int, currency: str) -> dict[str, Any]:
    return {"CurrencyCode": currency, "CurrencyAmount": cents / 100}


_FINANCES = "/finances/2024-06-19"
OPERATIONS = (
    Operation("listSummary", "GET", f"{_FINANCES}/summary", list_summary),
    Operation("listBalances", "GET", f"{_FINANCES}/balances", list_balances),
    Operation("listFinancialEventGroups", "GET", "/finances/v0/financialEventGroups", list_groups),
)
