"""What Amazon's finances say of a settlement, beside its file: control total and bank transfer.

The file alone decides what is booked. Its total is compared with the summary that Amazon's finances
give of the same settlement, where there is one; a difference is a warning. The euros that a
settlement in another currency brought to the bank stand in no file, only there. Source: accounting
rules 6, "Currencies", and 9.3; Amazon reference 6 and 8.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

import pandas as pd

from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.file import SettlementHeader
from amazon_eboekhouden.domain.settlement.finance_totals import EventGroup, NetProceeds
from amazon_eboekhouden.domain.settlement.formats import AMSTERDAM
from amazon_eboekhouden.domain.settlement.places import Place

# Balances that a settlement hands on: whether Amazon counts them in its proceeds is not known.
_HANDED_ON = (Place.RESERVE, Place.CARRIED, Place.DEBT, Place.PAYOUT, Place.MICRO)
# The file writes moments, and the end of the group may lie on the other side of midnight.
_DAYS_APART = timedelta(days=1)


def handed_on_cents(rows: pd.DataFrame) -> int:
    """What rows of a settlement only hand on from one settlement to the next, or to the bank.

    Args:
        rows: MATCHED or SETTLED.
    """
    return int(rows.loc[rows["place"].isin(_HANDED_ON), "amount_cents"].sum())


def proceeds_cents(summary: Sequence[NetProceeds], currency: str) -> int | None:
    """What the finances come to in a currency; None when they have no summary in it."""
    proceeds = [one.cents for one in summary if one.currency == currency]
    return sum(proceeds) if proceeds else None


def summary_problems(
    settlement_id: str, currency: str, total_cents: int, found_cents: int, handed_on: int
) -> list[Problem]:
    """A warning when Amazon's finances come to another total than its file.

    Args:
        settlement_id: Amazon's.
        currency: of the settlement.
        total_cents: of its file.
        found_cents: of the finances.
        handed_on: from `handed_on_cents`; a summary may leave it out.
    """
    if found_cents in (total_cents, total_cents - handed_on):
        return []
    return [
        problem(
            "settlement-summary-differs",
            f"settlement {settlement_id}",
            total=euros(total_cents),
            summary=euros(found_cents),
            difference=euros(total_cents - found_cents),
            currency=currency,
        )
    ]


def transferred_eur_cents(header: SettlementHeader, groups: Iterable[EventGroup]) -> int | None:
    """The euros that a settlement brought to the bank; None when the finances do not tell."""
    own = NetProceeds(header.currency, header.total_cents)
    fitting = [
        group
        for group in groups
        if group.total == own
        and group.ended_utc is not None
        and abs(group.ended_utc.astimezone(AMSTERDAM).date() - header.end) <= _DAYS_APART
    ]
    # Two that fit can't be told apart. What the bank refused comes back in a later settlement, and
    # is booked until then as any other.
    if len(fitting) != 1:
        return None
    converted = fitting[0].converted
    return converted.cents if converted and converted.currency == "EUR" else None
