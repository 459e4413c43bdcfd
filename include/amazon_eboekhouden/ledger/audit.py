"""Comparing what is confirmed with the books: a person's edit is surfaced, never undone.

Source: reliability rules 3.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from amazon_eboekhouden.domain.bookings import BookingKind, MutationKind
from amazon_eboekhouden.domain.books import BookedMutation, Remote
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.judgement import differences, invoice_numbers, token_in
from amazon_eboekhouden.ledger.sql_events import Chain, first_break
from amazon_eboekhouden.ledger.sql_rows import chunks, intent_of
from amazon_eboekhouden.ledger.sql_store import SqlStore
from amazon_eboekhouden.ledger.states import ADOPTED, Change, Intent, State
from amazon_eboekhouden.ledger.windows import Reader

_INTENT = schema.intent


@dataclass
class AuditReport:
    """What one night's comparison found.

    Attributes:
        compared: confirmed bookings that were looked up.
        drifted: natural keys that a person changed, deleted or doubled since.
        not_visible: windows of numbers that the service does not show any more.
        calls: metered calls used.
        complete: whether the newest mutation was reached; otherwise the next night goes on.
        whole: whether everything was compared in this one night.
        problems: what a person must look at, beside the drifted bookings.
    """

    compared: int = 0
    drifted: list[str] = field(default_factory=list)
    not_visible: list[tuple[int, int]] = field(default_factory=list)
    calls: int = 0
    complete: bool = True
    whole: bool = True
    problems: list[Problem] = field(default_factory=list)


@dataclass
class Audit:
    """One night's comparison of one administration.

    Raises:
        domain.errors.RemoteError: from `run`, when the books cannot be asked; nothing is judged.
    """

    store: SqlStore
    remote: Remote
    admin: str
    max_calls: int

    def run(self) -> AuditReport:
        """Read the books from where the last night stopped, and judge every confirmed booking."""
        report = AuditReport()
        self._check_history(report)
        # Read before the books: what is confirmed now must be visible in what is read later.
        confirmed = self._confirmed()
        numbers = [int(i.remote_id) for i in confirmed if i.remote_id.isdigit()]
        # One window earlier: what a person booked shortly before us belongs to the comparison.
        oldest = min(numbers, default=1) - self.store.settings.window
        first = max(self._cursor() + 1, oldest, 1)
        reader = Reader(self.store, self.remote, self.store.settings, self.admin, self.max_calls)
        rows: list[BookedMutation] = []
        seen: list[range] = []
        last = first - 1
        for window in reader.windows(first):
            last = window.last
            if window.visible:
                rows += window.rows
                seen.append(range(window.first, window.last + 1))
            elif any(window.first <= number <= window.last for number in numbers):
                report.not_visible.append((window.first, window.last))
        # A booking above the newest number was deleted, whatever the windows cover.
        newest = max((row.number for row in reader.newest), default=0)
        report.calls, report.complete = reader.calls, last >= newest
        if report.complete and newest + 1 <= max(numbers, default=0):
            seen.append(range(newest + 1, max(numbers) + 1))
        report.whole = report.complete and self._cursor() == 0
        within = [i for i in confirmed if _is_in(i, seen)]
        report.compared = len(within)
        self._judge(within, rows, report)
        self._look_for_strangers(rows, report)
        for start, end in report.not_visible:
            row = f"administration {self.admin}"
            report.problems.append(problem("books-not-visible", row, first=start, last=end))
        self._move_cursor(0 if report.complete else last)
        return report

    def _judge(
        self, intents: Sequence[Intent], rows: Iterable[BookedMutation], report: AuditReport
    ) -> None:
        by_token: dict[str, list[BookedMutation]] = {}
        by_number = {}
        for row in rows:
            by_number[row.number] = row
            if token := token_in(row):
                by_token.setdefault(token, []).append(row)
        drifts = []
        for intent in intents:
            # Without our token it is still the same mutation if it has the number.
            same = by_number.get(int(intent.remote_id))
            own = by_token.get(intent.token) or ([same] if same else [])
            change = _drift(intent, own)
            if change is not None:
                drifts.append((intent, change))
        report.drifted += self._write(drifts)

    def _look_for_strangers(self, rows: Sequence[BookedMutation], report: AuditReport) -> None:
        """Rows with our mark that we do not know, and invoice numbers of ours booked by hand."""
        tokens = sorted({token for row in rows if (token := token_in(row))})
        own = self.store.own_tokens(self.admin, tokens)
        invoices = [row for row in rows if row.kind is MutationKind.SALES_INVOICE]
        strange = [row for row in invoices if not token_in(row)]
        ours = self._our_numbers({number for row in strange for number in invoice_numbers(row)})
        for row in rows:
            token = token_in(row)
            if token and token not in own:
                name = f"mutation {row.number}"
                found = problem("token-not-known", name, number=row.number, token=token)
                report.problems.append(found)
        for row in strange:
            for number in sorted(invoice_numbers(row) & ours.keys()):
                order_id, adopted = ours[number]
                if str(row.number) != adopted:
                    report.problems.append(
                        problem(
                            "booked-by-hand",
                            f"invoice {number}",
                            order_id=order_id,
                            invoice=number,
                            number=row.number,
                        )
                    )

    def _our_numbers(self, numbers: set[str]) -> dict[str, tuple[str, str]]:
        """Order and mutation number per invoice number that one of our bookings carries."""
        found: dict[str, tuple[str, str]] = {}
        columns = select(_INTENT.c.invoice_number, _INTENT.c.order_id, _INTENT.c.remote_id)
        kinds = [BookingKind.INVOICE.value, BookingKind.CREDIT_NOTE.value]
        with reading(self.store.engine).connect() as connection:
            for part in chunks(sorted(numbers)):
                query = columns.where(
                    _INTENT.c.admin == self.admin,
                    _INTENT.c.kind.in_(kinds),
                    _INTENT.c.invoice_number.in_(part),
                )
                for row in connection.execute(query):
                    found[row.invoice_number] = (row.order_id, row.remote_id)
        return found

    # --- store -----------------------------------------------------------------------------------
    def _confirmed(self) -> list[Intent]:
        query = select(_INTENT).where(
            _INTENT.c.admin == self.admin,
            _INTENT.c.state == State.CONFIRMED.value,
            _INTENT.c.kind != BookingKind.RELATION.value,
        )
        with reading(self.store.engine).connect() as connection:
            return [intent_of(row) for row in connection.execute(query)]

    def _write(self, drifts: Sequence[tuple[Intent, Change]]) -> list[str]:
        written: list[str] = []
        if not drifts:
            return written
        with self.store.engine.begin() as connection:
            chain = Chain(connection, self.admin)
            now_ms = self.store.now_ms(connection)
            for intent, change in drifts:
                still = (
                    _INTENT.c.op_key == intent.op_key,
                    _INTENT.c.state == State.CONFIRMED.value,
                    _INTENT.c.remote_id == intent.remote_id,
                )
                values: dict[str, Any] = {
                    "state": change.to.value,
                    "reason": change.reason,
                    "evidence": change.evidence,
                    "updated_utc": now_ms,
                }
                done = connection.execute(update(_INTENT).where(*still).values(**values))
                if done.rowcount == 1:
                    steps = (State.CONFIRMED.value, change.to.value)
                    chain.add(intent.op_key, "audit", *steps, change.evidence, now_ms)
                    written.append(intent.natural)
            chain.close()
        return written

    def _check_history(self, report: AuditReport) -> None:
        with reading(self.store.engine).connect() as connection:
            seq = first_break(connection, self.admin)
        if seq is not None:
            row = f"administration {self.admin}"
            report.problems.append(problem("history-broken", row, seq=seq))

    def _cursor(self) -> int:
        table = schema.administration
        query = select(table.c.audited_number).where(table.c.admin == self.admin)
        with reading(self.store.engine).connect() as connection:
            return int(connection.execute(query).scalar_one_or_none() or 0)

    def _move_cursor(self, number: int) -> None:
        table = schema.administration
        with self.store.engine.begin() as connection:
            moved = update(table).where(table.c.admin == self.admin)
            connection.execute(moved.values(audited_number=number))


def _drift(intent: Intent, own: Sequence[BookedMutation]) -> Change | None:
    if not own:
        evidence = f"mutation {intent.remote_id} is gone"
        return Change(State.DRIFTED, "deleted", evidence=evidence)
    if len(own) > 1:
        numbers = ", ".join(str(row.number) for row in own)
        return Change(State.DRIFTED, "drift-duplicated", evidence=f"mutations {numbers}")
    if intent.reason == ADOPTED:
        return None
    different = differences(intent.content, own[0])
    if different:
        evidence = f"mutation {own[0].number} differs in {', '.join(different)}"
        return Change(State.DRIFTED, "changed", evidence=evidence)
    return None


def _is_in(intent: Intent, seen: Iterable[range]) -> bool:
    if not intent.remote_id.isdigit():
        return False
    number = int(intent.remote_id)
    return any(number in window for window in seen)
