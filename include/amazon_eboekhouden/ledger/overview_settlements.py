"""Figures of what Amazon settled and of what it has yet to pay."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, select, text

from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.overview_parts import INTENT, SALES, Figures
from amazon_eboekhouden.ledger.rows_shown import BookingRow

_SETTLEMENT = schema.settlement


@dataclass(frozen=True, slots=True)
class SettlementRow:
    """A settlement with what became of its bookings.

    Attributes:
        seller: whose it is.
        bookings, confirmed: how many were asked for, and how many stand in the books.
        left_cents: what the confirmed ones leave on the clearing account, EUR; 0 is wanted.
        totals: what the pipelines keep of it, such as its file's hash and its statement.
    """

    seller: str
    settlement_id: str
    state: str
    start_date: date | None
    end_date: date | None
    total_cents: int | None
    currency: str
    file_hash: str
    totals: Mapping[str, Any]
    bookings: int
    confirmed: int
    left_cents: int


@dataclass(frozen=True, slots=True)
class OpenDay:
    """Invoices and credit notes of one booking date that are not wholly paid."""

    day: date
    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One invoice or credit note that is not wholly paid, in euro cents."""

    order_id: str
    invoice_number: str
    day: date
    gross_cents: int
    open_cents: int


@dataclass(frozen=True)
class SettlementFigures(Figures):
    """Settlements and open items of a coupling."""

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
        rows = self.all(
            query.order_by(_SETTLEMENT.c.end_date.desc(), _SETTLEMENT.c.settlement_id.desc())
            .limit(limit)
            .offset(offset)
        )
        sums = self._sums([row.settlement_id for row in rows], clearing)
        return [
            SettlementRow(
                row.seller,
                row.settlement_id,
                row.state,
                row.start_date,
                row.end_date,
                row.total_cents,
                row.currency,
                row.file_hash,
                json.loads(row.totals),
                *sums.get(row.settlement_id, (0, 0, 0)),
            )
            for row in rows
        ]

    def settlement_states(self) -> dict[str, int]:
        """How many settlements are in each state."""
        query = (
            select(_SETTLEMENT.c.state, func.count())
            .where(_SETTLEMENT.c.coupling == self.coupling)
            .group_by(_SETTLEMENT.c.state)
        )
        return {str(row[0]): int(row[1]) for row in self.all(query)}

    def _sums(
        self, settlement_ids: Sequence[str], clearing: Collection[str]
    ) -> dict[str, tuple[int, int, int]]:
        if not settlement_ids:
            return {}
        on_clearing = and_(self.confirmed(), self.text_of("account").in_(clearing))
        query = (
            select(
                INTENT.c.settlement_id,
                func.count(),
                func.sum(case((self.confirmed(), 1), else_=0)),
                func.sum(case((on_clearing, self.signed()), else_=0)),
            )
            .where(self.mine(), INTENT.c.settlement_id.in_(settlement_ids))
            .group_by(INTENT.c.settlement_id)
        )
        return {key: (count, int(sure), int(left)) for key, count, sure, left in self.all(query)}

    def bookings_of(self, settlement_id: str, *, limit: int, offset: int = 0) -> list[BookingRow]:
        """Bookings of a settlement: fees and money first, then credit notes, then payments."""
        query = self.booking_rows().where(INTENT.c.settlement_id == settlement_id)
        later = {BookingKind.CREDIT_NOTE.value: 1, BookingKind.PAYMENT.value: 2}
        last = case(later, value=INTENT.c.kind, else_=0)
        return self.bookings(query.order_by(last, INTENT.c.natural), limit, offset)

    def mutation_numbers(self, naturals: Collection[str]) -> dict[str, str]:
        """Natural key to mutation number, of those that stand in the books."""
        query = select(INTENT.c.natural, INTENT.c.remote_id).where(
            self.mine(), INTENT.c.natural.in_(sorted(naturals)), INTENT.c.remote_id != ""
        )
        return {row.natural: row.remote_id for row in self.all(query)} if naturals else {}

    # --- open items ----------------------------------------------------------------------------
    def open_days(self) -> list[OpenDay]:
        """What is not wholly paid, per booking date, the oldest first."""
        items = self._open().subquery()
        query = (
            select(items.c.date, func.count(), func.sum(items.c.open_cents))
            .group_by(items.c.date)
            .order_by(items.c.date)
        )
        return [OpenDay(day, int(count), int(cents)) for day, count, cents in self.all(query)]

    def oldest_open(self, *, limit: int, offset: int = 0) -> list[OpenItem]:
        """A page of what is not wholly paid, the oldest first."""
        query = self._open()
        order = (INTENT.c.date, INTENT.c.invoice_number)
        return [
            OpenItem(*row) for row in self.all(query.order_by(*order).limit(limit).offset(offset))
        ]

    def _open(self) -> Select[Any]:
        """Confirmed invoices and credit notes less their confirmed payments, where a rest is.

        The sums per invoice number are made first, from an index alone and in its order; only the
        few numbers with a rest are then looked up.
        """
        numbered = and_(self.mine(), self.confirmed(), text(schema.NUMBERED))
        paid = INTENT.c.kind == BookingKind.PAYMENT.value
        rest = func.sum(case((paid, -INTENT.c.gross_cents), else_=INTENT.c.gross_cents))
        sums = (
            select(INTENT.c.invoice_number, rest.label("open_cents"))
            .where(numbered)
            .group_by(INTENT.c.invoice_number)
            .having(rest != 0)
            .subquery("rest")
        )
        return (
            select(
                INTENT.c.order_id,
                INTENT.c.invoice_number,
                INTENT.c.date,
                INTENT.c.gross_cents,
                sums.c.open_cents,
            )
            .join(sums, sums.c.invoice_number == INTENT.c.invoice_number)
            .where(numbered, INTENT.c.kind.in_(SALES))
        )
