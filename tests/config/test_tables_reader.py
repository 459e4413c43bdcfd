"""Tables are edited by hand, so a line that lost a column is named, whichever table it is in."""

from __future__ import annotations

from pathlib import Path

import pytest
from amazon_eboekhouden.config import tables_reader
from amazon_eboekhouden.config.tables_reader import rows_in, rows_of

TABLES = sorted((Path(tables_reader.__file__).parent / "tables").glob("*.csv"))


@pytest.mark.parametrize("table", [file.stem for file in TABLES])
def test_every_table_that_ships_is_whole(table: str) -> None:
    assert len(rows_of(table)) > 5


@pytest.mark.parametrize("line", ["NL", "NL,21,standard,more"])
def test_a_line_with_other_columns_than_the_header_is_named(line: str) -> None:
    lines = ["country,percent,kind", "NL,21,standard", "", line]
    assert rows_in(lines[:2], "vat_rates") == [
        {"country": "NL", "percent": "21", "kind": "standard"}
    ]
    with pytest.raises(ValueError, match=r"vat_rates\.csv, line 4: too many or too few columns"):
        rows_in(lines, "vat_rates")
