"""The whole life of an order: what was asked, sent, answered, paid, settled and decided.

Told from the ledger (which keeps no customer) and the archived settlement files, so that it can be
told years later, after the personal data is gone and without asking either service.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import problem
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.ledger.records import Event, Story
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime

_ROW_COLUMNS = ("row", "transaction_type", "amount_type", "amount_description", "sku")


def run(runtime: Runtime, order_id: str) -> RunReport:
    """Everything the ledger and the archive know of one order.

    Returns:
        A report whose details hold `order` (the facts, for a program) and `story` (the same for a
        person, one line per step).
    """
    stories = runtime.ledger.explain(order_id)
    booked = runtime.booked()
    mentions = _mentions(booked, order_id)
    settled = {story.settlement_id for story in stories} | set(mentions["settlement_id"])
    problems = [
        {**found.problem.as_dict(), "since_utc": _text(found.first_seen_utc)}
        for found in runtime.ledger.open_problems(runtime.settings.name)
        if found.problem.order_id == order_id
    ]
    if not stories and not problems and mentions.empty:
        return RunReport(problems=[problem("order-not-known", f"order {order_id}")])
    order = {
        "order_id": order_id,
        "bookings": [_told(story) for story in stories],
        "settlements": [
            _settlement(runtime, settlement_id, order_id, mentions)
            for settlement_id in sorted(settled - {""})
        ],
        "open_problems": problems,
    }
    return RunReport(details={"order": order, "story": "\n".join(_lines(order))})


def _mentions(booked: pd.DataFrame, order_id: str) -> pd.DataFrame:
    """Bookings of settlements that name the order in their facts only, such as parked money."""
    is_named = booked["facts"].str.contains(f'"{order_id}', regex=False)
    return booked[is_named & (booked["order_id"] != order_id)]


def _told(story: Story) -> dict[str, Any]:
    return {
        "booking": story.booking,
        "kind": story.booking_kind,
        "state": story.state,
        "reason": story.reason,
        "mutation_number": story.remote_id,
        "invoice_number": story.invoice_number,
        "relation_code": story.relation_code,
        "settlement_id": story.settlement_id,
        "gross": str(euros(story.gross_cents)),
        "facts": story.facts,
        "events": [_event(event) for event in story.events],
    }


def _event(event: Event) -> dict[str, str]:
    return {
        "at_utc": _text(event.at_utc),
        "actor": event.actor,
        "before": event.before,
        "after": event.after,
        "detail": event.detail,
    }


def _settlement(
    runtime: Runtime, settlement_id: str, order_id: str, mentions: pd.DataFrame
) -> dict[str, Any]:
    """A settlement that paid the order: its rows for it, and the bookings that name it."""
    bound = runtime.ledger.coupling_state(runtime.settings.name)
    # The seller as the ledger remembers it: years later the connection may be gone.
    seller = bound.seller if bound else runtime.seller_id
    record = runtime.ledger.settlements.find(seller, settlement_id)
    named = mentions[mentions["settlement_id"] == settlement_id]
    told: dict[str, Any] = {
        "settlement_id": settlement_id,
        "also_in": [
            {"booking": booking, "mutation_number": number}
            for booking, number in zip(named["booking"], named["remote_id"], strict=True)
        ],
        "rows": [],
    }
    if record is None:
        return told
    told |= {
        "start": str(record.start_date or ""),
        "end": str(record.end_date or ""),
        "currency": record.currency,
        "total": "" if record.total_cents is None else str(euros(record.total_cents)),
        "file": record.file_hash,
        "found_utc": _text(record.found_utc),
    }
    if runtime.archive.has(record.file_hash):
        content = runtime.archive.get(record.file_hash)
        read = read_settlement(content, charset=record.totals.get("charset") or None)
        if isinstance(read, SettlementFile):
            told["rows"] = list(_rows(read.rows[read.rows["order_id"] == order_id]))
    return told


def _rows(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for row in rows.to_dict("records"):
        shown = {str(name): row[name] for name in _ROW_COLUMNS}
        amount = str(euros(row["amount_cents"]))
        yield {**shown, "posted": str(row["posted"].date()), "amount": amount}


# --- for a person ---------------------------------------------------------------------------------


def _lines(order: Mapping[str, Any]) -> Iterator[str]:
    """The order's life, one line a step, in the order in which it happened."""
    yield f"order {order['order_id']}"
    for booking in order["bookings"]:
        yield _heading(booking)
        yield from (f"    {name}: {value}" for name, value in _spoken(booking["facts"]))
        yield from (_step(event) for event in booking["events"])
    for settlement in order["settlements"]:
        yield from _settlement_lines(settlement)
    for found in order["open_problems"]:
        yield f"  open since {found['since_utc']}: {found['cause']} [{found['code']}]"
        yield f"    {found['todo']}"


def _heading(booking: Mapping[str, Any]) -> str:
    number = booking["mutation_number"]
    parts = [
        f"  {booking['booking']}: {booking['state']}",
        f"({booking['reason']})" if booking["reason"] else "",
        f"{booking['gross']} EUR" if booking["kind"] != "REL" else "",
        f"invoice {booking['invoice_number']}" if booking["invoice_number"] else "",
        (f"relation {number}" if booking["kind"] == "REL" else f"mutation {number}")
        if number
        else "",
    ]
    return ", ".join(filter(None, parts)).replace(", (", " (")


def _spoken(facts: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return [(name, value) for name, value in sorted(facts.items()) if value not in ("", [], {})]


def _step(event: Mapping[str, str]) -> str:
    change = f"{event['before'] or 'new'} -> {event['after']}"
    detail = f": {event['detail']}" if event["detail"] else ""
    return f"    {event['at_utc']} {change} by {event['actor']}{detail}"


def _settlement_lines(settlement: Mapping[str, Any]) -> Iterator[str]:
    period = f" of {settlement['start']} to {settlement['end']}" if "start" in settlement else ""
    yield f"  settlement {settlement['settlement_id']}{period}"
    for row in settlement["rows"]:
        kind = _joined(row, ("transaction_type", "amount_type", "amount_description"))
        yield f"    line {row['row']}, {row['posted']}: {kind} {row['amount']}"
    for booking in settlement["also_in"]:
        yield f"    also in {booking['booking']}, mutation {booking['mutation_number'] or '-'}"


def _joined(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return " / ".join(row[name] for name in names)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
