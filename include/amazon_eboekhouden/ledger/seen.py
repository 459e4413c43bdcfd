"""What was last seen outside: balances in the books, and whether a service answered.

Pages show it without asking anybody: a call per view would eat the month's calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, select, update

from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.sql_rows import insert_once


@dataclass(frozen=True, slots=True)
class Balance:
    """What stood on a ledger account in the books; debit is above zero."""

    account: str
    cents: int
    at_utc: datetime


@dataclass(frozen=True, slots=True)
class ServiceCheck:
    """Whether a service accepted the credentials when it was asked for nothing else."""

    service: str
    good: bool
    at_utc: datetime


@dataclass
class Seen:
    """Tables balance and service_check: the newest of each."""

    engine: Engine
    now_ms: Callable[[Connection], int]

    def record_balances(self, admin: str, cents_of: Mapping[str, int]) -> None:
        """Remember balances per ledger account of an administration."""
        table = schema.balance
        with self.engine.begin() as connection:
            now_ms = self.now_ms(connection)
            for account, cents in sorted(cents_of.items()):
                key = {"admin": admin, "account": account}
                values = {"cents": cents, "at_utc": now_ms}
                insert_once(connection, table, {**key, **values})
                same = and_(table.c.admin == admin, table.c.account == account)
                connection.execute(update(table).where(same).values(**values))

    def balances(self, admin: str) -> dict[str, Balance]:
        """The newest known balance per ledger account; none before the first was read."""
        table = schema.balance
        query = select(table.c.account, table.c.cents, table.c.at_utc).where(table.c.admin == admin)
        with reading(self.engine).connect() as connection:
            return {row.account: Balance(*row) for row in connection.execute(query)}

    def record_check(self, coupling: str, service: str, *, good: bool) -> None:
        """Remember that a person or a program tried a service."""
        table = schema.service_check
        key = {"coupling": coupling, "service": service}
        with self.engine.begin() as connection:
            values = {"good": good, "at_utc": self.now_ms(connection)}
            insert_once(connection, table, {**key, **values})
            same = and_(table.c.coupling == coupling, table.c.service == service)
            connection.execute(update(table).where(same).values(**values))

    def checks(self, coupling: str) -> dict[str, ServiceCheck]:
        """The newest try per service."""
        table = schema.service_check
        query = select(table.c.service, table.c.good, table.c.at_utc).where(
            table.c.coupling == coupling
        )
        with reading(self.engine).connect() as connection:
            return {row.service: ServiceCheck(*row) for row in connection.execute(query)}
