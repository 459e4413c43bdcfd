"""The activation check: settings, both connections, and every ledger account that would be used.

It writes nothing in the books, unless it is asked to create the missing accounts of category BAL or
VW. What it saw (whether the services answer, the balances of our accounts) is kept for the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from amazon_eboekhouden.config.accounts import AccountRole, account_roles, needed
from amazon_eboekhouden.config.connections import AMAZON, Connection, form_names, odd_fields
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.config.settings import (
    BooksSettings,
    CouplingSettings,
    SellerSettings,
)
from amazon_eboekhouden.domain.books import LedgerAccount
from amazon_eboekhouden.domain.errors import CredentialsRefused, RemoteError
from amazon_eboekhouden.domain.handover import resolve_accounts
from amazon_eboekhouden.domain.mapping import mapping_faults, mapping_shown
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.ledger.couplings import mismatch
from amazon_eboekhouden.pipelines.report import RunReport, refused_credentials, remote_failure
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden

CREATABLE = ("BAL", "VW")


def run(runtime: Runtime, *, create_accounts: bool = False) -> RunReport:
    """Check one coupling.

    Args:
        runtime: the coupling's runtime.
        create_accounts: create missing BAL and VW accounts (not in a preview).

    Raises:
        SettingsError: a connection does not exist.
    """
    report = RunReport()
    with _noted(runtime.settings.seller.connection, report):
        _check_amazon(runtime, report)
    _remember(runtime, "amazon", good=not report.problems)
    with _noted(runtime.settings.books.connection, report), runtime.books() as books:
        _check_books(runtime, books, report, create_accounts and not runtime.preview)
        books.close()
        report.calls.update(books.calls)
    _remember(runtime, "books", good="books" in report.details)
    return report


def _remember(runtime: Runtime, service: str, *, good: bool) -> None:
    if not runtime.preview:
        runtime.ledger.seen.record_check(runtime.settings.name, service, good=good)


def _check_amazon(runtime: Runtime, report: RunReport) -> None:
    if not runtime.seller_id:
        conn_id = runtime.settings.seller.connection
        row, field = f"connection {conn_id}", form_names("seller_id")
        report.problems.append(
            problem("connection-incomplete", row, connection=conn_id, field=field)
        )
    with runtime.amazon() as amazon:
        try:
            amazon.check_credentials()
        finally:
            report.calls.update(amazon.calls)
    report.details["amazon"] = f"seller {runtime.seller_id} signed in"


def _check_books(
    runtime: Runtime, books: EBoekhouden, report: RunReport, create_accounts: bool
) -> None:
    administration = books.administration_guid()
    bound = runtime.ledger.coupling_state(runtime.settings.name)
    if bound and (changed := mismatch(bound, administration, runtime.seller_id)):
        report.problems.append(changed)
        return
    chart = {account.code: account for account in books.ledger_accounts()}
    report.problems += resolve_accounts(list(chart.values()))[1]
    created = []
    for role in account_roles(runtime.settings):
        found = chart.get(role.code)
        if found is None and create_accounts and role.category in CREATABLE:
            made = LedgerAccount(role.code, role.description, role.category)
            books.add_ledger_account(made)
            chart[made.code] = made
            created.append(role.code)
        elif found is not None or needed(role, runtime.settings):
            report.problems += _account_problems(role, found)
    if not runtime.preview:
        runtime.ledger.seen.record_balances(
            administration, shown_balances(runtime.settings, books.balances())
        )
    whole = list(chart.values())
    report.problems += mapping_faults(runtime.settings, whole)
    report.details["mapping"] = mapping_shown(runtime.settings, whole)
    report.details["books"] = f"administration {administration}, {len(chart)} ledger accounts"
    if created:
        report.details["created_accounts"] = created


def shown_balances(settings: CouplingSettings, balances: Mapping[str, int]) -> dict[str, int]:
    """Balances of clearing, reserve, transit and suspense, in cents; 0 where the books have none.

    Args:
        settings: which accounts they are.
        balances: of the books, account code to cents.
    """
    accounts = settings.accounts
    codes = [*accounts.clearing.model_dump().values(), accounts.reserve]
    return {code: balances.get(code, 0) for code in [*codes, accounts.transit, accounts.suspense]}


def _account_problems(role: AccountRole, found: LedgerAccount | None) -> list[Problem]:
    row = f"ledger account {role.code}"
    if found is None:
        return [
            problem(
                "account-missing", row, account=role.code, role=role.key, category=role.category
            )
        ]
    if found.category != role.category:
        return [
            problem(
                "account-category",
                row,
                account=role.code,
                role=role.key,
                found=found.category,
                category=role.category,
            )
        ]
    return []


@contextmanager
def _noted(conn_id: str, report: RunReport) -> Iterator[None]:
    """What one service says is noted, so that the other one is checked as well."""
    try:
        yield
    except CredentialsRefused as error:
        report.problems.append(refused_credentials(error, conn_id))
    except RemoteError as error:
        report.problems.append(remote_failure(error, f"connection {conn_id}"))


def try_connection(
    connection: Connection, kind: str, variables: Mapping[str, str]
) -> tuple[bool, str]:
    """The *Test* button: whether the service accepts this connection, in Dutch for the form."""
    settings = CouplingSettings(
        name="test",
        seller=SellerSettings(connection=connection.conn_id, marketplaces=["NL"]),
        books=BooksSettings(connection=connection.conn_id, go_live=date(2026, 1, 1)),
    )
    runtime = Runtime(settings, environment_of(variables), lambda _: connection, preview=True)
    try:
        if kind == AMAZON:
            with runtime.amazon() as amazon:
                amazon.check_credentials()
            if not runtime.seller_id:
                return False, f"Amazon accepteert deze gegevens; vul {form_names('seller_id')} in."
            return True, "Amazon accepteert deze gegevens."
        with runtime.books() as books:
            return True, f"Verbonden met administratie {books.administration_guid()}."
    except CredentialsRefused as error:
        return False, _refusal(error, odd_fields(connection, kind))
    except RemoteError as error:
        return False, f"{error.service} is nu niet te bereiken: {error.cause}"


def _refusal(error: CredentialsRefused, odd: list[str]) -> str:
    """Which field is wrong; e-Boekhouden.nl refuses all three at once, so their looks are told."""
    named = form_names(error.field).replace(" or ", " of ")
    hint = f" {' en '.join(odd)} ziet er anders uit dan de dienst ze uitgeeft." if odd else ""
    return f"{error.service} weigert {named}.{hint}"
