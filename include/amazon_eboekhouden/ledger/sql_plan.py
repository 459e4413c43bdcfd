"""Storing what was asked before anything is sent: the bulk half of the protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, or_, select, update

from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.sql_events import Chain
from amazon_eboekhouden.ledger.sql_rows import chunks, intent_of, new_row, payload_values
from amazon_eboekhouden.ledger.states import OFFERING, Draft, Intent, State, Verdict, verdict

_INTENT = schema.intent
_NUMBERED = frozenset({BookingKind.INVOICE, BookingKind.CREDIT_NOTE})
Verdicts = Mapping[str, tuple[Verdict, Intent | None]]

# Rebuilding from the books finds tokens and relation codes, not keys; see `rebuild`.
RECOVERED_RELATION = "recovered:rel:"


@dataclass
class Planner:
    """Planning in one transaction."""

    connection: Connection
    admin: str
    coupling: str
    now_ms: int

    def verdicts(self, drafts: Sequence[Draft]) -> dict[str, tuple[Verdict, Intent | None]]:
        """Per op_key what the draft means."""
        existing = self._existing(drafts)
        fresh = [draft for draft in drafts if draft.op_key not in existing]
        taken = self._taken_numbers(fresh)
        verdicts: dict[str, tuple[Verdict, Intent | None]] = {}
        for draft in drafts:
            number = (draft.kind, draft.invoice_number)
            if draft.op_key not in existing and number in taken:
                verdicts[draft.op_key] = (Verdict.NUMBER_TAKEN, None)
                continue
            if draft.op_key not in existing and draft.kind in _NUMBERED and number[1]:
                taken.add(number)
            intent = existing.get(draft.op_key)
            verdicts[draft.op_key] = (verdict(intent, draft), intent)
        return verdicts

    def write(self, drafts: Sequence[Draft], verdicts: Verdicts, chain: Chain) -> None:
        """Store what the verdicts ask for, with an event each."""
        new = [draft for draft in drafts if verdicts[draft.op_key][0] is Verdict.NEW]
        if new:
            rows = [new_row(self.admin, self.coupling, draft, self.now_ms) for draft in new]
            self.connection.execute(insert(_INTENT), rows)
        for draft in new:
            planned = (State.PLANNED.value, draft.payload_hash)
            chain.add(draft.op_key, self.coupling, "", *planned, self.now_ms)
        for draft in drafts:
            kind, intent = verdicts[draft.op_key]
            if intent is None:
                continue
            if kind is Verdict.REPLACED:
                self._replace(draft, intent, chain)
            elif kind is Verdict.RECOVERED:
                self._recover(draft, intent, chain)
            else:
                offered = draft.payload_hash if kind in OFFERING else ""
                self._offer(draft, intent, offered, kind, chain)

    def _replace(self, draft: Draft, intent: Intent, chain: Chain) -> None:
        self.connection.execute(
            update(_INTENT)
            .where(_INTENT.c.op_key == draft.op_key)
            .values(
                state=State.PLANNED.value,
                reason="",
                offered_hash="",
                attempt=0 if intent.state is State.REJECTED else intent.attempt,
                updated_utc=self.now_ms,
                **payload_values(draft),
            )
        )
        before = intent.state
        if before is State.PLANNED:
            before = State.SUPERSEDED
            superseded = (State.PLANNED.value, before.value, intent.payload_hash)
            chain.add(draft.op_key, self.coupling, *superseded, self.now_ms)
        planned = (before.value, State.PLANNED.value, draft.payload_hash)
        chain.add(draft.op_key, self.coupling, *planned, self.now_ms)

    def _recover(self, draft: Draft, intent: Intent, chain: Chain) -> None:
        """Give an intent that was found in the books its key and payload back."""
        self.connection.execute(
            update(_INTENT)
            .where(_INTENT.c.op_key == intent.op_key)
            .values(
                op_key=draft.op_key,
                kind=draft.kind.value,
                natural=draft.natural,
                token=draft.token,
                coupling=self.coupling,
                updated_utc=self.now_ms,
                **payload_values(draft),
            )
        )
        known = (State.CONFIRMED.value, State.CONFIRMED.value, f"known again, was {intent.op_key}")
        chain.add(draft.op_key, self.coupling, *known, self.now_ms)

    def _offer(
        self, draft: Draft, intent: Intent, offered: str, kind: Verdict, chain: Chain
    ) -> None:
        """Remember that something else came under a booked key, or that it no longer does."""
        if intent.offered_hash == offered or kind in {Verdict.WAITING, Verdict.HELD}:
            return
        self.connection.execute(
            update(_INTENT)
            .where(_INTENT.c.op_key == intent.op_key)
            .values(offered_hash=offered, updated_utc=self.now_ms)
        )
        state = intent.state.value
        chain.add(intent.op_key, self.coupling, state, state, f"offered {offered}", self.now_ms)

    def _existing(self, drafts: Sequence[Draft]) -> dict[str, Intent]:
        found: dict[str, Intent] = {}
        for part in chunks([draft.op_key for draft in drafts]):
            query = select(_INTENT).where(_INTENT.c.op_key.in_(part))
            found.update({row.op_key: intent_of(row) for row in self.connection.execute(query)})
        missing = [draft for draft in drafts if draft.op_key not in found]
        return found | self._recovered(missing)

    def _recovered(self, drafts: Sequence[Draft]) -> dict[str, Intent]:
        """Intents that a rebuild found: known by token, relations by their code."""
        found: dict[str, Intent] = {}
        for part in chunks(drafts):
            by_token = {draft.token: draft.op_key for draft in part}
            relations = [draft for draft in part if draft.kind is BookingKind.RELATION]
            by_code = {RECOVERED_RELATION + d.relation_code: d.op_key for d in relations}
            query = select(_INTENT).where(
                _INTENT.c.admin == self.admin,
                or_(_INTENT.c.token.in_(by_token), _INTENT.c.natural.in_(by_code)),
            )
            for row in self.connection.execute(query):
                key = by_token.get(row.token) or by_code[row.natural]
                found[key] = intent_of(row)
        return found

    def _taken_numbers(self, drafts: Sequence[Draft]) -> set[tuple[BookingKind, str]]:
        numbers = [d.invoice_number for d in drafts if d.kind in _NUMBERED and d.invoice_number]
        taken: set[tuple[BookingKind, str]] = set()
        for part in chunks(numbers):
            query = select(_INTENT.c.kind, _INTENT.c.invoice_number).where(
                _INTENT.c.admin == self.admin,
                _INTENT.c.invoice_number.in_(part),
                _INTENT.c.kind.in_([kind.value for kind in _NUMBERED]),
            )
            taken.update((BookingKind(row[0]), row[1]) for row in self.connection.execute(query))
        return taken
