"""Rows of the store and the values the protocol reads: the translation between the two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.ledger.states import Draft, Intent, State

T = TypeVar("T")
_CHUNK = 1000  # values in one IN (…): below every database's limit


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in portions that fit one statement."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row unless one with its key exists."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(table).values(**values).on_conflict_do_nothing())


def intent_of(row: Any, now_ms: int | None = None) -> Intent:
    """The intent in a row of the table of the same name."""
    not_before = row.not_before_utc
    return Intent(
        op_key=row.op_key,
        coupling=row.coupling,
        kind=BookingKind(row.kind),
        natural=row.natural,
        token=row.token,
        payload_hash=row.payload_hash,
        content=row.content,
        sealed=row.payload_enc,
        depends_on=tuple(row.depends_on.split()),
        state=State(row.state),
        reason=row.reason,
        attempt=row.attempt,
        epoch=row.epoch,
        number_before=row.number_before,
        remote_id=row.remote_id,
        evidence=row.evidence,
        offered_hash=row.offered_hash,
        row=row.row,
        order_id=row.order_id,
        invoice_number=row.invoice_number,
        settled=bool(
            now_ms is not None and not_before and now_ms >= round(not_before.timestamp() * 1000)
        ),
        not_before_utc=not_before,
    )


def payload_values(draft: Draft) -> dict[str, Any]:
    """The columns that come from the booking, and change with it while nothing was sent."""
    return {
        "payload_hash": draft.payload_hash,
        "content": draft.content,
        "payload_enc": draft.sealed,
        "depends_on": " ".join(draft.depends_on),
        "row": draft.row,
        "order_id": draft.order_id,
        "settlement_id": draft.settlement_id,
        "invoice_number": draft.invoice_number,
        "relation_code": draft.relation_code,
        "date": draft.date,
        "gross_cents": draft.gross_cents,
        "facts": draft.facts,
    }


def new_row(admin: str, coupling: str, draft: Draft, now_ms: int) -> dict[str, Any]:
    """A whole new row in PLANNED."""
    return {
        "op_key": draft.op_key,
        "admin": admin,
        "coupling": coupling,
        "kind": draft.kind.value,
        "natural": draft.natural,
        "token": draft.token,
        "state": State.PLANNED.value,
        "reason": "",
        "attempt": 0,
        "epoch": 0,
        "sent_at_utc": None,
        "not_before_utc": None,
        "number_before": 0,
        "remote_id": "",
        "evidence": "",
        "offered_hash": "",
        "created_utc": now_ms,
        "updated_utc": now_ms,
        **payload_values(draft),
    }


def by_natural(intents: Iterable[Intent]) -> dict[str, Intent]:
    """Intents by their natural key."""
    return {intent.natural: intent for intent in intents}
