"""Rows that are decided together: a value per group, handed back to every row of it.

A settlement may have a million rows and few distinct texts. So texts that come back in many rows
are kept as words: a number per row, each distinct text once, in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar, cast

import numpy as np
import pandas as pd

Value = TypeVar("Value")
# An item as Amazon names it: its id and its SKU, either may be "".
Item = tuple[str, str]


def each(frame: pd.DataFrame) -> Iterable[Any]:
    """The rows as named tuples; their types stand in the frame's contract, not in the code."""
    return cast("Iterable[Any]", frame.itertuples())


def words(texts: Sequence[str], codes: np.ndarray) -> pd.Series[Any]:
    """A column of words.

    Args:
        texts: some of them may be the same.
        codes: place in `texts` per row.
    """
    distinct = sorted(set(texts))
    place = {text: n for n, text in enumerate(distinct)}
    moved = np.fromiter((place[text] for text in texts), dtype="int32", count=len(texts))
    categories = pd.Index(distinct, dtype="str")
    chosen = moved[codes] if len(texts) else np.zeros(0, dtype="int32")
    return pd.Series(pd.Categorical.from_codes(chosen, categories=categories, ordered=True))


def codes_of(column: pd.Series[Any]) -> np.ndarray:
    """The numbers of a column of words, in the order of their texts."""
    return np.asarray(column.array.codes)


def texts_of(column: pd.Series[Any]) -> list[str]:
    """The distinct texts of a column of words, by their numbers."""
    return cast("list[str]", column.array.categories.tolist())


def spread(values: Sequence[str], group: pd.Series[Any], rows: pd.DataFrame) -> pd.Series[Any]:
    """The value of its group for every row, as words.

    Args:
        values: text per group, in the order of the groups' numbers.
        group: number of the group per row.
        rows: for the index.
    """
    return words(list(values), group.to_numpy()).set_axis(rows.index)


def cents_per_item(rows: pd.DataFrame, group: Sequence[int]) -> dict[int, dict[Item, int]]:
    """What the rows of each group say of each item, in the settlement's currency.

    Args:
        rows: of SETTLEMENT_ROWS.
        group: number of its group per row.
    """
    found: dict[int, dict[Item, int]] = {}
    names = (rows[name].tolist() for name in ("order_item_code", "sku", "amount_cents"))
    for unit, item_id, sku, cents in zip(group, *names, strict=True):
        sums = found.setdefault(unit, {})
        sums[item_id, sku] = sums.get((item_id, sku), 0) + int(cents)
    return found


class PerRow(Generic[Value]):
    """A value for each of many rows, each value kept once.

    Args:
        rows: how many.
    """

    def __init__(self, rows: int) -> None:
        self.values: list[Value] = []
        self.codes = np.full(rows, -1, dtype="int32")

    def put(self, rows: np.ndarray, group: np.ndarray, values: Iterable[Value]) -> None:
        """Give rows the value of their group.

        Args:
            rows: positions.
            group: number of its group per row.
            values: per group.
        """
        self.codes[rows] = np.asarray(group, dtype="int32") + len(self.values)
        self.values.extend(values)

    def words(self, text_of: Callable[[Value], str]) -> pd.Series[Any]:
        """A text of each row's value, as words.

        Raises:
            ValueError: a row was given none.
        """
        if bool((self.codes < 0).any()):
            raise ValueError(f"row {int(np.argmin(self.codes))} has no value")
        return words([text_of(value) for value in self.values], self.codes)
