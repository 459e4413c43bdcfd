"""What must stand in the books tonight: open items, clearing and transit.

Source: accounting rule 9.3, C5 and C6.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

import pandas as pd
from dateutil.easter import easter  # type: ignore[import-untyped]

from amazon_eboekhouden.config.settings import AccountSettings, ClearingAccounts
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.books import OpenItem
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem

OPEN_DAYS_MAX = 30
BANKING_DAYS_MAX = 5
# Beyond so many payouts in a week only their sum is compared, not each choice of them.
_CHOICES_MAX = 14

_DOCUMENTS = (BookingKind.INVOICE.value, BookingKind.CREDIT_NOTE.value)
_CERTAIN = ("CONFIRMED", "SUPERSEDED")


@dataclass(frozen=True, slots=True)
class OwnItem:
    """An invoice number of ours and what is open on it.

    Attributes:
        invoice_number: ours.
        order_id: of the document.
        shipped: when the goods left (for a credit note: its date).
        open_cents: document less payments; below zero for a credit note.
    """

    invoice_number: str
    order_id: str
    shipped: date
    open_cents: int


def own_open_items(booked: pd.DataFrame) -> list[OwnItem]:
    """What the ledger says of each invoice number whose bookings are all certain.

    Args:
        booked: BOOKED.

    Returns:
        Also numbers with nothing open; none that is uncertain, drifted, ignored or reversed.
    """
    numbered = booked[booked["invoice_number"] != ""]
    is_plain = numbered["state"].isin(_CERTAIN) & numbered["booking_kind"].isin(
        [*_DOCUMENTS, BookingKind.PAYMENT.value]
    )
    doubtful = set(numbered.loc[~is_plain, "invoice_number"])
    mine = numbered[(numbered["state"] == "CONFIRMED") & ~numbered["invoice_number"].isin(doubtful)]
    is_document = mine["booking_kind"].isin(_DOCUMENTS)
    signed = mine["gross_cents"].where(is_document, -mine["gross_cents"])
    open_cents = signed.groupby(mine["invoice_number"]).sum()
    documents = cast("list[dict[str, Any]]", mine[is_document].to_dict("records"))
    return [
        OwnItem(
            row["invoice_number"],
            row["order_id"],
            _shipped(row),
            int(open_cents[row["invoice_number"]]),
        )
        for row in documents
    ]


def _shipped(row: Mapping[str, Any]) -> date:
    booked: date = row["date"].date()
    if row["booking_kind"] != BookingKind.INVOICE:
        return booked
    told = json.loads(row["facts"] or "{}").get("ship_date")
    return date.fromisoformat(told) if told else booked


def open_item_problems(
    own: Iterable[OwnItem], books: Iterable[OpenItem], today: date
) -> list[Problem]:
    """C6: the books' open items equal our own list, and none is older than 30 days."""
    theirs: dict[str, int] = {}
    for found in books:
        number = found.invoice_number
        theirs[number] = theirs.get(number, 0) + found.open_cents
    problems = []
    for item in sorted(own, key=lambda one: (one.shipped, one.invoice_number)):
        age = (today - item.shipped).days
        shown: dict[str, Any] = {"invoice": item.invoice_number, "own": euros(item.open_cents)}
        row = f"order {item.order_id}"
        open_there = theirs.get(item.invoice_number, 0)
        if open_there != item.open_cents:
            differs = {**shown, "books": euros(open_there)}
            problems.append(problem("open-item-differs", row, order_id=item.order_id, **differs))
        elif item.open_cents and age > OPEN_DAYS_MAX:
            old = {**shown, "days": age, "shipped": item.shipped}
            problems.append(problem("open-item-old", row, order_id=item.order_id, **old))
    return problems


def clearing_problems(balances: Mapping[str, int], clearing: ClearingAccounts) -> list[Problem]:
    """C5: nothing stays on a clearing account."""
    codes = dict.fromkeys(clearing.model_dump().values())
    return [
        problem(
            "clearing-not-empty",
            f"ledger account {code}",
            account=code,
            balance=euros(balances[code]),
        )
        for code in codes
        if balances.get(code, 0)
    ]


def transit_problems(
    balances: Mapping[str, int], booked: pd.DataFrame, accounts: AccountSettings, today: date
) -> list[Problem]:
    """C5: transit holds nothing but payouts of the last five banking days."""
    balance = balances.get(accounts.transit, 0)
    since = banking_days_before(today, BANKING_DAYS_MAX)
    recent = [cents for on, cents in _payouts(booked) if on >= since]
    if _is_sum_of_some(balance, recent):
        return []
    return [
        problem(
            "transit-not-empty",
            f"ledger account {accounts.transit}",
            account=accounts.transit,
            balance=euros(balance),
            recent=euros(sum(recent)),
        )
    ]


def payouts_since(booked: pd.DataFrame, day: date) -> list[tuple[date, int]]:
    """Date and cents of the payouts that our bookings put on transit since a day."""
    return [(on, cents) for on, cents in _payouts(booked) if on >= day and cents > 0]


def _payouts(booked: pd.DataFrame) -> list[tuple[date, int]]:
    """Date and cents that our bookings put on transit, above zero: on the way to the bank."""
    is_payout = (booked["state"] == "CONFIRMED") & booked["booking"].str.match(
        r"mny:[^:]*:(payout|payout-back|micro)[+-]:"
    )
    found = booked[is_payout]
    signs = found["booking"].str.extract(r"^mny:[^:]*:[a-z-]*?([+-]):")[0]
    return [
        (on.date(), int(cents) if sign == "-" else -int(cents))
        for on, cents, sign in zip(found["date"], found["gross_cents"], signs, strict=True)
    ]


def _is_sum_of_some(wanted: int, amounts: Sequence[int]) -> bool:
    if len(amounts) > _CHOICES_MAX:
        lowest = sum(cents for cents in amounts if cents < 0)
        return lowest <= wanted <= sum(cents for cents in amounts if cents > 0)
    sums = {0}
    for cents in amounts:
        sums |= {known + cents for known in sums}
    return wanted in sums


def banking_days_before(day: date, count: int) -> date:
    """The day that lies so many banking days (TARGET calendar) before another."""
    while count:
        day -= timedelta(days=1)
        count -= _is_banking_day(day)
    return day


def _is_banking_day(day: date) -> bool:
    sunday = easter(day.year)
    closed = {(1, 1), (5, 1), (12, 25), (12, 26)}
    feasts = (sunday - timedelta(days=2), sunday + timedelta(days=1))
    return day.weekday() < 5 and (day.month, day.day) not in closed and day not in feasts
