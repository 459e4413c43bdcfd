"""Reads the tables of this room: CSV files that ship with the package."""

from __future__ import annotations

import csv
from importlib import resources


def rows_of(table: str) -> list[dict[str, str]]:
    """The rows of `config/tables/<table>.csv`, column to text."""
    file = resources.files("amazon_eboekhouden.config").joinpath("tables", f"{table}.csv")
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
