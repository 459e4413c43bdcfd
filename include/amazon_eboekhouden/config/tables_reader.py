"""Reads the tables of this room: CSV files that ship with the package."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from importlib import resources


def rows_of(table: str) -> list[dict[str, str]]:
    """The rows of `config/tables/<table>.csv`, column to text.

    Raises:
        ValueError: a line does not have all columns.
    """
    file = resources.files("amazon_eboekhouden.config").joinpath("tables", f"{table}.csv")
    return rows_in(file.read_text(encoding="utf-8").splitlines(), table)


def rows_in(lines: Iterable[str], table: str) -> list[dict[str, str]]:
    """The rows of lines in the form of a table, its header included.

    Raises:
        ValueError: a line does not have all columns.
    """
    reader = csv.DictReader(lines)
    rows = []
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"{table}.csv, line {reader.line_num}: too many or too few columns")
        rows.append(row)
    return rows
