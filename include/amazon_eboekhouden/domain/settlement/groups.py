"""Rows that are decided together: a value per group, handed back to every row of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

import pandas as pd


def each(frame: pd.DataFrame) -> Iterable[Any]:
    """The rows as named tuples; their types stand in the frame's contract, not in the code."""
    return cast("Iterable[Any]", frame.itertuples())


def spread(values: Sequence[str], group: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """The value of its group for every row.

    Args:
        values: text per group, in the order of the groups' numbers.
        group: number of the group per row.
        rows: for the index.
    """
    table = pd.Series(list(values), dtype="str")
    return table.take(group.to_numpy()).set_axis(rows.index)
