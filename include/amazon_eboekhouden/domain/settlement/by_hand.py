"""Parts of a settlement that somebody booked by hand: noticed before they would be booked twice.

Source: accounting rule 9.3 (C5, C6); e-Boekhouden reference 8, "Double booking risk".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind, MutationKind
from amazon_eboekhouden.domain.books import BookedMutation, OpenItem
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.others import few

# A payment in one of these states is in the books, or may be.
_SENT = ("CONFIRMED", "UNKNOWN", "SENDING", "DRIFTED")
# The bank shows a transfer up to five banking days after the deposit date.
_BANK_DAYS = timedelta(days=9)
_BRINGING = (
    MutationKind.MONEY_RECEIVED,
    MutationKind.PAYMENT_RECEIVED,
    MutationKind.GENERAL_JOURNAL,
)
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


def bank_line_problems(
    settlement_id: str,
    mutations: pd.DataFrame,
    booked: pd.DataFrame,
    there: Iterable[BookedMutation],
    bank: str,
) -> list[Problem]:
    """The deposit that stands on the bank already, when the settlement itself books that line.

    Args:
        settlement_id: Amazon's.
        mutations: MUTATIONS of the settlement, by the manual's method.
        booked: BOOKED.
        there: the newest mutations of the books.
        bank: the bank's account.
    """
    own = mutations[mutations["account"] == bank]
    if own.empty:
        return []
    deposit, on = int(own["gross_cents"].sum()), own["date"].max().date()
    return [
        problem(
            "settlement-bank-line-by-hand",
            f"settlement {settlement_id}",
            number=one.number,
            day=one.date,
            payout=euros(deposit),
            account=bank,
        )
        for one in _strangers(booked, there)
        if _brings(one, bank) == deposit and abs(one.date - on) <= _BANK_DAYS
    ]


def bank_lines_elsewhere(
    payouts: Collection[tuple[date, int]],
    booked: pd.DataFrame,
    there: Iterable[BookedMutation],
    bank: str,
    transit: str,
) -> list[Problem]:
    """Bank lines of the amount of a payout that somebody booked on another account than transit.

    Args:
        payouts: date and cents of payouts that the bank has not shown on transit.
        booked: BOOKED.
        there: the newest mutations of the books.
        bank: the bank's account.
        transit: where such a line belongs.
    """
    found = {}
    for one in _strangers(booked, there):
        accounts = {one.account, *(line.account for line in one.lines)} - {bank}
        cents = _brings(one, bank)
        if transit in accounts or not any(
            cents == payout and abs(one.date - on) <= _BANK_DAYS for on, payout in payouts
        ):
            continue
        found[one.number] = problem(
            "bank-line-elsewhere",
            f"mutation {one.number}",
            day=one.date,
            payout=euros(cents),
            account=", ".join(sorted(accounts)),
            transit=transit,
        )
    return [found[number] for number in sorted(found)]


def _strangers(booked: pd.DataFrame, there: Iterable[BookedMutation]) -> Iterator[BookedMutation]:
    own = set(booked["remote_id"])
    return (one for one in there if str(one.number) not in own)


def _brings(one: BookedMutation, bank: str) -> int:
    """What a mutation brings to the bank, cents; 0 for one that does not touch it."""
    if one.account == bank and one.kind in _BRINGING:
        return one.gross_cents
    on_bank = sum(line.gross_cents for line in one.lines if line.account == bank)
    return abs(on_bank) if one.kind is MutationKind.GENERAL_JOURNAL else 0


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
