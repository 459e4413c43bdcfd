"""The token buckets of Amazon's operations, shared by all workers of a seller."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, update

from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database_time import from_ms, to_ms
from amazon_eboekhouden.ledger.sql_rows import insert_once

_BUCKET = schema.rate_bucket


@dataclass
class RateBuckets:
    """Table rate_bucket: tokens left and when they were counted, per seller and operation."""

    engine: Engine
    now_ms: Callable[[Connection], int]

    def take(
        self,
        seller: str,
        operation: str,
        rate: float,
        burst: float,
        n: float = 1,
        *,
        leave: float = 0,
    ) -> datetime | None:
        """Take tokens.

        Args:
            seller: whose bucket.
            operation: Amazon's name of the call.
            rate: tokens a second, as published; one that was learnt goes before it.
            burst: most tokens the bucket holds.
            n: tokens to take.
            leave: tokens that must remain for others.

        Returns:
            None when they were taken, otherwise when they will be there.
        """
        with self.engine.begin() as connection:
            now_ms = self.now_ms(connection)
            fresh = {"tokens": float(burst), "rate": float(rate), "refilled_utc": now_ms}
            insert_once(connection, _BUCKET, {**_key(seller, operation), **fresh})
            row = self._locked(connection, seller, operation)
            passed_s = max(0, now_ms - to_ms(row.refilled_utc)) / 1000
            tokens = min(float(burst), row.tokens + passed_s * row.rate)
            if tokens + 1e-9 < n + leave:
                missing = n + leave - tokens
                return from_ms(now_ms + round(missing / row.rate * 1000) + 1)
            self._write(connection, seller, operation, tokens=tokens - n, refilled_utc=now_ms)
        return None

    def learn(self, seller: str, operation: str, rate: float) -> None:
        """Amazon said which rate holds for this seller."""
        if rate <= 0:
            return
        with self.engine.begin() as connection:
            now_ms = self.now_ms(connection)
            row = self._locked(connection, seller, operation)
            if row is None or row.rate == rate:
                return
            passed_s = max(0, now_ms - to_ms(row.refilled_utc)) / 1000
            tokens = row.tokens + passed_s * row.rate
            values = {"tokens": tokens, "refilled_utc": now_ms, "rate": rate}
            self._write(connection, seller, operation, **values)

    def empty(self, seller: str, operation: str) -> None:
        """Amazon refused a call: whatever we counted, nothing is left."""
        with self.engine.begin() as connection:
            now_ms = self.now_ms(connection)
            self._write(connection, seller, operation, tokens=0.0, refilled_utc=now_ms)

    def _locked(self, connection: Connection, seller: str, operation: str) -> Any:
        query = select(_BUCKET).where(_same(seller, operation)).with_for_update()
        return connection.execute(query).first()

    def _write(self, connection: Connection, seller: str, operation: str, **values: object) -> None:
        connection.execute(update(_BUCKET).where(_same(seller, operation)).values(**values))


def _key(seller: str, operation: str) -> dict[str, str]:
    return {"seller": seller, "operation": operation}


def _same(seller: str, operation: str) -> ColumnElement[bool]:
    return and_(_BUCKET.c.seller == seller, _BUCKET.c.operation == operation)


@dataclass(frozen=True)
class RateBudget:
    """One seller's buckets, as the adapter asks them before each call."""

    buckets: RateBuckets
    seller: str
    left: Mapping[str, float] = field(default_factory=dict)  # per operation, for others

    def take(self, operation: str, rate: float, burst: float, n: float = 1) -> datetime | None:
        """None: taken; otherwise when to come back."""
        leave = self.left.get(operation, 0)
        return self.buckets.take(self.seller, operation, rate, burst, n, leave=leave)

    def learn(self, operation: str, rate: float) -> None:
        """Amazon's answer named the rate that holds."""
        self.buckets.learn(self.seller, operation, rate)

    def empty(self, operation: str) -> None:
        """Amazon refused for want of tokens."""
        self.buckets.empty(self.seller, operation)
