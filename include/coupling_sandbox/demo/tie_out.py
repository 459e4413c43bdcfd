"""What the books say beside what the generator knows, in euros."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from coupling_sandbox.demo.http import ask

CLEARING, RESERVE, TRANSIT, SUSPENSE, BEFORE_GO_LIVE = "1090", "1095", "2010", "2090", "2095"
DEBTORS, VAT_HIGH, VAT_LOW, INPUT_VAT = "1300", "1630", "1631", "1635"
SALE, PAYMENT = "FactuurVerstuurd", "FactuurbetalingOntvangen"


@dataclass(frozen=True)
class Line:
    """One figure: what the books say and what is true."""

    label: str
    books_cents: int
    truth_cents: int

    @property
    def ties(self) -> bool:
        """Whether they are equal to the cent."""
        return self.books_cents == self.truth_cents


def tie_out(amazon: str, books: str, again: Mapping[str, Any]) -> tuple[str, bool]:
    """The printed tie-out, and whether everything in it is right.

    Args:
        amazon: address of the Amazon sandbox.
        books: address of the e-Boekhouden sandbox.
        again: report of a second run over the same window, which must have written nothing.
    """
    truth = ask("GET", f"{amazon}/control/truth")
    journal = Journal(ask("GET", f"{books}/control/journal"))
    settlements = [s for s in truth["settlements"] if _moment(s["listed_utc"]) <= datetime.now(UTC)]
    booked = [order for order in truth["orders"] if order["expected"] == "booked"]
    lines = _sales(journal, booked, _refunds(booked, settlements)) + _settled(journal, settlements)
    good = (
        all(line.ties for line in lines)
        and not again["problems"]
        and again["booked"] == 0
        and again["already_booked"] == len(booked)
        and again["skipped"] == len(truth["orders"]) - len(booked)
    )
    text = [
        "",
        f"{'':34}{'books':>14}{'truth':>14}",
        *(_shown(line) for line in lines),
        "",
        f"fees by ledger account      {_fees(journal)}",
        f"orders                      {len(truth['orders'])}: {again['already_booked']} booked, "
        f"{again['skipped']} skipped ({_reasons(again)}), {len(again['problems'])} problems",
        f"settlements                 {len(settlements)}, "
        f"{len(journal.payments)} open items closed",
        f"the same month once more    {again['booked']} written",
        *(f"  {p['row']}: {p['cause']}" for p in again["problems"]),
        "",
        "everything ties out to the cent" if good else "IT DOES NOT TIE OUT",
    ]
    return "\n".join(text), good


class Journal:
    """The posting lines of the books, summed the ways the tie-out needs."""

    def __init__(self, lines: Iterable[Mapping[str, Any]]) -> None:
        self.balances: dict[str, int] = defaultdict(int)
        self.by_kind: dict[tuple[str, str], int] = defaultdict(int)
        self.documents: dict[str, int] = defaultdict(int)
        self.payments: dict[str, int] = defaultdict(int)
        for line in lines:
            cents = _cents(line["debit"]) - _cents(line["credit"])
            self.balances[line["account"]] += cents
            self.by_kind[line["kind"], line["account"]] += cents
            if line["account"] == DEBTORS:
                kind = self.documents if line["kind"] == SALE else self.payments
                kind[line["invoice_number"]] += cents


def _refunds(
    booked: list[Mapping[str, Any]], settlements: list[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """What is true of the refunds that the settlements hold."""
    settled = {refund["refund_id"] for s in settlements for refund in s["refunds"]}
    return [r for order in booked for r in order["refunds"] if r["refund_id"] in settled]


def _sales(
    journal: Journal, booked: list[Mapping[str, Any]], refunds: list[Mapping[str, Any]]
) -> list[Line]:
    documents = journal.documents.values()
    booked_vat = -journal.by_kind[SALE, VAT_HIGH] - journal.by_kind[SALE, VAT_LOW]
    true_vat = sum(part["vat_cents"] for paper in (*booked, *refunds) for part in paper["vat"])
    return [
        Line(
            "invoices",
            sum(cents for cents in documents if cents > 0),
            sum(order["gross_cents"] for order in booked),
        ),
        Line(
            "credit notes",
            sum(cents for cents in documents if cents < 0),
            sum(refund["gross_cents"] for refund in refunds),
        ),
        Line("VAT on both", booked_vat, true_vat),
    ]


def _settled(journal: Journal, settlements: list[Mapping[str, Any]]) -> list[Line]:
    def total(name: str) -> int:
        return sum(int(settlement[name]) for settlement in settlements)

    fees = sum(c for account, c in journal.balances.items() if account.startswith("46"))
    fees += sum(c for (kind, a), c in journal.by_kind.items() if a == INPUT_VAT and kind != SALE)
    payments = -sum(journal.payments.values())
    open_items = journal.balances[DEBTORS]
    truth_open = sum(journal.documents.values()) - total("payments_cents") - total("refunds_cents")
    payouts = sum(s["payout_cents"] for s in settlements if s["payout_cents"] > 0)
    carried = sum(-s["total_cents"] for s in settlements if s["total_cents"] < 0)
    return [
        Line(
            "payments, refunds paid off", payments, total("payments_cents") + total("refunds_cents")
        ),
        Line("fees, VAT included", fees, -total("fees_cents")),
        Line("reserve (1095)", journal.balances[RESERVE], -total("balances_cents") - carried),
        Line("payouts on their way (2010)", journal.balances[TRANSIT], payouts),
        Line("open items (1300)", open_items, truth_open),
        Line("clearing (1090)", journal.balances[CLEARING], 0),
        Line("suspense (2090, 2095)", _suspense(journal), 0),
        Line("the journal, debit less credit", sum(journal.balances.values()), 0),
    ]


def _suspense(journal: Journal) -> int:
    return abs(journal.balances[SUSPENSE]) + abs(journal.balances[BEFORE_GO_LIVE])


def _fees(journal: Journal) -> str:
    found = {a: c for a, c in sorted(journal.balances.items()) if a.startswith("46") and c}
    return ", ".join(f"{account} {_euros(cents)}" for account, cents in found.items())


def _reasons(again: Mapping[str, Any]) -> str:
    return ", ".join(f"{why} {count}" for why, count in again["skipped_reasons"].items())


def _shown(line: Line) -> str:
    mark = "" if line.ties else "   <-- differs"
    return f"{line.label:34}{_euros(line.books_cents):>14}{_euros(line.truth_cents):>14}{mark}"


def _euros(cents: int) -> str:
    return f"{Decimal(cents) / 100:,.2f}"


def _cents(amount: str) -> int:
    return int((Decimal(amount or "0") * 100).to_integral_exact())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
