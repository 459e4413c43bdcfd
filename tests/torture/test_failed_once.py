"""Stories that broke an invariant once, each told as it happened: random seeds do not keep, since
every change of the protocol's steps shifts what a seed means.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from amazon_eboekhouden.ledger.settings import LedgerSettings
from amazon_eboekhouden.ledger.steps import Step

from tests.torture.campaign import SETTINGS, VARIANTS, memory
from tests.torture.simulation import START, Simulation
from tests.torture.universe import ADMIN, Universe


@dataclass
class Script:
    """What happens at the n-th time of a step, or of a call."""

    steps: dict[tuple[str, int], float | None] = field(default_factory=dict)
    calls: dict[tuple[str, int], str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    def after(self, step: Step) -> float | None:
        self.seen[step.name] += 1
        return self.steps.get((step.name, self.seen[step.name]), 0.0)

    def fault(self, operation: str) -> str:
        self.seen[operation] += 1
        return self.calls.get((operation, self.seen[operation]), "")


def _told(script: Script, starts: list[float], settings: LedgerSettings = SETTINGS) -> list[str]:
    universe = Universe(ADMIN, 2)
    simulation = Simulation(universe, VARIANTS[3], script, settings, memory())
    simulation.tight = settings is not SETTINGS
    for at in starts:
        simulation.start(START + at, universe.drafts({}))
    simulation.run()
    simulation.heal()
    return simulation.judge()


def test_a_lease_that_ran_out_before_the_first_send() -> None:
    """The first worker dies with a send under way; the second is frozen right after it took the
    lease, longer than the lease lasts, and then goes on: two operations were in SENDING (I8).
    """
    script = Script(steps={("armed", 1): None, ("leased", 2): 100.0})
    assert _told(script, [0.0, 70.0]) == []
    assert script.seen["leased"] == 2


def test_a_first_question_that_used_the_last_call_of_the_month() -> None:
    """The call that learns the highest number counts as well (I14)."""
    settings = LedgerSettings(calls_a_month=2)  # Nothing is written once one is used.
    script = Script()
    assert _told(script, [0.0], settings) == []
    assert script.seen["add"] == 0
