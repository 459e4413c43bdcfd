"""The seam to the books: what the ledger and the pipelines need of a bookkeeping service.

`adapters.eboekhouden` fills it over SOAP; a REST adapter could follow without touching `domain/`
or `ledger/`. Everything speaks codes and business keys, never the vendor's ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from amazon_eboekhouden.domain.bookings import MutationKind, Payload
from amazon_eboekhouden.domain.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """A ledger account of the administration's chart."""

    code: str
    description: str
    category: str  # BAL, VW, FIN, DEB, CRED, AF6, AF19, AFOVERIG, VOOR, BTWRC …


@dataclass(frozen=True, slots=True)
class BookedLine:
    """A mutation line as the books give it back."""

    account: str
    vat_code: str
    net_cents: int
    vat_cents: int
    gross_cents: int
    invoice_number: str


@dataclass(frozen=True, slots=True)
class BookedMutation:
    """A mutation as the books give it back."""

    number: int
    kind: MutationKind | None  # None: a kind we never write, such as an opening balance
    date: date
    account: str
    relation_code: str
    invoice_number: str
    voucher: str
    description: str
    in_ex_vat: str
    lines: tuple[BookedLine, ...]

    @property
    def gross_cents(self) -> int:
        """Total of the lines, in cents."""
        return sum(line.gross_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class BookedRelation:
    """A relation as the books give it back (only what we compare)."""

    id: int
    code: str
    company: str
    vat_number: str


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An open item of the debtors."""

    invoice_number: str
    relation_code: str
    date: date
    total_cents: int
    paid_cents: int
    open_cents: int


class Remote(Protocol):
    """What the booking ledger is handed: one write, and the questions that settle a doubt.

    `add` never raises for anything the service did: every answer, time-out and broken body is
    classified. The questions raise `domain.errors.RemoteError`.
    """

    def add(self, payload: Payload, token: str, *, deadline_s: float) -> Outcome:
        """Send one relation or mutation, the token first in its description and in its voucher.

        Args:
            payload: what to book, accounts already resolved to codes.
            token: our key in the books.
            deadline_s: total seconds the call may take; passed means UNKNOWN.
        """
        ...

    def mutations(
        self, *, number_from: int = 0, number_to: int = 0, invoice_number: str = ""
    ) -> list[BookedMutation]:
        """Mutations in a window of numbers (inclusive), or with an invoice number; ascending.

        Without arguments: the newest ones. At most `mutations_cap` rows come back.
        """
        ...

    def relation(self, code: str) -> BookedRelation | None:
        """The relation with this code, if there is one."""
        ...


class Books(Remote, Protocol):
    """The whole seam: what activation, matching and audit ask beside booking."""

    mutations_cap: int

    def administration_guid(self) -> str:
        """GUID of the administration that this session works in."""
        ...

    def ledger_accounts(self) -> list[LedgerAccount]:
        """The chart of accounts."""
        ...

    def add_ledger_account(self, account: LedgerAccount) -> None:
        """Create a BAL or VW account."""
        ...

    def open_items(self) -> list[OpenItem]:
        """All open items of the debtors."""
        ...

    def balances(self, *, until: date | None = None) -> dict[str, int]:
        """Balance per ledger account code in cents, debit positive."""
        ...

    def close(self) -> None:
        """End the session; never raises."""
        ...


class Clock(Protocol):
    """Where time comes from; the simulator hands in its own."""

    def now_utc(self) -> datetime:
        """The present moment, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never steps back."""
        ...
