"""Rows as CSV for the spreadsheet of a Dutch bookkeeper.

Semicolons between cells and a comma in amounts, as Dutch spreadsheets read them. A text that a
spreadsheet could take for a formula gets an apostrophe in front (OWASP's rule against CSV
injection); amounts are numbers and stay numbers, negative ones included.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.domain.money import euros

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_CENTS = "_cents"


def csv_text(rows: Iterable[Mapping[str, Any]], headings: Mapping[str, str]) -> str:
    """The rows as CSV text with CRLF line ends.

    Args:
        rows: plain values; columns named `..._cents` hold cents and are shown in euros.
        headings: column to its heading, in the order of the file.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(headings.values())
    for row in rows:
        writer.writerow(_cell(name, row[name]) for name in headings)
    return out.getvalue()


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name.endswith(_CENTS):
        return f"{euros(int(value)):f}".replace(".", ",")
    if isinstance(value, Decimal):
        return f"{value:f}".replace(".", ",")
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
