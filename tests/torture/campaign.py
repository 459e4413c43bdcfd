"""Many schedules: seeded random ones, and every placement of up to three faults."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from amazon_eboekhouden.domain.bookings import MutationKind
from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.states import State
from amazon_eboekhouden.ledger.steps import Step

from tests.torture.memory_store import MemoryStore
from tests.torture.remote import ADD_FAULTS, Variant
from tests.torture.simulation import START, SimulatedStore, Simulation
from tests.torture.universe import ADMIN, Universe, order_bookings

MakeStore = Callable[[Callable[[], float], LedgerSettings], SimulatedStore]

SETTINGS = LedgerSettings()
# The longest the service may take: what the protocol waits for, counted from the latest send.
LATEST_S = SETTINGS.call_deadline_s + SETTINGS.settle_s - SETTINGS.margin_s
VARIANTS = (
    Variant(unique_numbers=True, late_s=0.0),
    Variant(unique_numbers=False, late_s=45.0),
    Variant(unique_numbers=True, late_s=LATEST_S),
    Variant(unique_numbers=False, late_s=LATEST_S),
)
_SMALL_PAGES = LedgerSettings(page_cap=6, window=5)


def memory(*sabotaged: str) -> MakeStore:
    """Makes stores in memory, without the safeguards that are named."""
    return lambda now, settings: MemoryStore(now, settings, frozenset(sabotaged))


@dataclass
class Tally:
    """What a campaign did."""

    schedules: int = 0
    steps: int = 0
    sends: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    failing: dict[str, list[str]] = field(default_factory=dict)  # seed → violations

    def add(self, name: str, simulation: Simulation, found: list[str]) -> None:
        self.schedules += 1
        self.steps += len(simulation.trace)
        self.sends += simulation.remote.calls["add"]
        intents = simulation.store.all_intents(simulation.universe.admin).values()
        self.outcomes.update(intent.state.value for intent in intents)
        if found:
            self.failing[name] = found


# --- random ------------------------------------------------------------------------------------
@dataclass
class RandomOracle:
    rng: random.Random
    counted: Counter[str]
    add: float
    read: float
    kill: float
    freeze: float

    def fault(self, operation: str) -> str:
        chance = self.add if operation == "add" else self.read
        if self.rng.random() >= chance:
            return ""
        kinds = ADD_FAULTS if operation == "add" else ("timeout", "timeout", "killed")
        kind = self.rng.choice(kinds)
        self.counted[f"{operation}: {kind}"] += 1
        return kind

    def after(self, step: Step) -> float | None:
        dice = self.rng.random()
        if dice < self.kill:
            self.counted[f"killed after {step.name}"] += 1
            return None
        if dice < self.kill + self.freeze:
            self.counted["frozen"] += 1
            longest = self.rng.choice((20.0, 70.0, 1500.0))
            return self.rng.uniform(0.5, longest)
        return 0.0


def random_schedule(
    seed: int, make_store: MakeStore, tally: Tally, admin: str = ADMIN
) -> tuple[Simulation, list[str]]:
    """One seeded schedule, healed and judged."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    settings, variant = _surroundings(rng)
    oracle = RandomOracle(
        rng,
        tally.faults,
        add=rng.choice((0.1, 0.35, 0.6)),
        read=rng.choice((0.0, 0.25)),
        kill=rng.choice((0.0, 0.03, 0.08)),
        freeze=rng.choice((0.0, 0.05, 0.12)),
    )
    universe = Universe(admin, rng.randint(1, 3))
    simulation = Simulation(universe, variant, oracle, settings, make_store)
    simulation.tight = settings.calls_a_month < SETTINGS.calls_a_month
    _start_workers(simulation, rng)
    simulation.run(_people(simulation, rng))
    simulation.heal()
    found = simulation.judge()
    tally.add(f"seed {seed}", simulation, found)
    return simulation, found


def _surroundings(rng: random.Random) -> tuple[LedgerSettings, Variant]:
    variant = rng.choice(VARIANTS)
    dice = rng.random()
    if dice < 0.05:
        return LedgerSettings(calls_a_month=rng.randint(4, 12)), variant
    if dice < 0.15:
        small = Variant(variant.unique_numbers, rng.random() < 0.5, variant.late_s, cap=6)
        return _SMALL_PAGES, small
    return SETTINGS, variant


def _start_workers(simulation: Simulation, rng: random.Random) -> None:
    """One to four workers at a time, several times, over orders that overlap."""
    universe = simulation.universe
    amended_at = rng.randint(1, 6) if rng.random() < 0.25 else None
    at, started = START, 0
    for _ in range(rng.randint(1, 3)):
        for _ in range(rng.randint(1, 4)):
            started += 1
            if started == amended_at:
                simulation.versions[rng.randrange(universe.orders)] = 1
                simulation.amended = True
            orders = None
            if rng.random() < 0.3:
                orders = rng.sample(range(universe.orders), rng.randint(1, universe.orders))
            simulation.start(
                at + rng.choice((0.0, 0.01, 1.0, 40.0, 90.0)) * rng.random(),
                universe.drafts(dict(simulation.versions), orders),
            )
        at += rng.choice((30.0, 120.0, 700.0, 3600.0))


def _people(
    simulation: Simulation, rng: random.Random
) -> Iterator[tuple[float, Callable[[], None]]]:
    """In one schedule of five, a person works in the books meanwhile."""
    if rng.random() >= 0.2:
        return
    for _ in range(rng.randint(1, 3)):
        act = rng.choice(("delete", "change", "copy", "by hand"))
        dice = rng.random()
        yield START + rng.uniform(0, 4000), lambda a=act, d=dice: _edit(simulation, a, d)


def _edit(simulation: Simulation, act: str, dice: float) -> None:
    remote = simulation.remote
    if act == "by hand":
        order = int(dice * simulation.universe.orders)
        payload = order_bookings(order, 0)[1].payload
        if not any(
            row.invoice_number == payload.invoice_number  # type: ignore[union-attr]
            and row.kind is MutationKind.SALES_INVOICE
            for row in remote.rows.values()
        ):
            number = remote.book(payload, "booked by hand")  # type: ignore[arg-type]
            remote.by_hand.add(number)
            simulation.touched |= {f"inv:{order}", f"pay:{order}"}
        return
    ours = [row for row in remote.rows.values() if row.voucher]
    if not ours:
        return
    row = ours[int(dice * len(ours))]
    simulation.touched.add(row.description[row.description.find("<") + 1 : -1])
    match act:
        case "delete":
            remote.delete(row.number)
        case "change":
            remote.change_amount(row.number, 1)
        case _:
            remote.copy(row.number)


# --- exhaustive --------------------------------------------------------------------------------
@dataclass
class PlannedOracle:
    """Faults at given points; counts the points, so that the next plan knows where they are."""

    plan: dict[int, str]
    points: list[tuple[str, ...]] = field(default_factory=list)
    healed: bool = False

    def _at(self, kinds: tuple[str, ...]) -> str:
        self.points.append(kinds)
        return self.plan.get(len(self.points) - 1, "")

    def fault(self, operation: str) -> str:
        return self._at(ADD_FAULTS if operation == "add" else ("timeout", "killed"))

    def after(self, step: Step) -> float | None:
        return None if self._at(("kill",)) == "kill" else 0.0


def every_placement(
    variant: Variant, faults: int, make_store: MakeStore, tally: Tally, orders: int = 1
) -> None:
    """All schedules of one worker an hour with up to so many faults."""
    todo: list[dict[int, str]] = [{}]
    while todo:
        plan = todo.pop()
        oracle = PlannedOracle(plan)
        universe = Universe(ADMIN, orders)
        simulation = Simulation(universe, variant, oracle, SETTINGS, make_store)
        for _ in range(faults + 2):
            simulation.start(simulation.now, universe.drafts({}))
            simulation.run()
            simulation.now += SETTINGS.call_deadline_s + SETTINGS.settle_s + SETTINGS.lease_s
            if not _unfinished(simulation):
                break
        points = list(oracle.points)
        simulation.heal()
        tally.faults.update(plan.values())
        tally.add(f"{variant}: {plan}", simulation, simulation.judge())
        if len(plan) < faults:
            start = max(plan, default=-1) + 1
            todo += [{**plan, at: kind} for at in range(start, len(points)) for kind in points[at]]


def _unfinished(simulation: Simulation) -> bool:
    intents = simulation.store.all_intents(simulation.universe.admin).values()
    return any(intent.state in {State.PLANNED, State.SENDING, State.UNKNOWN} for intent in intents)
