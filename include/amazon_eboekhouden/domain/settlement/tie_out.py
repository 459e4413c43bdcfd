"""Control sums C1 to C4 of a settlement: two that decide, two that list.

C1 and C2 alone decide whether a settlement may be booked; C3 and C4 never hold it. Source:
accounting rule 9.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from amazon_eboekhouden.domain.bookings import MutationKind
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.bookings import SettlementBookables
from amazon_eboekhouden.domain.settlement.file import SettlementFile
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.places import Place


@dataclass(frozen=True, slots=True)
class ControlSums:
    """The control sums of one settlement, in cents; a difference of 0 is what is wanted.

    Attributes:
        c1_cents: rows less total, in the settlement's currency.
        c2_cents: what the mutations leave on the clearing account, EUR.
        c2_rows: rows that are missing or stand twice.
        c3_orders: orders whose payment differs from the invoice's open item.
        c4_fees_cents: fee rows less what FEE mutations book; EUR settlements only.
        c4_suspense_cents: rows without a place of their own less what suspense mutations book.
    """

    c1_cents: int
    c2_cents: int
    c2_rows: int
    c3_orders: tuple[str, ...]
    c4_fees_cents: int
    c4_suspense_cents: int

    @property
    def may_book(self) -> bool:
        """The gate: C1 and C2 hold."""
        return self.c1_cents == 0 and self.c2_cents == 0 and self.c2_rows == 0


_C3 = ("settlement-underpaid", "settlement-overpaid")


def control_sums(settlement: SettlementFile, bookables: SettlementBookables) -> ControlSums:
    """The control sums of a settlement and its bookings."""
    rows, header = bookables.rows, settlement.header
    used, times = np.unique(rows["row"].to_numpy(dtype="int64"), return_counts=True)
    twice = int((times != 1).sum())
    missing = len(np.setxor1d(settlement.rows["row"].to_numpy(dtype="int64"), used))
    in_euros = header.currency == "EUR" and not bookables.waits
    place = rows["place"]
    fees = int(rows.loc[place == Place.FEE, "amount_cents"].sum())
    unplaced = place.isin([Place.SUSPENSE, Place.PARKED, Place.HELD])
    suspense = int(rows.loc[unplaced, "amount_cents"].sum())
    return ControlSums(
        c1_cents=int(settlement.rows["amount_cents"].sum()) - header.total_cents,
        c2_cents=bookables.left_on_clearing_cents,
        c2_rows=twice + missing,
        c3_orders=tuple(sorted({p.order_id for p in bookables.problems if p.code in _C3})),
        c4_fees_cents=fees - _received(bookables.mutations, "fee:") if in_euros else 0,
        c4_suspense_cents=(
            suspense + bookables.excess_cents - _received(bookables.mutations, "mny:", ":suspense")
            if in_euros
            else 0
        ),
    )


def gate(settlement: SettlementFile, bookables: SettlementBookables, account: str) -> list[Problem]:
    """Why a settlement must not be booked: C1 or C2 do not hold; empty when it may."""
    sums = control_sums(settlement, bookables)
    row = f"settlement {settlement.header.settlement_id}"
    problems = []
    if sums.c1_cents:
        total = settlement.header.total_cents
        problems.append(
            problem(
                "settlement-total",
                row,
                sum=euros(total + sums.c1_cents),
                total=euros(total),
                difference=euros(sums.c1_cents),
            )
        )
    if sums.c2_cents or sums.c2_rows:
        problems.append(
            problem(
                "settlement-clearing-not-zero",
                row,
                difference=euros(sums.c2_cents),
                account=account,
            )
        )
    return problems


def _received(mutations: pd.DataFrame, start: str, part: str = "") -> int:
    """Received less spent by the mutations whose key begins so and has that part."""
    mine = [
        (made.kind, int(made.gross_cents))
        for made in each(mutations)
        if made.booking.startswith(start) and part in made.booking
    ]
    return sum(-cents if kind == MutationKind.MONEY_SPENT else cents for kind, cents in mine)
