"""Settlements to bookings: find, match, book.

A settlement is closed, waits for a person, or is refused with a reason; never half-booked: nothing
is handed to the ledger before the file adds up and every row has exactly one destination.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, RELATIONS
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.bookings import SETTLED
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.unparking import unpark
from amazon_eboekhouden.ledger.decisions import Choice
from amazon_eboekhouden.pipelines import settlement_files as files
from amazon_eboekhouden.pipelines import settlement_others as others
from amazon_eboekhouden.pipelines import statements
from amazon_eboekhouden.pipelines.batches import (
    plain_problems,
    problems_of,
    read_frame,
    read_manifest,
    write_frames,
    write_manifest,
)
from amazon_eboekhouden.pipelines.booking import book
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime
from amazon_eboekhouden.pipelines.settlement_approval import (
    approval_needed,
    reject,
    subject_of,
)
from amazon_eboekhouden.pipelines.settlement_cross_checks import Asked
from amazon_eboekhouden.pipelines.settlement_files import SettlementContent
from amazon_eboekhouden.pipelines.settlement_problems import close_solved
from amazon_eboekhouden.pipelines.settlement_work import work

# Listed until a person has approved it.
WEIGHED = "settlement-invoices-of-others"


def find(runtime: Runtime) -> list[str]:
    """Archive settlement files that are new, and name the settlements that may be booked now.

    One that waits for a person is left out: its own run waits already.

    Returns:
        settlement ids, oldest period first.

    Raises:
        domain.errors.RemoteError: Amazon cannot be asked.
    """
    with runtime.amazon() as amazon:
        files.archive_new(runtime, amazon)
    return files.open_settlements(runtime, waiting=False)


def match(runtime: Runtime, settlement_id: str) -> str:
    """Give every row of an archived settlement its destination, and work out the bookings.

    Returns:
        name of a manifest with the frames MUTATIONS and MUTATION_LINES, empty when it is refused.

    Raises:
        ValueError: no such settlement was found.
    """
    return _match(runtime, files.archived(runtime, settlement_id))


def _match(runtime: Runtime, settlement: SettlementContent) -> str:
    from amazon_eboekhouden.expectations.gate import check

    batch = f"{runtime.settings.name}/settlements/{settlement.settlement_id}"
    read = read_settlement(settlement.content, charset=settlement.charset or None)
    manifest: dict[str, Any] = {"batch": batch, "settlement_id": settlement.settlement_id}
    if not isinstance(read, SettlementFile):
        manifest |= {"refused": True, "frames": {}, "problems": plain_problems(read)}
        return write_manifest(runtime.staging, batch, "matched", manifest)
    finances = Asked(runtime, settlement.totals)
    deposit = settlement.deposit_eur_cents
    if deposit is None:  # What a person entered beats what Amazon tells.
        deposit = finances.transferred(read.header)
    worked = work(runtime, read, deposit, settlement.totals, ask=True)
    checked = check(worked.mutations, worked.mutation_lines, RELATIONS.empty())
    warnings = finances.control_total(read.header, worked.rows)
    stopped = [*worked.stopped, *checked.problems]
    # A settlement is booked whole or not at all: one held-back booking holds all of them back.
    refused = worked.waits or bool(stopped)
    mutations = MUTATIONS.empty() if refused else checked.mutations
    lines = MUTATION_LINES.empty() if refused else checked.mutation_lines
    frames = {"mutations": (MUTATIONS, mutations), "mutation_lines": (MUTATION_LINES, lines)}
    if not refused:
        frames["rows"] = (SETTLED, worked.rows)
    manifest |= {
        "refused": refused,
        "frames": write_frames(runtime.staging, batch, frames),
        "summary": worked.summary,
        "problems": plain_problems([*worked.problems, *warnings, *stopped]),
        "calls": dict(finances.calls + worked.calls),
    }
    return write_manifest(runtime.staging, batch, "matched", manifest)


def book_matched(runtime: Runtime, settlement_id: str, ref: str) -> RunReport:
    """Book what `match` worked out, and remember what became of the settlement."""
    manifest = read_manifest(runtime.staging, ref)
    # What was there to weigh was weighed: nobody comes here without the approval it asks for.
    problems = [p for p in problems_of(manifest) if runtime.preview or p.code != WEIGHED]
    report = RunReport(problems=problems, calls=Counter(manifest.get("calls", {})))
    if "summary" in manifest:
        report.details["settlements"] = [manifest["summary"]]
    state = files.REFUSED
    if not manifest["refused"]:
        mutations = read_frame(runtime.staging, manifest, "mutations", MUTATIONS)
        clearing = runtime.settings.accounts.clearing.of(manifest["summary"]["currency"])
        stopped = others.booked_by_hand(runtime, settlement_id, mutations, clearing)
        report.problems += stopped
        if not stopped:
            state = _booked(runtime, settlement_id, manifest, mutations, report)
    if not runtime.preview:
        runtime.ledger.settlements.record(runtime.seller_id, settlement_id, state=state)
        _remember(runtime, settlement_id, report.problems)
    return report


def _booked(
    runtime: Runtime,
    settlement_id: str,
    manifest: dict[str, Any],
    mutations: pd.DataFrame,
    report: RunReport,
) -> str:
    """Hand a settlement to the ledger; returns its state afterwards."""
    lines = read_frame(runtime.staging, manifest, "mutation_lines", MUTATION_LINES)
    if not runtime.preview:
        rows = read_frame(runtime.staging, manifest, "rows", SETTLED)
        frames = {"rows": rows, "mutations": mutations, "mutation_lines": lines}
        statements.keep(runtime, settlement_id, frames)
    report.add(book(runtime, mutations, lines, RELATIONS.empty()))
    return files.BOOKED if _all_booked(runtime, mutations) else files.FOUND


def _all_booked(runtime: Runtime, mutations: pd.DataFrame) -> bool:
    return set(mutations["booking"]) <= runtime.confirmed()


def _remember(runtime: Runtime, settlement_id: str, problems: Sequence[Problem]) -> None:
    scope = f"settlement:{settlement_id}"
    runtime.ledger.record_problems(runtime.settings.name, scope, problems)


def run(runtime: Runtime) -> RunReport:
    """Find, match and book everything that is not booked yet, oldest first; un-park what may be."""
    report = RunReport()
    if runtime.preview:
        return _previewed(runtime)
    with runtime.amazon() as amazon:
        report.problems += files.archive_new(runtime, amazon)
        report.calls = Counter(amazon.calls)
    for settlement_id in files.open_settlements(runtime, waiting=True):
        _add(report, run_one(runtime, settlement_id))
    _add(report, book_unparked(runtime))
    return report


def _previewed(runtime: Runtime) -> RunReport:
    """The same without a trace: what is new is read from Amazon and not even recorded."""
    report = RunReport()
    with runtime.amazon() as amazon:
        fresh = [
            SettlementContent(files.describe(content, charset)[0], content, charset)
            for _, content, charset in files.new_documents(runtime, amazon, report.problems)
        ]
        report.calls = Counter(amazon.calls)
    known = [
        files.archived(runtime, name) for name in files.open_settlements(runtime, waiting=True)
    ]
    for settlement in [*known, *fresh]:
        ref = _match(runtime, settlement)
        _add(report, book_matched(runtime, settlement.settlement_id, ref))
    return report


def run_file(runtime: Runtime, path: Path) -> RunReport:
    """Book a settlement from a file, for what Amazon no longer lists.

    Raises:
        ValueError: the file cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if runtime.preview:
        settlement_id = files.describe(content, "")[0]
        ref = _match(runtime, SettlementContent(settlement_id, content, ""))
        return book_matched(runtime, settlement_id, ref)
    changed: list[Problem] = []
    settlement_id = files.archive(runtime, content, "", found=changed)
    report = run_one(runtime, settlement_id)
    report.problems = [*changed, *report.problems]
    return report


def run_one(runtime: Runtime, settlement_id: str) -> RunReport:
    """Match and book one settlement, unless a person must approve first."""
    ref = match(runtime, settlement_id)
    if not approval_needed(runtime, settlement_id, ref):
        return book_matched(runtime, settlement_id, ref)
    return wait_for_approval(runtime, settlement_id, ref)


def wait_for_approval(runtime: Runtime, settlement_id: str, ref: str) -> RunReport:
    """Put the settlement on the list of what waits for a person."""
    manifest = read_manifest(runtime.staging, ref)
    waiting = problem(
        "settlement-waits-for-approval",
        f"settlement {settlement_id}",
        approval=runtime.settings.settlement.approval,
        method=runtime.settings.settlement.method,
        settlement=settlement_id,
    )
    report = RunReport(
        problems=[waiting, *problems_of(manifest)], calls=Counter(manifest.get("calls", {}))
    )
    report.details["settlements"] = [manifest["summary"]]
    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    said = runtime.ledger.decisions.about(subject_of(runtime, settlement_id))
    if said and said[-1].choice is Choice.APPROVE:
        why = "andere openstaande posten gevonden dan goedgekeurd"
        reject(runtime, settlement_id, who="koppeling", why=why)
    totals = {**(record.totals if record else {}), "summary": manifest["summary"]}
    runtime.ledger.settlements.record(
        runtime.seller_id, settlement_id, state=files.WAITING, totals=totals
    )
    _remember(runtime, settlement_id, report.problems)
    return report


def book_unparked(runtime: Runtime) -> RunReport:
    """Pay the invoices of orders that were settled before they were invoiced.

    Raises:
        domain.errors.RemoteError: the books cannot be asked.
    """
    mutations, lines = unpark(runtime.booked(), runtime.settings)
    empty = RELATIONS.empty()
    report = RunReport() if mutations.empty else book(runtime, mutations, lines, empty)
    if not runtime.preview:
        close_solved(runtime)
    return report


def _add(report: RunReport, other: RunReport) -> None:
    summaries = [*report.details.get("settlements", ()), *other.details.get("settlements", ())]
    report.add(other)
    if summaries:
        report.details["settlements"] = summaries
