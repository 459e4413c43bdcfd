"""The part of the shop that holds money and truth: what happened on a seller's account."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class MoneyQuery:
    """Which transactions are asked for: posted from ``after_ms`` up to, not at, ``before_ms``."""

    after_ms: int
    before_ms: int
    order_id: str | None = None
    settlement_id: str | None = None
    stream: str | None = None


@dataclass(frozen=True)
class MoneyRow:
    """A transaction in one of its phases: ``deferred`` when it happened, ``released`` later."""

    posted_ms: int
    seq: int
    phase: str
    stream: str
    deferred_ms: int | None
    released_ms: int | None
    settlement_id: str | None
    body: dict[str, Any]

    @property
    def position(self) -> tuple[int, int]:
        """Where it stands in the list; each phase has a place of its own."""
        return self.posted_ms, self.seq * 2 + (self.phase == "released")


def ms(moment: datetime) -> int:
    """Return a time as whole milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


def from_ms(value: int) -> datetime:
    """Return the time of whole milliseconds since 1970."""
    return datetime.fromtimestamp(value / 1000, UTC)


def as_json(value: Any) -> str:
    """Write JSON the way the API does: nothing between its parts, every letter as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Shelf:
    """Money and truth in the shop's database, which the shop itself opens."""

    _db: sqlite3.Connection
    _serial: int

    def serial(self) -> int:
        """Return a number never returned before."""
        self._serial += 1
        return self._serial

    def _all(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        yield from self._db.execute(sql, values)

    def _one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
        return row

    def put_truth(self, seller: str, kind: str, rows: Iterable[tuple[str, Any]]) -> None:
        """Store what is right: ``rows`` are (key, JSON-able value)."""
        packed = (
            (seller, kind, self.serial(), key, json.dumps(value, separators=(",", ":")))
            for key, value in rows
        )
        self._db.executemany("insert into truth values (?, ?, ?, ?, ?)", packed)
        self._db.commit()

    def truth(self, seller: str, kind: str, key: str | None = None) -> Iterator[str]:
        """Yield the JSON text of each truth of one kind (and key), in the order of storing."""
        values = [seller, kind]
        sql = "select body from truth where seller = ? and kind = ? order by seq"
        if key is not None:
            values.append(key)
            # Left to itself SQLite walks the primary key: all of a seller's truths, for each one.
            sql = (
                "select body from truth indexed by truth_by_key "
                "where seller = ? and kind = ? and key = ? order by seq"
            )
        for (body,) in self._all(sql, values):
            yield body

    def truth_of(self, seller: str, kind: str, key: str) -> dict[str, Any] | None:
        """Return one truth."""
        body = next(self.truth(seller, kind, key), None)
        return json.loads(body) if body else None

    def put_money(
        self, seller: str, rows: Iterable[tuple[str, int, int | None, str, Mapping[str, Any]]]
    ) -> None:
        """Store transactions: (stream, posted_ms, deferred_ms, order id, body)."""
        packed = (
            (seller, stream, posted, self.serial(), deferred, None, order_id, json.dumps(body))
            for stream, posted, deferred, order_id, body in rows
        )
        self._db.executemany("insert into money values (?, ?, ?, ?, ?, ?, ?, ?)", packed)
        self._db.commit()

    def money(
        self, seller: str, query: MoneyQuery, start: tuple[int, int] | None, limit: int
    ) -> list[MoneyRow]:
        """Return transactions in order of time, each deferred one once more when released."""
        where, values = ["seller = :seller"], query.__dict__ | {"seller": seller, "limit": limit}
        for name in ("order_id", "settlement_id", "stream"):
            if values[name] is not None:
                where.append(f"{name} = :{name}")
        values |= {"at": start[0] if start else -1, "place": start[1] if start else -1}
        chosen = " and ".join(where)
        bounds = ">= :after_ms and {0} < :before_ms and ({0}, place) > (:at, :place)"
        sql = f"""
            select * from (
                select deferred_ms as at_ms, seq * 2 as place, seq, 'deferred', stream,
                    deferred_ms, posted_ms, settlement_id, body
                from money where {chosen} and deferred_ms is not null
                union all
                select posted_ms, seq * 2 + 1, seq, 'released', stream,
                    deferred_ms, null, settlement_id, body
                from money where {chosen})
            where at_ms {bounds.format("at_ms")}
            order by at_ms, place limit :limit"""  # noqa: S608
        rows = self._db.execute(sql, values)
        return [
            MoneyRow(at, seq, phase, stream, deferred, released, settlement, json.loads(body))
            for at, _, seq, phase, stream, deferred, released, settlement, body in rows
        ]

    def balances(self, seller: str, now_ms: int) -> dict[str, dict[str, int]]:
        """Return per stream what is deferred and what is available, in cents."""
        sums: dict[str, dict[str, int]] = {}
        sql = (
            "select stream, posted_ms, body from money m where seller = ?1 "
            "and coalesce(deferred_ms, posted_ms) <= ?2 and (settlement_id is null or not exists "
            "(select 1 from report r where r.seller = m.seller and r.report_id = m.settlement_id "
            "and r.data_end_ms <= ?2))"
        )
        for stream, posted, body in self._all(sql, (seller, now_ms)):
            kind = "DEFERRED" if posted > now_ms else "AVAILABLE"
            own = sums.setdefault(stream, {"AVAILABLE": 0, "DEFERRED": 0})
            own[kind] += sum(row[2] for row in json.loads(body)["rows"])
        return sums

    def streams(self, seller: str) -> list[str]:
        """Return the settlement streams that still have unsettled money."""
        sql = (
            "select distinct stream from money where seller = ? and settlement_id is null "
            "order by stream"
        )
        return [stream for (stream,) in self._all(sql, (seller,))]

    def unsettled(
        self, seller: str, stream: str, before_ms: int
    ) -> Iterator[tuple[int, int, dict[str, Any]]]:
        """Yield (seq, posted_ms, body) of a stream's unsettled transactions before a time."""
        sql = (
            "select seq, posted_ms, body from money where seller = ? and stream = ? "
            "and settlement_id is null and posted_ms < ? order by posted_ms, seq"
        )
        for seq, posted, body in self._all(sql, (seller, stream, before_ms)):
            yield seq, posted, json.loads(body)

    def mark_settled(self, seller: str, stream: str, before_ms: int, settlement_id: str) -> None:
        """Note in which settlement a stream's money up to a time went."""
        self._db.execute(
            "update money set settlement_id = ? where seller = ? and stream = ? "
            "and settlement_id is null and posted_ms < ?",
            (settlement_id, seller, stream, before_ms),
        )

    def last_unsettled_ms(self, seller: str, stream: str) -> int | None:
        """Return when the last unsettled transaction of a stream was posted."""
        sql = (
            "select max(posted_ms) from money where seller = ? and stream = ? "
            "and settlement_id is null"
        )
        row = self._one(sql, (seller, stream))
        return row[0] if row else None
