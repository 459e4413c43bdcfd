"""Fees of a settlement: one mutation per VAT code, month and direction, its VAT rounded once.

Source: accounting rules 2.2 steps 5 and 6, 2.4 and 3.1.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pandas as pd

from amazon_eboekhouden.config.fees import FeeRule, fee_rule
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.bookings import BookingKind, MutationLine
from amazon_eboekhouden.domain.money import split_largest_remainder, vat_inside
from amazon_eboekhouden.domain.settlement.entries import Entries
from amazon_eboekhouden.domain.settlement.exchange import Exchange
from amazon_eboekhouden.domain.settlement.groups import each, spread

# Where a fee that names no marketplace was charged, such as a subscription; euros do not tell.
_PLACE_OF_CURRENCY = {"CAD": "CA", "USD": "US", "MXN": "MX", "PLN": "PL", "TRY": "TR"}
# VAT code, month such as 2026-03, direction on the clearing account.
FeeKey = tuple[str, str, str]


def add_fees(
    entries: Entries, fees: pd.DataFrame, exchange: Exchange, settings: CouplingSettings
) -> pd.Series:
    """Book the fee rows.

    Args:
        entries: gets the mutations.
        fees: MATCHED rows with a fee kind.
        exchange: to euros, at the posted date.
        settings: the coupling's.

    Returns:
        The natural key of its mutation per row (the rows' index).
    """
    sign = fees["amount_cents"].lt(0).map({True: "-", False: "+"})
    by = ["fee_kind", "marketplace", "posted"]
    group = fees.assign(sign=sign).groupby([*by, "sign"], sort=True).ngroup()
    sums = (
        fees.assign(sign=sign)
        .groupby(group)
        .agg(
            fee_kind=("fee_kind", "first"),
            marketplace=("marketplace", "first"),
            posted=("posted", "first"),
            sign=("sign", "first"),
            amount_cents=("amount_cents", "sum"),
        )
    )
    parts: dict[FeeKey, list[tuple[FeeRule, date, int]]] = defaultdict(list)
    keys = []
    for row in each(sums):
        on = row.posted.date()
        place = row.marketplace or _PLACE_OF_CURRENCY.get(exchange.currency, "")
        rule = fee_rule(row.fee_kind, place, on, settings)
        cents = abs(exchange.euro_cents(int(row.amount_cents), on))
        key = (rule.vat_code, f"{on:%Y-%m}", row.sign)
        parts[key].append((rule, on, cents))
        keys.append(_natural(entries.settlement_id, key))
    for key, found in parts.items():
        if any(cents for _, _, cents in found):
            _add(entries, key, found)
    booked = {m["booking"] for m in entries.mutations}
    return spread([key if key in booked else "" for key in keys], group, fees)


def _natural(settlement_id: str, key: FeeKey) -> str:
    vat_code, month, sign = key
    return f"fee:{settlement_id}:{vat_code}:{month}:{sign}"


def _add(entries: Entries, key: FeeKey, parts: list[tuple[FeeRule, date, int]]) -> None:
    per_account: dict[str, int] = defaultdict(int)
    per_kind: dict[str, int] = defaultdict(int)
    accrued: dict[str, int] = defaultdict(int)
    for rule, _, cents in parts:
        per_account[rule.account] += cents
        per_kind[rule.fee_kind] += cents
        if rule.waits_for_invoice:
            accrued[rule.fee_kind] += cents
    vat_code, month, sign = key
    rule = parts[0][0]
    accounts = {account: cents for account, cents in sorted(per_account.items()) if cents}
    is_received = sign == "+"
    entries.add_money(
        _natural(entries.settlement_id, key),
        fee_lines(accounts, vat_code, rule.vat_percent),
        max(on for _, on, _ in parts),
        f"kosten {'terug ' if is_received else ''}{month}",
        kind=BookingKind.FEES,
        is_received=is_received,
        in_ex_vat="IN" if all(r.includes_vat for r, _, _ in parts) else "EX",
        facts={
            "fees": dict(sorted(per_kind.items())),
            "vat_code": vat_code,
            "month": month,
            **({"accrued": dict(sorted(accrued.items()))} if accrued else {}),
        },
    )


def fee_lines(per_account: dict[str, int], vat_code: str, percent: Decimal) -> list[MutationLine]:
    """Lines per account, the VAT rounded once over all and shared by largest remainder.

    Args:
        per_account: gross cents per ledger account.
        vat_code: one code for all.
        percent: VAT inside the amounts; 0 for none and for reverse charge.
    """
    gross = list(per_account.values())
    total = sum(gross)
    nets = split_largest_remainder(total - vat_inside(total, percent), gross)
    return [
        MutationLine(account, vat_code, percent, net, cents - net, cents)
        for (account, cents), net in zip(per_account.items(), nets, strict=True)
    ]
