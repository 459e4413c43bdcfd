"""Handing frames to the booking ledger: the only road by which anything reaches the books."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from amazon_eboekhouden.domain.bookings import Booking, BookingKind
from amazon_eboekhouden.domain.handover import bookings
from amazon_eboekhouden.ledger import BookingReport
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden

LEASE_PATIENCE_S = 20.0
LEASE_ASKED_EVERY_S = 1.0


def book(
    runtime: Runtime, mutations: pd.DataFrame, lines: pd.DataFrame, relations: pd.DataFrame
) -> RunReport:
    """Book frames in one session, or show what would be booked.

    Args:
        runtime: the coupling's runtime; its preview flag decides whether anything is written.
        mutations: MUTATIONS.
        lines: MUTATION_LINES.
        relations: RELATIONS.

    Raises:
        domain.errors.RemoteError: the books cannot be asked.
    """
    with runtime.books() as books:
        report = _book(runtime, books, mutations, lines, relations)
        books.close()  # Before the calls are counted: closing is one of them.
        report.calls = Counter(books.calls)
    return report


def _book(
    runtime: Runtime,
    books: EBoekhouden,
    mutations: pd.DataFrame,
    lines: pd.DataFrame,
    relations: pd.DataFrame,
) -> RunReport:
    administration = books.administration_guid()
    name = runtime.settings.name
    stopped = (
        None if runtime.preview else runtime.ledger.bind(name, administration, runtime.seller_id)
    )
    if stopped is not None:
        return RunReport(problems=[stopped])
    ready, problems = bookings(mutations, lines, relations, books.ledger_accounts())
    if runtime.preview:
        outcome = runtime.ledger.preview(administration, ready)
    else:
        outcome = _book_in_turn(runtime, books, administration, ready)
    report = report_of(outcome)
    report.problems = problems + report.problems
    if runtime.preview:
        new = set(outcome.booked)
        report.preview = [_shown(booking) for booking in ready if booking.natural in new]
        report.booked = 0
    return report


def _book_in_turn(
    runtime: Runtime, books: EBoekhouden, administration: str, ready: list[Booking]
) -> BookingReport:
    """Book, waiting a short while when another writer has the administration.

    Settlements that were found together are booked by runs side by side; most are done in
    seconds. Whoever takes longer is left alone, and this run comes back when its lease ends.
    """
    last_try = time.monotonic() + LEASE_PATIENCE_S
    while True:
        outcome = runtime.ledger.book(administration, runtime.settings.name, ready, books)
        if not outcome.lease_taken or time.monotonic() > last_try:
            return outcome
        time.sleep(LEASE_ASKED_EVERY_S)


def report_of(outcome: BookingReport) -> RunReport:
    """The ledger's report in the words of a run; relations are means, not bookings."""

    def mutations_in(naturals: list[str]) -> int:
        return sum(1 for natural in naturals if not natural.startswith("rel:"))

    return RunReport(
        booked=mutations_in(outcome.booked),
        already_booked=mutations_in(outcome.already_booked),
        unknown=mutations_in(outcome.unknown),
        problems=list(outcome.problems),
        retry_after_utc=outcome.retry_at_utc,
    )


def _shown(booking: Booking) -> dict[str, Any]:
    kind = "relation" if booking.kind is BookingKind.RELATION else "mutation"
    return {
        "booking": booking.natural,
        "row": booking.row,
        kind: json.loads(booking.payload_json()),
    }
