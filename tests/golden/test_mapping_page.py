"""`docs/mapping-to-ledger-accounts.md` says what the tables say and what the golden cases book.

`python -m tests.golden.test_mapping_page` prints the table of sale kinds for the page.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from amazon_eboekhouden.config.accounts import account_roles
from amazon_eboekhouden.config.settings import AccountSettings
from amazon_eboekhouden.config.vat import sale_rows

from tests.golden.sales import HERE, settings_of

PAGE = (Path(__file__).parents[2] / "docs" / "mapping-to-ledger-accounts.md").read_text()
NO_BOX = "\N{EN DASH}"
ACCOUNTS = AccountSettings()


def sale_table() -> list[str]:
    """One line of the page per row of `tables/sale_kinds.csv`."""
    vat = {"": "", "oss": "16xx of the country", "local": "169x of the country"}
    return [
        f"| {row.sale_kind} | {row.description} "
        f"| {'any' if row.percent is None else f'{row.percent} %'} | `{row.code}` "
        f"| {getattr(ACCOUNTS, row.revenue)} | {getattr(ACCOUNTS, row.shipping)} "
        f"| {vat[row.vat_row]} | {row.box or NO_BOX} |"
        for row in sale_rows()
    ]


@pytest.mark.parametrize("line", sale_table(), ids=lambda line: line[2:14])
def test_every_kind_of_sale_stands_on_the_page(line: str) -> None:
    assert line in PAGE


def test_every_account_stands_on_the_page_with_its_setting() -> None:
    for role in account_roles(settings_of()):
        if not role.key.startswith(("oss_vat.", "local_vat.")):
            assert f"| `{role.key}` | {role.code} | {role.category} |" in PAGE, role.key


def test_the_worked_orders_are_booked_as_the_page_says() -> None:
    case = json.loads((HERE / "page_worked_orders" / "expected.json").read_text())
    for mutation in case["mutations"]:
        for line in mutation["lines"]:
            amounts = rf"\| {line['net']} \| {line['vat']} \| {line['gross']} \|"
            wanted = rf"\| {line['account']} [^|]*\| `{line['vat_code']}` {amounts}"
            assert re.search(wanted, PAGE), line


def test_the_worked_settlement_is_booked_as_the_page_says() -> None:
    expected = HERE / "settlement" / "page-worked-settlement" / "expected.txt"
    for line in expected.read_text().splitlines():
        if found := re.fullmatch(r"    (\d{4}) (\w+) (\S+) \+ (\S+)", line):
            account, code, net, vat = found.groups()
            assert re.search(rf"\| {account} [^|]*\| `{code}` \| {net} \| {vat} \|", PAGE), line


if __name__ == "__main__":
    print("\n".join(sale_table()))  # noqa: T201
