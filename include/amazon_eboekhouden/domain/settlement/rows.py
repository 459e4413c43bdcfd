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
from amazon_eboekhouden.domain.settlement.groups import codes_of, texts_of, words

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
        A frame with the rows' index and, as words, `destination`, `fee_kind`, `line`, `kind` (the
        three texts as a line of the table); and `is_known`.
    """
    table = shipped_rules() if rules is None else rules
    starts = sorted({rule.since for rule in table})
    period = np.searchsorted(
        np.array(starts, dtype="datetime64[us]"), rows["posted"].to_numpy(), side="right"
    )
    kinds = [texts_of(rows[name]) for name in KIND]
    key = period.astype("int64")
    for name, texts in zip(KIND, kinds, strict=True):
        key = key * len(texts) + codes_of(rows[name])
    distinct, codes = np.unique(key, return_inverse=True)
    meanings = [
        _meaning(kind, starts[since - 1] if since else date.min, table, stays_unknown)
        for kind, since in (_unpacked(int(one), kinds) for one in distinct)
    ]
    columns = list(zip(*meanings, strict=True)) or [()] * 5
    names = ("destination", "fee_kind", "line", "kind")
    data = {name: words(texts, codes) for name, texts in zip(names, columns, strict=False)}
    data["is_known"] = pd.Series(np.array(columns[4], dtype=bool)[codes], dtype=bool)
    return pd.DataFrame(data, copy=False).set_axis(rows.index)


def _unpacked(key: int, kinds: list[list[str]]) -> tuple[tuple[str, str, str], int]:
    """The three texts and the period that were packed into one number."""
    found = []
    for texts in reversed(kinds):
        key, code = divmod(key, len(texts))
        found.append(texts[code])
    return (found[2], found[1], found[0]), key


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
