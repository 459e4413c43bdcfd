"""`docs/two-ways-to-settle.md` books what the program books, by either method."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "settlement"
PAGE = (Path(__file__).parents[2] / "docs" / "two-ways-to-settle.md").read_text()
LINE = re.compile(r"    (\d{4}) (\w+) (\S+) \+ (\S+)")
HEAD = re.compile(r"\d{4}-\d\d-\d\d \w+ (\d{4}) \w\w \S+  \S+?(AMZ-[\d-]+)?(?::costs)?(?:  .*)?")
SECTIONS = {"manual": "## The manual's way", "clearing": "## The program's way"}


def expected(way: str) -> list[str]:
    return (CASES / f"page-two-ways-{way}" / "expected.txt").read_text().splitlines()


def section(way: str) -> str:
    return PAGE.split(SECTIONS[way])[1].split("\n## ")[0]


@pytest.mark.parametrize("way", SECTIONS)
def test_every_line_stands_on_the_page_and_no_other(way: str) -> None:
    booked = []
    header = number = ""
    for text in expected(way):
        if found := HEAD.fullmatch(text):
            header, number = found[1], found[2] or ""
        elif found := LINE.fullmatch(text):
            account, code, net, vat = found.groups()
            booked.append((number, f"| {header} | {account} | `{code}` | {net} | {vat} |"))
    rows = [line for line in section(way).splitlines() if " | `" in line]
    assert len(booked) == len(rows) > 5
    for number, end in booked:
        assert [row for row in rows if number in row and row.endswith(end)], (number, end)


def test_the_settlement_itself_is_the_same() -> None:
    files = [(CASES / f"page-two-ways-{way}" / "settlement.txt").read_bytes() for way in SECTIONS]
    assert files[0] == files[1]
    assert b"\t232.92\t" in files[0]


def test_what_is_lost_is_what_the_program_says() -> None:
    amounts = re.search(
        r"fees (\S+), left over (\S+), VAT lost (\S+), still", expected("manual")[-5]
    )
    assert amounts
    fees, costs, vat = map(Decimal, amounts.groups())
    assert fees == costs
    share = (vat / fees).quantize(Decimal("0.0001")) * 100
    assert f"{vat} of {fees} is 21/121: **{share.normalize()} %**" in PAGE
    yearly = (Decimal(12_000) * 21 / 121).quantize(Decimal("0.01"))
    assert f"{yearly:,}" in PAGE
    assert f"| costs on 46xx | {costs} | {fees - vat} |" in PAGE
    assert f"| input VAT (box 5b) | 0.00 | {vat} |" in PAGE
