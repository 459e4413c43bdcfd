"""The counter-booking of a booking: drafted by the program, decided by a person."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, select

from amazon_eboekhouden.domain.bookings import (
    Booking,
    BookingKind,
    Mutation,
    MutationKind,
    MutationLine,
)
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.decisions import NotPossibleError
from amazon_eboekhouden.ledger.judgement import planned_mutation

_OWN_NUMBER = frozenset({MutationKind.SALES_INVOICE, MutationKind.PURCHASE_INVOICE})


def reversal_of(engine: Engine, admin: str, natural: str) -> Booking:
    """The same booking with every amount turned round.

    An invoice is turned round by a credit under its number with `-R`; a payment under the same
    number, so that the item is open again.

    Raises:
        NotPossibleError: no such booking, or it is a relation.
    """
    table = schema.intent
    query = select(table).where(table.c.admin == admin, table.c.natural == natural)
    with reading(engine).connect() as connection:
        row = connection.execute(query).first()
    if row is None or row.kind == BookingKind.RELATION.value:
        raise NotPossibleError(f"there is no booking {natural} that can be turned round")
    payload = planned_mutation(row.content)
    number = payload.invoice_number
    if number and payload.kind in _OWN_NUMBER:
        number = f"{number}-R"
    turned: Mutation = replace(
        payload,
        lines=tuple(_turned(line) for line in payload.lines),
        invoice_number=number,
        description=f"Tegenboeking van mutatie {row.remote_id or natural}",
    )
    return Booking(
        kind=BookingKind.REVERSAL,
        natural=f"rev:{row.op_key}",
        payload=turned,
        depends_on=(),
        row=f"reversal of {row.row or natural}",
        order_id=row.order_id,
        settlement_id=row.settlement_id,
    )


def _turned(line: MutationLine) -> MutationLine:
    return replace(
        line,
        net_cents=-line.net_cents,
        vat_cents=-line.vat_cents,
        gross_cents=-line.gross_cents,
    )
