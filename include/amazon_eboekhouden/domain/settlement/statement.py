"""A settlement on one page: from Amazon's total to the bank line, every row in one named line.

Plain data; the pages, the CSV, the text of an approval and the demo's print-out are made of it.
Names are Dutch, as the bookkeeper reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from amazon_eboekhouden.domain.settlement.bookings import SettlementBookables
from amazon_eboekhouden.domain.settlement.file import SettlementFile
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.places import Place

_SECTIONS: Mapping[str, str] = {
    Place.INVOICE: "Facturen betaald",
    Place.CREDIT_NOTE: "Creditnota's uitbetaald",
    Place.FEE: "Ingehouden kosten",
    Place.REIMBURSEMENT: "Vergoedingen",
    Place.RESERVE: "Reserve",
    Place.CARRIED: "Verrekend saldo",
    Place.DEBT: "Verrekend saldo",
    Place.PAYOUT: "Overboekingen",
    Place.MICRO: "Overboekingen",
    Place.NOTHING: "Heft elkaar op",
    Place.PARKED: "Wacht op factuur",
    Place.BEFORE_GO_LIVE: "Van voor ingang",
    Place.HELD: "Nog uit te zoeken",
    Place.SUSPENSE: "Nog uit te zoeken",
}


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One named line.

    Attributes:
        section, line: Dutch names.
        rows: how many rows of the file it stands for.
        amount_cents: their sum in the settlement's currency.
        first_row: the first line of the file that is in it.
    """

    section: str
    line: str
    rows: int
    amount_cents: int
    first_row: int


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """One mutation of the settlement, in EUR; above zero: received on clearing."""

    booking: str
    date: date
    invoice_number: str
    order_id: str
    description: str
    accounts: tuple[tuple[str, int, int], ...]  # account, net cents, VAT cents
    cents: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A settlement from Amazon's total to the bank line.

    Attributes:
        lines: add up to `total_cents`, each row of the file is in one.
        entries: add up to 0, the clearing account.
        transit_cents: what the bank line must bring (above zero) or take, EUR.
        carried_cents: negative total carried to the next settlement, EUR, above zero.
    """

    settlement_id: str
    start: date
    end: date
    deposit: date | None
    currency: str
    total_cents: int
    lines: tuple[StatementLine, ...]
    entries: tuple[StatementEntry, ...]
    transit_cents: int
    carried_cents: int
    waits: bool


def statement(settlement: SettlementFile, bookables: SettlementBookables) -> Statement:
    """The statement of a settlement and its bookings."""
    header = settlement.header
    entries = _entries(bookables)
    payout = f"mny:{header.settlement_id}:payout"
    carried = f"mny:{header.settlement_id}:carried+"
    return Statement(
        settlement_id=header.settlement_id,
        start=header.start,
        end=header.end,
        deposit=header.deposit,
        currency=header.currency,
        total_cents=header.total_cents,
        lines=_lines(bookables.rows),
        entries=entries,
        transit_cents=-sum(e.cents for e in entries if e.booking.startswith(payout)),
        carried_cents=sum(e.cents for e in entries if e.booking.startswith(carried)),
        waits=bookables.waits,
    )


def _lines(rows: pd.DataFrame) -> tuple[StatementLine, ...]:
    order = {section: i for i, section in enumerate(dict.fromkeys(_SECTIONS.values()))}
    named = rows.assign(section=rows["place"].map(_SECTIONS))
    sums = named.groupby(["section", "line"], sort=True).agg(
        rows=("row", "size"), cents=("amount_cents", "sum"), first_row=("row", "min")
    )
    lines = [
        StatementLine(section, line, int(row.rows), int(row.cents), int(row.first_row))
        for (section, line), row in zip(sums.index, each(sums), strict=True)
    ]
    return tuple(sorted(lines, key=lambda line: (order[line.section], line.line)))


def _entries(bookables: SettlementBookables) -> tuple[StatementEntry, ...]:
    accounts: dict[str, list[tuple[str, int, int]]] = {}
    for line in each(bookables.mutation_lines):
        accounts.setdefault(line.booking, []).append(
            (line.account, int(line.net_cents), int(line.vat_cents))
        )
    return tuple(
        StatementEntry(
            booking=row.booking,
            date=row.date.date(),
            invoice_number=row.invoice_number,
            order_id=row.order_id,
            description=row.description,
            accounts=tuple(accounts[row.booking]),
            cents=_on_clearing(row.kind, int(row.gross_cents)),
        )
        for row in each(bookables.mutations)
    )


def _on_clearing(kind: str, cents: int) -> int:
    return {"money_spent": -cents, "sales_invoice": 0}.get(kind, cents)
