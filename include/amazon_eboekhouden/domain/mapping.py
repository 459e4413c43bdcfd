"""The ledger mapping beside the chart of accounts of an administration: what does not fit.

That an account exists and has its category is not all: two purposes that are checked apart may not
share one, an account of the settings' own overrides must take lines, and a VAT account per country
must not be somebody else's. Source: accounting rules 10.1 and 10.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from amazon_eboekhouden.config.accounts import (
    AccountRole,
    account_roles,
    country_names,
    local_vat_account,
)
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.books import LedgerAccount
from amazon_eboekhouden.domain.problems import Problem, problem

# Lines of invoices and money mutations are refused on these (MUT_106).
_NOT_ON_LINES = ("FIN", "DEB", "CRED")
# The books carry Dutch VAT there by themselves, by category.
_VAT_CATEGORIES = ("AF19", "AF6", "VOOR", "BTWRC")
_APART = ("reserve", "transit", "suspense", "before_go_live", "fee_accrual")
_APART_PER = ("clearing.", "oss_vat.", "local_vat.")
_WORDS_OF_VAT = ("btw", "oss", "vat")


def mapping_faults(settings: CouplingSettings, chart: Sequence[LedgerAccount]) -> list[Problem]:
    """What a person must mend before anything is booked.

    Args:
        settings: of the coupling.
        chart: of the administration.

    Problems:
        account-shared, account-override, account-other-use, account-ambiguous,
        vat-account-missing.
    """
    known = {account.code: account for account in chart}
    roles = account_roles(settings)
    return [
        *_without_account(settings),
        *_shared(roles),
        *_overrides(settings, known),
        *_other_uses(roles, known),
        *(_vat_categories(chart) if settings.seller.vat.scheme == "normal" else ()),
    ]


def mapping_shown(
    settings: CouplingSettings, chart: Sequence[LedgerAccount]
) -> list[dict[str, Any]]:
    """The accounts that would be used, with the names they have in the administration."""
    known = {account.code: account for account in chart}
    return [
        {
            "role": role.key,
            "account": role.code,
            "category": known[role.code].category,
            "description": known[role.code].description,
        }
        for role in account_roles(settings)
        if role.code in known
    ]


def _without_account(settings: CouplingSettings) -> Iterator[Problem]:
    """Registrations of countries for whose VAT no account is named: their sales would be held."""
    for country in settings.seller.vat.registrations:
        if country != "NL" and not local_vat_account(country, settings.accounts):
            row = f"setting seller.vat.registrations.{country}"
            yield problem("vat-account-missing", row, country=country, key="local_vat")


def _shared(roles: Iterable[AccountRole]) -> Iterator[Problem]:
    uses: dict[str, list[str]] = {}
    apart: set[str] = set()
    for role in roles:
        uses.setdefault(role.code, []).append(role.key)
        if role.key in _APART or role.key.startswith(_APART_PER):
            apart.add(role.code)
    for code in sorted(apart):
        if len(uses[code]) > 1:
            row = f"ledger account {code}"
            yield problem("account-shared", row, account=code, roles=", ".join(uses[code]))


def _overrides(settings: CouplingSettings, known: Mapping[str, LedgerAccount]) -> Iterator[Problem]:
    named = [(f"vat.{n}.account", one.account) for n, one in enumerate(settings.vat)]
    named += [(f"fees.{n}.account", one.account) for n, one in enumerate(settings.fees)]
    for setting, code in named:
        if not code:
            continue
        found = known.get(code)
        why = "does not exist in the administration"
        if found is not None:
            if found.category not in _NOT_ON_LINES:
                continue
            why = f"has category {found.category}, on which no line may be booked"
        row = f"ledger account {code}"
        yield problem("account-override", row, account=code, setting=setting, why=why)


def _other_uses(
    roles: Sequence[AccountRole], known: Mapping[str, LedgerAccount]
) -> Iterator[Problem]:
    """Countries' VAT accounts that bear another name, such as that of the wage tax."""
    taken = {*known, *(role.code for role in roles)}
    for role in roles:
        found = known.get(role.code)
        if found is None or not _is_somebody_elses(role, found.description.casefold()):
            continue
        free = _next_free(role.code, taken)
        taken.add(free)
        yield problem(
            "account-other-use",
            f"ledger account {role.code}",
            account=role.code,
            found=found.description,
            wanted=role.description,
            role=role.key,
            free=free,
        )


def _is_somebody_elses(role: AccountRole, description: str) -> bool:
    if not role.key.startswith(("oss_vat.", "local_vat.")):
        return False
    country = role.key.partition(".")[2]
    words = (*_WORDS_OF_VAT, country_names().get(country, country).casefold())
    return not any(word in description for word in words)


def _next_free(code: str, taken: Collection[str]) -> str:
    """The next number after a code that no account and no purpose has."""
    number = int(code) if code.isdigit() else 1640
    while str(number) in taken:
        number += 1
    return str(number)


def _vat_categories(chart: Iterable[LedgerAccount]) -> Iterator[Problem]:
    counts = Counter(account.category for account in chart)
    for category in _VAT_CATEGORIES:
        if counts[category] != 1:
            yield problem(
                "account-ambiguous", "chart of accounts", count=counts[category], category=category
            )
