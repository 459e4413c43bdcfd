"""What a row of a settlement means: a dated table over its three texts, and nothing guessed.

The table is `tables/settlement_rows.csv`: one line per row kind, `*` for any text and `text*` for
a beginning (Amazon cuts long names). A new kind is a new line there; a kind without a line goes to
suspense with a problem that proposes the line. Source: accounting rules 7 and 9.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache

from amazon_eboekhouden.config.tables_reader import rows_in, rows_of

_TABLE = "settlement_rows"


class Destination(StrEnum):
    """Where the money of a row kind goes."""

    ORDER = "order"  # pays the order's invoice
    REFUND = "refund"  # pays a credit note
    FEE = "fee"  # a cost, or a cost given back
    REIMBURSEMENT = "reimbursement"
    RESERVE = "reserve"
    CARRIED = "carried"  # negative total of an earlier settlement
    DEBT = "debt"  # the same of another Amazon account of the seller
    PAYOUT = "payout"  # transfer that came back, card that was charged
    MICRO = "micro"  # Amazon tries the bank account with a cent
    SUSPENSE = "suspense"  # known, but only a person can say what it is


@dataclass(frozen=True, slots=True)
class RowRule:
    """One line of the table.

    Attributes:
        since: first posted date for which it holds.
        transaction_type, amount_type, amount_description: texts, `text*` or `*`.
        destination: where it goes.
        fee_kind: for fees, a kind of `tables/fee_rules.csv`, else "".
        line: the Dutch name under which the statement lists it.
    """

    since: date
    transaction_type: str
    amount_type: str
    amount_description: str
    destination: Destination
    fee_kind: str
    line: str

    @property
    def patterns(self) -> tuple[str, str, str]:
        """The three texts, as `plain` writes them."""
        return (
            plain(self.transaction_type),
            plain(self.amount_type),
            plain(self.amount_description),
        )


def plain(text: str) -> str:
    """A text as the table compares it: without case and extra blanks."""
    return " ".join(text.split()).casefold()


@cache
def shipped_rules() -> tuple[RowRule, ...]:
    """The table that comes with the product."""
    return _rules(rows_of(_TABLE))


def rules_of(lines: Iterable[str]) -> tuple[RowRule, ...]:
    """Rules of a table in CSV form, with the header of the shipped one.

    Raises:
        ValueError: a line does not have all columns, or names an unknown destination.
    """
    return _rules(rows_in(lines, _TABLE))


def _rules(rows: Iterable[Mapping[str, str]]) -> tuple[RowRule, ...]:
    return tuple(
        RowRule(
            since=date.fromisoformat(row["since"]),
            transaction_type=row["transaction_type"],
            amount_type=row["amount_type"],
            amount_description=row["amount_description"],
            destination=Destination(row["destination"]),
            fee_kind=row["fee_kind"],
            line=row["line"],
        )
        for row in rows
    )


def rule_of(
    kind: tuple[str, str, str], on: date, rules: tuple[RowRule, ...] | None = None
) -> RowRule | None:
    """The rule for a row kind on a date: the most literal one, of equals the newest.

    Args:
        kind: transaction type, amount type and amount description as the file has them.
        on: local posted date.
        rules: another table than the shipped one.

    Returns:
        None when no line fits.
    """
    texts = tuple(plain(text) for text in kind)
    fitting = [
        (tuple(_literalness(p) for p in rule.patterns), rule.since, rule)
        for rule in (shipped_rules() if rules is None else rules)
        if rule.since <= on and all(map(_fits, rule.patterns, texts))
    ]
    return max(fitting, key=lambda entry: entry[:2])[2] if fitting else None


def proposed_line(kind: tuple[str, str, str]) -> str:
    """The line to add to the table for a kind that has none; a person fills in the rest."""
    return ",".join(f'"{text}"' if "," in text else text for text in kind)


def _fits(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern


def _literalness(pattern: str) -> int:
    return len(pattern) - 1 if pattern.endswith("*") else 1_000
