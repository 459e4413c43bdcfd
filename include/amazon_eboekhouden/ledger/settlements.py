"""The settlements that were found: never fetched or booked twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, select, update

from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.sql_rows import insert_once

_TABLE = schema.settlement


@dataclass(frozen=True, slots=True)
class SettlementRecord:
    """One settlement as the ledger knows it; `totals` are JSON values in cents."""

    seller: str
    settlement_id: str
    coupling: str
    file_hash: str
    archive: str
    state: str
    totals: Mapping[str, Any]
    start_date: date | None
    end_date: date | None
    total_cents: int | None
    currency: str
    found_utc: datetime
    updated_utc: datetime


@dataclass
class Settlements:
    """Table settlement; its states are the pipelines' words, such as found, approved, booked."""

    engine: Engine
    now_ms: Callable[[Connection], int]

    def find(self, seller: str, settlement_id: str) -> SettlementRecord | None:
        """The settlement, None when it was never recorded."""
        query = select(_TABLE).where(
            _TABLE.c.seller == seller, _TABLE.c.settlement_id == settlement_id
        )
        with reading(self.engine).connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else _record(row)

    def all(self, seller: str) -> list[SettlementRecord]:
        """All settlements of a seller, by their end."""
        query = select(_TABLE).where(_TABLE.c.seller == seller)
        with reading(self.engine).connect() as connection:
            rows = [_record(row) for row in connection.execute(query)]
        return sorted(rows, key=lambda row: (row.end_date or date.max, row.settlement_id))

    def record(
        self,
        seller: str,
        settlement_id: str,
        *,
        coupling: str | None = None,
        file_hash: str | None = None,
        archive: str | None = None,
        state: str | None = None,
        totals: Mapping[str, Any] | None = None,
        start_date: date | None = None,
        end_date: date | None = None,
        total_cents: int | None = None,
        currency: str | None = None,
    ) -> SettlementRecord:
        """Store what is known of a settlement; what is not given stays as it was.

        `totals` is added to what is kept there, name by name: two that write at the same time,
        such as a person's deposit and the audit's chain, do not take each other's away.
        """
        given = {
            "coupling": coupling,
            "file_hash": file_hash,
            "archive": archive,
            "state": state,
            "start_date": start_date,
            "end_date": end_date,
            "total_cents": total_cents,
            "currency": currency,
        }
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        same = and_(_TABLE.c.seller == seller, _TABLE.c.settlement_id == settlement_id)
        with self.engine.begin() as connection:
            now_ms = self.now_ms(connection)
            fresh = {"seller": seller, "settlement_id": settlement_id, "found_utc": now_ms}
            empty = {"coupling": "", "file_hash": "", "archive": "", "currency": ""}
            state_0 = {"state": "found", "totals": "{}", "updated_utc": now_ms}
            insert_once(connection, _TABLE, {**fresh, **empty, **state_0})
            if totals is not None:
                kept = select(_TABLE.c.totals).where(same).with_for_update()
                before = json.loads(connection.execute(kept).scalar_one())
                values["totals"] = json.dumps({**before, **totals}, sort_keys=True)
            connection.execute(update(_TABLE).where(same).values(**values, updated_utc=now_ms))
            return _record(connection.execute(select(_TABLE).where(same)).one())


def _record(row: Any) -> SettlementRecord:
    return SettlementRecord(**{**row._mapping, "totals": json.loads(row.totals)})
