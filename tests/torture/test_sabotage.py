"""Each safeguard is removed once: the campaign must notice, or it proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import pytest
from amazon_eboekhouden.ledger import probe, states
from amazon_eboekhouden.ledger.judgement import absent
from amazon_eboekhouden.ledger.probe import Probe
from amazon_eboekhouden.ledger.protocol import Worker
from amazon_eboekhouden.ledger.states import Change, Draft, Intent, Verdict
from amazon_eboekhouden.ledger.steps import Step

from tests.torture import memory_store
from tests.torture.campaign import MakeStore, Tally, memory, random_schedule

_SEEDS = range(2_000_000, 2_002_000)

Sabotage = Callable[[pytest.MonkeyPatch], MakeStore]


def _without_lease(patch: pytest.MonkeyPatch) -> MakeStore:
    return memory("lease")


def _without_settle_time(patch: pytest.MonkeyPatch) -> MakeStore:
    return memory("settle")


def _without_arm_statement(patch: pytest.MonkeyPatch) -> MakeStore:
    return memory("arm")


def _without_recheck(patch: pytest.MonkeyPatch) -> MakeStore:
    patch.setattr(Worker, "_too_late", lambda self, armed_at: False)
    return memory()


def _without_token(patch: pytest.MonkeyPatch) -> MakeStore:
    patch.setattr(probe, "token_in", lambda row: "")
    return memory()


def _without_budget_stop(patch: pytest.MonkeyPatch) -> MakeStore:
    patch.setattr(Worker, "_within_budget", lambda self: True)
    return memory()


def _without_hash_check(patch: pytest.MonkeyPatch) -> MakeStore:
    def blind(existing: Intent | None, draft: Draft) -> Verdict:
        same = draft if existing is None else replace(draft, payload_hash=existing.payload_hash)
        return states.verdict(existing, same)

    patch.setattr(memory_store, "verdict", blind)
    return memory()


def _without_probe(patch: pytest.MonkeyPatch) -> MakeStore:
    def guess(
        self: Probe, unknowns: Sequence[Intent]
    ) -> Generator[Step, None, list[tuple[Intent, Change]]]:
        yield Step("swept")
        limit = self.settings.max_attempts
        return [(intent, absent(intent, limit)) for intent in unknowns if intent.settled]

    patch.setattr(Probe, "changes", guess)
    return memory()


SABOTAGES: dict[str, tuple[Sabotage, str]] = {
    "lease": (_without_lease, "I8"),
    "settle time": (_without_settle_time, "I1"),
    "re-check before sending": (_without_recheck, "I1"),
    "arm statement": (_without_arm_statement, "I1"),
    "token": (_without_token, "I1"),
    "budget stop": (_without_budget_stop, "I14"),
    "hash check": (_without_hash_check, "I4"),
    "probe": (_without_probe, "I1"),
}


def _broken(make_store: MakeStore, invariant: str) -> int | None:
    """First seed on which the invariant is broken."""
    for seed in _SEEDS:
        _, found = random_schedule(seed, make_store, Tally())
        if any(text.startswith(f"{invariant} ") for text in found):
            return seed
    return None


@pytest.mark.parametrize("name", SABOTAGES)
def test_the_campaign_goes_red_without(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotage, invariant = SABOTAGES[name]
    seed = _broken(sabotage(monkeypatch), invariant)
    assert seed is not None, f"{name} was removed and nothing was noticed"
    monkeypatch.undo()
    _, found = random_schedule(seed, memory(), Tally())
    assert found == [], "the same schedule must hold with the safeguard"
