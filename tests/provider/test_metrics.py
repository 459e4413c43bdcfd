"""The coupling's figures reach whatever backend Airflow's metrics have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden import cli
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

from tests.pipelines.conftest import World, sandboxes, world
from tests.pipelines.test_orders import WINDOW

__all__ = ["sandboxes", "world"]
OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"
pytestmark = pytest.mark.filterwarnings("ignore")


class Recorder:
    """A backend as Airflow plugs one in."""

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}
        self.gauges: dict[str, float] = {}
        self.tags: set[str] = set()

    def incr(self, stat: str, count: int = 1, **more: Any) -> None:
        self.counted[stat] = self.counted.get(stat, 0) + count
        self.tags.add(more["tags"]["coupling"])

    def gauge(self, stat: str, value: float, **more: Any) -> None:
        self.gauges[stat] = value
        self.tags.add(more["tags"]["coupling"])


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
    from airflow.sdk.observability import stats

    found = Recorder()
    stats.initialize(factory=lambda: found, export_legacy_names=False)
    yield found
    stats.initialize(factory=NoStatsLogger, export_legacy_names=False)


def tell(report: RunReport) -> None:
    from amazon_eboekhouden.provider import metrics

    environment = environment_of(os.environ)
    metrics.tell(Runtime(read_settings(environment, "demo"), environment, cli._connection), report)


def test_what_was_done_and_how_it_stands(world: World, recorder: Recorder) -> None:
    world.seed(seed=51, orders=12, **{"from": WINDOW[1], "to": WINDOW[3]})
    ran = world.run("orders", *WINDOW).report
    with world.ledger() as ledger:
        ledger.set_watermark("demo", ledger.store.now())
    report = RunReport(booked=ran["booked"], skipped=ran["skipped"])
    report.calls.update(ran["calls"])
    tell(report)
    assert recorder.counted["amazon_eboekhouden.booked"] == ran["booked"] > 0
    assert recorder.counted["amazon_eboekhouden.calls"] == sum(ran["calls"].values())
    assert recorder.gauges["amazon_eboekhouden.unknown"] == 0
    assert recorder.gauges["amazon_eboekhouden.held"] == 0
    assert 0 <= recorder.gauges["amazon_eboekhouden.watermark_age_s"] < 3600
    used = recorder.gauges["amazon_eboekhouden.get_mutaties_used"]
    assert used == ran["calls"]["GetMutaties"]
    assert recorder.gauges["amazon_eboekhouden.get_mutaties_left"] == 5000 - used
    assert recorder.tags == {"demo"}
    told = OPERATING.read_text()
    assert [n for n in {*recorder.counted, *recorder.gauges} if f"`{n}`" not in told] == []


def test_a_ledger_that_cannot_be_asked_costs_the_figures_only(
    world: World, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMAZON_EBOEKHOUDEN_LEDGER_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    tell(RunReport(booked=3))
    assert recorder.counted["amazon_eboekhouden.booked"] == 3
    assert recorder.gauges == {}
