"""What Amazon keeps of its sellers: order versions, report documents, transactions, truth.

Kept in a temporary SQLite file, so that a seller with a million orders fits in little memory.
"""

import json
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SCHEMA = """
create table version (
    seller text, order_id text, updated_ms integer, created_ms integer, next_ms integer,
    marketplace text, status text, fulfilled_by text, body text,
    primary key (seller, order_id, updated_ms)) without rowid;
create index version_by_update on version (seller, updated_ms, order_id);
create index version_by_creation on version (seller, created_ms, order_id);
create table report (
    seller text, report_id text, type text, marketplaces text, options text,
    data_start_ms integer, data_end_ms integer, created_ms integer, done_ms integer,
    status text, document_id text,
    primary key (seller, report_id)) without rowid;
create table document (
    document_id text primary key, seller text, content_type text, gzip integer, body blob);
create table money (
    seller text, stream text, posted_ms integer, seq integer, deferred_ms integer,
    settlement_id text, order_id text, body text, primary key (seller, seq)) without rowid;
create index money_by_time on money (seller, stream, posted_ms, seq);
create index money_by_deferral on money (seller, deferred_ms, seq);
create index money_by_order on money (seller, order_id);
create index money_by_settlement on money (seller, settlement_id, posted_ms, seq);
create table truth (
    seller text, kind text, seq integer, key text, body text,
    primary key (seller, kind, seq)) without rowid;
create index truth_by_key on truth (seller, kind, key);
"""


@dataclass(frozen=True)
class Report:
    """One row of getReports; times are None when unknown."""

    report_id: str
    type: str
    marketplaces: tuple[str, ...]
    created: datetime
    status: str = "DONE"
    document_id: str | None = None
    data_start: datetime | None = None
    data_end: datetime | None = None
    done: datetime | None = None
    options: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Document:
    """The bytes of a report and how the storage hands them out."""

    document_id: str
    seller: str
    content_type: str
    gzip: bool
    body: bytes


@dataclass(frozen=True)
class OrderQuery:
    """Which orders searchOrders is asked for; bounds are inclusive milliseconds."""

    family: str
    after_ms: int
    before_ms: int
    visible_ms: int
    oldest_ms: int
    marketplaces: Sequence[str] = ()
    statuses: Sequence[str] = ()
    fulfilled_by: Sequence[str] = ()


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


class Shop:
    """The store of all sellers. Not thread-safe; the server answers one call at a time."""

    def __init__(self) -> None:
        folder = tempfile.mkdtemp(prefix="amazon-sandbox-")
        self._db = sqlite3.connect(Path(folder) / "shop.sqlite", check_same_thread=False)
        # Thrown away with the shop, at the latest when the process ends.
        self.close = weakref.finalize(self, _throw_away, self._db, folder)
        # The file is thrown away with the process: speed matters, durability doesn't.
        self._db.executescript("pragma journal_mode = off; pragma synchronous = off;")
        self._db.executescript(SCHEMA)
        self._serial = 0

    def reset(self) -> None:
        """Empty the shop."""
        for (table,) in self._all("select name from sqlite_master where type = 'table'"):
            self._db.execute(f"delete from {table}")  # noqa: S608
        self._db.commit()
        self._serial = 0

    def serial(self) -> int:
        """Return a number never returned before."""
        self._serial += 1
        return self._serial

    def _all(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        yield from self._db.execute(sql, values)

    def _one(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
        return row

    # Orders -----------------------------------------------------------------------------------

    def put_orders(self, seller: str, orders: Iterable[Mapping[str, Any]], now: datetime) -> int:
        """Store order versions; a version replaces those of the same order from its time on."""
        count = 0
        for order in orders:
            self._put_order(seller, order, now)
            count += 1
        self._db.commit()
        return count

    def _put_order(self, seller: str, order: Mapping[str, Any], now: datetime) -> None:
        order_id = order["orderId"]
        created = _time_of(order.get("createdTime"), now)
        updated = _time_of(order.get("lastUpdatedTime"), created)
        fulfillment, channel = (
            given if isinstance(given, dict) else {}
            for given in (order.get("fulfillment"), order.get("salesChannel"))
        )
        key = (seller, order_id, ms(updated))
        self._db.execute(
            "delete from version where seller = ? and order_id = ? and updated_ms >= ?", key
        )
        self._db.execute(
            "update version set next_ms = ?3 where seller = ?1 and order_id = ?2 "
            "and (next_ms is null or next_ms >= ?3)",
            key,
        )
        self._db.execute(
            "insert into version values (?, ?, ?, ?, null, ?, ?, ?, ?)",
            (
                *key,
                ms(created),
                *(
                    given if isinstance(given, str) else None
                    for given in (
                        channel.get("marketplaceId"),
                        fulfillment.get("fulfillmentStatus"),
                        fulfillment.get("fulfilledBy"),
                    )
                ),
                json.dumps(order, ensure_ascii=False, separators=(",", ":")),
            ),
        )

    def search_orders(
        self, seller: str, query: OrderQuery, start: tuple[int, str] | None, limit: int
    ) -> list[tuple[tuple[int, str], dict[str, Any]]]:
        """Return up to ``limit`` visible orders after the position ``start``, each with its own."""
        column = "updated_ms" if query.family == "lastUpdated" else "created_ms"
        where = [
            "seller = ?",
            f"{column} between ? and ?",
            "updated_ms <= ?",
            "(next_ms is null or next_ms > ?)",
            "created_ms >= ?",
        ]
        values: list[Any] = [seller, query.after_ms, query.before_ms]
        values += [query.visible_ms, query.visible_ms, query.oldest_ms]
        for name, wanted in (
            ("marketplace", query.marketplaces),
            ("status", query.statuses),
            ("fulfilled_by", query.fulfilled_by),
        ):
            if wanted:
                where.append(f"{name} in ({','.join('?' * len(wanted))})")
                values += wanted
        if start is not None:
            where.append(f"({column}, order_id) > (?, ?)")
            values += start
        sql = (
            f"select {column}, order_id, body from version where {' and '.join(where)} "  # noqa: S608
            f"order by {column}, order_id limit ?"
        )
        rows = self._all(sql, [*values, limit])
        return [((position, order_id), json.loads(body)) for position, order_id, body in rows]

    def order(self, seller: str, order_id: str, visible_ms: int) -> dict[str, Any] | None:
        """Return the visible version of one order."""
        row = self._one(
            "select body from version where seller = ? and order_id = ? and updated_ms <= ? "
            "order by updated_ms desc limit 1",
            (seller, order_id, visible_ms),
        )
        return json.loads(row[0]) if row else None

    # Reports ----------------------------------------------------------------------------------

    def put_document(self, document: Document) -> None:
        """Store the bytes of a report."""
        values = (
            document.document_id,
            document.seller,
            document.content_type,
            int(document.gzip),
            document.body,
        )
        self._db.execute("insert or replace into document values (?, ?, ?, ?, ?)", values)
        self._db.commit()

    def document(self, document_id: str) -> Document | None:
        """Return a stored document."""
        row = self._one("select * from document where document_id = ?", (document_id,))
        return Document(row[0], row[1], row[2], bool(row[3]), row[4]) if row else None

    def put_report(self, seller: str, report: Report) -> None:
        """Store or replace a report's row."""
        values = (
            seller,
            report.report_id,
            report.type,
            json.dumps(report.marketplaces),
            json.dumps(dict(report.options or {})),
            ms(report.data_start) if report.data_start else None,
            ms(report.data_end) if report.data_end else None,
            ms(report.created),
            ms(report.done) if report.done else None,
            report.status,
            report.document_id,
        )
        marks = ",".join("?" * len(values))
        self._db.execute(f"insert or replace into report values ({marks})", values)  # noqa: S608
        self._db.commit()

    def report(self, seller: str, report_id: str) -> Report | None:
        """Return one report."""
        sql = "select * from report where seller = ? and report_id = ?"
        row = self._one(sql, (seller, report_id))
        return _report(row) if row else None

    def reports(self, seller: str, since: datetime, until: datetime) -> list[Report]:
        """Return the reports created in a time span, newest first."""
        sql = (
            "select * from report where seller = ? and created_ms between ? and ? "
            "order by created_ms desc, report_id desc"
        )
        return [_report(row) for row in self._all(sql, (seller, ms(since), ms(until)))]

    # What the generator knows -----------------------------------------------------------------

    def put_truth(self, seller: str, kind: str, rows: Iterable[tuple[str, Any]]) -> None:
        """Store what is right: ``rows`` are (key, JSON-able value)."""
        packed = (
            (seller, kind, self.serial(), key, json.dumps(value, separators=(",", ":")))
            for key, value in rows
        )
        self._db.executemany("insert into truth values (?, ?, ?, ?, ?)", packed)
        self._db.commit()

    def truth(self, seller: str, kind: str) -> Iterator[str]:
        """Yield the JSON text of every truth of one kind, in the order it was stored."""
        sql = "select body from truth where seller = ? and kind = ? order by seq"
        for (body,) in self._all(sql, (seller, kind)):
            yield body

    def truth_of(self, seller: str, kind: str, key: str) -> dict[str, Any] | None:
        """Return one truth."""
        sql = "select body from truth where seller = ? and kind = ? and key = ?"
        row = self._one(sql, (seller, kind, key))
        return json.loads(row[0]) if row else None

    def replace_truth(self, seller: str, kind: str, key: str, value: Any) -> None:
        """Change one truth."""
        self._db.execute(
            "update truth set body = ? where seller = ? and kind = ? and key = ?",
            (json.dumps(value, separators=(",", ":")), seller, kind, key),
        )

    # Money ------------------------------------------------------------------------------------

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


def _throw_away(db: sqlite3.Connection, folder: str) -> None:
    db.close()
    shutil.rmtree(folder, ignore_errors=True)


def _time_of(text: Any, otherwise: datetime) -> datetime:
    # Orders come through a control verb as a test wrote them, malformed ones included.
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return otherwise
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _report(row: tuple[Any, ...]) -> Report:
    _, report_id, kind, marketplaces, options, start, end, created, done, status, document = row
    return Report(
        report_id,
        kind,
        tuple(json.loads(marketplaces)),
        from_ms(created),
        status,
        document,
        from_ms(start) if start is not None else None,
        from_ms(end) if end is not None else None,
        from_ms(done) if done is not None else None,
        json.loads(options),
    )
