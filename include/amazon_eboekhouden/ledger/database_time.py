"""The database's own clock, and how times are stored: whole milliseconds since 1970, UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


class Utc(TypeDecorator[datetime]):
    """A moment with its zone; stored as milliseconds, so both databases count alike."""

    impl = BigInteger
    cache_ok = True

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """Arithmetic on stored times is in milliseconds."""
        return BigInteger() if isinstance(value, int) else self

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        """A moment, or milliseconds already."""
        if value is None or isinstance(value, int):
            return value
        return to_ms(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The moment in UTC."""
        return None if value is None else from_ms(value)


class DatabaseMs(FunctionElement[int]):
    """The database's clock in milliseconds, taken when the statement runs."""

    name = "database_ms"
    type = BigInteger()
    inherit_cache = True


@compiles(DatabaseMs, "sqlite")
def _sqlite(element: DatabaseMs, compiler: Any, **kw: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"


@compiles(DatabaseMs, "postgresql")
def _postgresql(element: DatabaseMs, compiler: Any, **kw: Any) -> str:
    # Not now(): that is the start of the transaction, which may have waited for a lock.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """The moment, in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)
