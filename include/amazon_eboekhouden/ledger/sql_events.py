"""The append-only history of each administration: a chain of hashes, one event per step.

Whoever appends holds the administration's row, so that all writing to one administration is
serial whatever the database.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database_time import to_ms
from amazon_eboekhouden.ledger.sql_rows import insert_once
from amazon_eboekhouden.ledger.sql_statements import CHAIN_END, EVENTS, LOCKED_CHAIN
from amazon_eboekhouden.ledger.states import event_hash
from amazon_eboekhouden.ledger.store import NEVER_ASKED

_FIRST_HASH = ""


class Chain:
    """The end of one administration's chain, locked for this transaction."""

    def __init__(self, connection: Connection, admin: str) -> None:
        """Lock the administration's row, making it at the first use."""
        self._connection = connection
        self._admin = admin
        self._rows: list[dict[str, Any]] = []
        row = self._locked()
        if row is None:
            first = {"admin": admin, "seq": 0, "hash": _FIRST_HASH}
            numbers = {"highest_number": NEVER_ASKED, "audited_number": 0}
            insert_once(connection, schema.administration, {**first, **numbers})
            row = self._locked()
        self._seq: int = row.seq
        self._hash: str = row.hash
        self.highest_number: int = row.highest_number

    def _locked(self) -> Any:
        return self._connection.execute(LOCKED_CHAIN, {"of_admin": self._admin}).first()

    def add(
        self, op_key: str, actor: str, before: str, after: str, detail: str, now_ms: int
    ) -> None:
        """Append one event; written by `close`."""
        self._seq += 1
        previous = self._hash
        self._hash = event_hash(
            previous, self._admin, self._seq, op_key, now_ms, actor, before, after, detail
        )
        self._rows.append(
            {
                "admin": self._admin,
                "seq": self._seq,
                "op_key": op_key,
                "at_utc": now_ms,
                "actor": actor,
                "from_state": before,
                "to_state": after,
                "detail": detail,
                "prev_hash": previous,
                "hash": self._hash,
            }
        )

    def close(self) -> None:
        """Write the events and the new end of the chain."""
        if self._rows:
            self._connection.execute(EVENTS, self._rows)
        end = {"end_seq": self._seq, "end_hash": self._hash, "end_highest": self.highest_number}
        self._connection.execute(CHAIN_END, {"of_admin": self._admin, **end})


def first_break(connection: Connection, admin: str) -> int | None:
    """Sequence number of the first event whose hash does not fit, None when the chain holds."""
    table = schema.event
    previous, expected = _FIRST_HASH, 1
    query = select(table).where(table.c.admin == admin).order_by(table.c.seq)
    for row in connection.execute(query):
        own = event_hash(
            previous,
            admin,
            row.seq,
            row.op_key,
            to_ms(row.at_utc),
            row.actor,
            row.from_state,
            row.to_state,
            row.detail,
        )
        if row.seq != expected or row.prev_hash != previous or row.hash != own:
            return expected
        previous, expected = row.hash, expected + 1
    end = schema.administration
    head = connection.execute(select(end.c.seq, end.c.hash).where(end.c.admin == admin)).first()
    if head is not None and (head.seq, head.hash) != (expected - 1, previous):
        return expected
    return None
