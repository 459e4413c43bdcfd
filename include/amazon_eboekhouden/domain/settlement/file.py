"""Reading one settlement file, Flat File V2: every row, or a reason why not.

```
bytes ─► text ─► columns by name ─► amounts and dates in the file's format ─► sum == total ─► rows
```

The file is read piece by piece and kept by column, each distinct text once, so that a million rows
fit in memory. Nothing is repaired and nothing is dropped: a file that does not explain itself to
the last cent is refused. Source: Amazon reference 8.2, 8.3 and 8.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import BinaryIO

import numpy as np
import pandas as pd

from amazon_eboekhouden.domain.frames import Frame
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.file_columns import Columns, Lines
from amazon_eboekhouden.domain.settlement.formats import (
    Unreadable,
    day_first,
    moment,
    possible_amounts,
)
from amazon_eboekhouden.domain.settlement.groups import words

SETTLEMENT_ROWS = Frame(
    "settlement_rows",
    {
        "row": "count",  # line of the file, the header being 1
        "row_hash": "text",  # content of the line and its how-manieth occurrence
        "transaction_type": "word",
        "amount_type": "word",
        "amount_description": "word",
        "order_id": "word",
        "shipment_id": "word",
        "order_item_code": "word",
        "sku": "word",
        "adjustment_id": "word",
        "merchant_adjustment_item_id": "word",
        "marketplace": "word",  # code such as DE, "" when Amazon does not tell
        "posted_utc": "utc",
        "posted": "date",  # in Amsterdam
        "amount_cents": "cents",
    },
    key=("row",),
)

_REQUIRED = (
    "settlement-id", "total-amount", "currency", "transaction-type", "amount-type",
    "amount-description", "amount",
)  # fmt: skip
_OPTIONAL = (
    "settlement-start-date", "settlement-end-date", "deposit-date", "order-id", "adjustment-id",
    "shipment-id", "marketplace-name", "posted-date", "posted-date-time", "order-item-code",
    "merchant-adjustment-item-id", "sku",
)  # fmt: skip
_TEXTS = (
    "transaction-type", "amount-type", "amount-description", "order-id", "shipment-id",
    "order-item-code", "sku", "adjustment-id", "merchant-adjustment-item-id",
)  # fmt: skip
# Lines that are looked at together, column by column.
_CHUNK_LINES = 8_192
_MONTH_FIRST = frozenset({"USD", "CAD", "MXN"})
_MARKETPLACE_OF = {"com": "US", "co.uk": "UK", "com.be": "BE", "com.tr": "TR", "com.mx": "MX"}


@dataclass(frozen=True, slots=True)
class SettlementHeader:
    """The summary row: which settlement, which period, how much.

    Attributes:
        settlement_id: Amazon's number, unique with the seller.
        start, end: period, local dates.
        deposit: date of the transfer, None when Amazon gives none.
        total_cents: what Amazon pays, negative when the seller owes.
        currency: three letters.
    """

    settlement_id: str
    start: date
    end: date
    deposit: date | None
    total_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class SettlementFile:
    """A settlement that adds up: its header and its SETTLEMENT_ROWS."""

    header: SettlementHeader
    rows: pd.DataFrame


def read_settlement(
    content: bytes | BinaryIO, *, charset: str | None = None, currency: str | None = None
) -> SettlementFile | list[Problem]:
    """The settlement in a file.

    Args:
        content: the document, byte for byte, or a file that can be read from its start.
        charset: what its download said, if anything.
        currency: of the marketplace, for a file that names none.

    Returns:
        The settlement, or why it is refused.
    """
    try:
        lines = Lines(content, charset)
    except Unreadable as error:
        return [problem("settlement-encoding", "settlement file", tried=str(error))]
    given = iter(lines)
    read = _read(given)
    for _ in given:  # Whether the file was cut is seen at its end.
        pass
    if lines.is_cut:
        columns = lines.last.count("\t") + 1
        return [problem("settlement-cut", "settlement file", columns=columns)]
    return read if isinstance(read, list) else _settlement(*read, currency or "")


def _read(given: Iterator[str]) -> tuple[dict[str, str], Columns] | list[Problem]:
    """Summary row and columns of a file's lines."""
    names = [name.strip().casefold() for name in next(given, "").split("\t")]
    missing = [name for name in _REQUIRED if name not in names]
    if missing:
        return [problem("settlement-columns", "settlement file", missing=", ".join(missing))]
    wanted = [(names.index(n), n) for n in dict.fromkeys(names) if n in _REQUIRED + _OPTIONAL]
    columns = Columns([name for _, name in wanted])
    summary: list[dict[str, str]] = []
    numbered = enumerate(given, start=2)
    while chunk := list(islice(numbered, _CHUNK_LINES)):
        kept = [(number, line.split("\t")) for number, line in chunk if line.strip()]
        for _, cells in kept:
            if len(cells) < len(names):
                cells.extend([""] * (len(names) - len(cells)))
        table = list(zip(*(cells for _, cells in kept), strict=False))
        by_column = [_stripped(table[i]) for i, _ in wanted] if kept else []
        numbers = [number for number, _ in kept]
        columns.add(*_without_summary(columns.names, numbers, by_column, summary))
    if len(summary) != 1:
        return [problem("settlement-summary", "settlement file", count=len(summary))]
    return summary[0], columns


def _stripped(cells: Sequence[str]) -> Sequence[str]:
    if all(text == text.strip() for text in dict.fromkeys(cells)):
        return cells
    return [text.strip() for text in cells]


def _without_summary(
    names: Sequence[str],
    numbers: list[int],
    columns: list[Sequence[str]],
    summary: list[dict[str, str]],
) -> tuple[list[int], list[Sequence[str]]]:
    """The lines that are rows; a line with a total and no amount goes to the summary."""
    if not columns:
        return [], [[] for _ in names]
    totals, amounts = (columns[names.index(name)] for name in ("total-amount", "amount"))
    found = {
        i
        for i, (total, cents) in enumerate(zip(totals, amounts, strict=True))
        if total and not cents
    }
    if not found:
        return numbers, columns
    summary += [
        dict(zip(names, (cells[i] for cells in columns), strict=True)) for i in sorted(found)
    ]
    rest = [i for i in range(len(numbers)) if i not in found]
    return [numbers[i] for i in rest], [[cells[i] for i in rest] for cells in columns]


def _settlement(
    summary: dict[str, str], columns: Columns, currency_hint: str
) -> SettlementFile | list[Problem]:
    settlement_id = summary["settlement-id"]
    row = f"settlement {settlement_id}"
    others = [i for i in columns.distinct("settlement-id") if i not in ("", settlement_id)]
    if others:
        return [problem("settlement-mixed", row, others=", ".join(others))]
    currencies = [c for c in columns.distinct("currency") if c]
    currency = (summary["currency"] or next(iter(currencies), "") or currency_hint).upper()
    if len(currency) != 3 or any(c.upper() != currency for c in currencies):
        return [problem("settlement-currency", row, found=", ".join([currency, *currencies]))]
    amounts = _amounts(summary["total-amount"], columns, row)
    if isinstance(amounts, Problem):
        return [amounts]
    total_cents, cents = amounts
    try:
        dates = _Dates(summary, columns, currency)
    except Unreadable as error:
        return [problem("settlement-date", row, text=str(error))]
    header = SettlementHeader(
        settlement_id, dates.start, dates.end, dates.deposit, total_cents, currency
    )
    return SettlementFile(header, _rows(columns, cents, dates))


def _amounts(total: str, columns: Columns, row: str) -> tuple[int, np.ndarray] | Problem:
    explained, refused = possible_amounts([total, *columns.distinct("amount")])
    if not explained:
        return problem("settlement-amount", row, text=refused)
    sums = {}
    codes = columns.codes_of("amount")
    for name, cents in explained.items():
        values = np.array([*cents[1:], 0], dtype="int64")[codes]
        sums[name] = int(values.sum())
        if sums[name] == cents[0]:
            return cents[0], values
    name = next(iter(explained))
    return problem(
        "settlement-total",
        row,
        total=euros(explained[name][0]),
        sum=euros(sums[name]),
        difference=euros(sums[name] - explained[name][0]),
    )


class _Dates:
    """The dates of a file, read one way throughout."""

    def __init__(self, summary: dict[str, str], columns: Columns, currency: str) -> None:
        period = [summary.get(f"settlement-{end}-date", "") for end in ("start", "end")]
        deposit = summary.get("deposit-date", "")
        names = ("posted-date-time", "posted-date")
        texts = {text for name in names for text in columns.distinct(name)} - {""}
        written = [*period, deposit, *texts]
        first = day_first(text for text in written if text)
        ways = [first] if first is not None else _both(currency)
        readings = [_reading([t for t in written if t], way) for way in ways]
        # Where both ways are possible, the dates themselves tell: they lie in a short period.
        self.read = min(readings, key=lambda reading: _spread(reading.values()))
        days = sorted(self.read[text][1] for text in texts)
        if not days and not all(period):
            raise Unreadable("no date at all")
        self.start = self.read[period[0]][1] if period[0] else days[0]
        self.end = self.read[period[1]][1] if period[1] else days[-1]
        self.deposit = self.read[deposit][1] if deposit else None


def _both(currency: str) -> list[bool]:
    return [False, True] if currency in _MONTH_FIRST else [True, False]


def _reading(texts: Iterable[str], way: bool) -> dict[str, tuple[datetime, date]]:
    return {text: moment(text, day_first=way) for text in texts}


def _spread(moments: Iterable[tuple[datetime, date]]) -> int:
    days = [day for _, day in moments]
    return (max(days) - min(days)).days if days else 0


def _rows(columns: Columns, cents: np.ndarray, dates: _Dates) -> pd.DataFrame:
    for name in ("settlement-id", "total-amount", "currency", "amount"):
        columns.forget(name)
    posted_utc, posted = _posted(columns, dates)
    data: dict[str, pd.Series] = {
        "row": pd.Series(
            np.frombuffer(columns.lines, dtype="int32").astype("int64"), dtype="Int64"
        ),
        "row_hash": _row_hashes(columns),
        **{name.replace("-", "_"): columns.words(name) for name in _TEXTS},
        "marketplace": _marketplaces(columns),
        "posted_utc": posted_utc,
        "posted": posted,
        "amount_cents": pd.Series(cents, dtype="Int64"),
    }
    return SETTLEMENT_ROWS.check(pd.DataFrame(data, copy=False))


def _posted(columns: Columns, dates: _Dates) -> tuple[pd.Series, pd.Series]:
    """Moment and local date per row: of the date-time, else of the date, else the period's end."""
    end = moment(dates.end.isoformat(), day_first=False)
    utc = np.full(len(columns.lines), "NaT", dtype="datetime64[us]")
    day = utc.copy()
    for name in ("posted-date-time", "posted-date"):
        read = [dates.read.get(text, (None, None)) for text in columns.distinct(name) or [""]]
        codes = columns.codes_of(name)
        columns.forget(name)
        moments = [m and m.replace(tzinfo=None) for m, _ in read]
        _fill(utc, np.array(moments, dtype="datetime64[us]"), codes)
        _fill(day, np.array([d for _, d in read], dtype="datetime64[us]"), codes)
    utc[np.isnat(utc)] = end[0].replace(tzinfo=None)
    day[np.isnat(day)] = end[1]
    return pd.Series(utc).dt.tz_localize("UTC"), pd.Series(day)


def _fill(column: np.ndarray, values: np.ndarray, codes: np.ndarray) -> None:
    """Put in what is missing."""
    holes = np.isnat(column)
    column[holes] = values[codes[holes]]


def _marketplaces(columns: Columns) -> pd.Series:
    codes = [marketplace_code(name) for name in columns.distinct("marketplace-name") or [""]]
    return words(codes, columns.codes_of("marketplace-name"))


def marketplace_code(name: str) -> str:
    """Code of a marketplace as a settlement names it: `Amazon.co.uk` is UK; "" if none."""
    plain = name.strip().casefold()
    if not plain.startswith("amazon."):
        return ""
    domain = plain.removeprefix("amazon.")
    return _MARKETPLACE_OF.get(domain, domain[-2:].upper())


def _row_hashes(columns: Columns) -> pd.Series:
    """Content of the line plus how-manieth: the same in any order of the rows."""
    hashes = columns.hashes
    nth = _occurrence(hashes)
    # Piece by piece: a million texts at once would take more memory than all of the rows.
    parts = [
        pd.Series(
            [
                f"{value:016x}.{n}"
                for value, n in zip(
                    hashes[at : at + _CHUNK_LINES].tolist(),
                    nth[at : at + _CHUNK_LINES].tolist(),
                    strict=True,
                )
            ],
            dtype="str",
        )
        for at in range(0, max(len(hashes), 1), _CHUNK_LINES)
    ]
    return pd.concat(parts, ignore_index=True)


def _occurrence(values: np.ndarray) -> np.ndarray:
    """How often the same value stood before, per row."""
    order = np.argsort(values, kind="stable")
    in_order = values[order]
    is_first = np.ones(len(values), dtype=bool)
    is_first[1:] = in_order[1:] != in_order[:-1]
    starts = np.flatnonzero(is_first)
    nth = np.empty(len(values), dtype="int32")
    nth[order] = np.arange(len(values)) - np.repeat(starts, np.diff([*starts, len(values)]))
    return nth
