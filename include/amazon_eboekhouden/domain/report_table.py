"""The flat files of Amazon's reports as rows by column name; what can't be read says so.

Columns come in any order, more may be added, and rows may be ragged: a real VAT report has rows of
70 to 90 cells under a heading of 92. Order and shipment reports are separated by tabs without
quoting, VAT reports have been seen with commas. Source: Amazon reference 8.6 and 9.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from amazon_eboekhouden.domain.settlement.formats import (
    Unreadable,
    amount_readers,
    day_first,
    decoded,
    moment,
)

_DELIMITERS = ("\t", ",", ";")
_AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_FAR = 10**15


class ReportFault(ValueError):
    """A file that is not the report it should be; `str` of it says why."""


class Row:
    """A row of a report: column name in lower case with dashes to the text, stripped.

    A cell that is missing is "". Hundred thousands of them fit into memory.
    """

    __slots__ = ("_cells", "_places")

    def __init__(self, places: Mapping[str, int], cells: Sequence[str]) -> None:
        self._places = places
        self._cells = cells

    def __getitem__(self, column: str) -> str:
        place = self._places[column]
        return self._cells[place] if place < len(self._cells) else ""

    def get(self, column: str, default: str = "") -> str:
        """The text, `default` when the report has no such column."""
        return self[column] if column in self._places else default


@dataclass(frozen=True, slots=True)
class Table:
    """A report.

    Attributes:
        rows: in the order of the file.
        columns: those of the heading.
    """

    rows: Sequence[Row]
    columns: frozenset[str]


def table_of(content: bytes, charset: str | None, required: Iterable[str]) -> Table:
    """Read a report.

    Args:
        content: the whole document, decompressed.
        charset: as its storage declared it, None when it did not.
        required: columns without which it is another kind of file.

    Raises:
        ReportFault: it is no text, or a required column is missing.
    """
    try:
        lines = decoded(content, charset).splitlines()
    except Unreadable as error:
        raise ReportFault(f"it is not text in any of {error}") from error
    lines = [line for line in lines if line.strip()]
    if not lines:
        return Table((), frozenset())
    needed = set(required)
    missing: set[str] = needed
    for delimiter in _DELIMITERS:
        names = [_name(cell) for cell in _cells(lines[0], delimiter)]
        missing = min(missing, needed - set(names), key=len)
        if needed <= set(names):
            # Statuses, countries and the like stand in every row: each text is kept once.
            places = {name: place for place, name in enumerate(names)}
            rows = [
                Row(places, tuple(sys.intern(cell.strip()) for cell in cells))
                for cells in _split(lines[1:], delimiter)
            ]
            return Table(rows, frozenset(names))
    raise ReportFault(f"it has no column {', '.join(sorted(missing))}")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(iter(_split([line], delimiter)))


def _split(lines: Iterable[str], delimiter: str) -> Iterable[list[str]]:
    # A tab never stands inside a value, and a quote may: Amazon does not quote such files.
    if delimiter == "\t":
        return (line.split("\t") for line in lines)
    return csv.reader(lines, delimiter=delimiter)


def _name(cell: str) -> str:
    return cell.strip().strip('"').lower().replace("_", "-")


class Amounts:
    """Reads the amounts of a file in the one format that explains the most of them.

    Args:
        texts: all amounts of the file.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        distinct = {text for text in texts if text}
        self._known: dict[str, int] = {}
        readers = amount_readers()
        self._read = max(
            readers.values(), key=lambda read: sum(_readable(read, t) for t in distinct)
        )

    def cents(self, text: str) -> int | None:
        """Whole cents; None for an empty cell.

        Raises:
            Unreadable: it is no amount in the file's format.
        """
        if not text:
            return None
        if text not in self._known:
            self._known[text] = self._read(text)
        found = self._known[text]
        if abs(found) > _FAR:
            raise Unreadable(text)
        return found


def _readable(read: Callable[[str], int], text: str) -> bool:
    try:
        read(text)
    except Unreadable:
        return False
    return True


class Moments:
    """Reads the times of a file; day or month first is decided once for all of them.

    Args:
        texts: all dates and times of the file.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        # Europe writes the day first where nothing tells.
        self._day_first = day_first({text for text in texts if text}) is not False

    def utc(self, text: str) -> datetime | None:
        """The moment; a date without a time is its noon in Amsterdam; None for no readable time."""
        if not text:
            return None
        try:
            at, local = moment(text, day_first=self._day_first)
        except Unreadable:
            return None
        if at.time() == time(12) and ":" not in text:
            return datetime.combine(local, time(12), _AMSTERDAM).astimezone(UTC)
        return at
