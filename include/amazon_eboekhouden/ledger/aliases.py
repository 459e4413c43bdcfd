"""One refund may reach us under two event ids: both lead to the same booking."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, select

from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.sql_rows import chunks, insert_once

_TABLE = schema.event_alias


@dataclass
class Aliases:
    """Table event_alias."""

    engine: Engine

    def record(self, admin: str, event_ids: Iterable[str], natural: str) -> str:
        """Let these ids lead to a booking; the first booking named for any of them stays.

        Returns:
            natural key that all of them lead to.
        """
        ids = sorted(set(event_ids))
        with self.engine.begin() as connection:
            query = select(_TABLE.c.natural).where(_TABLE.c.admin == admin)
            known = query.where(_TABLE.c.event_id.in_(ids)).order_by(_TABLE.c.event_id)
            natural = connection.execute(known).scalars().first() or natural
            for event_id in ids:
                values = {"admin": admin, "event_id": event_id, "natural": natural}
                insert_once(connection, _TABLE, values)
        return natural

    def resolve(self, admin: str, event_ids: Iterable[str]) -> dict[str, str]:
        """Natural key per id that is known."""
        found: dict[str, str] = {}
        columns = select(_TABLE.c.event_id, _TABLE.c.natural).where(_TABLE.c.admin == admin)
        with reading(self.engine).connect() as connection:
            for part in chunks(sorted(set(event_ids))):
                for row in connection.execute(columns.where(_TABLE.c.event_id.in_(part))):
                    found[row.event_id] = row.natural
        return found
