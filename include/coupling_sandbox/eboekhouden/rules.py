"""Which mutations the books accept: every rule of the engine, before anything is booked.

The rules stand in the e-Boekhouden reference, sections 7 to 12 and 16; where the real service's
behaviour is unknown, an option decides.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from coupling_sandbox.eboekhouden.books import Books, OpenItem, side_of
from coupling_sandbox.eboekhouden.chart import LedgerAccount
from coupling_sandbox.eboekhouden.errors import BooksError
from coupling_sandbox.eboekhouden.options import Options
from coupling_sandbox.eboekhouden.postings import (
    INVOICES,
    KINDS,
    MEMORIAL,
    MONEY,
    PAYMENT_RECEIVED,
    PAYMENTS,
    PURCHASE_INVOICE,
    SALES_INVOICE,
    Mutation,
    Row,
)
from coupling_sandbox.eboekhouden.relations import Relations
from coupling_sandbox.eboekhouden.vat import VAT_CODES, VatCode, vat_on_net

FIRST_DAY, LAST_DAY = dt.date(1980, 1, 1), dt.date(2049, 12, 31)
LARGEST_AMOUNT = Decimal("999999999999.00")
"""In euros; the bound on prices in the vendor's REST interface (ART_024)."""

TERM_LENGTH = 4
INVOICE_NUMBER_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one administration."""

    books: Books
    relations: Relations
    options: Options
    cost_centres: frozenset[int]

    def check(self, mutation: Mutation) -> None:
        """Raise BooksError when the books refuse a mutation."""
        if mutation.kind not in KINDS:
            raise BooksError("MUT_001", f"({mutation.kind})")
        check_account_state(self.options)
        self._check_lengths(mutation)
        check_date(mutation.date)
        self._check_period(mutation.date)
        self._check_header_account(mutation)
        self._check_relation(mutation)
        self._check_invoice_number(mutation)
        self._check_term(mutation)
        self._check_rows(mutation)
        if mutation.kind in INVOICES:
            self._check_unique(mutation)
        if mutation.kind in PAYMENTS:
            self._check_payment(mutation)
        zero_purchase = mutation.kind == PURCHASE_INVOICE and not mutation.gross
        if zero_purchase and self.options.zero_total_purchase_invoice == "refuse":
            raise BooksError("ZERO_TOTAL")

    def _check_lengths(self, mutation: Mutation) -> None:
        # Accounts, relations and VAT codes that are too long do not exist: they have errors of
        # their own.
        check_length("Boekstuk", mutation.voucher, 50)
        check_length("Betalingskenmerk", mutation.payment_reference, 50)
        check_length("Omschrijving", mutation.description, self.options.mutation_description_limit)
        if len(mutation.invoice_number) > INVOICE_NUMBER_LENGTH:
            raise BooksError("MUT_018")
        if not mutation.description and self.options.missing_description == "refuse":
            raise BooksError("DESCRIPTION")

    def _check_period(self, date: dt.date) -> None:
        if is_closed(date, self.options):
            raise BooksError("MUT_005", f"(t/m {self.options.closed_through})")
        opening = self.options.opening_balance_date
        if opening is not None and date <= opening:
            raise BooksError("MUT_022", f"({opening})")

    def _check_header_account(self, mutation: Mutation) -> None:
        account = self.books.chart.get(mutation.account)
        if account is None:
            raise BooksError("MUT_007", f"({mutation.account})")
        if mutation.kind == SALES_INVOICE and account.category != "DEB":
            raise BooksError("MUT_011", f"({account.code} is {account.category})")
        if mutation.kind == PURCHASE_INVOICE and account.category != "CRED":
            raise BooksError("MUT_010", f"({account.code} is {account.category})")
        any_payment = self.options.payment_header_any_category == "accept"
        needs_fin = mutation.kind in MONEY or (mutation.kind in PAYMENTS and not any_payment)
        if needs_fin and account.category != "FIN":
            raise BooksError("MUT_009", f"({account.code} is {account.category})")

    def _check_relation(self, mutation: Mutation) -> None:
        if mutation.kind in INVOICES | PAYMENTS:
            if not mutation.relation:
                raise BooksError("MUT_012")
        elif mutation.relation and self.options.relation_on_money == "refuse":
            raise BooksError("MUT_014", f"({mutation.kind})")
        if mutation.relation and self.relations.get(mutation.relation) is None:
            raise BooksError("MUT_013", f"({mutation.relation})")

    def _check_invoice_number(self, mutation: Mutation) -> None:
        if mutation.kind in INVOICES | PAYMENTS:
            if not mutation.invoice_number:
                raise BooksError("MUT_002")
        elif mutation.invoice_number:
            raise BooksError("MUT_116", f"({mutation.kind})")

    def _check_term(self, mutation: Mutation) -> None:
        term = mutation.payment_term
        if mutation.kind in INVOICES:
            if not term and self.options.missing_payment_term == "refuse":
                raise BooksError("MUT_015")
            if term and not (term.isdecimal() and len(term) <= TERM_LENGTH):
                raise BooksError("MUT_015", f"({term})")
        elif term and self.options.payment_term_elsewhere == "refuse":
            raise BooksError("MUT_016", f"({mutation.kind})")
        if mutation.kind in INVOICES and mutation.in_ex not in ("IN", "EX"):
            raise BooksError("MUT_017", f"({mutation.in_ex or 'leeg'})")
        if mutation.in_ex not in ("", "IN", "EX"):
            raise BooksError("MUT_017", f"({mutation.in_ex})")

    def _check_rows(self, mutation: Mutation) -> None:
        if not mutation.rows:
            raise BooksError("MUT_100")
        if len(mutation.rows) > self.options.mutation_rows_limit:
            raise BooksError("MUT_101", f"({len(mutation.rows)})")
        for row in mutation.rows:
            self._check_row_account(mutation, row)
            self._check_row_vat(mutation, row)
            if row.cost_centre and row.cost_centre not in self.cost_centres:
                raise BooksError("MUT_117", f"({row.cost_centre})")
            if row.net + row.vat != row.gross:
                raise BooksError("MUT_118", f"({row.net} + {row.vat} is niet {row.gross} cent)")

    def _check_row_account(self, mutation: Mutation, row: Row) -> None:
        account = self.books.chart.get(row.account)
        if account is None:
            raise BooksError("MUT_104", f"({row.account or 'leeg'})")
        if mutation.kind in PAYMENTS:
            self._check_payment_account(mutation, account)
            return
        free = mutation.kind == MEMORIAL or self.options.row_any_category == "accept"
        if not free and account.category in ("FIN", "DEB", "CRED"):
            raise BooksError("MUT_106", f"({account.code} is {account.category})")

    def _check_payment_account(self, mutation: Mutation, account: LedgerAccount) -> None:
        wanted, key = (
            ("DEB", "MUT_108") if mutation.kind == PAYMENT_RECEIVED else ("CRED", "MUT_107")
        )
        if account.category != wanted:
            raise BooksError(key, f"({account.code} is {account.category})")

    def _check_row_vat(self, mutation: Mutation, row: Row) -> None:
        code = VAT_CODES.get(row.vat_code)
        if code is None:
            raise BooksError("MUT_109", f"({row.vat_code})")
        side = side_of_code(code, self.options)
        if mutation.kind == SALES_INVOICE and side == "purchase":
            raise BooksError("MUT_111", f"({code.code})")
        if mutation.kind == PURCHASE_INVOICE and side == "sale":
            raise BooksError("MUT_110", f"({code.code})")
        if mutation.kind in PAYMENTS and code.code != "GEEN":
            raise BooksError("MUT_109", f"({code.code} bij {mutation.kind})")
        if code.reverse and mutation.in_ex != "EX":
            raise BooksError("MUT_026", f"({code.code})")
        self._check_vat_amount(mutation, row, code)

    def _check_vat_amount(self, mutation: Mutation, row: Row, code: VatCode) -> None:
        if row.vat and (code.reverse or not code.category):
            raise BooksError("MUTA_003", f"({code.code})")
        if code.free_amount or code.reverse or self.options.vat_amount_mismatch == "accept":
            return
        if abs(vat_on_net(row.net, code.percent_on(mutation.date)) - row.vat) > 1:
            raise BooksError("VAT_AMOUNT", f"({code.code})")

    def _check_unique(self, mutation: Mutation) -> None:
        same = [
            other
            for other in self.books.of_invoice(mutation.invoice_number)
            if other.kind == mutation.kind and other.invoice_number == mutation.invoice_number
        ]
        if mutation.kind == SALES_INVOICE:
            if same and self.options.duplicate_invoice_number == "refuse":
                raise BooksError("MUT_019", f"({mutation.invoice_number})")
        elif any(other.relation == mutation.relation for other in same):
            raise BooksError("MUT_020", f"({mutation.relation}, {mutation.invoice_number})")

    def _check_payment(self, mutation: Mutation) -> None:
        for row in mutation.rows:
            number = row.invoice_number or mutation.invoice_number
            key = (side_of(mutation.kind), mutation.relation, number)
            item = self.books.open_items.get(key)
            if item is None or not item.mutations:
                raise BooksError("MUT_115", f"({mutation.relation}, {number})")
        if mutation.gross < 0 and self.options.negative_payment == "refuse":
            raise BooksError("PAYMENT_NEGATIVE")
        self._check_payment_amounts(mutation)

    def _check_payment_amounts(self, mutation: Mutation) -> None:
        paid: dict[str, int] = {}
        for row in mutation.rows:
            number = row.invoice_number or mutation.invoice_number
            paid[number] = paid.get(number, 0) + row.gross
        for number, amount in paid.items():
            item = self.books.open_items[(side_of(mutation.kind), mutation.relation, number)]
            if self.options.over_payment == "refuse" and is_over(item, amount):
                raise BooksError("PAYMENT_OVER", f"({number})")
            if self.options.partial_payment == "refuse" and is_partial(item, amount):
                raise BooksError("PAYMENT_PARTIAL", f"({number})")


def is_over(item: OpenItem, amount: int) -> bool:
    """Whether a payment passes beyond what is open, in the direction of the invoice."""
    return amount > item.open if item.total >= 0 else amount < item.open


def is_partial(item: OpenItem, amount: int) -> bool:
    """Whether a payment leaves something open."""
    return amount < item.open if item.total >= 0 else amount > item.open


def side_of_code(code: VatCode, options: Options) -> str:
    """The side of a VAT code; that of BI_EU_VERK is an option."""
    return options.bi_eu_verk_side if code.code == "BI_EU_VERK" else code.side


def is_closed(date: dt.date, options: Options) -> bool:
    """Whether a day lies in the closed period."""
    return options.closed_through is not None and date <= options.closed_through


def check_date(date: dt.date, missing: str = "MUT_003", out_of_range: str = "MUT_004") -> None:
    """Raise when a date was not sent or lies outside 1980 to 2049."""
    if date == dt.date.min:
        raise BooksError(missing)
    if not FIRST_DAY <= date <= LAST_DAY:
        raise BooksError(out_of_range, f"({date})")


def check_length(name: str, value: str, limit: int, key: str = "LENGTH") -> None:
    """Raise an error, LENGTH unless another is named, when a text is longer than its field."""
    if len(value) > limit:
        raise BooksError(key, f"({name}: maximaal {limit} tekens)")


def check_amounts(*amounts: Decimal) -> None:
    """Raise AMOUNT when an amount in euros is too large."""
    if max(map(abs, amounts)) > LARGEST_AMOUNT:
        raise BooksError("AMOUNT")


def check_account_state(options: Options) -> None:
    """Raise when the state of the account forbids writing."""
    key = {"closed_by_accountant": "SECURITY_007", "trial_limit": "MODULE_001"}.get(
        options.account_state
    )
    if key:
        raise BooksError(key)
