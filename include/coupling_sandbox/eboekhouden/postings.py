"""From a mutation to its postings: pure double entry, in whole cents."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from coupling_sandbox.eboekhouden.chart import Chart
from coupling_sandbox.eboekhouden.vat import (
    REVERSE_CHARGE_CATEGORY,
    VAT_CODES,
    spread,
    vat_on_net,
)

PURCHASE_INVOICE = "FactuurOntvangen"
SALES_INVOICE = "FactuurVerstuurd"
PAYMENT_RECEIVED = "FactuurbetalingOntvangen"
PAYMENT_SENT = "FactuurbetalingVerstuurd"
MONEY_RECEIVED = "GeldOntvangen"
MONEY_SPENT = "GeldUitgegeven"
MEMORIAL = "Memoriaal"

INVOICES = frozenset({SALES_INVOICE, PURCHASE_INVOICE})
PAYMENTS = frozenset({PAYMENT_RECEIVED, PAYMENT_SENT})
MONEY = frozenset({MONEY_RECEIVED, MONEY_SPENT})
KINDS = (*sorted(INVOICES), *sorted(PAYMENTS), *sorted(MONEY), MEMORIAL)

_DEBIT_HEADER = frozenset({SALES_INVOICE, PAYMENT_RECEIVED, MONEY_RECEIVED})


@dataclass(slots=True)
class Row:
    """One mutation line. Amounts in cents; `entered` is the amount as the sender typed it."""

    account: str
    entered: int
    net: int
    vat: int
    gross: int
    vat_code: str = "GEEN"
    percent: Decimal = Decimal(0)
    cost_centre: int = 0
    invoice_number: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting: a positive amount in cents on the debit or the credit side of an account."""

    account: str
    debit: int
    credit: int
    cost_centre: int = 0


@dataclass(slots=True)
class Mutation:
    """One mutation in the books; `number` is 0 until it is booked."""

    kind: str
    date: dt.date
    account: str
    relation: str = ""
    invoice_number: str = ""
    voucher: str = ""
    description: str = ""
    payment_term: str = ""
    payment_reference: str = ""
    in_ex: str = ""
    rows: list[Row] = field(default_factory=list)
    number: int = 0
    entries: tuple[Entry, ...] = ()

    @property
    def gross(self) -> int:
        """The total of the rows in cents, as the header account receives it."""
        return sum(row.gross for row in self.rows)


def reverse_charged_vat(rows: Sequence[Row], date: dt.date) -> dict[int, int]:
    """VAT in cents per row index of the rows with a reverse charge, totalled per VAT code."""
    by_code: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        code = VAT_CODES.get(row.vat_code)
        if code is not None and code.reverse:
            by_code.setdefault(row.vat_code, []).append(index)
    result: dict[int, int] = {}
    for name, indexes in by_code.items():
        nets = [rows[index].net for index in indexes]
        total = vat_on_net(sum(nets), VAT_CODES[name].percent_on(date))
        result.update(zip(indexes, spread(total, nets), strict=True))
    return result


def entries_of(mutation: Mutation, chart: Chart, *, memorial_debits_header: bool) -> list[Entry]:
    """The postings of a mutation: the header first, then each row with its VAT.

    They balance: the header is the sum of the rows, and a reverse charge stands on both sides.
    """
    debit_header = mutation.kind in _DEBIT_HEADER or (
        mutation.kind == MEMORIAL and memorial_debits_header
    )
    header_side, row_side = (1, -1) if debit_header else (-1, 1)
    postings = [(mutation.account, header_side * mutation.gross, 0)]
    reverse = reverse_charged_vat(mutation.rows, mutation.date)
    for index, row in enumerate(mutation.rows):
        postings.append((row.account, row_side * row.net, row.cost_centre))
        if row.vat:
            category = VAT_CODES[row.vat_code].category
            postings.append((chart.of_category(category).code, row_side * row.vat, 0))
        if reverse.get(index):
            vat = row_side * reverse[index]
            postings.append((chart.of_category("VOOR").code, vat, 0))
            postings.append((chart.of_category(REVERSE_CHARGE_CATEGORY).code, -vat, 0))
    return [
        Entry(account, max(amount, 0), max(-amount, 0), cost_centre)
        for account, amount, cost_centre in postings
        if amount
    ]
