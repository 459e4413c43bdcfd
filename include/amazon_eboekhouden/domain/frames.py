"""Contracts of the frames that cross a border: columns, types, holes, key.

Type checkers do not see columns, so they stand here once and are checked where a frame is handed
on. The frames themselves are declared in the module of the room that makes them; the ones that
every room hands to the ledger stand at the end of this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.errors import FrameError

# Types a column may have. "percent" is Decimal (Finland has 25.5), "date" is a local calendar date.
# "word" is text that comes back in many rows: each distinct one is kept once, in its order.
DTYPES: Mapping[str, Any] = {
    "text": "str",
    "word": pd.CategoricalDtype(ordered=True),
    "cents": "Int64",
    "count": "Int64",
    "flag": "boolean",
    "utc": "datetime64[us, UTC]",
    "date": "datetime64[us]",
    "percent": object,
}


@dataclass(frozen=True)
class Frame:
    """Name, columns and rules of one kind of frame.

    Attributes:
        name: as it appears in messages and in the names of staged files.
        columns: column name to a key of DTYPES.
        key: columns that identify a row; unique and without holes.
        holes: columns in which a value may be missing. Text has no holes: it is "" instead.
    """

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    holes: frozenset[str] = field(default_factory=frozenset)

    def of(self, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
        """A checked frame of plain rows; every column must be present in every row."""
        data = list(rows)
        frame = pd.DataFrame(
            {
                name: pd.Series([row[name] for row in data], dtype=DTYPES[kind])
                for name, kind in self.columns.items()
            }
        )
        return self.check(frame)

    def empty(self) -> pd.DataFrame:
        """The frame without rows."""
        return self.of([])

    def check(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame itself, with the declared columns in order, when it keeps the contract.

        Raises:
            FrameError: it does not; the message names column and first offending row.
        """
        missing = [name for name in self.columns if name not in frame.columns]
        extra = [name for name in frame.columns if name not in self.columns]
        if missing or extra:
            raise FrameError(f"{self.name}: columns missing {missing}, not known {extra}")
        for name, kind in self.columns.items():
            self._check_column(frame[name], kind)
        if self.key and bool(frame.duplicated(list(self.key)).any()):
            first = frame.loc[frame.duplicated(list(self.key)), list(self.key)].iloc[0].to_dict()
            raise FrameError(f"{self.name}: {first} stands in more than one row")
        return frame[list(self.columns)]

    def _check_words(self, column: pd.Series[Any]) -> None:
        dtype = column.dtype
        if not isinstance(dtype, pd.CategoricalDtype) or not dtype.ordered:
            raise FrameError(f"{self.name}.{column.name}: type {dtype}, wanted ordered words")
        if not dtype.categories.is_monotonic_increasing:
            raise FrameError(f"{self.name}.{column.name}: its words are not in their order")

    def _check_column(self, column: pd.Series[Any], kind: str) -> None:
        wanted = DTYPES[kind]
        if kind == "word":
            self._check_words(column)
        elif wanted is not object and column.dtype != pd.Series([], dtype=wanted).dtype:
            raise FrameError(f"{self.name}.{column.name}: type {column.dtype}, wanted {wanted}")
        if column.name not in self.holes and bool(column.isna().any()):
            row = column.index[column.isna()][0]
            raise FrameError(f"{self.name}.{column.name}: hole in row {row}")
        if kind == "percent" and not all(isinstance(v, Decimal) for v in column.dropna()):
            raise FrameError(f"{self.name}.{column.name}: holds something else than Decimal")


# What every room hands to the booking ledger. `booking` is the natural part of the operation key.
MUTATIONS = Frame(
    "mutations",
    {
        "booking": "text",
        "booking_kind": "text",  # domain.bookings.BookingKind
        "kind": "text",  # domain.bookings.MutationKind
        "date": "date",
        "account": "text",  # ledger account code, or "category:DEB"
        "relation_code": "text",
        "invoice_number": "text",
        "description": "text",
        "in_ex_vat": "text",  # IN or EX
        "payment_term_days": "count",
        "gross_cents": "cents",
        "order_id": "text",
        "settlement_id": "text",
        "depends_on": "text",  # natural keys, joined by one blank
        "facts": "text",  # JSON without personal data, kept for ever (see Booking.facts)
    },
    key=("booking",),
)

MUTATION_LINES = Frame(
    "mutation_lines",
    {
        "booking": "text",
        "line": "count",
        "account": "text",
        "vat_code": "text",
        "vat_percent": "percent",
        "net_cents": "cents",
        "vat_cents": "cents",
        "gross_cents": "cents",
    },
    key=("booking", "line"),
)

RELATIONS = Frame(
    "relations",
    {
        "booking": "text",
        "relation_code": "text",
        "is_business": "flag",
        "company": "text",  # never empty: e-Boekhouden's Bedrijf; a consumer's own name stands here
        "contact": "text",
        "address": "text",
        "postal_code": "text",
        "city": "text",
        "country": "text",
        "email": "text",
        "vat_number": "text",
        "order_id": "text",  # the first order that asked for it, for messages
    },
    key=("booking",),
)

PROBLEMS = Frame(
    "problems",
    {"code": "text", "row": "text", "cause": "text", "todo": "text", "order_id": "text"},
    key=(),
)

SKIPPED = Frame("skipped", {"order_id": "text", "reason": "text"}, key=("order_id", "reason"))

# What the ledger knows of everything it was ever asked to book (no personal data).
BOOKED = Frame(
    "booked",
    {
        "booking": "text",
        "booking_kind": "text",
        "state": "text",  # PLANNED, SENDING, UNKNOWN, CONFIRMED, REJECTED, …
        "order_id": "text",
        "settlement_id": "text",
        "invoice_number": "text",
        "relation_code": "text",
        "date": "date",
        "gross_cents": "cents",
        "remote_id": "text",
        "facts": "text",
    },
    key=("booking",),
)


def with_planned(booked: pd.DataFrame, mutations: pd.DataFrame) -> pd.DataFrame:
    """BOOKED with mutations that this very run is going to book.

    Args:
        booked: BOOKED.
        mutations: MUTATIONS that are not in it.
    """
    if mutations.empty:
        return booked
    names = [name for name in BOOKED.columns if name in mutations.columns]
    rows = mutations[names].assign(state="PLANNED", remote_id="")
    new = rows.astype({"state": "str", "remote_id": "str"})[list(BOOKED.columns)]
    return pd.concat([booked, new], ignore_index=True)
