"""What the books hold beside our own bookings, as far as a settlement touches it.

Invoices of another coupling are paid where they are found; a payment or a payout that somebody
booked by hand is noticed before it would be booked twice. Source: accounting rules 9.2 and 9.3;
e-Boekhouden reference 8, "Double booking risk".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from amazon_eboekhouden.domain.books import BookedMutation
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement.by_hand import (
    bank_line_problems,
    paid_problems,
    payout_problems,
)
from amazon_eboekhouden.domain.settlement.others import (
    BY_AMOUNT,
    Found,
    Unpaid,
    find_items,
    foreign_rows,
    foreign_rows_of_payments,
    foreign_rows_shown,
    free_items,
    invoices_naming,
    unpaid_orders,
    with_foreign,
)
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden

# Metered calls to look for order ids in the books, once per settlement: 400 mutations each.
_READ_BACK_CALLS = 25
# For what the bank brought lately.
_NEWEST_CALLS = 2
# What the ledger keeps of that search, beside the settlement's totals.
_NAMING = "invoices_naming"


def known_payments(
    booked: pd.DataFrame, settlement_id: str, totals: Mapping[str, Any]
) -> pd.DataFrame:
    """BOOKED with the invoices of others that a settlement pays, as it was worked out before.

    Args:
        booked: BOOKED.
        settlement_id: Amazon's.
        totals: what the ledger remembers of the settlement.
    """
    rows = foreign_rows_of_payments(booked, settlement_id)
    if not rows and not _was_planned(booked, settlement_id):
        rows = foreign_rows_shown(totals.get("summary", {}).get("invoices_of_others", ()))
    return with_foreign(booked, rows)


def invoices_of_others(
    runtime: Runtime,
    settlement_id: str,
    matched: pd.DataFrame,
    booked: pd.DataFrame,
    calls: Counter[str],
) -> tuple[pd.DataFrame, list[Found]]:
    """BOOKED with the open items that orders from before go-live pay, and what was found.

    Args:
        runtime: the coupling's runtime.
        settlement_id: of a settlement in euros.
        matched: MATCHED.
        booked: BOOKED, with what this settlement was already planned to pay.
        calls: counts what the books are asked.

    Raises:
        domain.errors.RemoteError: the books cannot be asked.
    """
    settings = runtime.settings
    allowed = settings.settlement.invoices_of_others
    # What was planned once stays planned so.
    if allowed == "ignored" or _was_planned(booked, settlement_id):
        return booked, []
    orders = unpaid_orders(matched, settings.books.go_live)
    if not orders:
        return booked, []
    with runtime.books() as books:
        try:
            free = free_items(books.open_items(), frozenset(booked["invoice_number"]))
            naming = _naming(runtime, settlement_id, orders, books) if free else {}
        finally:
            calls.update(books.calls)
    found = find_items(orders, free, naming)
    if allowed == "by_order_id":
        found = [one for one in found if one.how != BY_AMOUNT]
    return with_foreign(booked, foreign_rows(found)), found


def _was_planned(booked: pd.DataFrame, settlement_id: str) -> bool:
    return bool((booked["settlement_id"] == settlement_id).any())


def _naming(
    runtime: Runtime, settlement_id: str, orders: Sequence[Unpaid], books: EBoekhouden
) -> Mapping[str, Sequence[str]]:
    """Invoices in the books that name one of these orders; looked for once per settlement."""
    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    kept: Mapping[str, Sequence[str]] | None = record.totals.get(_NAMING) if record else None
    if kept is not None:
        return kept
    administration = runtime.administration(books)
    read = list(runtime.ledger.read_back(administration, books, max_calls=_READ_BACK_CALLS))
    found = invoices_naming(read, {order.order_id for order in orders})
    # Nothing read: the month's calls are used up, and another month may tell more.
    if read and record is not None and not runtime.preview:
        totals = {_NAMING: found}
        runtime.ledger.settlements.record(runtime.seller_id, settlement_id, totals=totals)
    return found


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
    accounts = runtime.settings.accounts
    # First the ledger, then the books: what is confirmed now must be visible afterwards.
    with runtime.books() as books:
        problems = paid_problems(settlement_id, mutations, booked, books.open_items())
        if own.empty:
            problems += payout_problems(
                settlement_id, mutations, booked, books.balances(), clearing, accounts.transit
            )
        if own.empty and (mutations["account"] == accounts.bank).any():
            there = newest_mutations(runtime, books)
            problems += bank_line_problems(settlement_id, mutations, booked, there, accounts.bank)
    return problems


def newest_mutations(runtime: Runtime, books: EBoekhouden) -> list[BookedMutation]:
    """The newest mutations of the books, whoever made them: a call or two of the month's.

    Raises:
        domain.errors.RemoteError: the books cannot be asked.
    """
    administration = runtime.administration(books)
    return list(runtime.ledger.read_back(administration, books, max_calls=_NEWEST_CALLS))
