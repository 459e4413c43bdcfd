"""Parts of a settlement that somebody booked by hand: noticed before they would be booked twice.

Source: accounting rule 9.3 (C5, C6); e-Boekhouden reference 8, "Double booking risk".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.books import OpenItem
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.others import few

# A payment in one of these states is in the books, or may be.
_SENT = ("CONFIRMED", "UNKNOWN", "SENDING", "DRIFTED")
_CERTAIN = ("CONFIRMED", "SUPERSEDED", "IGNORED", "REJECTED")


def paid_problems(
    settlement_id: str, mutations: pd.DataFrame, booked: pd.DataFrame, items: Iterable[OpenItem]
) -> list[Problem]:
    """Invoices that a settlement is about to pay and that somebody paid in the books already.

    Args:
        settlement_id: Amazon's.
        mutations: MUTATIONS of the settlement.
        booked: BOOKED.
        items: the debtors' open items, read after `booked`.
    """
    paid = _paid(mutations, booked, items)
    if not paid:
        return []
    return [
        problem(
            "settlement-paid-by-hand",
            f"settlement {settlement_id}",
            count=len(paid),
            invoices=few([number for number, _ in paid]),
            amount=euros(sum(missing for _, missing in paid)),
        )
    ]


def payout_problems(
    settlement_id: str,
    mutations: pd.DataFrame,
    booked: pd.DataFrame,
    balances: Mapping[str, int],
    clearing: str,
    transit: str,
) -> list[Problem]:
    """The payout that seems to stand on clearing already, booked there by hand.

    Args:
        settlement_id: Amazon's.
        mutations: MUTATIONS of the settlement.
        booked: BOOKED.
        balances: per account, debit above zero, read after `booked`.
        clearing: the settlement's clearing account.
        transit: where the bank line belongs.
    """
    is_payout = mutations["booking"].str.startswith(f"mny:{settlement_id}:payout-:")
    payout = int(mutations.loc[is_payout, "gross_cents"].sum())
    of_settlements = booked[booked["settlement_id"] != ""]
    # While a settlement is under way clearing is not at rest.
    if not payout or not of_settlements["state"].isin(_CERTAIN).all():
        return []
    if -balances.get(clearing, 0) < payout:
        return []
    return [
        problem(
            "settlement-payout-by-hand",
            f"settlement {settlement_id}",
            account=clearing,
            balance=euros(balances[clearing]),
            payout=euros(payout),
            transit=transit,
        )
    ]


def _paid(
    mutations: pd.DataFrame, booked: pd.DataFrame, items: Iterable[OpenItem]
) -> list[tuple[str, int]]:
    """Invoice number, and what is missing of what must be open on it."""
    open_there: Counter[str] = Counter()
    for item in items:
        open_there[item.invoice_number] += item.open_cents
    sent = set(booked.loc[booked["state"].isin(_SENT), "booking"])
    is_payment = (mutations["booking_kind"] == BookingKind.PAYMENT.value) & ~mutations[
        "booking"
    ].isin(sent)
    numbers = set(mutations.loc[is_payment & (mutations["gross_cents"] > 0), "invoice_number"])
    open_here = _open_by_our_bookings(booked, numbers)
    return [
        (payment.invoice_number, ours - open_there[payment.invoice_number])
        for payment in each(mutations[is_payment])
        if (ours := open_here.get(payment.invoice_number)) is not None
        and open_there[payment.invoice_number] < min(ours, int(payment.gross_cents))
    ]


def _open_by_our_bookings(booked: pd.DataFrame, numbers: set[str]) -> dict[str, int]:
    """What is open on numbers whose bookings are all certain; others can't be judged."""
    mine = booked[booked["invoice_number"].isin(numbers) & ~booked["state"].isin(NEVER_BOOKED)]
    doubtful = set(mine.loc[mine["state"] != "CONFIRMED", "invoice_number"])
    certain = mine[~mine["invoice_number"].isin(doubtful)]
    is_payment = certain["booking_kind"] == BookingKind.PAYMENT.value
    signed = certain["gross_cents"].where(~is_payment, -certain["gross_cents"])
    sums = signed.groupby(certain["invoice_number"]).sum()
    return {str(number): int(cents) for number, cents in sums.items()}
