"""A settlement on one page: from Amazon's total to the bank line, every row in one named line.

Plain data; the proof that an accountant files (`domain.settlement.proof`), the text of an approval
and the demo's print-out are made of it. Names are Dutch, as the bookkeeper reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.bookings import MutationKind
from amazon_eboekhouden.domain.settlement.bookings import SettlementBookables
from amazon_eboekhouden.domain.settlement.file import SettlementFile, SettlementHeader
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.places import Place

SECTIONS: Mapping[str, str] = {
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
    """One mutation of the settlement, in EUR; above zero: received on its account.

    Attributes:
        account: the header's, clearing for all but credit notes.
        kind: a MutationKind.
        accounts: account, VAT code, net cents, VAT cents of each line.
    """

    booking: str
    date: date
    kind: str
    account: str
    invoice_number: str
    order_id: str
    description: str
    accounts: tuple[tuple[str, str, int, int], ...]
    cents: int

    @property
    def gross_cents(self) -> int:
        """Total of its lines, below zero for a credit note and its payment."""
        return sum(net + vat for _, _, net, vat in self.accounts) if self.accounts else self.cents


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What the mutations put on one ledger account, EUR, debit above zero.

    Attributes:
        account: code, or a category such as "category:DEB".
        vat_code: of the lines, "" for the account that money is received on.
        net_cents: without the VAT, which the books put on their own VAT account.
        vat_cents: VAT under the code.
    """

    account: str
    vat_code: str
    net_cents: int
    vat_cents: int


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

    @property
    def head(self) -> dict[str, Any]:
        """Which settlement it is, as plain values."""
        return {
            "settlement_id": self.settlement_id,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "currency": self.currency,
            "total_cents": self.total_cents,
        }


def statement(settlement: SettlementFile, bookables: SettlementBookables) -> Statement:
    """The statement of a settlement and its bookings."""
    return statement_of(
        settlement.header,
        bookables.rows,
        bookables.mutations,
        bookables.mutation_lines,
        waits=bookables.waits,
    )


def statement_of(
    header: SettlementHeader,
    rows: pd.DataFrame,
    mutations: pd.DataFrame,
    mutation_lines: pd.DataFrame,
    *,
    waits: bool = False,
) -> Statement:
    """The statement of a settlement, of the frames that were made of it.

    Args:
        header: of the file.
        rows: SETTLED.
        mutations: MUTATIONS.
        mutation_lines: MUTATION_LINES.
        waits: nothing may be booked yet.
    """
    entries = _entries(mutations, mutation_lines)
    payout = f"mny:{header.settlement_id}:payout"
    carried = f"mny:{header.settlement_id}:carried+"
    return Statement(
        settlement_id=header.settlement_id,
        start=header.start,
        end=header.end,
        deposit=header.deposit,
        currency=header.currency,
        total_cents=header.total_cents,
        lines=_lines(rows),
        entries=entries,
        transit_cents=-sum(e.cents for e in entries if e.booking.startswith(payout)),
        carried_cents=sum(e.cents for e in entries if e.booking.startswith(carried)),
        waits=waits,
    )


def account_sums(entries: Iterable[StatementEntry]) -> tuple[AccountSum, ...]:
    """What the mutations put on each ledger account; nets and VAT together add up to 0."""
    sums: dict[tuple[str, str], list[int]] = {}
    for entry in entries:
        sign = 1 if entry.kind == MutationKind.MONEY_SPENT else -1
        header = (entry.account, "", -entry.gross_cents, 0)
        for account, code, net, vat in (header, *entry.accounts):
            found = sums.setdefault((account, code), [0, 0])
            found[0] += sign * net
            found[1] += sign * vat
    return tuple(AccountSum(*key, *cents) for key, cents in sorted(sums.items()))


def _lines(rows: pd.DataFrame) -> tuple[StatementLine, ...]:
    order = {section: i for i, section in enumerate(dict.fromkeys(SECTIONS.values()))}
    named = rows.assign(section=rows["place"].map(SECTIONS))
    sums = named.groupby(["section", "line"], sort=True).agg(
        rows=("row", "size"), cents=("amount_cents", "sum"), first_row=("row", "min")
    )
    lines = [
        StatementLine(section, line, int(row.rows), int(row.cents), int(row.first_row))
        for (section, line), row in zip(sums.index, each(sums), strict=True)
    ]
    return tuple(sorted(lines, key=lambda line: (order[line.section], line.line)))


def _entries(mutations: pd.DataFrame, lines: pd.DataFrame) -> tuple[StatementEntry, ...]:
    accounts: dict[str, list[tuple[str, str, int, int]]] = {}
    for line in each(lines):
        accounts.setdefault(line.booking, []).append(
            (line.account, line.vat_code, int(line.net_cents), int(line.vat_cents))
        )
    return tuple(
        StatementEntry(
            booking=row.booking,
            date=row.date.date(),
            kind=row.kind,
            account=row.account,
            invoice_number=row.invoice_number,
            order_id=row.order_id,
            description=row.description,
            accounts=tuple(accounts[row.booking]),
            cents=_received(row.kind, int(row.gross_cents)),
        )
        for row in each(mutations)
    )


def _received(kind: str, cents: int) -> int:
    return {MutationKind.MONEY_SPENT: -cents, MutationKind.SALES_INVOICE: 0}.get(
        MutationKind(kind), cents
    )
