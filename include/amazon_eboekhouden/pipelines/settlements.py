"""Settlements to bookings: find, match, book.

A settlement is closed, waits for a person, or is refused with a reason; never half-booked: nothing
is handed to the ledger before the file adds up and every row has exactly one destination.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, RELATIONS
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement import proof as proofs
from amazon_eboekhouden.domain.settlement.bookings import SETTLED, settlement_bookings
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.left_over import (
    must_go_via_clearing,
    propose_left_over,
)
from amazon_eboekhouden.domain.settlement.matching import match as match_rows
from amazon_eboekhouden.domain.settlement.others import (
    BY_AMOUNT,
    Found,
    shown,
    to_approve,
)
from amazon_eboekhouden.domain.settlement.statement import Statement, account_sums, statement
from amazon_eboekhouden.domain.settlement.tie_out import gate
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
from amazon_eboekhouden.pipelines.references import rates_for_settlement
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime
from amazon_eboekhouden.pipelines.settlement_approval import text_of
from amazon_eboekhouden.pipelines.settlement_cross_checks import Asked
from amazon_eboekhouden.pipelines.settlement_files import SettlementContent
from amazon_eboekhouden.pipelines.settlement_problems import close_solved

# Listed until a person has approved it.
WEIGHED = "settlement-invoices-of-others"


@dataclass(frozen=True)
class Worked:
    """What a settlement would book.

    Attributes:
        mutations, mutation_lines: MUTATIONS and MUTATION_LINES.
        rows: SETTLED, every row with its place and the reason.
        problems: for people.
        stopped: those that keep the settlement from being booked.
        waits: nothing may be booked yet.
        summary: the statement as plain values.
        calls: what it took to ask the books.
    """

    mutations: pd.DataFrame
    mutation_lines: pd.DataFrame
    rows: pd.DataFrame
    problems: Sequence[Problem]
    stopped: Sequence[Problem]
    waits: bool
    summary: dict[str, Any]
    calls: Counter[str] = field(default_factory=Counter)


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


def work(
    runtime: Runtime,
    read: SettlementFile,
    deposit_eur_cents: int | None,
    totals: Mapping[str, Any],
    *,
    ask: bool,
) -> Worked:
    """Match a settlement that adds up, and work out what it would book.

    Args:
        runtime: the coupling's runtime.
        read: the settlement.
        deposit_eur_cents: what reached the bank in EUR, for another currency.
        totals: what the ledger remembers of the settlement.
        ask: the books are asked for the invoices of others; else what was found before holds.

    Raises:
        domain.errors.RemoteError: the books cannot be asked.
    """
    settings, settlement_id = runtime.settings, read.header.settlement_id
    calls: Counter[str] = Counter()
    found: list[Found] = []
    booked = others.known_payments(runtime.booked(), settlement_id, {} if ask else totals)
    matched = match_rows(read, booked, settings)
    if ask and read.header.currency == "EUR":
        booked, found = others.invoices_of_others(runtime, settlement_id, matched, booked, calls)
        if found:
            matched = match_rows(read, booked, settings)
    rates = rates_for_settlement(runtime, read.header.currency, read.rows["posted"])
    result = settlement_bookings(
        read, matched, booked, settings, rates=rates, deposit_eur_cents=deposit_eur_cents
    )
    page = statement(read, result)
    summary = _summary(page, len(read.rows)) | {"invoices_of_others": shown(found)}
    weigh = to_approve(settlement_id, found, settings.accounts.before_go_live)
    if settings.settlement.method == "clearing":
        summary["still_open_cents"] = result.still_open_cents
        summary["accounts"] = proofs.accounts_shown(account_sums(page.entries))
        account = settings.accounts.clearing.of(read.header.currency)
        return Worked(
            result.mutations,
            result.mutation_lines,
            result.rows,
            [*result.problems, *weigh],
            gate(read, result, account),
            result.waits,
            summary,
            calls,
        )
    via_clearing = must_go_via_clearing(booked)
    proposal = propose_left_over(read, matched, booked, settings, via_clearing=via_clearing)
    summary["proposal"] = proposal.amounts
    nothing = proposal.mutations.empty
    # That it only proposes is said by the approval itself; why there is nothing to approve is not.
    asked = proposal.problems if nothing else weigh
    problems = [*asked, *proposal.to_look_at]
    return Worked(
        proposal.mutations,
        proposal.mutation_lines,
        proposal.rows,
        problems,
        (),
        nothing,
        summary,
        calls,
    )


def _summary(page: Statement, rows: int) -> dict[str, Any]:
    """The statement as plain values; in the settlement's own currency unless named otherwise."""
    return {
        "settlement_id": page.settlement_id,
        "start": page.start.isoformat(),
        "end": page.end.isoformat(),
        "currency": page.currency,
        "total_cents": page.total_cents,
        "rows": rows,
        "rows_cents": sum(line.amount_cents for line in page.lines),
        "lines": [
            {
                "section": line.section,
                "line": line.line,
                "rows": line.rows,
                "cents": line.amount_cents,
            }
            for line in page.lines
        ],
        "transit_eur_cents": page.transit_cents,
        "carried_eur_cents": page.carried_cents,
        "waits": page.waits,
    }


def approval_needed(runtime: Runtime, settlement_id: str, ref: str) -> bool:
    """Whether a person must approve before this settlement is booked.

    Source: accounting rules 2.5; `open_items_to_costs` always needs one.
    """
    manifest = read_manifest(runtime.staging, ref)
    if manifest["refused"]:
        return False
    said = runtime.ledger.decisions.about(_subject(runtime, settlement_id))
    if said:  # The last word counts: what was rejected waits until it is approved after all.
        if said[-1].choice is not Choice.APPROVE:
            return True
        return _differs_from_what_was_shown(runtime, settlement_id, manifest)
    settings = runtime.settings.settlement
    if settings.method == "open_items_to_costs" or settings.approval == "required":
        return True
    if any(one["how"] == BY_AMOUNT for one in manifest["summary"]["invoices_of_others"]):
        return True
    return settings.approval != "automatic" and not files.any_booked(runtime)


def _differs_from_what_was_shown(
    runtime: Runtime, settlement_id: str, manifest: Mapping[str, Any]
) -> bool:
    """Whether other open items are found by amount now than those that a person approved."""
    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    summary = record.totals.get("summary") if record else None
    if summary is None:
        return False
    seen = {(one["order_id"], one["invoice"]) for one in summary["invoices_of_others"]}
    return any(
        one["how"] == BY_AMOUNT and (one["order_id"], one["invoice"]) not in seen
        for one in manifest["summary"]["invoices_of_others"]
    )


def approve(
    runtime: Runtime, settlement_id: str, *, who: str, why: str = "approved for booking"
) -> None:
    """A person's approval: the settlement may be booked."""
    subject = _subject(runtime, settlement_id)
    runtime.ledger.decisions.record(subject, Choice.APPROVE, who=who, why=why)


def reject(runtime: Runtime, settlement_id: str, *, who: str, why: str) -> None:
    """A person's refusal: the settlement goes on waiting until somebody approves it."""
    subject = _subject(runtime, settlement_id)
    runtime.ledger.decisions.record(subject, Choice.REJECT, who=who, why=why)


def approve_waiting(runtime: Runtime, settlement_id: str, *, who: str) -> None:
    """The approval of a settlement that was seen to wait; of any other there was none to give."""
    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    if record is None or record.state != files.WAITING:
        return
    said = runtime.ledger.decisions.about(_subject(runtime, settlement_id))
    if not said or said[-1].choice is not Choice.APPROVE:
        approve(runtime, settlement_id, who=who)


def _subject(runtime: Runtime, settlement_id: str) -> str:
    return decided_under(runtime.seller_id, settlement_id)


def decided_under(seller_id: str, settlement_id: str) -> str:
    """What decisions about a settlement are filed under."""
    return f"settlement:{seller_id}:{settlement_id}"


def approval_text(runtime: Runtime, ref: str) -> str:
    """What a person reads before approving: the statement, in Dutch."""
    summary = read_manifest(runtime.staging, ref).get("summary")
    return text_of(summary) if summary else ""


def problems_to_weigh(runtime: Runtime, ref: str) -> list[Problem]:
    """What will stand on the list of problems once the settlement is booked."""
    return problems_of(read_manifest(runtime.staging, ref))


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
    with runtime.amazon() as amazon:
        fresh = [
            SettlementContent(files.describe(content, charset)[0], content, charset)
            for _, content, charset in files.new_documents(runtime, amazon)
        ]
        report = RunReport(calls=Counter(amazon.calls))
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
    said = runtime.ledger.decisions.about(_subject(runtime, settlement_id))
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
