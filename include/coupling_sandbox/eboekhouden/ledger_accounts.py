"""Ledger accounts over the wire: the chart as cGrootboekrekening, and what may be changed in it."""

from __future__ import annotations

from typing import Any

from coupling_sandbox.eboekhouden.administrations import Administration
from coupling_sandbox.eboekhouden.chart import LedgerAccount
from coupling_sandbox.eboekhouden.errors import BooksError
from coupling_sandbox.eboekhouden.rules import check_length

ADDABLE = ("BAL", "VW")
"""Categories that the interface may make; DEB, CRED, FIN and the VAT accounts are made by hand."""


def add_account(administration: Administration, given: dict[str, Any]) -> LedgerAccount:
    """Add a BAL or VW account."""
    code, description, category, group = _texts(given)
    _check_texts(code, description)
    if category not in ADDABLE:
        raise BooksError("LEDG_018", f"({category or 'leeg'})")
    return administration.books.chart.add(code, description, category, group)


def update_account(administration: Administration, given: dict[str, Any]) -> None:
    """Change an account, found by its id or else by its code."""
    chart = administration.books.chart
    code, description, category, group = _texts(given)
    account = chart.by_id(given["ID"]) if given["ID"] else chart.get(code)
    if account is None:
        raise BooksError("LEDG_011", f"({given['ID'] or code or 'leeg'})")
    _check_texts(code, description)
    if category and category != account.category:
        if category not in ADDABLE or account.category not in ADDABLE:
            raise BooksError("LEDG_018", f"({account.category} naar {category})")
        if administration.books.of_account(account.code):
            raise BooksError("LEDG_014", f"({account.code})")
        account.category = category
    if code != account.code:
        if administration.books.of_account(account.code):
            raise BooksError("LEDG_014", f"({account.code})")
        chart.rename(account, code)
    account.description = description
    account.group = group


def find_accounts(
    administration: Administration, account_id: int, code: str, category: str
) -> list[LedgerAccount]:
    """The accounts that match every filter given; 0 and empty mean any."""
    return [
        account
        for account in administration.books.chart
        if (not account_id or account.id == account_id)
        and (not code or account.code == code)
        and (not category or account.category == category)
    ]


def render_account(account: LedgerAccount) -> dict[str, Any]:
    """An account as cGrootboekrekening."""
    return {
        "ID": account.id,
        "Code": account.code,
        "Omschrijving": account.description,
        "Categorie": account.category,
        "Groep": account.group,
    }


def _texts(given: dict[str, Any]) -> tuple[str, str, str, str]:
    code, description, category, group = (
        (given[name] or "").strip() for name in ("Code", "Omschrijving", "Categorie", "Groep")
    )
    return code, description, category, group


def _check_texts(code: str, description: str) -> None:
    if not code:
        raise BooksError("LEDG_001")
    if not description:
        raise BooksError("LEDG_003")
    check_length("Code", code, 10, "LEDG_002")
    check_length("Omschrijving", description, 50, "LEDG_004")
