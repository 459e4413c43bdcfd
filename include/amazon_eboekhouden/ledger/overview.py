"""Read-only figures of the ledger for a page: counted, added up and paged by the database.

Every function is one query or two, whatever the number of bookings; none runs a query per row.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Engine,
    Executable,
    Select,
    Text,
    and_,
    case,
    cast,
    distinct,
    func,
    select,
)

from amazon_eboekhouden.domain.bookings import BookingKind, MutationKind
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.couplings import OpenProblem
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.decisions import LEADS_TO, NOT_FOR, Choice
from amazon_eboekhouden.ledger.states import TROUBLED, UNCERTAIN, State

_INTENT = schema.intent
_SETTLEMENT = schema.settlement
_PROBLEM = schema.problem
_SALES = (BookingKind.INVOICE.value, BookingKind.CREDIT_NOTE.value)
_OPEN_STATES = tuple(sorted(state.value for state in TROUBLED | UNCERTAIN))


@dataclass(frozen=True, slots=True)
class Day:
    """Confirmed bookings with one booking date."""

    day: date
    invoices: int
    payments: int


@dataclass(frozen=True, slots=True)
class Month:
    """Confirmed bookings of a period, in euro cents; credit notes are taken off.

    Attributes:
        invoices, credit_notes: how many.
        revenue_cents: without VAT.
        vat_cents: VAT of sales, of all countries.
        fees_cents: what Amazon withheld, VAT included.
        payouts: per currency, totals of the settlements that ended in the period and are booked.
    """

    invoices: int
    credit_notes: int
    revenue_cents: int
    vat_cents: int
    fees_cents: int
    payouts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """A settlement with what became of its bookings.

    Attributes:
        bookings, confirmed: how many were asked for, and how many stand in the books.
        left_cents: what the confirmed ones leave on the clearing account, EUR; 0 is wanted.
    """

    settlement_id: str
    state: str
    start_date: date | None
    end_date: date | None
    total_cents: int | None
    currency: str
    bookings: int
    confirmed: int
    left_cents: int


@dataclass(frozen=True, slots=True)
class HeldReason:
    """Open problems of one code."""

    code: str
    count: int
    since_utc: datetime


@dataclass(frozen=True, slots=True)
class BookingRow:
    """One booking as a list shows it; no personal data."""

    natural: str
    kind: str
    state: str
    reason: str
    row: str
    order_id: str
    settlement_id: str
    invoice_number: str
    day: date | None
    gross_cents: int
    remote_id: str
    evidence: str
    sent_at_utc: datetime | None
    asks_again_utc: datetime | None
    has_payload: bool


@dataclass(frozen=True, slots=True)
class OpenItems:
    """Invoices that are not wholly paid, of one age."""

    from_days: int
    until_days: int | None
    count: int
    cents: int


def possible_choices(row: BookingRow) -> tuple[Choice, ...]:
    """What a person may choose for a booking, as `Decisions.decide` will accept it."""
    found = []
    for choice in (Choice.RETRY, Choice.ADOPT, Choice.REBOOK, Choice.IGNORE):
        states, after = LEADS_TO[choice]
        if State(row.state) not in states or (choice, row.reason) in NOT_FOR:
            continue
        # What was refused is offered again; to book it "again" would say something else.
        if choice is Choice.REBOOK and row.state == State.REJECTED:
            continue
        if after is not State.PLANNED or row.has_payload:
            found.append(choice)
    return tuple(found)


AGES = ((0, 14), (15, 30), (31, 60), (61, None))


@dataclass(frozen=True)
class Overview:
    """The figures of one coupling in one administration.

    Attributes:
        engine: of the ledger.
        administration: GUID the coupling is bound to.
        coupling: its name.
    """

    engine: Engine
    administration: str
    coupling: str

    # --- sales ---------------------------------------------------------------------------------
    def newest_day(self) -> date | None:
        """The newest booking date of a confirmed invoice."""
        query = select(func.max(_INTENT.c.date)).where(
            self._mine(), self._confirmed(), _INTENT.c.kind == BookingKind.INVOICE.value
        )
        newest: date | None = self._one(query)[0]
        return newest

    def per_day(self, first: date, after: date) -> list[Day]:
        """Invoices and payments per booking date, `first` up to but not `after`."""
        kinds = (BookingKind.INVOICE.value, BookingKind.PAYMENT.value)
        query = (
            select(_INTENT.c.date, _INTENT.c.kind, func.count())
            .where(self._mine(), self._confirmed(), _INTENT.c.kind.in_(kinds))
            .where(_between(_INTENT.c.date, first, after))
            .group_by(_INTENT.c.date, _INTENT.c.kind)
        )
        found: dict[date, dict[str, int]] = {}
        for day, kind, count in self._all(query):
            found.setdefault(day, {})[kind] = count
        return [
            Day(day, counts.get(kinds[0], 0), counts.get(kinds[1], 0))
            for day, counts in sorted(found.items())
        ]

    def month(self, first: date, after: date) -> Month:
        """The figures of a period, `first` up to but not `after`."""
        period = and_(self._mine(), self._confirmed(), _between(_INTENT.c.date, first, after))
        net, vat = self._rates()
        sales = (
            select(func.sum(net), func.sum(vat))
            .select_from(_INTENT)
            .where(period, _INTENT.c.kind.in_(_SALES))
        )
        counts = (
            select(_INTENT.c.kind, func.count(), func.sum(self._signed()))
            .where(period, _INTENT.c.kind.in_((*_SALES, BookingKind.FEES.value)))
            .group_by(_INTENT.c.kind)
        )
        payouts = (
            select(_SETTLEMENT.c.currency, func.sum(_SETTLEMENT.c.total_cents))
            .where(_SETTLEMENT.c.coupling == self.coupling, _SETTLEMENT.c.state == "booked")
            .where(_between(_SETTLEMENT.c.end_date, first, after))
            .group_by(_SETTLEMENT.c.currency)
            .order_by(_SETTLEMENT.c.currency)
        )
        revenue, vat_sum = self._one(sales)
        per_kind = {kind: (count, int(cents or 0)) for kind, count, cents in self._all(counts)}
        return Month(
            invoices=per_kind.get(BookingKind.INVOICE.value, (0, 0))[0],
            credit_notes=per_kind.get(BookingKind.CREDIT_NOTE.value, (0, 0))[0],
            revenue_cents=int(revenue or 0),
            vat_cents=int(vat_sum or 0),
            fees_cents=-per_kind.get(BookingKind.FEES.value, (0, 0))[1],
            payouts=tuple((code, int(cents or 0)) for code, cents in self._all(payouts)),
        )

    # --- settlements ---------------------------------------------------------------------------
    def settlements(
        self, clearing: Collection[str], *, limit: int, offset: int = 0, only: str = ""
    ) -> list[SettlementRow]:
        """Settlements, the newest first, with the sums of their bookings.

        Args:
            clearing: codes of the clearing accounts.
            limit: rows of a page.
            offset: rows before it.
            only: one settlement's id instead of a page.
        """
        query = select(_SETTLEMENT).where(_SETTLEMENT.c.coupling == self.coupling)
        if only:
            query = query.where(_SETTLEMENT.c.settlement_id == only)
        rows = self._all(
            query.order_by(_SETTLEMENT.c.end_date.desc(), _SETTLEMENT.c.settlement_id.desc())
            .limit(limit)
            .offset(offset)
        )
        sums = self._settlement_sums([row.settlement_id for row in rows], clearing)
        return [
            SettlementRow(
                row.settlement_id,
                row.state,
                row.start_date,
                row.end_date,
                row.total_cents,
                row.currency,
                *sums.get(row.settlement_id, (0, 0, 0)),
            )
            for row in rows
        ]

    def settlement_count(self) -> int:
        """How many settlements were found."""
        query = select(func.count()).where(_SETTLEMENT.c.coupling == self.coupling)
        return int(self._one(query)[0])

    def _settlement_sums(
        self, settlement_ids: Sequence[str], clearing: Collection[str]
    ) -> dict[str, tuple[int, int, int]]:
        if not settlement_ids:
            return {}
        confirmed = _INTENT.c.state == State.CONFIRMED.value
        on_clearing = and_(confirmed, self._text_of("account").in_(clearing))
        query = (
            select(
                _INTENT.c.settlement_id,
                func.count(),
                func.sum(case((confirmed, 1), else_=0)),
                func.sum(case((on_clearing, self._signed()), else_=0)),
            )
            .where(self._mine(), _INTENT.c.settlement_id.in_(settlement_ids))
            .group_by(_INTENT.c.settlement_id)
        )
        return {key: (count, int(sure), int(left)) for key, count, sure, left in self._all(query)}

    def bookings_of(self, settlement_id: str, *, limit: int, offset: int = 0) -> list[BookingRow]:
        """Bookings of a settlement: fees and money first, then credit notes, then payments."""
        query = self._booking_rows().where(_INTENT.c.settlement_id == settlement_id)
        later = {BookingKind.CREDIT_NOTE.value: 1, BookingKind.PAYMENT.value: 2}
        last = case(later, value=_INTENT.c.kind, else_=0)
        return self._bookings(query.order_by(last, _INTENT.c.natural), limit, offset)

    # --- what a person must look at --------------------------------------------------------------
    def reasons(self) -> list[HeldReason]:
        """Open problems per code, the most frequent first."""
        count = func.count(distinct(_PROBLEM.c.row))
        query = (
            select(_PROBLEM.c.code, count, func.min(_PROBLEM.c.first_seen_utc))
            .where(_PROBLEM.c.coupling == self.coupling, _PROBLEM.c.open)
            .group_by(_PROBLEM.c.code)
            .order_by(count.desc(), _PROBLEM.c.code)
        )
        return [HeldReason(*row) for row in self._all(query)]

    def problems(
        self,
        *,
        limit: int,
        offset: int = 0,
        code: str = "",
        order_id: str = "",
        scope: str = "",
    ) -> list[OpenProblem]:
        """Open problems, the longest waiting first."""
        query = select(_PROBLEM).where(_PROBLEM.c.coupling == self.coupling, _PROBLEM.c.open)
        wanted = {"code": code, "order_id": order_id, "scope": scope}
        for name, value in wanted.items():
            if value:
                query = query.where(_PROBLEM.c[name] == value)
        rows = self._all(
            query.order_by(_PROBLEM.c.first_seen_utc, _PROBLEM.c.id).limit(limit).offset(offset)
        )
        return [
            OpenProblem(
                Problem(row.code, row.row, row.cause, row.todo, row.order_id),
                row.scope,
                row.first_seen_utc,
                row.last_seen_utc,
            )
            for row in rows
        ]

    def undecided_counts(self) -> dict[str, int]:
        """Bookings that are uncertain or wait for a person, per state."""
        query = (
            select(_INTENT.c.state, func.count())
            .where(self._mine(), _INTENT.c.state.in_(_OPEN_STATES))
            .group_by(_INTENT.c.state)
        )
        return {str(row[0]): int(row[1]) for row in self._all(query)}

    def undecided(self, *, limit: int, offset: int = 0) -> list[BookingRow]:
        """Bookings that are uncertain or wait for a person, the longest waiting first."""
        query = self._booking_rows().where(_INTENT.c.state.in_(_OPEN_STATES))
        order = (_INTENT.c.updated_utc, _INTENT.c.op_key)
        return self._bookings(query.order_by(*order), limit, offset)

    def refused_of(self, order_id: str) -> list[str]:
        """Natural keys of an order's bookings that the books refused."""
        query = select(_INTENT.c.natural).where(
            self._mine(),
            _INTENT.c.order_id == order_id,
            _INTENT.c.state == State.REJECTED.value,
        )
        return [row.natural for row in self._all(query)]

    def order_bookings(self, order_id: str, *, limit: int = 200) -> list[BookingRow]:
        """Bookings of an order in this administration."""
        query = self._booking_rows().where(_INTENT.c.order_id == order_id)
        return self._bookings(query.order_by(_INTENT.c.created_utc), limit, 0)

    # --- open items ----------------------------------------------------------------------------
    def open_items(self, today: date) -> list[OpenItems]:
        """Invoices and credit notes that are not wholly paid, by age of their booking date."""
        items = self._open().subquery()
        columns: list[ColumnElement[Any]] = []
        for least, most in AGES:
            aged = items.c.date <= today - timedelta(days=least)
            if most is not None:
                aged = and_(aged, items.c.date >= today - timedelta(days=most))
            columns.append(func.sum(case((aged, 1), else_=0)))
            columns.append(func.sum(case((aged, items.c.open_cents), else_=0)))
        row = self._one(select(*columns))
        return [
            OpenItems(least, most, int(row[2 * n] or 0), int(row[2 * n + 1] or 0))
            for n, (least, most) in enumerate(AGES)
        ]

    def oldest_open(self, *, limit: int, offset: int = 0) -> list[tuple[str, str, date, int, int]]:
        """(order id, invoice number, booking date, cents of the invoice, cents open)."""
        items = self._open().subquery()
        query = select(
            items.c.order_id,
            items.c.invoice_number,
            items.c.date,
            items.c.gross_cents,
            items.c.open_cents,
        ).order_by(items.c.date, items.c.invoice_number)
        return [tuple(row) for row in self._all(query.limit(limit).offset(offset))]

    def _open(self) -> Select[Any]:
        """Confirmed invoices and credit notes less their confirmed payments, where a rest is."""
        paid = (
            select(
                _INTENT.c.invoice_number,
                func.sum(_INTENT.c.gross_cents).label("cents"),
            )
            .where(self._mine(), self._confirmed(), _INTENT.c.kind == BookingKind.PAYMENT.value)
            .group_by(_INTENT.c.invoice_number)
            .subquery("paid")
        )
        rest = _INTENT.c.gross_cents - func.coalesce(paid.c.cents, 0)
        return (
            select(
                _INTENT.c.order_id,
                _INTENT.c.invoice_number,
                _INTENT.c.date,
                _INTENT.c.gross_cents,
                rest.label("open_cents"),
            )
            .outerjoin(paid, paid.c.invoice_number == _INTENT.c.invoice_number)
            .where(self._mine(), self._confirmed(), _INTENT.c.kind.in_(_SALES), rest != 0)
        )

    # --- parts of queries ------------------------------------------------------------------------
    def _mine(self) -> ColumnElement[bool]:
        return and_(_INTENT.c.admin == self.administration, _INTENT.c.coupling == self.coupling)

    def _confirmed(self) -> ColumnElement[bool]:
        return _INTENT.c.state == State.CONFIRMED.value

    def _booking_rows(self) -> Select[Any]:
        names = ("natural", "kind", "state", "reason", "row", "order_id", "settlement_id")
        more = ("invoice_number", "date", "gross_cents", "remote_id", "evidence", "sent_at_utc")
        columns = [_INTENT.c[name] for name in (*names, *more, "not_before_utc")]
        return select(*columns, (_INTENT.c.payload_enc != "").label("payload")).where(self._mine())

    def _bookings(self, query: Select[Any], limit: int, offset: int) -> list[BookingRow]:
        rows = self._all(query.limit(limit).offset(offset))
        return [BookingRow(*row) for row in rows]

    def _signed(self) -> ColumnElement[int]:
        """Gross cents as the clearing account sees them: received above zero, spent below."""
        spent = self._text_of("kind") == MutationKind.MONEY_SPENT.value
        return case((spent, -_INTENT.c.gross_cents), else_=_INTENT.c.gross_cents)

    def _text_of(self, key: str) -> ColumnElement[str]:
        if self.engine.dialect.name == "postgresql":
            found: ColumnElement[str] = cast(_INTENT.c.content, JSON)[key].as_string()
            return found
        return func.json_extract(_INTENT.c.content, f"$.{key}", type_=Text())

    def _rates(self) -> tuple[ColumnElement[int], ColumnElement[int]]:
        """Net and VAT cents of the rates in an invoice's facts, a row per rate."""
        if self.engine.dialect.name == "postgresql":
            listed = func.json_array_elements(cast(_INTENT.c.facts, JSON)["rates"], type_=JSON())
            rate = listed.column_valued("rate", joins_implicitly=True)
            return (
                cast(rate["net_cents"].as_string(), BigInteger),
                cast(rate["vat_cents"].as_string(), BigInteger),
            )
        value = (
            func.json_each(_INTENT.c.facts, "$.rates")
            .table_valued("value", name="rate", joins_implicitly=True)
            .c.value
        )
        return func.json_extract(value, "$.net_cents"), func.json_extract(value, "$.vat_cents")

    def _one(self, query: Executable) -> Any:
        with reading(self.engine).connect() as connection:
            return connection.execute(query).one()

    def _all(self, query: Executable) -> list[Any]:
        with reading(self.engine).connect() as connection:
            return list(connection.execute(query))


def _between(column: Any, first: date, after: date) -> ColumnElement[bool]:
    return and_(column >= first, column < after)
