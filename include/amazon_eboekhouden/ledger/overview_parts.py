"""What the figures of a coupling share: whose bookings, which are sure, how a query is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
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
    func,
    select,
)

from amazon_eboekhouden.domain.bookings import BookingKind, MutationKind
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.rows_shown import BookingRow
from amazon_eboekhouden.ledger.states import State

INTENT = schema.intent
SALES = (BookingKind.INVOICE.value, BookingKind.CREDIT_NOTE.value)


@dataclass(frozen=True)
class Figures:
    """The figures of one coupling in one administration.

    Attributes:
        engine: of the ledger.
        administration: GUID the coupling is bound to.
        coupling: its name.
    """

    engine: Engine
    administration: str
    coupling: str

    def mine(self) -> ColumnElement[bool]:
        """Bookings of this coupling."""
        return and_(INTENT.c.admin == self.administration, INTENT.c.coupling == self.coupling)

    def confirmed(self) -> ColumnElement[bool]:
        """Bookings that stand in the books."""
        return INTENT.c.state == State.CONFIRMED.value

    def booking_rows(self) -> Select[Any]:
        """Bookings of this coupling as BookingRow."""
        names = ("natural", "kind", "state", "reason", "row", "order_id", "settlement_id")
        more = ("invoice_number", "date", "gross_cents", "remote_id", "evidence", "sent_at_utc")
        columns = [INTENT.c[name] for name in (*names, *more, "not_before_utc")]
        return select(*columns, (INTENT.c.payload_enc != "").label("payload")).where(self.mine())

    def bookings(self, query: Select[Any], limit: int, offset: int) -> list[BookingRow]:
        """A page of booking rows."""
        return [BookingRow(*row) for row in self.all(query.limit(limit).offset(offset))]

    def signed(self) -> ColumnElement[int]:
        """Gross cents as the clearing account sees them: received above zero, spent below."""
        spent = self.text_of("kind") == MutationKind.MONEY_SPENT.value
        return case((spent, -INTENT.c.gross_cents), else_=INTENT.c.gross_cents)

    def text_of(self, key: str) -> ColumnElement[str]:
        """A text in the content of a booking."""
        if self.engine.dialect.name == "postgresql":
            found: ColumnElement[str] = cast(INTENT.c.content, JSON)[key].as_string()
            return found
        return func.json_extract(INTENT.c.content, f"$.{key}", type_=Text())

    def rates(self) -> tuple[ColumnElement[int], ColumnElement[int]]:
        """Net and VAT cents of the rates in an invoice's facts, a row per rate."""
        if self.engine.dialect.name == "postgresql":
            listed = func.json_array_elements(cast(INTENT.c.facts, JSON)["rates"], type_=JSON())
            rate = listed.column_valued("rate", joins_implicitly=True)
            return (
                cast(rate["net_cents"].as_string(), BigInteger),
                cast(rate["vat_cents"].as_string(), BigInteger),
            )
        value = (
            func.json_each(INTENT.c.facts, "$.rates")
            .table_valued("value", name="rate", joins_implicitly=True)
            .c.value
        )
        return func.json_extract(value, "$.net_cents"), func.json_extract(value, "$.vat_cents")

    def one(self, query: Executable) -> Any:
        """The one row of a query."""
        with reading(self.engine).connect() as connection:
            return connection.execute(query).one()

    def all(self, query: Executable) -> list[Any]:
        """All rows of a query."""
        with reading(self.engine).connect() as connection:
            return list(connection.execute(query))


def between(column: Any, first: date, after: date) -> ColumnElement[bool]:
    """A day of a period, `first` up to but not `after`."""
    return and_(column >= first, column < after)
