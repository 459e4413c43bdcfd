"""The nightly audit: what drifted, what is missing, what stays open, and what must be erased.

It books nothing. What it finds stands on the list of problems until a night finds it gone.

```
erase ─► settlements: gaps, reserves, archive ─► Amazon: files about to leave
                                              ─► books: open items, clearing, transit, drift
```

Source: accounting rule 9.3 (C5, C6, C7, C10); reliability rules 3.8, 3.9 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from amazon_eboekhouden.domain.errors import CredentialsRefused, RemoteError
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.by_hand import bank_lines_elsewhere
from amazon_eboekhouden.domain.settlement.chain import (
    Link,
    chain_problems,
    link_of,
    reserve_held_cents,
)
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.shipments import local_date
from amazon_eboekhouden.domain.standing import (
    clearing_problems,
    open_item_problems,
    own_open_items,
    payouts_since,
    transit_problems,
)
from amazon_eboekhouden.ledger.couplings import LEDGER
from amazon_eboekhouden.ledger.settlements import SettlementRecord
from amazon_eboekhouden.pipelines import fee_invoices, retention
from amazon_eboekhouden.pipelines.check import shown_balances
from amazon_eboekhouden.pipelines.report import RunReport, refused_credentials, remote_failure
from amazon_eboekhouden.pipelines.runtime import Runtime
from amazon_eboekhouden.pipelines.settlement_cross_checks import late_warnings
from amazon_eboekhouden.pipelines.settlement_files import BOOKED
from amazon_eboekhouden.pipelines.settlement_others import newest_mutations

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden

LISTED_FOR = timedelta(days=90)
# A bank line that was booked elsewhere is looked for so long.
BANK_LINES_FOR = timedelta(days=180)
LEAVING_SOON = timedelta(days=15)
# The meter warns here; at `LedgerSettings.budget_stop` booking stops.
BUDGET_LOW_PERCENT = 75
COME_BACK_AFTER = timedelta(minutes=30)
# Everything else leaves a booking where it can't be compared yet; it is listed by itself.
_CERTAIN = ("CONFIRMED", "SUPERSEDED", "IGNORED")


def run(runtime: Runtime) -> RunReport:
    """Audit one coupling.

    A service that fails does not keep the rest from being looked at; when it was the books, the
    report says when to come back.

    Args:
        runtime: the coupling's runtime; in a preview nothing is erased and nothing is compared
            that would be written down.

    Raises:
        SettingsError: a connection does not exist.
    """
    now = datetime.now(UTC)
    report = RunReport()
    if not runtime.preview:
        report.details["erased"] = retention.erase(
            runtime.ledger, runtime.staging, runtime.environment, now
        )
    links, found = _settlements(runtime, report)
    found += late_warnings(runtime, _records(runtime), local_date(now), report.calls)
    parts = {"settlements": found}
    failures = []
    try:
        parts["amazon"] = _leaving(runtime, report, now)
    except RemoteError as error:
        failures.append(_failed(error, runtime.settings.seller.connection))
    try:
        parts["books"] = _books(runtime, report, links, local_date(now))
    except RemoteError as error:
        failures.append(_failed(error, runtime.settings.books.connection))
        if error.should_retry:
            report.retry_after_utc = now + COME_BACK_AFTER
    # A part that failed is left out: it must not close what another night found.
    parts["services"] = failures
    report.problems = [found for problems in parts.values() for found in problems]
    if not runtime.preview:
        for part, problems in parts.items():
            runtime.ledger.record_problems(runtime.settings.name, f"audit:{part}", problems)
    report.problems += fee_invoices.audited(runtime)
    report.problems += _of_the_ledger(runtime)
    return report


def _failed(error: RemoteError, connection: str) -> Problem:
    if isinstance(error, CredentialsRefused):
        return refused_credentials(error, connection)
    return remote_failure(error, f"connection {connection}")


def _of_the_ledger(runtime: Runtime) -> list[Problem]:
    """What the ledger's own bookings, and its comparison with the books, still say."""
    known = runtime.ledger.open_problems(runtime.settings.name)
    return [found.problem for found in known if found.scope in (LEDGER, "audit")]


# --- settlements ----------------------------------------------------------------------------------


def _settlements(runtime: Runtime, report: RunReport) -> tuple[list[Link], list[Problem]]:
    """Gaps, reserves and negative totals between settlements, and whether their files are there."""
    links, problems = [], []
    for record in _records(runtime):
        if not runtime.archive.has(record.file_hash):
            row = f"settlement {record.settlement_id}"
            problems.append(problem("settlement-file-missing", row, file=record.file_hash[:12]))
        link = _link(runtime, record)
        if link is not None:
            links.append(link)
    report.details["settlements"] = len(links)
    return links, [*problems, *chain_problems(links)]


def _records(runtime: Runtime) -> list[SettlementRecord]:
    return [
        record
        for record in runtime.ledger.settlements.all(runtime.seller_id)
        if record.coupling == runtime.settings.name
    ]


def _link(runtime: Runtime, record: SettlementRecord) -> Link | None:
    """A settlement in its chain; read from its file once, then remembered beside its totals."""
    kept = record.totals.get("chain")
    if kept is not None:
        ends = {name: date.fromisoformat(kept[name]) for name in ("start", "end")}
        return Link(**{**kept, **ends})
    if not runtime.archive.has(record.file_hash):
        return None
    content = runtime.archive.get(record.file_hash)
    read = read_settlement(content, charset=record.totals.get("charset") or None)
    if not isinstance(read, SettlementFile):
        return None
    link = link_of(read)
    if not runtime.preview:
        plain = {**asdict(link), "start": str(link.start), "end": str(link.end)}
        totals = {"chain": plain}
        runtime.ledger.settlements.record(record.seller, record.settlement_id, totals=totals)
    return link


def _leaving(runtime: Runtime, report: RunReport, now: datetime) -> list[Problem]:
    """Files that Amazon will soon delete and that were never archived."""
    archived = {name for one in _records(runtime) for name in one.totals.get("documents", ())}
    with runtime.amazon() as amazon:
        try:
            listed = amazon.settlement_reports()
        finally:
            report.calls.update(amazon.calls)
    report.details["settlement_files_listed"] = len(listed)
    return [
        problem("settlement-leaving", f"settlement report {one.report_id}", day=local_date(leaves))
        for one in listed
        if one.document_id not in archived
        and (leaves := one.created_utc + LISTED_FOR) - now < LEAVING_SOON
    ]


# --- the books ------------------------------------------------------------------------------------


def _books(
    runtime: Runtime, report: RunReport, links: Sequence[Link], today: date
) -> list[Problem]:
    bound = runtime.ledger.coupling_state(runtime.settings.name)
    if bound is None or not bound.administration:
        report.details["note"] = "nothing was booked yet: there is nothing to compare"
        return []
    with runtime.books() as books:
        try:
            found = books.administration_guid()
            if found == bound.administration:
                return _compare(runtime, books, report, links, found, today)
            changed = {"found": found, "bound": bound.administration}
            row = f"coupling {runtime.settings.name}"
            return [problem("administration-changed", row, **changed)]
        finally:
            books.close()
            report.calls.update(books.calls)


def _compare(
    runtime: Runtime,
    books: EBoekhouden,
    report: RunReport,
    links: Sequence[Link],
    administration: str,
    today: date,
) -> list[Problem]:
    # First the ledger, then the books: what is confirmed now must be visible afterwards.
    booked = runtime.ledger.booked(administration)
    problems = _open_items(books, report, booked, today)
    problems += _balances(runtime, books, report, booked, links, today)
    if not runtime.preview:
        drift = runtime.ledger.audit(administration, runtime.settings.name, books)
        report.details["drift"] = {
            "compared": drift.compared,
            "drifted": len(drift.drifted),
            "not_visible": drift.not_visible,
            "complete": drift.complete,
        }
    return problems + _meter(runtime, report, administration)


def _open_items(
    books: EBoekhouden, report: RunReport, booked: pd.DataFrame, today: date
) -> list[Problem]:
    own = own_open_items(booked)
    still = [item for item in own if item.open_cents]
    oldest = min((item.shipped for item in still), default=today)
    report.details["open_items"] = {
        "count": len(still),
        "total": str(euros(sum(item.open_cents for item in still))),
        "oldest_days": (today - oldest).days,
    }
    return open_item_problems(own, books.open_items(), today)


def _balances(
    runtime: Runtime,
    books: EBoekhouden,
    report: RunReport,
    booked: pd.DataFrame,
    links: Sequence[Link],
    today: date,
) -> list[Problem]:
    """C5 and C10: only while no booking of a settlement is under way."""
    accounts = runtime.settings.accounts
    balances = books.balances()
    shown = shown_balances(runtime.settings, balances)
    report.details["balances"] = {code: str(euros(cents)) for code, cents in shown.items()}
    bound = runtime.ledger.coupling_state(runtime.settings.name)
    if bound is not None and not runtime.preview:
        runtime.ledger.seen.record_balances(bound.administration, shown)
    of_settlements = booked[booked["settlement_id"] != ""]
    if not of_settlements["state"].isin(_CERTAIN).all():
        return []
    problems = clearing_problems(balances, accounts.clearing)
    problems += transit_problems(balances, booked, accounts, today)
    if balances.get(accounts.transit, 0) > 0:
        payouts = payouts_since(booked, today - BANK_LINES_FOR)
        there = newest_mutations(runtime, books)
        problems += bank_lines_elsewhere(payouts, booked, there, accounts.bank, accounts.transit)
    held = reserve_held_cents(links)
    if held is not None and all(record.state == BOOKED for record in _records(runtime)):
        problems += _reserve(balances.get(accounts.reserve, 0), held, accounts.reserve)
    return problems


def _reserve(balance: int, held: int, account: str) -> list[Problem]:
    if balance == held:
        return []
    shown: dict[str, Any] = {"balance": euros(balance), "held": euros(held)}
    return [problem("reserve-differs", f"ledger account {account}", account=account, **shown)]


def _meter(runtime: Runtime, report: RunReport, administration: str) -> list[Problem]:
    used, allowed = runtime.ledger.calls_used(administration)
    report.details["get_mutaties_this_month"] = {"used": used, "allowed": allowed}
    if used * 100 < allowed * BUDGET_LOW_PERCENT:
        return []
    stop = runtime.ledger.settings.budget_stop
    row = f"administration {administration}"
    return [problem("call-budget-low", row, used=used, allowed=allowed, stop=stop)]
