"""The proof of a settlement: what an accountant files, from Amazon's total to the bank line.

```
Amazon's total ─► rows, each in one named line ─► mutations with their numbers ─► the bank line
```

Plain data and its CSV; the page is made of the same in `pipelines.statements`. Names are Dutch, as
the bookkeeper reads them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from amazon_eboekhouden.config.settings import AccountSettings
from amazon_eboekhouden.domain.bookings import MutationKind
from amazon_eboekhouden.domain.settlement.file import SettlementHeader
from amazon_eboekhouden.domain.settlement.statement import (
    SECTIONS,
    AccountSum,
    Statement,
    StatementEntry,
    account_sums,
    statement_of,
)
from amazon_eboekhouden.domain.spreadsheets import csv_text

_HEADINGS = {
    "part": "Deel",
    "section": "Onderdeel",
    "line": "Regel",
    "row": "Regel in het bestand",
    "date": "Datum",
    "order_id": "Bestelling",
    "invoice_number": "Factuur",
    "amount_cents": "Bij Amazon {currency}",
    "eur_cents": "In de boeken EUR",
    "account": "Rekening",
    "description": "Omschrijving",
    "numbers": "Mutatie",
    "state": "Stand",
    "reason": "Grond",
    "confidence": "Zekerheid %",
}
# How a mutation reached the page, beside those of the settlement's own plan.
PLANNED, LATER = "Mutatie", "Mutatie later"


@dataclass(frozen=True, slots=True)
class InBooks:
    """A booking as the ledger knows it.

    Attributes:
        number: mutation number in the books, "" while there is none.
        state: such as "CONFIRMED"; "" when it was never handed to the ledger.
    """

    number: str
    state: str


@dataclass(frozen=True, slots=True)
class ProofLine:
    """A named line with the mutations that its rows went into."""

    section: str
    line: str
    rows: int
    amount_cents: int
    numbers: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A settlement with everything that was booked of it.

    Attributes:
        page: the statement.
        lines: its lines with their mutation numbers; they add up to Amazon's total.
        rows: SETTLED, every row of the file.
        accounts: what the mutations put on each ledger account.
        later: mutations made afterwards, such as parked money that went to its invoice.
        in_books: natural key to what the ledger knows of it.
        invoices: natural key of a document to its invoice number.
        bank_cents: what the bank line brings (above zero) or takes, EUR.
        bank_account: where it is booked against.
        file_hash: SHA-256 of Amazon's file.
    """

    page: Statement
    lines: tuple[ProofLine, ...]
    rows: pd.DataFrame
    accounts: tuple[AccountSum, ...]
    later: tuple[StatementEntry, ...]
    in_books: Mapping[str, InBooks]
    invoices: Mapping[str, str]
    bank_cents: int
    bank_account: str
    file_hash: str

    @property
    def entries(self) -> tuple[StatementEntry, ...]:
        """The mutations of the settlement itself; on clearing they add up to 0."""
        return self.page.entries

    @property
    def booked(self) -> int:
        """How many of the settlement's own mutations stand in the books."""
        return sum(1 for e in self.entries if self.state_of(e.booking) == "CONFIRMED")

    def number_of(self, booking: str) -> str:
        """Mutation number of a booking, "" while there is none."""
        found = self.in_books.get(booking)
        return found.number if found else ""

    def state_of(self, booking: str) -> str:
        """State of a booking, "" when it was never handed to the ledger."""
        found = self.in_books.get(booking)
        return found.state if found else ""


def proof(
    header: SettlementHeader,
    rows: pd.DataFrame,
    mutations: pd.DataFrame,
    mutation_lines: pd.DataFrame,
    booked: pd.DataFrame,
    accounts: AccountSettings,
    *,
    file_hash: str = "",
    waits: bool = False,
) -> Proof:
    """The proof of a settlement.

    Args:
        header: of the file.
        rows: SETTLED.
        mutations: MUTATIONS, what the settlement asks the ledger to book.
        mutation_lines: MUTATION_LINES.
        booked: BOOKED; tells the mutation numbers, and what was booked afterwards.
        accounts: the coupling's.
        file_hash: SHA-256 of the file.
        waits: nothing may be booked yet.
    """
    page = statement_of(header, rows, mutations, mutation_lines, waits=waits)
    own = booked[booked["settlement_id"] == header.settlement_id]
    documents = booked[booked["booking"].isin(set(rows["document"]))]
    in_books = {
        booking: InBooks(number, state)
        for booking, number, state in zip(
            own["booking"], own["remote_id"], own["state"], strict=True
        )
    }
    invoices = dict(zip(documents["booking"], documents["invoice_number"], strict=True))
    invoices |= {e.booking: e.invoice_number for e in page.entries if e.booking not in invoices}
    by_bank = [entry.cents for entry in page.entries if entry.account == accounts.bank]
    return Proof(
        page=page,
        lines=_lines(page, rows, in_books),
        rows=rows,
        accounts=account_sums(page.entries),
        later=_later(own, {entry.booking for entry in page.entries}),
        in_books=in_books,
        invoices=invoices,
        bank_cents=sum(by_bank) if by_bank else page.transit_cents,
        bank_account=accounts.bank if by_bank else accounts.transit,
        file_hash=file_hash,
    )


def _lines(
    page: Statement, rows: pd.DataFrame, in_books: Mapping[str, InBooks]
) -> tuple[ProofLine, ...]:
    named = rows.assign(section=rows["place"].map(SECTIONS))
    distinct = named[["section", "line", "bookings"]].drop_duplicates()
    keys: dict[tuple[str, str], list[str]] = defaultdict(list)
    for section, line, joined in distinct.itertuples(index=False):
        keys[section, line] += joined.split()
    return tuple(
        ProofLine(
            line.section,
            line.line,
            line.rows,
            line.amount_cents,
            ranges(
                in_books[key].number for key in keys[line.section, line.line] if key in in_books
            ),
        )
        for line in page.lines
    )


def _later(own: pd.DataFrame, planned: set[str]) -> tuple[StatementEntry, ...]:
    """What the ledger booked of this settlement beside its plan; its lines are not kept."""
    later = own[~own["booking"].isin(planned)].sort_values(["date", "booking"])
    rows = cast("list[dict[str, Any]]", later.to_dict("records"))
    return tuple(
        StatementEntry(
            booking=row["booking"],
            date=row["date"].date(),
            kind="",
            account="",
            invoice_number=row["invoice_number"],
            order_id=row["order_id"],
            description="",
            accounts=(),
            cents=int(row["gross_cents"]),
        )
        for row in rows
    )


def ranges(numbers: Iterable[str]) -> str:
    """Mutation numbers in few words, such as `12-15, 19`."""
    known = {number for number in numbers if number}
    whole = sorted(int(number) for number in known if number.isdigit())
    parts: list[list[int]] = []
    for number in whole:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    texts = [f"{a}-{b}" if a != b else f"{a}" for a, b in parts]
    return ", ".join([*texts, *sorted(number for number in known if not number.isdigit())])


def csv_of(made: Proof) -> str:
    """The proof as CSV: Amazon's total, every row, every mutation, the bank line.

    The amounts of part "Rij" add up to part "Totaal". Of part "Mutatie" those on the clearing
    account (credit notes stand on debtors) add up to 0, the transfer included.
    """
    headings = {k: v.format(currency=made.page.currency) for k, v in _HEADINGS.items()}
    blank = dict.fromkeys(headings)
    return csv_text(({**blank, **row} for row in _records(made)), headings)


def _records(made: Proof) -> Iterator[dict[str, Any]]:
    page = made.page
    yield {
        "part": "Totaal",
        "section": "Totaal volgens Amazon",
        "line": f"Afrekening {page.settlement_id}",
        "date": page.deposit or page.end,
        "amount_cents": page.total_cents,
        "description": f"Periode {page.start} tot en met {page.end}; bestand {made.file_hash}",
    }
    yield from _row_records(made)
    for part, entries in ((PLANNED, page.entries), (LATER, made.later)):
        for entry in entries:
            yield _entry_record(made, part, entry)
    yield {
        "part": "Bank",
        "section": "Bankregel",
        "line": "Te ontvangen" if made.bank_cents >= 0 else "Af te schrijven",
        "date": page.deposit or page.end,
        "eur_cents": made.bank_cents,
        "account": made.bank_account,
    }


def _row_records(made: Proof) -> Iterator[dict[str, Any]]:
    rows = made.rows
    columns = zip(
        rows["row"], rows["posted"], rows["order_id"], rows["amount_cents"], rows["place"],
        rows["line"], rows["kind"], rows["document"], rows["bookings"], rows["reason"],
        rows["confidence"], strict=True,
    )  # fmt: skip
    for row, posted, order_id, cents, place, line, kind, document, keys, reason, sure in columns:
        yield {
            "part": "Rij",
            "section": SECTIONS[place],
            "line": line,
            "row": int(row),
            "date": posted.date(),
            "order_id": order_id,
            "invoice_number": made.invoices.get(document, ""),
            "amount_cents": int(cents),
            "description": kind,
            "numbers": ranges(made.number_of(key) for key in keys.split()),
            "reason": reason,
            "confidence": int(sure),
        }


def _entry_record(made: Proof, part: str, entry: StatementEntry) -> dict[str, Any]:
    return {
        "part": part,
        "section": KIND_WORDS.get(entry.kind, ""),
        "line": entry.booking,
        "date": entry.date,
        "order_id": entry.order_id,
        "invoice_number": entry.invoice_number,
        "eur_cents": entry.gross_cents if entry.invoice_number else entry.cents,
        "account": accounts_text(entry),
        "description": entry.description,
        "numbers": made.number_of(entry.booking),
        "state": state_word(made.state_of(entry.booking)),
    }


# The vendor's Dutch, as the bookkeeper sees it in the books.
KIND_WORDS: Mapping[str, str] = {
    MutationKind.SALES_INVOICE: "Factuur verstuurd",
    MutationKind.PURCHASE_INVOICE: "Factuur ontvangen",
    MutationKind.PAYMENT_RECEIVED: "Factuurbetaling ontvangen",
    MutationKind.PAYMENT_SENT: "Factuurbetaling verstuurd",
    MutationKind.MONEY_RECEIVED: "Geld ontvangen",
    MutationKind.MONEY_SPENT: "Geld uitgegeven",
    MutationKind.GENERAL_JOURNAL: "Memoriaal",
}
_STATE_WORDS = {
    "": "nog niet geboekt",
    "PLANNED": "wacht op verzending",
    "SENDING": "wordt verstuurd",
    "UNKNOWN": "onzeker",
    "CONFIRMED": "geboekt",
    "REJECTED": "geweigerd",
    "SUPERSEDED": "vervangen",
    "IGNORED": "genegeerd",
    "DRIFTED": "in de boeken veranderd",
}


def state_word(state: str) -> str:
    """A state of the ledger in Dutch."""
    return _STATE_WORDS.get(state, "wacht op uw keuze")


def account_word(account: str) -> str:
    """A ledger account as a person reads it: categories by their name."""
    return {"category:DEB": "Debiteuren", "category:CRED": "Crediteuren"}.get(account, account)


def accounts_shown(sums: Iterable[AccountSum]) -> list[dict[str, Any]]:
    """Sums per ledger account as plain values."""
    return [
        {
            "account": account_word(found.account),
            "vat_code": found.vat_code,
            "net_cents": found.net_cents,
            "vat_cents": found.vat_cents,
        }
        for found in sums
    ]


def accounts_text(entry: StatementEntry) -> str:
    """Header account and line accounts, such as `1090: 4610 HOOG_INK_21, 4611 HOOG_INK_21`."""
    lines = [
        account_word(account) + ("" if code in ("", "GEEN") else f" {code}")
        for account, code, _, _ in entry.accounts
    ]
    return f"{account_word(entry.account)}: {', '.join(lines)}" if lines else ""
