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

from coupling_sandbox.amazon.shelf import Shelf, as_json, from_ms, ms
from coupling_sandbox.clock import read_time

SCHEMA = """
create table version (
    seller text, order_id text, updated_ms integer, created_ms integer, next_ms integer,
    marketplace text, status text, fulfilled_by text, shown_id integer,
    primary key (seller, order_id, updated_ms)) without rowid;
create table shown (id integer primary key, body text);
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
        later = "from version where seller = ? and order_id = ? and updated_ms >= ?"
        self._db.execute(f"delete from shown where id in (select shown_id {later})", key)  # noqa: S608
        self._db.execute(f"delete {later}", key)
        self._db.execute(
            "update version set next_ms = ?3 where seller = ?1 and order_id = ?2 "
            "and (next_ms is null or next_ms >= ?3)",
            key,
        )
        inserted = self._db.execute("insert into shown (body) values (?)", (as_json(order),))
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
                inserted.lastrowid,
            ),
        )

    def search_orders(
        self, seller: str, query: OrderQuery, start: tuple[int, str] | None, limit: int
    ) -> list[tuple[tuple[int, str], str]]:
        """Return up to ``limit`` visible orders after the position ``start``.

        Each is its own position and its JSON text.
        """
        column = "updated_ms" if query.family == "lastUpdated" else "created_ms"
        bounds, values = _bounds(query, column, start)
        where = [
            "seller = ?",
            *bounds,
            "updated_ms <= ?",
            "(next_ms is null or next_ms > ?)",
            "created_ms >= ?",
        ]
        values = [seller, *values, query.visible_ms, query.visible_ms, query.oldest_ms]
        for name, wanted in (
            ("marketplace", query.marketplaces),
            ("status", query.statuses),
            ("fulfilled_by", query.fulfilled_by),
        ):
            if wanted:
                where.append(f"{name} in ({','.join('?' * len(wanted))})")
                values += wanted
        down = "desc" if query.newest_first else "asc"
        sql = (
            f"select {column}, order_id, body from version join shown on id = shown_id "  # noqa: S608
            f"where {' and '.join(where)} "
            f"order by {column} {down}, order_id {down} limit ?"
        )
        rows = self._all(sql, [*values, limit])
        return [((position, order_id), body) for position, order_id, body in rows]

    def order(self, seller: str, order_id: str, visible_ms: int) -> str | None:
        """Return the JSON text of one order's visible version."""
        row = self._one(
            "select body from version join shown on id = shown_id "
            "where seller = ? and order_id = ? and updated_ms <= ? "
            "order by updated_ms desc limit 1",
            (seller, order_id, visible_ms),
        )
        return row[0] if row else None

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


def _bounds(
    query: OrderQuery, column: str, start: tuple[int, str] | None
) -> tuple[list[str], list[Any]]:
    """Return the conditions, and their values, on where in its list an order stands.

    One for each end: of two for the same end SQLite may look up the first row by the wider one, and
    then walks through all that earlier pages have shown.
    """
    from_first, to_last = f"{column} >= ?", f"{column} <= ?"
    if start is not None and not query.newest_first and start[0] >= query.after_ms:
        return [f"({column}, order_id) > (?, ?)", to_last], [*start, query.before_ms]
    if start is not None and query.newest_first and start[0] <= query.before_ms:
        return [from_first, f"({column}, order_id) < (?, ?)"], [query.after_ms, *start]
    return [from_first, to_last], [query.after_ms, query.before_ms]


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
