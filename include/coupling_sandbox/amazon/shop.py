"""What Amazon keeps of its sellers: order versions, report documents, transactions, truth.

Kept in a SQLite file without a name, so that a seller with a million orders fits in little memory
and nothing stays behind, however the process ends.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupling_sandbox.amazon.shelf import Shelf, from_ms, ms
from coupling_sandbox.clock import read_time

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
    newest_first: bool = False


class Shop(Shelf):
    """The store of all sellers: the server alone writes; a long report reads in another thread."""

    def __init__(self) -> None:
        # A name of no letters asks SQLite for a file of its own that vanishes with the connection.
        self._db = sqlite3.connect("", check_same_thread=False)
        # Speed matters, durability doesn't.
        self._db.executescript("pragma journal_mode = off; pragma synchronous = off;")
        self._db.executescript(SCHEMA)
        self._serial = 0

    def reset(self) -> None:
        """Empty the shop."""
        for (table,) in self._all("select name from sqlite_master where type = 'table'"):
            self._db.execute(f"delete from {table}")  # noqa: S608
        self._db.commit()
        self._serial = 0

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
            where.append(f"({column}, order_id) {'<' if query.newest_first else '>'} (?, ?)")
            values += start
        down = "desc" if query.newest_first else "asc"
        sql = (
            f"select {column}, order_id, body from version where {' and '.join(where)} "  # noqa: S608
            f"order by {column} {down}, order_id {down} limit ?"
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


def _time_of(text: Any, otherwise: datetime) -> datetime:
    # Orders come through a control verb as a test wrote them, malformed ones included.
    try:
        return read_time(text)
    except (TypeError, ValueError):
        return otherwise


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
