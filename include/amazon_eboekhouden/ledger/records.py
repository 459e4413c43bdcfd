"""What the ledger can tell years later: frames and stories without personal data."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Engine, and_, or_, select, update

from amazon_eboekhouden.domain.frames import BOOKED, DTYPES
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.sql_events import Chain, first_break
from amazon_eboekhouden.ledger.sql_rows import insert_once
from amazon_eboekhouden.ledger.states import UNCERTAIN, State

_INTENT = schema.intent
_RENAMED = {"booking": "natural", "booking_kind": "kind"}
_FINISHED = (State.CONFIRMED.value, State.SUPERSEDED.value, State.IGNORED.value)


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of a booking."""

    at_utc: datetime
    actor: str
    before: str
    after: str
    detail: str


@dataclass(frozen=True, slots=True)
class Story:
    """The life of one booking."""

    booking: str
    booking_kind: str
    state: str
    reason: str
    order_id: str
    settlement_id: str
    invoice_number: str
    relation_code: str
    gross_cents: int
    remote_id: str
    facts: dict[str, Any]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A booking whose outcome is not known, as a person wants to see it."""

    booking: str
    row: str
    gross_cents: int
    sent_at_utc: datetime | None
    asks_again_utc: datetime | None
    evidence: str
    age_s: float


def booked_frame(engine: Engine, admin: str) -> pd.DataFrame:
    """All intents of an administration as a BOOKED frame."""
    columns = [_INTENT.c[_RENAMED.get(name, name)] for name in BOOKED.columns]
    query = select(*columns, _INTENT.c.created_utc).where(_INTENT.c.admin == admin)
    with reading(engine).connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return BOOKED.empty()
    names = [*BOOKED.columns, "created"]
    values = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    # A relation has no booking date; the day it was asked for stands in its place.
    values["date"] = [
        day or moment.date() for day, moment in zip(values["date"], values["created"], strict=True)
    ]
    return BOOKED.check(
        pd.DataFrame(
            {
                name: pd.Series(values[name], dtype=DTYPES[kind])
                for name, kind in BOOKED.columns.items()
            }
        )
    )


def stories(engine: Engine, order_id: str) -> list[Story]:
    """Intents and events of an order, and of what its bookings depend on."""
    with reading(engine).connect() as connection:
        query = select(_INTENT).where(_INTENT.c.order_id == order_id)
        rows = list(connection.execute(query.order_by(_INTENT.c.created_utc, _INTENT.c.op_key)))
        seen = {row.natural for row in rows}
        needed = {natural for row in rows for natural in row.depends_on.split()} - seen
        if needed:
            admins = {row.admin for row in rows}
            query = select(_INTENT).where(
                _INTENT.c.admin.in_(admins), _INTENT.c.natural.in_(needed)
            )
            rows = [*connection.execute(query), *rows]
        keys = [row.op_key for row in rows]
        table = schema.event
        events: dict[str, list[Event]] = {}
        found = select(table).where(table.c.op_key.in_(keys)).order_by(table.c.admin, table.c.seq)
        for row in connection.execute(found):
            step = Event(row.at_utc, row.actor, row.from_state, row.to_state, row.detail)
            events.setdefault(row.op_key, []).append(step)
    return [_story(row, events.get(row.op_key, [])) for row in rows]


def _story(row: Any, events: list[Event]) -> Story:
    return Story(
        booking=row.natural,
        booking_kind=row.kind,
        state=row.state,
        reason=row.reason,
        order_id=row.order_id,
        settlement_id=row.settlement_id,
        invoice_number=row.invoice_number,
        relation_code=row.relation_code,
        gross_cents=row.gross_cents,
        remote_id=row.remote_id,
        facts=json.loads(row.facts),
        events=tuple(events),
    )


def uncertain(engine: Engine, admin: str, now: datetime) -> list[Uncertain]:
    """Bookings whose outcome is not known, oldest first."""
    query = (
        select(_INTENT)
        .where(_INTENT.c.admin == admin, _INTENT.c.state.in_([s.value for s in UNCERTAIN]))
        .order_by(_INTENT.c.sent_at_utc)
    )
    with reading(engine).connect() as connection:
        return [
            Uncertain(
                booking=row.natural,
                row=row.row,
                gross_cents=row.gross_cents,
                sent_at_utc=row.sent_at_utc,
                asks_again_utc=row.not_before_utc,
                evidence=row.evidence,
                age_s=(now - row.sent_at_utc).total_seconds() if row.sent_at_utc else 0.0,
            )
            for row in connection.execute(query)
        ]


def history_problem(engine: Engine, admin: str) -> Problem | None:
    """The first break in the chain of events, None when it holds."""
    with reading(engine).connect() as connection:
        seq = first_break(connection, admin)
    if seq is None:
        return None
    return problem("history-broken", f"administration {admin}", seq=seq)


def issue_numbers(
    engine: Engine, admin: str, series: str, naturals: Iterable[str], first: int
) -> dict[str, int]:
    """A number per booking, each given once and for ever."""
    numbers, given = schema.number_series, schema.issued_number
    with engine.begin() as connection:
        Chain(connection, admin)  # Holds the administration: numbers follow without gaps.
        insert_once(connection, numbers, {"admin": admin, "series": series, "next_number": first})
        same = and_(numbers.c.admin == admin, numbers.c.series == series)
        free = connection.execute(select(numbers.c.next_number).where(same)).scalar_one()
        query = select(given.c.natural, given.c.number)
        mine = query.where(given.c.admin == admin, given.c.series == series)
        known = {row.natural: row.number for row in connection.execute(mine)}
        found: dict[str, int] = {}
        for natural in naturals:
            if natural not in known:
                key = {"admin": admin, "series": series, "natural": natural}
                insert_once(connection, given, {**key, "number": free})
                known[natural] = free
                free += 1
            found[natural] = known[natural]
        connection.execute(update(numbers).where(same).values(next_number=free))
    return found


def purge_payloads(engine: Engine, before_utc: datetime, any_before_utc: datetime) -> int:
    """Delete the sealed payloads of what was finished before a moment, of the rest before another.

    What is not finished by then must be handed in again, fetched anew from Amazon.
    """
    finished = and_(_INTENT.c.state.in_(_FINISHED), _INTENT.c.updated_utc < before_utc)
    old = or_(finished, _INTENT.c.updated_utc < any_before_utc)
    purged = update(_INTENT).where(old, _INTENT.c.payload_enc != "").values(payload_enc="")
    with engine.begin() as connection:
        return connection.execute(purged).rowcount
