"""One schedule: workers, faults, crashes and a person, on one virtual clock.

The protocol's own generator is driven step by step; between two steps anything may happen to the
worker. Nothing here is random by itself: an oracle answers every question, seeded or enumerated.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from amazon_eboekhouden.ledger.protocol import Steps, Worker
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.states import Draft, Intent, State
from amazon_eboekhouden.ledger.steps import Step

from tests.torture.invariants import Evidence, violations
from tests.torture.remote import FakeRemote, Killed, Variant
from tests.torture.universe import Universe, open_payload, settlement_total

START = 1_790_000_000.0  # 2026-09-21; the simulated days stay within one month
HOUR = 3600.0
STEP_S = 0.002
COUPLING = "demo"


class Oracle(Protocol):
    """Decides what goes wrong."""

    def fault(self, operation: str) -> str:
        """What happens to this call, "" for nothing."""
        ...

    def after(self, step: Step) -> float | None:
        """Seconds that the worker is frozen after a step; None when it is killed."""
        ...


class Healthy:
    def fault(self, operation: str) -> str:
        return ""

    def after(self, step: Step) -> float | None:
        return 0.0


class SimulatedStore(Protocol):
    """What the simulator needs of a store beside the protocol's own seam."""

    settings: LedgerSettings

    def all_intents(self, admin: str) -> dict[str, Intent]: ...
    def all_events(self, admin: str) -> list[tuple[str, str, str, str, str]]: ...
    def chain_holds(self, admin: str) -> bool: ...
    def rebook(self, op_key: str) -> None: ...
    def drop_guard(self, admin: str, holder: str) -> None: ...


@dataclass
class _Agent:
    worker: Worker
    steps: Steps
    ready_at: float
    in_flight_until: float = 0.0


@dataclass
class Simulation:
    """A world with its clock; `store` is made by the caller, who hands it `now`."""

    universe: Universe
    variant: Variant
    oracle: Oracle
    settings: LedgerSettings
    make_store: Callable[[Callable[[], float], LedgerSettings], SimulatedStore]
    now: float = START
    found: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    rebooked: set[str] = field(default_factory=set)
    handed_in: dict[str, Draft] = field(default_factory=dict)
    versions: dict[int, int] = field(default_factory=dict)
    amended: bool = False
    tight: bool = False

    def __post_init__(self) -> None:
        self.store = self.make_store(lambda: self.now, self.settings)
        self.remote = FakeRemote(
            self.variant, lambda: self.now, self.settings.call_deadline_s, self._fault
        )
        self._agents: list[_Agent] = []
        self._running: _Agent | None = None
        self._names = itertools.count(1)

    # --- workers -------------------------------------------------------------------------------
    def start(self, at: float, drafts: Sequence[Draft]) -> None:
        """A worker begins to book; it never knows of the others."""
        for draft in drafts:
            self.handed_in[draft.natural] = draft
        worker = Worker(
            store=self.store,  # type: ignore[arg-type]
            remote=self.remote,
            settings=self.settings,
            monotonic=lambda: self.now,
            open_payload=open_payload,
            admin=self.universe.admin,
            coupling=COUPLING,
            holder=f"worker {next(self._names)}",
        )
        self._agents.append(_Agent(worker, worker.book(drafts), at))

    def run(self, events: Iterable[tuple[float, Callable[[], None]]] = ()) -> None:
        """Let everybody finish, with other events at their times in between."""
        todo = sorted(events, key=lambda event: event[0])
        while self._agents or todo:
            agent = min(self._agents, key=lambda a: a.ready_at, default=None)
            if todo and (agent is None or todo[0][0] <= agent.ready_at):
                at, act = todo.pop(0)
                self.now = max(self.now, at)
                act()
            elif agent is not None:
                self.now = max(self.now, agent.ready_at)
                self._advance(agent)

    def _advance(self, agent: _Agent) -> None:
        self._running = agent
        self.remote.took_s = 0.0
        try:
            step = next(agent.steps)
        except StopIteration:
            self.said += [f"{p.row} {p.cause} {p.todo}" for p in agent.worker.report.problems]
            self._end(agent)
            return
        except Killed:
            self.trace.append(f"{agent.worker.holder} killed inside a call")
            self._end(agent)
            return
        self.trace.append(f"{agent.worker.holder} {step.name} {step.op_key}")
        if step.name == "sent":
            agent.in_flight_until = self.now + self.remote.took_s
        agent.ready_at = self.now + STEP_S + self.remote.took_s
        frozen = self.oracle.after(step)
        if frozen is None:
            self.trace.append(f"{agent.worker.holder} killed after {step.name}")
            self._end(agent)
        else:
            agent.ready_at += frozen

    def _end(self, agent: _Agent) -> None:
        self._agents.remove(agent)
        self.store.drop_guard(self.universe.admin, agent.worker.holder)

    def _fault(self, operation: str) -> str:
        if operation == "add":
            self._watch_send()
        return self.oracle.fault(operation)

    def _watch_send(self) -> None:
        """I8 and I14 at the moment of a send."""
        others = (a for a in self._agents if a is not self._running)
        if any(other.in_flight_until > self.now for other in others):
            self.found.append("I8 two workers have a call under way at once")
        intents = self.store.all_intents(self.universe.admin).values()
        if sum(intent.state is State.SENDING for intent in intents) > 1:
            self.found.append("I8 two operations are in SENDING at once")
        if self.remote.calls["mutations"] >= self.settings.budget_stop:
            self.found.append("I14 sent although an unknown outcome could not be settled")

    # --- healing and judgement -----------------------------------------------------------------
    def heal(self) -> None:
        """Everything works again: two runs settle every doubt, a person clears what is left."""
        self.oracle = Healthy()
        admin = self.universe.admin
        for _ in range(2):
            self._healthy_run()
        left = [
            intent.natural
            for intent in self.store.all_intents(admin).values()
            if intent.state in {State.UNKNOWN, State.SENDING}
        ]
        if left and not self.tight:
            self.found.append(f"I4 still uncertain after two healthy runs: {', '.join(left)}")
        for _ in range(2):
            for key, intent in self.store.all_intents(admin).items():
                if intent.state is State.NEEDS_HUMAN and intent.reason == "absent":
                    self.rebooked.add(intent.natural)
                    self.store.rebook(key)
            self._healthy_run()
        before = (self.remote.calls["add"], dict(self.remote.rows))
        self._healthy_run()
        if before != (self.remote.calls["add"], self.remote.rows):
            self.found.append("I11 the same input once more wrote something")

    def _healthy_run(self) -> None:
        self.now += HOUR
        self.start(self.now, self.universe.drafts(self.versions))
        self.run()

    def judge(self) -> list[str]:
        """All violations of this schedule."""
        admin = self.universe.admin
        evidence = Evidence(
            remote=self.remote,
            intents=self.store.all_intents(admin),
            events=self.store.all_events(admin),
            handed_in=list(self.handed_in.values()),
            versions=self.versions,
            settlement_total=settlement_total(self.universe.orders, self.versions),
            calls_a_month=self.settings.calls_a_month,
            chain_holds=self.store.chain_holds(admin),
            touched=self.touched,
            rebooked=self.rebooked,
            amended=self.amended,
            tight=self.tight,
            said=" ".join(self.said),
        )
        expected = {draft.natural for draft in self.universe.drafts(self.versions)}
        found = {intent.natural for intent in evidence.intents.values()}
        if found != expected:
            self.found.append(f"I12 booked {sorted(found)}, one run would book {sorted(expected)}")
        return [*self.found, *violations(evidence)]
