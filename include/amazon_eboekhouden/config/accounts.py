"""The chart of accounts that a coupling uses: one row per role in `tables/accounts.csv`.

The codes themselves are settings (`accounts.…`); VAT accounts per country stand in
`tables/oss_accounts.csv`. Debtors, creditors and Dutch VAT accounts are found by category.
Source: accounting rules 10.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from amazon_eboekhouden.config.marketplaces import marketplaces
from amazon_eboekhouden.config.settings import (
    AccountSettings,
    ClearingAccounts,
    CouplingSettings,
)
from amazon_eboekhouden.config.tables_reader import rows_of

# Roles that exist for one method of settlement only.
_ONLY_FOR_METHOD = {"left_over": "open_items_to_costs"}


@dataclass(frozen=True, slots=True)
class AccountRole:
    """A ledger account as the coupling uses it.

    Attributes:
        key: of `settings.accounts`, such as `revenue`, `clearing.EUR` or `oss_vat.DE`.
        code: the account that fills the role.
        category: what it must be: BAL, VW or FIN.
        made_by: "user" (by hand: e-Boekhouden lets programs add BAL and VW only) or "coupling".
        description: Dutch, at most 50 characters, for a new account.
    """

    key: str
    code: str
    category: str
    made_by: str
    description: str


@cache
def _countries() -> Mapping[str, Mapping[str, str]]:
    return {row["country"]: row for row in rows_of("oss_accounts")}


def oss_vat_account(country: str, accounts: AccountSettings) -> str:
    """The account that collects a member state's OSS VAT; "" when there is none."""
    return accounts.oss_vat.get(country) or _countries().get(country, {}).get("oss", "")


def local_vat_account(country: str, accounts: AccountSettings) -> str:
    """The account that collects the VAT of a local registration; "" when there is none."""
    return accounts.local_vat.get(country) or _countries().get(country, {}).get("local", "")


def account_roles(settings: CouplingSettings) -> list[AccountRole]:
    """Every account that this coupling may book on, in the order of the table."""
    return [
        *(role for role in _named_roles(settings.accounts) if _used(role.key, settings)),
        *_vat_roles(settings),
    ]


def needed(role: AccountRole, settings: CouplingSettings) -> bool:
    """Whether the coupling can't do without the account.

    Only a person books on the card. A clearing account of a currency is for the marketplaces that
    pay in it; a settlement in a currency whose account is missing is not booked, and says so.
    """
    if role.key == "card":
        return False
    group, _, currency = role.key.partition(".")
    if group != "clearing" or currency == "EUR":
        return True
    known = marketplaces()
    paid_in = {known[code].currency for code in settings.seller.marketplaces if code in known}
    own = {name for name in ClearingAccounts.model_fields if name != "other"}
    return bool(paid_in - own) if currency == "other" else currency in paid_in


def _named_roles(accounts: AccountSettings) -> list[AccountRole]:
    return [
        AccountRole(
            key=row["key"],
            code=_code_of(row["key"], accounts),
            category=row["category"],
            made_by=row["made_by"],
            description=row["description"],
        )
        for row in rows_of("accounts")
    ]


def _code_of(key: str, accounts: AccountSettings) -> str:
    value: object = accounts
    for part in key.split("."):
        value = getattr(value, part)
    return str(value)


def _used(key: str, settings: CouplingSettings) -> bool:
    return _ONLY_FOR_METHOD.get(key, settings.settlement.method) == settings.settlement.method


def _vat_roles(settings: CouplingSettings) -> list[AccountRole]:
    accounts, vat = settings.accounts, settings.seller.vat
    names = {country: row["name"] for country, row in _countries().items()}
    roles = []
    if vat.oss and vat.scheme == "normal":
        for country in [*names, *(c for c in accounts.oss_vat if c not in names)]:
            code, name = oss_vat_account(country, accounts), names.get(country, country)
            roles.append(
                AccountRole(f"oss_vat.{country}", code, "BAL", "coupling", f"Btw OSS {name}")
            )
    for country in vat.registrations:
        code, name = local_vat_account(country, accounts), names.get(country, country)
        if code and country != "NL":
            roles.append(
                AccountRole(f"local_vat.{country}", code, "BAL", "coupling", f"Btw {name} lokaal")
            )
    return roles


def country_names() -> Mapping[str, str]:
    """ISO code to the Dutch name of a member state."""
    return {country: row["name"] for country, row in _countries().items()}
