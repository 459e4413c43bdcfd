"""What a settlement would book: its rows matched, by either method, with a summary for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement import proof as proofs
from amazon_eboekhouden.domain.settlement.bookings import settlement_bookings
from amazon_eboekhouden.domain.settlement.file import SettlementFile
from amazon_eboekhouden.domain.settlement.left_over import (
    must_go_via_clearing,
    propose_left_over,
)
from amazon_eboekhouden.domain.settlement.matching import match as match_rows
from amazon_eboekhouden.domain.settlement.others import Found, shown, to_approve
from amazon_eboekhouden.domain.settlement.statement import Statement, account_sums, statement
from amazon_eboekhouden.domain.settlement.tie_out import gate
from amazon_eboekhouden.pipelines import settlement_others as others
from amazon_eboekhouden.pipelines.references import rates_for_settlement
from amazon_eboekhouden.pipelines.runtime import Runtime


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
        **page.head,
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
