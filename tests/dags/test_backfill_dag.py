"""amazon_orders_backfill on the sandboxes: a window, a preview, the night's sweep."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dags.loaded import dag_of
from tests.dags.test_orders_dag import add_broken_coupling
from tests.pipelines.conftest import World
from tests.pipelines.test_orders import FROM, TO

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def backfill_dag(world: World) -> Any:
    world.settings(("per_buyer", "per_country"))
    return dag_of("amazon_orders_backfill")


def _booked(world: World) -> int:
    return len([line for line in world.journal() if line["account"] == "1300"])


def test_a_window_is_shown_then_booked_and_one_coupling_fails_alone(
    world: World, backfill_dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = world.seed(seed=41, orders=30, **{"from": FROM, "to": TO})
    shown = backfill_dag.test(run_conf={"from": FROM, "to": TO, "preview": True})
    assert str(shown.state) == "success"
    assert world.journal() == []
    add_broken_coupling(world, monkeypatch)
    run = backfill_dag.test(run_conf={"from": FROM, "to": TO, "preview": False})
    assert str(run.state) == "failed"
    assert _booked(world) == sum(order["expected"] == "booked" for order in truth["orders"])
    for instance in run.get_task_instances():
        result = instance.xcom_pull(
            task_ids=instance.task_id, map_indexes=[max(instance.map_index, 0)]
        )
        assert len(json.dumps(result, default=str)) < 2000


def test_a_run_without_a_window_looks_seven_days_back(world: World, backfill_dag: Any) -> None:
    now = datetime.now(UTC)
    span = {
        "from": (now - timedelta(days=6)).isoformat(),
        "to": (now - timedelta(days=1)).isoformat(),
    }
    world.seed(seed=42, orders=20, fba=1, **span)
    run = backfill_dag.test()
    assert str(run.state) == "success"
    assert _booked(world) > 5
    assert world.calls("amazon").get("searchOrders", 0) == 0


@pytest.mark.parametrize(
    "conf",
    [
        {"from": FROM},
        {"from": TO, "to": FROM},
        {"from": "gisteren", "to": TO},
        {"from": FROM, "to": TO, "coupling": "nobody"},
    ],
)
def test_a_wrong_form_fails_and_asks_nothing(
    world: World, backfill_dag: Any, conf: dict[str, str]
) -> None:
    assert str(backfill_dag.test(run_conf=conf).state) == "failed"
    assert world.calls("amazon") == {}
