"""The protocol's store in memory: same promises as `SqlStore`, a thousand times as fast.

`tests/ledger/test_stores_agree.py` runs the same schedules on both and compares every step.
`sabotaged` names safeguards that are left out, so that the campaign can prove that it would see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.states import (
    OFFERING,
    TROUBLED,
    Change,
    Draft,
    Intent,
    State,
    Verdict,
    check_transition,
    event_hash,
    verdict,
)
from amazon_eboekhouden.ledger.store import NEVER_ASKED, Lease

NUMBERED = {BookingKind.INVOICE, BookingKind.CREDIT_NOTE}


@dataclass
class MemoryStore:
    clock: Callable[[], float]
    settings: LedgerSettings
    sabotaged: frozenset[str] = frozenset()
    intents: dict[str, Intent] = field(default_factory=dict)
    not_before: dict[str, float] = field(default_factory=dict)
    created: dict[str, float] = field(default_factory=dict)
    sent_at: dict[str, float] = field(default_factory=dict)
    events: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)
    highest: int = NEVER_ASKED
    used: int = 0
    holder: str = ""
    epoch: int = 0
    expires_at: float = -1.0
    epochs: list[int] = field(default_factory=list)  # of every armed send, in order

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    # --- planning --------------------------------------------------------------------------------
    def plan(
        self, admin: str, coupling: str, drafts: Sequence[Draft]
    ) -> Mapping[str, tuple[Verdict, Intent | None]]:
        numbers = {(i.kind, i.invoice_number) for i in self.intents.values() if i.kind in NUMBERED}
        verdicts: dict[str, tuple[Verdict, Intent | None]] = {}
        for draft in drafts:
            intent = self.intents.get(draft.op_key)
            number = (draft.kind, draft.invoice_number)
            if intent is None and draft.kind in NUMBERED and number in numbers:
                verdicts[draft.op_key] = (Verdict.NUMBER_TAKEN, None)
                continue
            verdicts[draft.op_key] = (verdict(intent, draft), intent)
            if intent is None:
                numbers.add(number)
                self.intents[draft.op_key] = _fresh(coupling, draft)
                self.created[draft.op_key] = round(self.clock() * 1000)
                self._event(draft.op_key, coupling, "", State.PLANNED, draft.payload_hash)
        for draft in drafts:
            kind, intent = verdicts[draft.op_key]
            if intent is None or kind in {Verdict.WAITING, Verdict.HELD}:
                continue
            if kind is Verdict.REPLACED:
                self._replace(draft, intent, coupling)
                continue
            offered = draft.payload_hash if kind in OFFERING else ""
            if intent.offered_hash != offered:
                self.intents[draft.op_key] = replace(intent, offered_hash=offered)
                self._event(
                    draft.op_key, coupling, intent.state, intent.state, f"offered {offered}"
                )
        return verdicts

    def _replace(self, draft: Draft, intent: Intent, coupling: str) -> None:
        fresh = _fresh(coupling, draft)
        attempt = 0 if intent.state is State.REJECTED else intent.attempt
        self.intents[draft.op_key] = replace(
            fresh,
            coupling=intent.coupling,
            attempt=attempt,
            epoch=intent.epoch,
            number_before=intent.number_before,
            remote_id=intent.remote_id,
            evidence=intent.evidence,
        )
        before = intent.state
        if before is State.PLANNED:
            before = State.SUPERSEDED
            self._event(draft.op_key, coupling, State.PLANNED, before, intent.payload_hash)
        self._event(draft.op_key, coupling, before, State.PLANNED, draft.payload_hash)

    def has_work(self, admin: str, coupling: str) -> bool:
        return any(
            i.state in {State.SENDING, State.UNKNOWN}
            or (i.state is State.PLANNED and i.coupling == coupling)
            for i in self.intents.values()
        )

    # --- lease -----------------------------------------------------------------------------------
    def acquire(self, admin: str, holder: str) -> Lease | datetime:
        if "lease" in self.sabotaged:
            self.epoch += 1
            return self._orphan(Lease(admin, holder, self.epoch))
        if self.expires_at >= self.clock():
            return datetime.fromtimestamp(self.expires_at, UTC)
        self.holder, self.epoch = holder, self.epoch + 1
        self.expires_at = self.clock() + self.settings.lease_s
        return self._orphan(Lease(admin, holder, self.epoch))

    def _orphan(self, lease: Lease) -> Lease:
        change = Change(State.UNKNOWN, evidence="the worker that sent it did not report")
        for intent in [i for i in self.intents.values() if i.state is State.SENDING]:
            self._write(lease, intent, change)
        return lease

    def renew(self, lease: Lease) -> bool:
        return self._set_expiry(lease, self.clock() + self.settings.lease_s)

    def release(self, lease: Lease) -> None:
        self._set_expiry(lease, self.clock() - 0.001)

    def _set_expiry(self, lease: Lease, expires_at: float) -> bool:
        if "lease" in self.sabotaged:
            return True
        if (self.holder, self.epoch) != (lease.holder, lease.epoch):
            return False
        self.expires_at = expires_at
        return True

    def _holds(self, lease: Lease, need_s: float = 0) -> bool:
        if "lease" in self.sabotaged:
            return True
        mine = (self.holder, self.epoch) == (lease.holder, lease.epoch)
        return mine and self.expires_at > self.clock() + need_s

    # --- sending ---------------------------------------------------------------------------------
    def arm(self, lease: Lease, intent: Intent, number_before: int) -> bool:
        settings = self.settings
        found = self.intents[intent.op_key]
        if "arm" not in self.sabotaged:
            need = settings.call_deadline_s + settings.margin_s
            same_hash = found.payload_hash == intent.payload_hash
            if found.state is not State.PLANNED or not same_hash or not self._holds(lease, need):
                return False
        self.intents[intent.op_key] = replace(
            found,
            state=State.SENDING,
            reason="",
            attempt=found.attempt + 1,
            epoch=lease.epoch,
            number_before=max(number_before, 0),
        )
        self.epochs.append(lease.epoch)
        self.sent_at[intent.op_key] = self.clock()
        self.not_before[intent.op_key] = self.clock() + settings.call_deadline_s + settings.settle_s
        detail = f"epoch {lease.epoch}"
        self._event(intent.op_key, lease.holder, State.PLANNED, State.SENDING, detail)
        return True

    def finish(self, lease: Lease, intent: Intent, change: Change) -> bool:
        found = self.intents[intent.op_key]
        if found.state is not State.SENDING or found.epoch != lease.epoch:
            return False
        self._write(lease, found, change)
        return True

    def resolve(self, lease: Lease, changes: Sequence[tuple[Intent, Change]]) -> set[str]:
        done: set[str] = set()
        for intent, change in changes:
            found = self.intents[intent.op_key]
            unmoved = found.state is State.UNKNOWN and found.attempt == intent.attempt
            if unmoved and self._holds(lease):
                self._write(lease, found, change)
                done.add(intent.op_key)
        return done

    def _write(self, lease: Lease, intent: Intent, change: Change) -> None:
        check_transition(intent.state, change.to)
        self.intents[intent.op_key] = replace(
            intent,
            state=change.to,
            reason=change.reason,
            evidence=change.evidence,
            remote_id=change.remote_id or intent.remote_id,
            attempt=intent.attempt - 1 if change.not_counted else intent.attempt,
        )
        if change.answered:
            self.not_before[intent.op_key] = self.clock()
        if change.to is State.CONFIRMED and intent.kind is not BookingKind.RELATION:
            number = int(change.remote_id) if change.remote_id.isdigit() else 0
            self.highest = max(self.highest, number)
        detail = " ".join(filter(None, (change.reason, change.remote_id, change.evidence)))
        self._event(intent.op_key, lease.holder, intent.state, change.to, detail)

    def _event(self, key: str, actor: str, before: str, after: str, detail: str) -> None:
        previous = self.events[-1][-1] if self.events else ""
        # The clock is left out: two stores round it differently.
        own = event_hash(previous, key, actor, before, after, detail)
        self.events.append((key, actor, str(before), str(after), detail, own))

    # --- reading ---------------------------------------------------------------------------------
    def unknowns(self, admin: str) -> list[Intent]:
        now, early = self.clock(), "settle" in self.sabotaged
        return [
            replace(
                i,
                settled=early or now >= self.not_before[i.op_key],
                not_before_utc=datetime.fromtimestamp(self.not_before[i.op_key], UTC),
            )
            for i in self.intents.values()
            if i.state is State.UNKNOWN
        ]

    def sendable(self, admin: str, coupling: str) -> list[Intent]:
        waiting = [
            i for i in self.intents.values() if i.state is State.PLANNED and i.coupling == coupling
        ]
        return sorted(waiting, key=lambda i: (self.created[i.op_key], i.op_key))

    def states(self, admin: str, naturals: Sequence[str]) -> Mapping[str, State]:
        wanted = set(naturals)
        return {i.natural: i.state for i in self.intents.values() if i.natural in wanted}

    def own_tokens(self, admin: str, tokens: Sequence[str]) -> set[str]:
        return {i.token for i in self.intents.values()} & set(tokens)

    def troubled(self, admin: str, coupling: str) -> list[Intent]:
        return [
            i
            for i in self.intents.values()
            if i.coupling == coupling
            and (
                i.state in TROUBLED
                or (i.state is State.CONFIRMED and i.offered_hash)
                or (i.state is State.UNKNOWN and self.sent_at[i.op_key] < self.clock() - 86400)
            )
        ]

    # --- numbers and calls -----------------------------------------------------------------------
    def highest_number(self, admin: str) -> int:
        return self.highest

    def note_number(self, admin: str, number: int) -> None:
        self.highest = max(self.highest, number)

    def count_call(self, admin: str, operation: str) -> int:
        self.used += 1
        return self.used

    def calls_used(self, admin: str, operation: str) -> int:
        return self.used

    # --- the simulator's person ------------------------------------------------------------------
    def rebook(self, op_key: str) -> None:
        intent = self.intents[op_key]
        self.intents[op_key] = replace(intent, state=State.PLANNED, reason="", attempt=0)
        self._event(op_key, "person", intent.state, State.PLANNED, "rebook: rebook")

    def all_intents(self, admin: str) -> dict[str, Intent]:
        return self.intents

    def all_events(self, admin: str) -> list[tuple[str, str, str, str, str]]:
        return [event[:5] for event in self.events]

    def chain_holds(self, admin: str) -> bool:
        previous = ""
        for key, actor, before, after, detail, own in self.events:
            if own != event_hash(previous, key, actor, before, after, detail):
                return False
            previous = own
        return True

    def drop_guard(self, admin: str, holder: str) -> None:
        pass


def _fresh(coupling: str, draft: Draft) -> Intent:
    return Intent(
        op_key=draft.op_key,
        coupling=coupling,
        kind=draft.kind,
        natural=draft.natural,
        token=draft.token,
        payload_hash=draft.payload_hash,
        content=draft.content,
        sealed=draft.sealed,
        depends_on=draft.depends_on,
        state=State.PLANNED,
        reason="",
        attempt=0,
        epoch=0,
        number_before=0,
        remote_id="",
        evidence="",
        offered_hash="",
        row=draft.row,
        order_id=draft.order_id,
        invoice_number=draft.invoice_number,
    )
