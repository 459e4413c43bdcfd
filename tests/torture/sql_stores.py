"""The product's own store under the simulator: real files, real PostgreSQL, virtual time."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from amazon_eboekhouden.ledger import database, schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.decisions import Choice, Decisions
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.sql_events import first_break
from amazon_eboekhouden.ledger.sql_rows import intent_of
from amazon_eboekhouden.ledger.sql_store import SqlStore
from amazon_eboekhouden.ledger.states import Intent
from sqlalchemy import Engine, select


@dataclass(frozen=True)
class VirtualClock:
    seconds: Callable[[], float]

    def now_utc(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def monotonic(self) -> float:
        return self.seconds()


@dataclass
class SimulatedSqlStore(SqlStore):
    def all_intents(self, admin: str) -> dict[str, Intent]:
        query = select(schema.intent).where(schema.intent.c.admin == admin)
        with reading(self.engine).connect() as connection:
            return {row.op_key: intent_of(row) for row in connection.execute(query)}

    def all_events(self, admin: str) -> list[tuple[str, str, str, str, str]]:
        table = schema.event
        query = (
            select(
                table.c.op_key, table.c.actor, table.c.from_state, table.c.to_state, table.c.detail
            )
            .where(table.c.admin == admin)
            .order_by(table.c.seq)
        )
        with reading(self.engine).connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def chain_holds(self, admin: str) -> bool:
        with reading(self.engine).connect() as connection:
            return first_break(connection, admin) is None

    def rebook(self, op_key: str) -> None:
        admin, _, natural = op_key.split(":", 2)
        decisions = Decisions(self.engine, self.now_ms)
        decisions.decide(admin, natural, Choice.REBOOK, who="person", why="rebook")


class SqlWorld:
    """One database for many schedules: each has an administration of its own."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = database.connect(url)
        database.upgrade(self.engine)
        self._space = uuid.uuid4()
        self._numbers = itertools.count(1)

    def make_store(self, now: Callable[[], float], settings: LedgerSettings) -> SimulatedSqlStore:
        return SimulatedSqlStore(self.engine, settings, VirtualClock(now))

    def admin(self) -> str:
        """A new administration."""
        return str(uuid.uuid5(self._space, str(next(self._numbers))))

    def close(self) -> None:
        self.engine.dispose()
