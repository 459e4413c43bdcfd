"""A mutation as journal lines: what it does to each ledger account, debit and credit.

e-Boekhouden makes the postings itself; this is how it will, for a person who looks before or
after. VAT is totalled per code, as e-Boekhouden does. Reverse-charged VAT stands on both sides
there and is left out here. Source: e-Boekhouden reference 7 and 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amazon_eboekhouden.domain.bookings import MutationKind

# Kinds whose header account (debtors, clearing) is debited by an amount above zero.
_DEBIT_HEADER = frozenset(
    {MutationKind.SALES_INVOICE, MutationKind.PAYMENT_RECEIVED, MutationKind.MONEY_RECEIVED}
)


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One side of one account, in cents; exactly one of debit and credit is above zero.

    Attributes:
        account: ledger account code; "" for VAT that e-Boekhouden puts on the account of its code.
        vat_code: such as HOOG_VERK_21; "" or GEEN when there is no VAT.
        debit_cents: debit.
        credit_cents: credit.
    """

    account: str
    vat_code: str
    debit_cents: int
    credit_cents: int


def journal(mutation: Mapping[str, Any]) -> tuple[JournalLine, ...]:
    """The journal lines of a mutation; debit and credit are equal in sum.

    Args:
        mutation: plain values of a `domain.bookings.Mutation`, with or without its texts.
    """
    sign = 1 if mutation["kind"] in _DEBIT_HEADER else -1
    lines = mutation["lines"]
    posted = [(mutation["account"], "", sign * sum(line["gross_cents"] for line in lines))]
    posted += [(line["account"], line["vat_code"], -sign * line["net_cents"]) for line in lines]
    vat: dict[str, int] = {}
    for line in lines:
        vat[line["vat_code"]] = vat.get(line["vat_code"], 0) + line["vat_cents"]
    posted += [("", code, -sign * cents) for code, cents in vat.items()]
    return tuple(
        JournalLine(account, code, max(cents, 0), max(-cents, 0))
        for account, code, cents in posted
        if cents
    )
