"""Booking exactly once: plan, lease, arm, send, settle, probe.

Written as steps: the generator yields between two side effects. Production drives it to its end;
the simulator stops, freezes and interleaves it at every yield. It is the same code. There is no
`finally` in it on purpose: a killed process runs none either.
Source: reliability rules 3.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken

from amazon_eboekhouden.domain.bookings import BookingKind, Payload
from amazon_eboekhouden.domain.books import Remote
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.ledger import event_log
from amazon_eboekhouden.ledger.judgement import change_of, concerns_account, is_silent, token_in
from amazon_eboekhouden.ledger.probe import METERED, Probe
from amazon_eboekhouden.ledger.report import (
    BookingReport,
    dependency_not_booked,
    number_taken,
    problems_of,
)
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.states import (
    UNCERTAIN,
    Change,
    Draft,
    Intent,
    State,
    Verdict,
)
from amazon_eboekhouden.ledger.steps import Step
from amazon_eboekhouden.ledger.store import NEVER_ASKED, Lease, Store
from amazon_eboekhouden.ledger.waiting import RANK, stuck_among

Steps = Generator[Step, None, None]

_SILENT_IN_A_ROW = 3  # then the service is not there; the next run goes on
_PASSES = 4  # sending, and again what the probe after it proved absent or set free
_COME_BACK_S = 60  # when the service did not answer at all


@dataclass
class Worker:
    """One worker's attempt to bring an administration up to date.

    Attributes:
        store: see `store.Store`.
        remote: the books; at most one Add… is under way at a time.
        settings: times and limits.
        monotonic: seconds of a clock that never steps back.
        open_payload: decrypts a stored payload.
        admin: GUID of the administration.
        coupling: whose bookings are sent; outcomes are settled for all couplings.
        holder: unique name of this attempt.
    """

    store: Store
    remote: Remote
    settings: LedgerSettings
    monotonic: Callable[[], float]
    open_payload: Callable[[BookingKind, str], Payload]
    admin: str
    coupling: str
    holder: str
    report: BookingReport = field(default_factory=BookingReport)
    lease: Lease | None = None
    _renewed_at: float = 0.0
    _lost: bool = False
    _stop: bool = False
    _halted: bool = False  # stopped by something that a person must mend
    _number: int = NEVER_ASKED  # highest mutation number known; a lower one is only more to ask
    _calls_used: int = 0
    _touched: dict[str, Intent] = field(default_factory=dict)
    _booked_now: dict[str, Intent] = field(default_factory=dict)

    def book(self, drafts: Sequence[Draft]) -> Steps:
        """Store the drafts, then send everything of the coupling that may be sent."""
        verdicts = self.store.plan(self.admin, self.coupling, drafts)
        yield Step("planned")
        yield from self.work()
        self._tell(drafts, verdicts)

    def heal(self) -> Steps:
        """Settle what is uncertain, then send what waits."""
        yield from self.work()
        self._tell((), {})

    def work(self) -> Steps:
        """Everything that needs the lease."""
        if not self.store.has_work(self.admin, self.coupling):
            return
        asked_at = self.monotonic()
        lease = self.store.acquire(self.admin, self.holder)
        yield Step("leased")
        if isinstance(lease, datetime):
            self.report.lease_taken = True
            self.report.come_back(lease)
            return
        self.lease, self._renewed_at = lease, asked_at
        yield from self._settle()
        for _ in range(_PASSES):
            yield from self._send_all()
            if self._lost or not (yield from self._settle()):
                break
        if not self._lost:
            self.store.release(lease)
            yield Step("released")

    # --- lease -----------------------------------------------------------------------------------
    @property
    def _held(self) -> Lease:
        if self.lease is None:
            raise RuntimeError("nothing is written without the lease")
        return self.lease

    def keep_lease(self) -> bool:
        """Renew the lease when it is due; false when it is lost and nothing may be done."""
        asked_at = self.monotonic()
        age = asked_at - self._renewed_at
        if not self._lost and age >= self.settings.renew_after_s:
            if self.store.renew(self._held):
                self._renewed_at = asked_at
            else:
                self._lost = True
        return not self._lost

    def _too_late(self, armed_at: float) -> bool:
        """Whether a send that starts now could outlive the lease, by this worker's own clock."""
        now = self.monotonic()
        fenced = now - self._renewed_at >= self.settings.fence_after_s
        return fenced or now - armed_at >= self.settings.margin_s

    # --- sending ---------------------------------------------------------------------------------
    def _send_all(self) -> Steps:
        """Send what is planned, in the order in which things refer to each other."""
        queue = sorted(
            self.store.sendable(self.admin, self.coupling),
            key=lambda intent: (RANK[intent.kind], intent.attempt),
        )
        yield Step("listed")
        needed = {natural for intent in queue for natural in intent.depends_on}
        states = dict(self.store.states(self.admin, sorted(needed)))
        self._number = self.store.highest_number(self.admin)
        self._calls_used = self.store.calls_used(self.admin, METERED)
        silent, progress = 0, True
        while queue and progress and not self._stop:
            progress, held = False, []
            for intent in queue:
                if any(states.get(n) is not State.CONFIRMED for n in intent.depends_on):
                    held.append(intent)
                    continue
                change = yield from self._send(intent)
                if self._stop or self._lost:
                    return
                if change is None:
                    continue
                progress = True
                states[intent.natural] = change.to
                silent = silent + 1 if change.reason in {"no-answer", "not-sent"} else 0
                if silent >= _SILENT_IN_A_ROW:
                    self._give_up()
                    return
            queue = held

    def _send(self, intent: Intent) -> Generator[Step, None, Change | None]:
        """Arm, check once more, send, commit. None: it was not sent."""
        payload = self._payload(intent)
        if payload is None or not self.keep_lease():
            return None
        number_before = yield from self._number_before()
        if number_before == NEVER_ASKED or not self._within_budget():
            return None
        yield Step("ready", intent.op_key)
        armed_at = self._arm(intent, number_before)
        if armed_at is None:
            return None
        yield Step("armed", intent.op_key)
        if self._too_late(armed_at):
            change = Change(State.PLANNED, "too-late", evidence="not sent", not_counted=True)
            self._finish(intent, change)
            yield Step("settled", intent.op_key)
            return change
        deadline = self.settings.call_deadline_s
        outcome = self.remote.add(payload, intent.token, deadline_s=deadline)
        self.report.sent += 1
        yield Step("sent", intent.op_key)
        change = change_of(outcome)
        self._finish(intent, change)
        yield Step("settled", intent.op_key)
        if concerns_account(outcome):
            row = f"administration {self.admin}"
            self._halt(problem("account-closed", row, why=change.evidence))
        return replace(change, reason="not-sent") if is_silent(outcome) else change

    def _arm(self, intent: Intent, number_before: int) -> float | None:
        """Arm the intent; when, by this worker's own clock. None: it may not be sent."""
        for last_try in (False, True):
            armed_at = self.monotonic()
            if self.store.arm(self._held, intent, number_before):
                self._touched[intent.op_key] = intent
                return armed_at
            # Either the payload was replaced meanwhile, or too little is left of the lease.
            self._renewed_at = float("-inf")
            if last_try or not self.keep_lease():
                return None
        return None

    def _finish(self, intent: Intent, change: Change) -> None:
        if not self.store.finish(self._held, intent, change):
            self._lost = True  # Another worker took over; it asks the books what became of this.
            return
        event_log.tell(self.holder, intent, change)
        if change.to is State.CONFIRMED:
            self._confirmed(intent, change)

    def _payload(self, intent: Intent) -> Payload | None:
        try:
            return self.open_payload(intent.kind, intent.sealed)
        except InvalidToken:
            self.report.problems.append(
                problem(
                    "payload-unreadable",
                    intent.row or intent.natural,
                    order_id=intent.order_id,
                    booking=intent.natural,
                )
            )
            return None

    def _within_budget(self) -> bool:
        """Nothing is written that could not be settled if its answer were lost."""
        used, allowed = self._calls_used, self.settings.calls_a_month
        if used < self.settings.budget_stop:
            return True
        row = f"administration {self.admin}"
        self._halt(problem("call-budget-spent", row, used=used, allowed=allowed))
        return False

    def _number_before(self) -> Generator[Step, None, int]:
        """Highest mutation number known before a send: where a later probe starts."""
        if self._number != NEVER_ASKED:
            return self._number
        rows = self._probe().ask()
        self._calls_used += 1
        if rows is None:
            self._give_up()
            return NEVER_ASKED
        if marked := [row.number for row in rows if token_in(row)]:
            # This ledger never sent anything here: another one did, of which this is not a copy.
            row = f"administration {self.admin}"
            self._halt(problem("ledger-lost", row, count=len(marked), number=max(marked)))
            return NEVER_ASKED
        self._number = max((row.number for row in rows), default=0)
        self.store.note_number(self.admin, self._number)
        yield Step("learned")
        return self._number

    # --- settling --------------------------------------------------------------------------------
    def _settle(self) -> Generator[Step, None, bool]:
        """Ask the books about everything uncertain; whether something was settled."""
        unknowns = self.store.unknowns(self.admin)
        if not unknowns or not self.keep_lease():
            return False
        changes = yield from self._probe().changes(unknowns)
        yield Step("judged")
        if not changes or not self.keep_lease():
            return False
        done = self.store.resolve(self._held, changes)
        yield Step("resolved")
        for intent, change in changes:
            if intent.op_key not in done:
                continue
            self._touched[intent.op_key] = intent
            event_log.tell(self.holder, intent, change)
            if change.to is State.CONFIRMED:
                self._confirmed(intent, change)
        return bool(done)

    def _probe(self) -> Probe:
        return Probe(
            self.store,
            self.remote,
            self.settings,
            self.admin,
            self.open_payload,
            self.keep_lease,
        )

    # --- report ----------------------------------------------------------------------------------
    def _confirmed(self, intent: Intent, change: Change) -> None:
        self._booked_now[intent.op_key] = intent
        if intent.kind is not BookingKind.RELATION and change.remote_id.isdigit():
            self._number = max(self._number, int(change.remote_id))
        self.report.remote_ids[intent.natural] = change.remote_id

    def _halt(self, why: Problem) -> None:
        self._stop = self._halted = True
        self.report.problems.append(why)

    def _give_up(self) -> None:
        self._stop = True
        self.report.come_back(self._soon())

    def _tell(
        self, drafts: Sequence[Draft], verdicts: Mapping[str, tuple[Verdict, Intent | None]]
    ) -> None:
        """Fill the report from what the store now says."""
        report = self.report
        for intent in self._booked_now.values():
            report.booked.append(intent.natural)
            report.counts[intent.kind] += 1
        touched = {intent.natural for intent in self._touched.values()}
        naturals = sorted({draft.natural for draft in drafts} | touched)
        states = self.store.states(self.admin, naturals)
        self._sort_by_state(naturals, states)
        for draft in drafts:
            kind, before = verdicts[draft.op_key]
            if before is not None and before.remote_id:
                report.remote_ids.setdefault(draft.natural, before.remote_id)
            if kind is Verdict.NUMBER_TAKEN:
                report.problems.append(number_taken(draft))
        troubled = self.store.troubled(self.admin, self.coupling)
        report.problems += problems_of(i for i in troubled if i.natural in states)
        self._tell_waiting(drafts, states)
        for intent in self.store.unknowns(self.admin):
            # One whose time has come was asked after just now, and the question failed.
            report.come_back(self._soon() if intent.settled else intent.not_before_utc)

    def _sort_by_state(self, naturals: Sequence[str], states: Mapping[str, State]) -> None:
        report = self.report
        booked_now = set(report.booked)
        for natural in naturals:
            state = states.get(natural)
            if state is State.CONFIRMED and natural not in booked_now:
                report.already_booked.append(natural)
            elif state in UNCERTAIN:
                report.unknown.append(natural)
            elif state is State.PLANNED:
                report.waiting.append(natural)
            elif state is State.REJECTED:
                report.rejected.append(natural)

    def _tell_waiting(self, drafts: Sequence[Draft], states: Mapping[str, State]) -> None:
        """What waits for a person is a problem; what only waits is worth coming back for."""
        waiting = {d.natural: d for d in drafts if states.get(d.natural) is State.PLANNED}
        if not waiting:
            return
        planned = self.store.sendable(self.admin, self.coupling)
        queue: list[Draft | Intent] = [*planned, *waiting.values()]
        needed = {natural for booking in queue for natural in booking.depends_on}
        known = self.store.states(self.admin, sorted(needed))
        stuck = stuck_among(queue, known)
        for draft in waiting.values():
            # One that waits in this run as well tells its own reason.
            for natural in stuck.intersection(draft.depends_on) - waiting.keys():
                self.report.problems.append(dependency_not_booked(draft, natural, known))
        if not self._halted and not stuck.issuperset(waiting):
            self.report.come_back(self._soon())

    def _soon(self) -> datetime:
        return self.store.now() + timedelta(seconds=_COME_BACK_S)
