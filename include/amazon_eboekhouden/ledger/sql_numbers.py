"""The store's clock, the mutation numbers it knows, and the month's calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, and_, literal, select, update

from amazon_eboekhouden.domain.books import Clock
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.database_time import DatabaseMs, from_ms, to_ms
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.sql_events import Chain
from amazon_eboekhouden.ledger.sql_rows import insert_once
from amazon_eboekhouden.ledger.store import NEVER_ASKED


@dataclass
class SqlNumbers:
    """See `store.Store` for what each method promises.

    Attributes:
        engine: made by `database.connect`.
        settings: lease, deadline and settle time.
        clock: None for the database's own clock.
    """

    engine: Engine
    settings: LedgerSettings
    clock: Clock | None = None

    # --- time --------------------------------------------------------------------------------
    def now_sql(self) -> ColumnElement[int]:
        """The present in milliseconds, as an expression."""
        if self.clock is None:
            return DatabaseMs()
        return literal(to_ms(self.clock.now_utc()), BigInteger)

    def now_ms(self, connection: Connection) -> int:
        """The present in milliseconds, as the database has it."""
        if self.clock is not None:
            return to_ms(self.clock.now_utc())
        return int(connection.execute(select(DatabaseMs())).scalar_one())

    def now(self) -> datetime:
        """The store's own clock."""
        with reading(self.engine).connect() as connection:
            return from_ms(self.now_ms(connection))

    # --- numbers and calls -------------------------------------------------------------------
    def highest_number(self, admin: str) -> int:
        """Highest mutation number known, or NEVER_ASKED."""
        table = schema.administration
        query = select(table.c.highest_number).where(table.c.admin == admin)
        with reading(self.engine).connect() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return NEVER_ASKED if found is None else int(found)

    def note_number(self, admin: str, number: int) -> None:
        """Remember a mutation number that was seen."""
        with self.engine.begin() as connection:
            chain = Chain(connection, admin)
            if number > chain.highest_number:
                chain.highest_number = number
                chain.close()

    def count_call(self, admin: str, operation: str) -> int:
        """Count one metered call of this month; the new total."""
        table = schema.budget
        with self.engine.begin() as connection:
            key = {"admin": admin, "month": self._month(connection), "op": operation}
            same = and_(*(table.c[name] == value for name, value in key.items()))
            counted = update(table).where(same).values(used=table.c.used + 1)
            if connection.execute(counted).rowcount == 0:
                insert_once(connection, table, {**key, "used": 0})
                connection.execute(counted)
            return int(connection.execute(select(table.c.used).where(same)).scalar_one())

    def calls_used(self, admin: str, operation: str) -> int:
        """Metered calls of this month."""
        table = schema.budget
        with reading(self.engine).connect() as connection:
            month = self._month(connection)
            query = select(table.c.used).where(
                table.c.admin == admin, table.c.month == month, table.c.op == operation
            )
            return int(connection.execute(query).scalar_one_or_none() or 0)

    def _month(self, connection: Connection) -> str:
        return datetime.fromtimestamp(self.now_ms(connection) / 1000, UTC).strftime("%Y-%m")
