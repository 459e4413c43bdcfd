"""Settlements to bookings: find, match, book.

A settlement is closed, waits for a person, or is refused with a reason; never half-booked: nothing
is handed to the ledger before the file adds up and every row has exactly one destination.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from amazon_eboekhouden.domain.frames import BOOKED, MUTATION_LINES, MUTATIONS, RELATIONS
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.bookings import SettlementBookables, settlement_bookings
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.matching import match as match_rows
from amazon_eboekhouden.domain.settlement.tie_out import gate
from amazon_eboekhouden.domain.settlement.unparking import unpark
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

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller

# Amazon keeps a report at most this long.
LISTED_FOR = timedelta(days=90)
# States of a settlement in the ledger.
FOUND, REFUSED, WAITING, BOOKED_STATE = "found", "refused", "waiting", "booked"


def find(runtime: Runtime) -> list[str]:
    """Archive settlement files that are new, and name the settlements that are not booked yet.

    Every document is fetched once: the ledger remembers the documents of each settlement, and the
    same settlement listed again under another document is recognised by its content.

    Returns:
        settlement ids, oldest period first.

    Raises:
        domain.errors.RemoteError: Amazon cannot be asked.
    """
    with runtime.amazon() as amazon:
        return _find(runtime, amazon)


def _find(runtime: Runtime, amazon: AmazonSeller) -> list[str]:
    records = runtime.ledger.settlements.all(runtime.seller_id)
    fetched = {name for record in records for name in record.totals.get("documents", ())}
    since = datetime.now(UTC) - LISTED_FOR + timedelta(minutes=1)
    for listed in amazon.settlement_reports(created_since=since):
        if listed.document_id and listed.document_id not in fetched:
            document = amazon.fetch_document(listed.document_id)
            _archive(runtime, document.content, document.charset, listed.document_id)
            fetched.add(listed.document_id)
    return [
        record.settlement_id
        for record in runtime.ledger.settlements.all(runtime.seller_id)
        if record.coupling == runtime.settings.name and record.state in (FOUND, REFUSED)
    ]


def _archive(runtime: Runtime, content: bytes, charset: str, document_id: str) -> str:
    """Keep the file by its content and record the settlement; returns the settlement's id."""
    content_hash = runtime.archive.put(content)
    read = read_settlement(content, charset=charset or None)
    if isinstance(read, SettlementFile):
        settlement_id = read.header.settlement_id
        known: dict[str, Any] = {
            "start_date": read.header.start,
            "end_date": read.header.end,
            "total_cents": read.header.total_cents,
            "currency": read.header.currency,
        }
    else:
        # The reason is listed by `match`, every time until a version of the reader can read it.
        settlement_id, known = f"file-{content_hash[:16]}", {"state": REFUSED}
    before = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    if before is not None and before.file_hash not in ("", content_hash):
        _another_content(runtime, settlement_id, before.file_hash, content_hash)
        content_hash = before.file_hash
    totals = dict(before.totals) if before else {}
    documents = sorted({*totals.get("documents", ()), document_id} - {""})
    runtime.ledger.settlements.record(
        runtime.seller_id,
        settlement_id,
        coupling=runtime.settings.name,
        file_hash=content_hash,
        archive=content_hash,
        totals={**totals, "documents": documents, "charset": totals.get("charset") or charset},
        **known,
    )
    return settlement_id


def _another_content(runtime: Runtime, settlement_id: str, known: str, found: str) -> None:
    """The file that was found first stays the one that is booked; a person hears of the other."""
    changed = problem(
        "settlement-file-changed",
        f"settlement {settlement_id}",
        known=known[:12],
        found=found[:12],
    )
    scope = f"settlement-file:{settlement_id}"
    runtime.ledger.record_problems(runtime.settings.name, scope, [changed])


def match(runtime: Runtime, settlement_id: str) -> str:
    """Read the archived file, give every row its destination, and work out the bookings.

    Returns:
        name of a manifest with the frames MUTATIONS and MUTATION_LINES, empty when it is refused.
    """
    from amazon_eboekhouden.expectations.gate import check

    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    if record is None:
        raise ValueError(f"settlement {settlement_id} was never found; run `settlements` first")
    batch = f"{runtime.settings.name}/settlements/{settlement_id}"
    content = runtime.archive.get(record.file_hash)
    read = read_settlement(content, charset=record.totals.get("charset") or None)
    manifest: dict[str, Any] = {"batch": batch, "settlement_id": settlement_id}
    if not isinstance(read, SettlementFile):
        manifest |= {"refused": True, "frames": {}, "problems": plain_problems(read)}
        return write_manifest(runtime.staging, batch, "matched", manifest)
    result = _bookables(runtime, read)
    checked = check(result.mutations, result.mutation_lines, RELATIONS.empty())
    stopped = [*gate(read, result, clearing_of(runtime, read)), *checked.problems]
    # A settlement is booked whole or not at all: one held-back booking holds all of them back.
    refused = result.waits or bool(stopped)
    frames = write_frames(
        runtime.staging,
        batch,
        {
            "mutations": (MUTATIONS, MUTATIONS.empty() if refused else checked.mutations),
            "mutation_lines": (
                MUTATION_LINES,
                MUTATION_LINES.empty() if refused else checked.mutation_lines,
            ),
        },
    )
    manifest |= {
        "refused": refused,
        "frames": frames,
        "summary": _summary(read, result),
        "problems": plain_problems([*result.problems, *stopped]),
    }
    return write_manifest(runtime.staging, batch, "matched", manifest)


def _bookables(runtime: Runtime, read: SettlementFile) -> SettlementBookables:
    booked = _booked(runtime)
    matched = match_rows(read, booked, runtime.settings)
    rates = rates_for_settlement(runtime, read.header.currency, read.rows["posted"])
    return settlement_bookings(read, matched, booked, runtime.settings, rates=rates)


def clearing_of(runtime: Runtime, read: SettlementFile) -> str:
    """The clearing account of a settlement's currency."""
    return runtime.settings.accounts.clearing.of(read.header.currency)


def _summary(read: SettlementFile, result: SettlementBookables) -> dict[str, Any]:
    """What the file says and where its rows went; in the settlement's own currency."""
    places = result.rows.groupby("place")["amount_cents"].agg(["size", "sum"])
    return {
        "settlement_id": read.header.settlement_id,
        "currency": read.header.currency,
        "total_cents": read.header.total_cents,
        "rows": len(read.rows),
        "rows_cents": int(read.rows["amount_cents"].sum()),
        "waits": result.waits,
        "places": {
            str(place): {"rows": int(row["size"]), "cents": int(row["sum"])}
            for place, row in places.iterrows()
        },
    }


def _booked(runtime: Runtime) -> pd.DataFrame:
    bound = runtime.ledger.coupling_state(runtime.settings.name)
    return runtime.ledger.booked(bound.administration) if bound else BOOKED.empty()


def approval_needed(runtime: Runtime, settlement_id: str, ref: str) -> bool:
    """Whether a person must approve before this settlement is booked.

    Source: accounting rules 2.5; `open_items_to_costs` always needs one.
    """
    manifest = read_manifest(runtime.staging, ref)
    if manifest["refused"]:
        return False
    if runtime.ledger.decisions.about(_subject(runtime, settlement_id)):
        return False
    settings = runtime.settings.settlement
    if settings.method == "open_items_to_costs" or settings.approval == "required":
        return True
    if settings.approval == "automatic":
        return False
    return not any(
        record.coupling == runtime.settings.name and record.state == BOOKED_STATE
        for record in runtime.ledger.settlements.all(runtime.seller_id)
    )


def _subject(runtime: Runtime, settlement_id: str) -> str:
    return f"settlement:{runtime.seller_id}:{settlement_id}"


def book_matched(runtime: Runtime, settlement_id: str, ref: str) -> RunReport:
    """Book what `match` worked out, and remember what became of the settlement."""
    manifest = read_manifest(runtime.staging, ref)
    report = RunReport(problems=problems_of(manifest))
    if "summary" in manifest:
        report.details["settlements"] = [manifest["summary"]]
    state = REFUSED
    if not manifest["refused"]:
        report.add(
            book(
                runtime,
                read_frame(runtime.staging, manifest, "mutations", MUTATIONS),
                read_frame(runtime.staging, manifest, "mutation_lines", MUTATION_LINES),
                RELATIONS.empty(),
            )
        )
        state = BOOKED_STATE if _all_booked(runtime, manifest) else FOUND
    if not runtime.preview:
        runtime.ledger.settlements.record(runtime.seller_id, settlement_id, state=state)
        runtime.ledger.record_problems(
            runtime.settings.name, f"settlement:{settlement_id}", report.problems
        )
    return report


def _all_booked(runtime: Runtime, manifest: dict[str, Any]) -> bool:
    wanted = set(read_frame(runtime.staging, manifest, "mutations", MUTATIONS)["booking"])
    booked = _booked(runtime)
    confirmed = set(booked.loc[booked["state"] == "CONFIRMED", "booking"])
    return wanted <= confirmed


def run(runtime: Runtime) -> RunReport:
    """Find, match and book everything that is not booked yet, oldest first; un-park what may be."""
    with runtime.amazon() as amazon:
        settlement_ids = _find(runtime, amazon)
        report = RunReport(calls=Counter(amazon.calls))
    for settlement_id in settlement_ids:
        _add(report, run_one(runtime, settlement_id))
    _add(report, book_unparked(runtime))
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
    return run_one(runtime, _archive(runtime, content, "", ""))


def book_unparked(runtime: Runtime) -> RunReport:
    """Pay the invoices of orders that were settled before they were invoiced."""
    mutations, lines = unpark(_booked(runtime), runtime.settings)
    if mutations.empty:
        return RunReport()
    return book(runtime, mutations, lines, RELATIONS.empty())


def run_one(runtime: Runtime, settlement_id: str) -> RunReport:
    """Match and book one settlement, unless a person must approve first."""
    ref = match(runtime, settlement_id)
    if not runtime.preview and approval_needed(runtime, settlement_id, ref):
        waiting = problem(
            "settlement-waits-for-approval",
            f"settlement {settlement_id}",
            approval=runtime.settings.settlement.approval,
        )
        return _waiting(runtime, settlement_id, ref, waiting)
    return book_matched(runtime, settlement_id, ref)


def _waiting(runtime: Runtime, settlement_id: str, ref: str, waiting: Problem) -> RunReport:
    report = RunReport(problems=[waiting, *problems_of(read_manifest(runtime.staging, ref))])
    runtime.ledger.record_problems(
        runtime.settings.name, f"settlement:{settlement_id}", report.problems
    )
    return report


def _add(report: RunReport, other: RunReport) -> None:
    summaries = [*report.details.get("settlements", ()), *other.details.get("settlements", ())]
    report.add(other)
    if summaries:
        report.details["settlements"] = summaries
