"""What the books hold beside our own bookings, as far as a settlement touches it.

Invoices of another coupling are paid where they are found; a payment or a payout that somebody
booked by hand is noticed before it would be booked twice. Source: accounting rules 9.2 and 9.3;
e-Boekhouden reference 8, "Double booking risk".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.others import (
    BY_AMOUNT,
    Found,
    find_items,
    foreign_rows,
    foreign_rows_of_payments,
    paid_by_hand,
    unpaid_orders,
    with_foreign,
)
from amazon_eboekhouden.pipelines.runtime import Runtime

# Beyond so many the problem only counts them.
_NAMED_MOST = 5
_CERTAIN = ("CONFIRMED", "SUPERSEDED", "IGNORED", "REJECTED")


def known_payments(booked: pd.DataFrame, settlement_id: str) -> pd.DataFrame:
    """BOOKED with the invoices of others that this settlement was already planned to pay."""
    return with_foreign(booked, foreign_rows_of_payments(booked, settlement_id))


def invoices_of_others(
    runtime: Runtime, matched: pd.DataFrame, booked: pd.DataFrame, currency: str
) -> tuple[pd.DataFrame, list[Found]]:
    """BOOKED with the open items that orders from before go-live pay, and what was found.

    Raises:
        domain.errors.RemoteError: the books cannot be asked.
    """
    orders = unpaid_orders(matched) if currency == "EUR" else []
    allowed = runtime.settings.settlement.invoices_of_others
    if not orders or allowed == "ignored":
        return booked, []
    with runtime.books() as books:
        items = books.open_items()
    found = find_items(orders, items, frozenset(booked["invoice_number"]))
    if allowed == "by_number":
        found = [one for one in found if one.how != BY_AMOUNT]
    return with_foreign(booked, foreign_rows(found)), found


def shown(found: Sequence[Found]) -> list[dict[str, Any]]:
    """What was found, as plain values."""
    return [
        {
            "order_id": one.order_id,
            "invoice": one.item.invoice_number,
            "cents": one.item.open_cents,
            "date": one.item.date.isoformat(),
            "how": one.how,
        }
        for one in found
    ]


def booked_by_hand(
    runtime: Runtime, settlement_id: str, mutations: pd.DataFrame, clearing: str
) -> list[Problem]:
    """Why a settlement must not be booked now: a part of it stands in the books by hand.

    Raises:
        domain.errors.RemoteError: the books cannot be asked.
    """
    booked = runtime.booked()
    own = booked[booked["settlement_id"] == settlement_id]
    if set(mutations["booking"]) <= set(own.loc[own["state"] == "CONFIRMED", "booking"]):
        return []
    # First the ledger, then the books: what is confirmed now must be visible afterwards.
    with runtime.books() as books:
        paid = paid_by_hand(mutations, booked, books.open_items())
        balances = books.balances() if own.empty else {}
    row = f"settlement {settlement_id}"
    problems = []
    if paid:
        numbers = ", ".join(number for _, number, _, _ in paid[:_NAMED_MOST])
        more = "" if len(paid) <= _NAMED_MOST else f" and {len(paid) - _NAMED_MOST} more"
        missing = sum(ours - there for _, _, ours, there in paid)
        problems.append(
            problem(
                "settlement-paid-by-hand",
                row,
                count=len(paid),
                invoices=f"{numbers}{more}",
                amount=euros(missing),
            )
        )
    payout = _payout(mutations, settlement_id)
    of_settlements = booked[booked["settlement_id"] != ""]
    settled = of_settlements["state"].isin(_CERTAIN).all()
    if payout > 0 and settled and -balances.get(clearing, 0) >= payout:
        problems.append(
            problem(
                "settlement-payout-by-hand",
                row,
                account=clearing,
                balance=euros(balances[clearing]),
                payout=euros(payout),
                transit=runtime.settings.accounts.transit,
            )
        )
    return problems


def _payout(mutations: pd.DataFrame, settlement_id: str) -> int:
    is_payout = mutations["booking"].str.startswith(f"mny:{settlement_id}:payout-:")
    return int(mutations.loc[is_payout, "gross_cents"].sum())
