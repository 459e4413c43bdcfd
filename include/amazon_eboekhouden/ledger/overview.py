"""Read-only figures of the ledger for a page: counted, added up and paged by the database.

Every function is one query or two, whatever the number of bookings; none runs a query per row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, distinct, func, select

from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.couplings import ORDERS, OpenProblem
from amazon_eboekhouden.ledger.overview_parts import INTENT, SALES, between
from amazon_eboekhouden.ledger.overview_settlements import SettlementFigures
from amazon_eboekhouden.ledger.rows_shown import BookingRow
from amazon_eboekhouden.ledger.states import TROUBLED, UNCERTAIN, State

_SETTLEMENT = schema.settlement
_PROBLEM = schema.problem
_OPEN_STATES = tuple(sorted(state.value for state in TROUBLED | UNCERTAIN))
_HOUR_MS = 3_600_000


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
class HeldReason:
    """Open problems of one code."""

    code: str
    count: int
    since_utc: datetime


@dataclass(frozen=True)
class Overview(SettlementFigures):
    """All figures of one coupling in one administration."""

    # --- sales ---------------------------------------------------------------------------------
    def newest_day(self) -> date | None:
        """The newest booking date of a confirmed invoice."""
        query = select(func.max(INTENT.c.date)).where(
            self.mine(), self.confirmed(), INTENT.c.kind == BookingKind.INVOICE.value
        )
        newest: date | None = self.one(query)[0]
        return newest

    def per_day(self, first: date, after: date) -> dict[date, int]:
        """Confirmed invoices and credit notes per booking date, `first` up to not `after`."""
        query = (
            select(INTENT.c.date, func.count())
            .where(self.mine(), self.confirmed(), INTENT.c.kind.in_(SALES))
            .where(between(INTENT.c.date, first, after))
            .group_by(INTENT.c.date)
        )
        return {day: int(count) for day, count in self.all(query)}

    def held_per_hour(self, from_utc: datetime, to_utc: datetime) -> dict[datetime, int]:
        """Orders that are held now, per hour (UTC) in which they were first seen."""
        # Whole hours in milliseconds; of every hour one of its moments comes back.
        hour = _PROBLEM.c.first_seen_utc - _PROBLEM.c.first_seen_utc % _HOUR_MS
        query = (
            select(func.min(_PROBLEM.c.first_seen_utc), func.count(distinct(_PROBLEM.c.order_id)))
            .where(_PROBLEM.c.coupling == self.coupling, _PROBLEM.c.open)
            .where(_PROBLEM.c.scope == ORDERS, _PROBLEM.c.order_id != "")
            .where(_PROBLEM.c.first_seen_utc >= from_utc, _PROBLEM.c.first_seen_utc < to_utc)
            .group_by(hour)
        )
        return {moment: int(count) for moment, count in self.all(query)}

    def month(self, first: date, after: date) -> Month:
        """The figures of a period, `first` up to but not `after`."""
        period = and_(self.mine(), self.confirmed(), between(INTENT.c.date, first, after))
        net, vat = self.rates()
        sales = (
            select(func.sum(net), func.sum(vat))
            .select_from(INTENT)
            .where(period, INTENT.c.kind.in_(SALES))
        )
        counts = (
            select(INTENT.c.kind, func.count(), func.sum(self.signed()))
            .where(period, INTENT.c.kind.in_((*SALES, BookingKind.FEES.value)))
            .group_by(INTENT.c.kind)
        )
        payouts = (
            select(_SETTLEMENT.c.currency, func.sum(_SETTLEMENT.c.total_cents))
            .where(_SETTLEMENT.c.coupling == self.coupling, _SETTLEMENT.c.state == "booked")
            .where(between(_SETTLEMENT.c.end_date, first, after))
            .group_by(_SETTLEMENT.c.currency)
            .order_by(_SETTLEMENT.c.currency)
        )
        revenue, vat_sum = self.one(sales)
        per_kind = {kind: (count, int(cents or 0)) for kind, count, cents in self.all(counts)}
        return Month(
            invoices=per_kind.get(BookingKind.INVOICE.value, (0, 0))[0],
            credit_notes=per_kind.get(BookingKind.CREDIT_NOTE.value, (0, 0))[0],
            revenue_cents=int(revenue or 0),
            vat_cents=int(vat_sum or 0),
            fees_cents=-per_kind.get(BookingKind.FEES.value, (0, 0))[1],
            payouts=tuple((code, int(cents or 0)) for code, cents in self.all(payouts)),
        )

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
        return [HeldReason(*row) for row in self.all(query)]

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
        rows = self.all(
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
            select(INTENT.c.state, func.count())
            .where(self.mine(), INTENT.c.state.in_(_OPEN_STATES))
            .group_by(INTENT.c.state)
        )
        return {str(row[0]): int(row[1]) for row in self.all(query)}

    def undecided(self, *, limit: int, offset: int = 0) -> list[BookingRow]:
        """Bookings that are uncertain or wait for a person, the longest waiting first."""
        query = self.booking_rows().where(INTENT.c.state.in_(_OPEN_STATES))
        order = (INTENT.c.updated_utc, INTENT.c.op_key)
        return self.bookings(query.order_by(*order), limit, offset)

    def refused_of(self, order_id: str) -> list[str]:
        """Natural keys of an order's bookings that the books refused."""
        query = select(INTENT.c.natural).where(
            self.mine(),
            INTENT.c.order_id == order_id,
            INTENT.c.state == State.REJECTED.value,
        )
        return [row.natural for row in self.all(query)]

    def order_bookings(self, order_id: str, *, limit: int = 200) -> list[BookingRow]:
        """Bookings of an order in this administration."""
        query = self.booking_rows().where(INTENT.c.order_id == order_id)
        return self.bookings(query.order_by(INTENT.c.created_utc), limit, 0)

    def contents_of(self, order_id: str) -> dict[str, dict[str, Any]]:
        """Natural key to the mutation of an order's bookings, without texts and persons."""
        query = select(INTENT.c.natural, INTENT.c.content).where(
            self.mine(), INTENT.c.order_id == order_id, INTENT.c.kind != BookingKind.RELATION.value
        )
        return {row.natural: json.loads(row.content) for row in self.all(query)}
