"""CSV that a spreadsheet reads as what it is (reliability matrix, row 17)."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from amazon_eboekhouden.domain.spreadsheets import csv_text


@pytest.mark.parametrize(
    "text", ["=1+1", "+31", "-x", "@SUM(A1)", "\tx", "\rx", "=cmd|' /C calc'!A0"]
)
def test_a_text_never_becomes_a_formula(text: str) -> None:
    [_, [cell]] = csv.reader(io.StringIO(csv_text([{"a": text}], {"a": "A"}), ""), delimiter=";")
    assert cell == f"'{text}"


def test_amounts_stay_numbers() -> None:
    rows = [{"net_cents": -1250, "rate": Decimal("25.5"), "count": 3, "rest_cents": None}]
    headings = {"net_cents": "Netto", "rate": "Tarief", "count": "Aantal", "rest_cents": "Rest"}
    assert csv_text(rows, headings) == "Netto;Tarief;Aantal;Rest\r\n-12,50;25,5;3;\r\n"


def test_separators_and_quotes_in_a_text_do_no_harm() -> None:
    text = csv_text([{"a": 'Jan "X"; Piet', "b": "é"}], {"a": "A", "b": "B"})
    assert list(csv.reader(io.StringIO(text), delimiter=";"))[1] == ['Jan "X"; Piet', "é"]
