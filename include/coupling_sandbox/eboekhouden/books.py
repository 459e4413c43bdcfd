"""The books of one administration: double entry, open items and the indexes that keep them quick.

Nothing here judges whether a mutation is allowed (`rules` does); `post` and `remove` keep the
journal, the balances per day and the open items in step.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from coupling_sandbox.eboekhouden.chart import Chart, default_rows
from coupling_sandbox.eboekhouden.postings import (
    INVOICES,
    PAYMENT_RECEIVED,
    PAYMENTS,
    SALES_INVOICE,
    Mutation,
    entries_of,
)

DEBTORS, CREDITORS = "D", "C"


@dataclass(slots=True)
class OpenItem:
    """What a relation owes (or is owed) on one invoice number. Amounts in cents."""

    side: str
    relation: str
    invoice_number: str
    date: dt.date
    total: int = 0
    paid: int = 0
    mutations: list[int] = field(default_factory=list)

    @property
    def open(self) -> int:
        """What is still to be paid."""
        return self.total - self.paid


def side_of(kind: str) -> str:
    """Whether invoices and payments of a kind belong to debtors or creditors."""
    return DEBTORS if kind in (SALES_INVOICE, PAYMENT_RECEIVED) else CREDITORS


class Books:
    """The mutations of one administration and everything derived from them."""

    def __init__(self) -> None:
        self.chart = Chart(default_rows())
        self.mutations: dict[int, Mutation] = {}
        self.open_items: dict[tuple[str, str, str], OpenItem] = {}
        self._numbers: list[int] = []
        self._next_number = 1
        self._by_invoice: dict[str, set[int]] = defaultdict(set)
        self._by_relation: dict[str, set[int]] = defaultdict(set)
        self._by_account: dict[str, dict[int, None]] = defaultdict(dict)
        self._days: dict[tuple[str, int], dict[dt.date, int]] = defaultdict(dict)
        self._sums: dict[tuple[str, int], int] = defaultdict(int)

    # Writing

    def post(self, mutation: Mutation, *, memorial_debits_header: bool = True) -> Mutation:
        """Book a mutation; number 0 gets the next one. Raises when a VAT account is missing."""
        entries = entries_of(mutation, self.chart, memorial_debits_header=memorial_debits_header)
        mutation.entries = tuple(entries)
        if not mutation.number:
            mutation.number = self._next_number
        self._next_number = max(self._next_number, mutation.number + 1)
        self.mutations[mutation.number] = mutation
        if not self._numbers or mutation.number > self._numbers[-1]:
            self._numbers.append(mutation.number)
        else:
            self._numbers.insert(bisect_left(self._numbers, mutation.number), mutation.number)
        self._index(mutation)
        self._add_up(mutation, 1)
        return mutation

    def remove(self, number: int) -> Mutation:
        """Take a mutation out, as only a person can; its number is never used again."""
        mutation = self.mutations.pop(number)
        del self._numbers[bisect_left(self._numbers, number)]
        for numbers in self._invoice_numbers(mutation):
            self._by_invoice[numbers].discard(number)
        self._by_relation[mutation.relation].discard(number)
        for entry in mutation.entries:
            self._by_account[entry.account].pop(number, None)
        self._add_up(mutation, -1)
        return mutation

    def _invoice_numbers(self, mutation: Mutation) -> set[str]:
        named = {mutation.invoice_number, *(row.invoice_number for row in mutation.rows)}
        return named - {""}

    def _index(self, mutation: Mutation) -> None:
        for number in self._invoice_numbers(mutation):
            self._by_invoice[number].add(mutation.number)
        if mutation.relation:
            self._by_relation[mutation.relation].add(mutation.number)
        for entry in mutation.entries:
            self._by_account[entry.account][mutation.number] = None

    def _add_up(self, mutation: Mutation, sign: int) -> None:
        for entry in mutation.entries:
            amount = sign * (entry.debit - entry.credit)
            centres = {0, entry.cost_centre}
            for centre in centres:
                key = (entry.account, centre)
                self._sums[key] += amount
                days = self._days[key]
                days[mutation.date] = days.get(mutation.date, 0) + amount
        if mutation.kind in INVOICES:
            self._open(mutation, sign)
        elif mutation.kind in PAYMENTS:
            self._settle(mutation, sign)

    def _open(self, mutation: Mutation, sign: int) -> None:
        key = (side_of(mutation.kind), mutation.relation, mutation.invoice_number)
        item = self.open_items.get(key)
        if item is None:
            item = self.open_items[key] = OpenItem(*key, mutation.date)
        item.total += sign * mutation.gross
        if sign > 0:
            item.mutations.append(mutation.number)
        else:
            item.mutations.remove(mutation.number)

    def _settle(self, mutation: Mutation, sign: int) -> None:
        side = side_of(mutation.kind)
        for row in mutation.rows:
            number = row.invoice_number or mutation.invoice_number
            key = (side, mutation.relation, number)
            item = self.open_items.get(key)
            if item is None:
                item = self.open_items[key] = OpenItem(*key, mutation.date)
            item.paid += sign * row.gross

    # Reading

    def newest_first(self, first: int = 0, last: int = 2**63) -> Iterator[Mutation]:
        """The mutations numbered from `first` to `last`, both included, the last one first."""
        low, high = bisect_left(self._numbers, first), bisect_right(self._numbers, last)
        return (self.mutations[self._numbers[i]] for i in range(high - 1, low - 1, -1))

    def all(self) -> Iterator[Mutation]:
        """All mutations, ascending."""
        return (self.mutations[number] for number in self._numbers)

    def of_invoice(self, invoice_number: str) -> list[Mutation]:
        """The invoice with a number and its payments, ascending."""
        return [self.mutations[n] for n in sorted(self._by_invoice.get(invoice_number, ()))]

    def of_relation(self, code: str) -> list[Mutation]:
        """The mutations of a relation, ascending."""
        return [self.mutations[n] for n in sorted(self._by_relation.get(code, ()))]

    def of_account(self, code: str) -> list[Mutation]:
        """The mutations that touch an account, ascending."""
        return [self.mutations[n] for n in sorted(self._by_account.get(code, ()))]

    def balance(
        self,
        account: str,
        first: dt.date | None = None,
        last: dt.date | None = None,
        cost_centre: int = 0,
    ) -> int:
        """Debit less credit of an account in cents; cost centre 0 = all."""
        key = (account, cost_centre)
        if first is None and last is None:
            return self._sums.get(key, 0)
        low, high = first or dt.date.min, last or dt.date.max
        return sum(cents for day, cents in self._days.get(key, {}).items() if low <= day <= high)

    def turnover(self, account: str) -> tuple[int, int]:
        """Total debit and total credit of an account in cents."""
        debit = credit = 0
        for mutation in self.of_account(account):
            for entry in mutation.entries:
                if entry.account == account:
                    debit += entry.debit
                    credit += entry.credit
        return debit, credit

    def journal(self) -> Iterator[dict[str, Any]]:
        """One object per posting line, in the order of booking."""
        for mutation in self.all():
            for entry in mutation.entries:
                yield {
                    "date": mutation.date.isoformat(),
                    "mutation_number": mutation.number,
                    "kind": mutation.kind,
                    "account": entry.account,
                    "debit": decimal_text(entry.debit),
                    "credit": decimal_text(entry.credit),
                    "relation": mutation.relation,
                    "invoice_number": mutation.invoice_number,
                    "description": mutation.description,
                    "voucher": mutation.voucher,
                }


def decimal_text(cents: int) -> str:
    """Cents as a decimal text with two decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
