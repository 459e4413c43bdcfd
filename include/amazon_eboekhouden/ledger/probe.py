"""Asking the books what became of unknown outcomes, in windows of mutation numbers.

Source: reliability rules 3.8. A question that fails proves nothing; an answer that may have been
cut off is asked again in halves; and absence is believed only when the windows were seen to reach
back to a mutation that was there before the send.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from cryptography.fernet import InvalidToken

from amazon_eboekhouden.domain.bookings import BookingKind, Payload, Relation
from amazon_eboekhouden.domain.books import BookedMutation, Remote
from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.ledger.judgement import (
    Sight,
    invoice_numbers,
    judge,
    judge_relation,
    planned_mutation,
    token_in,
)
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.states import Change, Intent
from amazon_eboekhouden.ledger.steps import Step
from amazon_eboekhouden.ledger.store import Store

METERED = "GetMutaties"
_ASK_BY_NUMBER = 25  # unknowns asked by invoice number beside the windows; more would eat the month
_DOCUMENTS = (BookingKind.INVOICE, BookingKind.CREDIT_NOTE)
_LONGEST_SWEEP = 200  # windows; a stop for a service that never answers empty


@runtime_checkable
class KnowsInvoices(Protocol):
    """A service whose invoices can stand without their mutation."""

    def has_invoice(self, number: str) -> bool:
        """Whether an invoice with this number exists."""
        ...


@dataclass
class Probe:
    """The questions of one run.

    Attributes:
        keep_lease: renews the lease when it is due; false when it is lost.
    """

    store: Store
    remote: Remote
    settings: LedgerSettings
    admin: str
    open_payload: Callable[[BookingKind, str], Payload]
    keep_lease: Callable[[], bool]
    failed: bool = False
    rows: dict[int, BookedMutation] = field(default_factory=dict)
    reaches_back: bool = False

    def changes(
        self, unknowns: Sequence[Intent]
    ) -> Generator[Step, None, list[tuple[Intent, Change]]]:
        """What the books make of these unknowns; who is left out stays unknown."""
        changes: list[tuple[Intent, Change]] = []
        relations = [i for i in unknowns if i.kind is BookingKind.RELATION]
        mutations = [i for i in unknowns if i.kind is not BookingKind.RELATION]
        for intent in relations:
            if not self.keep_lease():
                return changes
            change = self._relation(intent)
            yield Step("probed", intent.op_key)
            if change is not None:
                changes.append((intent, change))
        if mutations:
            yield from self._sweep(mutations)
            foreign = self._foreign_rows()
            asked = 0
            for intent in mutations:
                own = [row for row in self.rows.values() if token_in(row) == intent.token]
                if not own and _should_ask(intent, self.reaches_back) and asked < _ASK_BY_NUMBER:
                    asked += 1
                    if not self.keep_lease():
                        return changes
                    own, foreign = self._by_number(intent, foreign)
                    yield Step("probed", intent.op_key)
                change = self._judge(intent, own, foreign)
                if change is not None:
                    changes.append((intent, change))
        return changes

    # --- one question each ---------------------------------------------------------------------
    def ask(self, **window: int | str) -> list[BookedMutation] | None:
        """One metered question; None when it failed or the month's calls are used up."""
        if self.store.calls_used(self.admin, METERED) >= self.settings.calls_a_month:
            self.failed = True
            return None
        self.store.count_call(self.admin, METERED)
        try:
            return self.remote.mutations(**window)  # type: ignore[arg-type]
        except RemoteError:
            self.failed = True
            return None

    def _relation(self, intent: Intent) -> Change | None:
        try:
            row = self.remote.relation(json.loads(intent.content)["code"])
        except RemoteError:
            self.failed = True
            return None
        limit = self.settings.max_attempts
        try:
            payload = self.open_payload(intent.kind, intent.sealed)
        except InvalidToken:
            # Erased after its time, or sealed with another key: the code alone must do, and it is
            # derived from the buyer as nobody else's is.
            company, vat_number = (row.company, row.vat_number) if row else ("", "")
            return judge_relation(intent, company, vat_number, row, limit)
        assert isinstance(payload, Relation)  # noqa: S101 - the kind says so
        return judge_relation(intent, payload.company, payload.vat_number, row, limit)

    def _by_number(
        self, intent: Intent, foreign: list[BookedMutation]
    ) -> tuple[list[BookedMutation], list[BookedMutation]]:
        rows = self.ask(invoice_number=intent.invoice_number)
        if rows is None:
            return [], foreign
        self.rows.update({row.number: row for row in rows})
        own = [row for row in rows if token_in(row) == intent.token]
        return own, self._foreign_rows()

    # --- windows -------------------------------------------------------------------------------
    def _sweep(self, intents: Sequence[Intent]) -> Generator[Step, None, None]:
        """Collect all rows from the last number known before the sends.

        That row itself is asked for too: when it comes back, the windows reach back far enough.
        Otherwise the newest rows must show that nothing lies hidden between; as long as an effect
        may still come, that does not matter yet.
        """
        number_before = min(intent.number_before for intent in intents)
        start = max(number_before, 1)
        highest = max(self.store.highest_number(self.admin), start)
        width = self.settings.window
        for _ in range(_LONGEST_SWEEP):
            if not self.keep_lease():
                self.failed = True
                return
            rows = self.ask(number_from=start, number_to=start + width - 1)
            yield Step("swept")
            if rows is None:
                return
            if len(rows) >= self.settings.page_cap:
                width = max(width // 2, 1)
                continue
            self.rows.update({row.number: row for row in rows})
            start += width
            if not rows and start > highest:
                break
        else:
            self.failed = True
            return
        if number_before in self.rows:
            self.reaches_back = True
            return
        if any(intent.settled for intent in intents):
            yield from self._look_at_newest(number_before)

    def _look_at_newest(self, number_before: int) -> Generator[Step, None, None]:
        rows = self.ask()
        yield Step("swept")
        if rows is None:
            return
        self.rows.update({row.number: row for row in rows})
        if not rows and number_before:
            return  # A mutation stood there: an answer without any proves nothing.
        lowest = min((row.number for row in rows), default=0)
        self.reaches_back = len(rows) < self.settings.page_cap or lowest <= number_before + 1

    # --- judging -------------------------------------------------------------------------------
    def _foreign_rows(self) -> list[BookedMutation]:
        """Rows that bear no token of ours: a person made them, or another installation."""
        tokens = {token for row in self.rows.values() if (token := token_in(row))}
        own = self.store.own_tokens(self.admin, sorted(tokens))
        return [row for row in self.rows.values() if token_in(row) not in own]

    def _judge(
        self, intent: Intent, own: Sequence[BookedMutation], foreign: Iterable[BookedMutation]
    ) -> Change | None:
        same = []
        if intent.invoice_number:
            kind = planned_mutation(intent.content).kind
            same = [
                row
                for row in foreign
                if row.kind is kind and intent.invoice_number in invoice_numbers(row)
            ]
        complete = self.reaches_back and not self.failed
        hidden = not self.reaches_back and not self.failed
        half = False
        if complete and not own and not same:
            try:
                half = self._is_half(intent)
            except RemoteError:
                complete = False  # Absence is not proved while this is not known.
        return judge(intent, Sight(own, same, complete, hidden, half), self.settings.max_attempts)

    def _is_half(self, intent: Intent) -> bool:
        if intent.kind not in _DOCUMENTS or not isinstance(self.remote, KnowsInvoices):
            return False
        return self.remote.has_invoice(intent.invoice_number)


def _should_ask(intent: Intent, reaches_back: bool) -> bool:
    """Whether the invoice number must be asked for before absence is believed."""
    if not intent.invoice_number:
        return False
    return intent.settled or not reaches_back
