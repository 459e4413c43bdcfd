"""What each row of a settlement is: one destination per row, from the dated table."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from amazon_eboekhouden.config.settlement_rows import (
    Destination,
    RowRule,
    proposed_line,
    rule_of,
    shipped_rules,
)
from amazon_eboekhouden.domain.settlement.groups import each

KIND = ["transaction_type", "amount_type", "amount_description"]


def classified(
    rows: pd.DataFrame,
    *,
    stays_unknown: frozenset[str] = frozenset(),
    rules: tuple[RowRule, ...] | None = None,
) -> pd.DataFrame:
    """Destination, fee kind and line of the statement per row.

    Args:
        rows: SETTLEMENT_ROWS.
        stays_unknown: kinds that went to suspense when this settlement was planned before.
        rules: another table than the shipped one.

    Returns:
        A frame with the rows' index and `destination`, `fee_kind`, `line`, `kind` (the
        three texts as a line of the table) and `is_known`.
    """
    table = shipped_rules() if rules is None else rules
    starts = sorted({rule.since for rule in table})
    if rows.empty:
        return pd.DataFrame(
            {"destination": [], "fee_kind": [], "line": [], "kind": []}, dtype="str"
        ).assign(is_known=pd.Series([], dtype=bool))
    period = np.searchsorted(
        np.array(starts, dtype="datetime64[us]"), rows["posted"].to_numpy(), side="right"
    )
    keys = rows[KIND].assign(period=period)
    codes = keys.groupby([*KIND, "period"], sort=False, observed=True).ngroup().to_numpy()
    firsts = keys.iloc[np.unique(codes, return_index=True)[1]]
    meanings = [
        _meaning((row.transaction_type, row.amount_type, row.amount_description),
                 starts[row.period - 1] if row.period else date.min, table, stays_unknown)
        for row in each(firsts)
    ]  # fmt: skip
    distinct = pd.DataFrame(
        meanings, columns=["destination", "fee_kind", "line", "kind", "is_known"]
    ).astype({"destination": "str", "fee_kind": "str", "line": "str", "kind": "str"})
    return distinct.take(codes).set_axis(rows.index)


def _meaning(
    kind: tuple[str, str, str],
    on: date,
    table: tuple[RowRule, ...],
    stays_unknown: frozenset[str],
) -> tuple[str, str, str, str, bool]:
    name = proposed_line(kind)
    rule = None if name in stays_unknown else rule_of(kind, on, table)
    if rule is None:
        return Destination.SUSPENSE, "", "Onbekende soort regel", name, False
    return rule.destination, rule.fee_kind, rule.line, name, True
