"""Finances API 2024-06-19: listTransactions. What settlements come to stands in ``settled``.

Amounts are JSON numbers here, as in Amazon's model, not texts as in the Orders API.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from coupling_sandbox.amazon.errors import SpApiRefusal
from coupling_sandbox.amazon.places import MARKETPLACES
from coupling_sandbox.amazon.service import Asked, Operation, iso
from coupling_sandbox.amazon.shelf import MoneyQuery, MoneyRow, from_ms, ms

LAG = timedelta(minutes=2)
LONGEST = timedelta(days=180)
PAGE = 100
STATUSES = ("DEFERRED", "RELEASED", "DEFERRED_RELEASED")
# kind of a settlement row's transaction → (transactionType, description)
_TYPES = {
    "Order": ("Shipment", "Order Payment"),
    "Refund": ("Refund", "Refund Order"),
    "A-to-z Guarantee Refund": ("GuaranteeClaim", "A-to-z Guarantee Refund"),
    "Chargeback Refund": ("Chargeback", "Chargeback Refund"),
    "ServiceFee": ("ServiceFee", "Service Fee"),
}
_GROUPS = {
    "ItemPrice": "Sales",
    "Promotion": "Promotions",
    "ItemWithheldTax": "Tax",
    "ItemFees": "AmazonFees",
    "ShipmentFees": "AmazonFees",
}


async def list_transactions(asked: Asked) -> Mapping[str, Any]:
    """Answer ``GET /finances/2024-06-19/transactions``."""
    asked.need_role("finance_and_accounting")
    query = _query(asked)
    if query is None:
        return {"payload": {"transactions": []}}
    start = page_start(asked)
    if asked.fault == "empty_page":
        return {"payload": {"transactions": [], "nextToken": page_token(start)}}
    rows = asked.amazon.shop.money(asked.seller, query, start, PAGE + 1)
    shown = [_transaction(asked, row) for row in rows[:PAGE]]
    status = asked.one("transactionStatus")
    payload: dict[str, Any] = {
        "transactions": [
            one for one in shown if status is None or one["transactionStatus"] == status
        ]
    }
    if len(rows) > PAGE:
        # Filtering by status happens after paging: a page may be empty and still have a next one.
        following = start if asked.fault == "repeated_page" else rows[PAGE - 1].position
        payload["nextToken"] = page_token(following)
    return {"payload": payload}


def _query(asked: Asked) -> MoneyQuery | None:
    """Return what is asked for; None when the window is wider than Amazon looks."""
    name, value = asked.one("relatedIdentifierName"), asked.one("relatedIdentifierValue")
    if (name is None) != (value is None):
        raise SpApiRefusal("invalid_input", "relatedIdentifierName needs relatedIdentifierValue.")
    if name not in (None, "ORDER_ID", "FINANCIAL_EVENT_GROUP_ID"):
        raise SpApiRefusal("invalid_input", f"Invalid relatedIdentifierName: {name}.")
    status = asked.one("transactionStatus")
    if status not in (None, *STATUSES):
        raise SpApiRefusal("invalid_input", f"Invalid transactionStatus: {status}.")
    latest = asked.now - LAG
    after, before = asked.time("postedAfter"), asked.time("postedBefore") or latest
    if after is None and name is None:
        raise SpApiRefusal("invalid_input", "postedAfter is required.")
    if before > latest or (after is not None and after > latest):
        raise SpApiRefusal(
            "invalid_input", "Times must be at least two minutes before the current time."
        )
    if after is not None and before < after:
        raise SpApiRefusal("invalid_input", "postedBefore must be later than postedAfter.")
    if after is not None and before - after > LONGEST:
        return None
    # Amazon warns that the last two days may be missing still.
    known = asked.now - timedelta(hours=asked.amazon.options.finances_delay_hours)
    return MoneyQuery(
        ms(after) if after else 0,
        ms(min(before, known)),
        value if name == "ORDER_ID" else None,
        _settlement_of(value) if name == "FINANCIAL_EVENT_GROUP_ID" else None,
        _stream_of(asked.one("marketplaceId")),
    )


def _stream_of(marketplace_id: str | None) -> str | None:
    if marketplace_id is None:
        return None
    known = {place.id: place.code for place in MARKETPLACES.values()}
    if marketplace_id not in known:
        raise SpApiRefusal("invalid_input", f"Invalid marketplaceId: {marketplace_id}.")
    return known[marketplace_id]


def group_of(settlement_id: str) -> str:
    """Return the id of the financial event group that a settlement is."""
    return base64.urlsafe_b64encode(f"group/{settlement_id}".encode()).decode().rstrip("=")


def _settlement_of(group_id: str | None) -> str:
    padded = (group_id or "") + "=" * (-len(group_id or "") % 4)
    try:
        return base64.urlsafe_b64decode(padded).decode().removeprefix("group/")
    except ValueError:
        return "-"


def _transaction(asked: Asked, row: MoneyRow) -> dict[str, Any]:
    event, released = row.body, row.released_ms is None or ms(asked.now) >= row.released_ms
    place = MARKETPLACES[row.stream]
    currency = place.currency
    kind, text = _TYPES.get(event["kind"], ("other-transaction", event["kind"]))
    if row.phase == "released":
        status, own, other = "RELEASED", f"{row.seq}-R", ("DEFERRED_TRANSACTION_ID", str(row.seq))
        if row.deferred_ms is None:
            own, other = str(row.seq), ("", "")
    elif released:
        status, own, other = (
            "DEFERRED_RELEASED",
            str(row.seq),
            ("RELEASE_TRANSACTION_ID", f"{row.seq}-R"),
        )
    else:
        status, own, other = "DEFERRED", str(row.seq), ("", "")
    related = [
        ("ORDER_ID", event["order"]),
        ("SHIPMENT_ID", event["shipment"]),
        ("REFUND_ID", event["refund"]),
        other,
    ]
    if row.settlement_id and status != "DEFERRED":
        related.append(("SETTLEMENT_ID", row.settlement_id))
        related.append(("FINANCIAL_EVENT_GROUP_ID", group_of(row.settlement_id)))
    transaction: dict[str, Any] = {
        "sellingPartnerMetadata": {
            "sellingPartnerId": asked.seller,
            "accountType": "Standard Orders",
            "marketplaceId": place.id,
        },
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in related
            if value
        ],
        "transactionType": kind,
        "transactionId": own,
        "transactionStatus": status,
        "description": text,
        "postedDate": iso(from_ms(row.posted_ms)),
        "totalAmount": amount(sum(one[2] for one in event["rows"]), currency),
        "marketplaceDetails": {"marketplaceId": place.id, "marketplaceName": place.name},
        "items": list(_items(event, currency)),
        "breakdowns": _breakdowns(event["rows"], currency),
    }
    if row.phase == "deferred" and row.released_ms is not None:
        transaction["contexts"] = [
            {
                "contextType": "DeferredContext",
                "deferralReason": event.get("deferral", "DD7"),
                "maturityDate": iso(from_ms(row.released_ms)),
            }
        ]
    return transaction


def _items(event: Mapping[str, Any], currency: str) -> Iterator[dict[str, Any]]:
    by_item: dict[str, list[list[Any]]] = {}
    for row in event["rows"]:
        if row[3]:
            by_item.setdefault(row[3], []).append(row)
    for item_id, rows in by_item.items():
        context = {"contextType": "ProductContext", "sku": rows[0][4]}
        if rows[0][5]:
            context["quantityShipped"] = int(rows[0][5])
        yield {
            "description": rows[0][4],
            "relatedIdentifiers": [
                {
                    "itemRelatedIdentifierName": "ORDER_ADJUSTMENT_ITEM_ID",
                    "itemRelatedIdentifierValue": item_id,
                }
            ],
            "totalAmount": amount(sum(row[2] for row in rows), currency),
            "breakdowns": _breakdowns(rows, currency),
            "contexts": [context],
        }


def _breakdowns(rows: list[list[Any]], currency: str) -> list[dict[str, Any]]:
    groups: dict[str, dict[str, int]] = {}
    for kind, description, cents, *_ in rows:
        group = groups.setdefault(_GROUPS.get(kind, kind), {})
        group[description] = group.get(description, 0) + cents
    return [
        {
            "breakdownType": name,
            "breakdownAmount": amount(sum(parts.values()), currency),
            "breakdowns": [
                {"breakdownType": part, "breakdownAmount": amount(cents, currency)}
                for part, cents in parts.items()
            ],
        }
        for name, parts in groups.items()
    ]


def amount(cents: int, currency: str) -> dict[str, Any]:
    """Return an amount the way this API writes it."""
    return {"currencyCode": currency, "currencyAmount": cents / 100}


def page_start(asked: Asked) -> tuple[int, int] | None:
    """Return where the page asked for begins; 400 for a token that is none of ours."""
    token = asked.one("nextToken") or asked.one("NextToken")
    if token is None:
        return None
    try:
        position = json.loads(base64.urlsafe_b64decode(token))
        return (int(position[0]), int(position[1])) if position else None
    except (ValueError, TypeError, IndexError, KeyError):
        raise SpApiRefusal("invalid_input", "Invalid nextToken.") from None


def page_token(position: tuple[int, int] | None) -> str:
    """Return the token of the page that begins at a position."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


OPERATIONS = (
    Operation("listTransactions", "GET", "/finances/2024-06-19/transactions", list_transactions),
)
