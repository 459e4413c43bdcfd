"""The hourly DAG on the sandboxes: couplings are independent, and its results hold no customer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.dags.loaded import dag_of
from tests.pipelines.conftest import World, books_connection
from tests.pipelines.test_orders import FROM, TO

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def orders_dag() -> Any:
    return dag_of("amazon_orders")


def add_broken_coupling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second coupling whose security code was revoked."""
    folder = world.home / "couplings"
    text = (folder / "demo.yaml").read_text()
    (folder / "broken.yaml").write_text(
        text.replace("name: demo", "name: broken").replace("eboekhouden_demo", "eboekhouden_broken")
    )
    wrong = books_connection(world.books, code_2="{00000000-0000-0000-0000-000000000000}")
    monkeypatch.setenv("AIRFLOW_CONN_EBOEKHOUDEN_BROKEN", wrong)


def test_one_coupling_that_fails_leaves_the_others_untouched(
    world: World, orders_dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = world.seed(seed=31, orders=30, **{"from": FROM, "to": TO})
    add_broken_coupling(world, monkeypatch)
    run = orders_dag.test(run_conf={"from": FROM, "to": TO})
    assert str(run.state) == "failed"
    loads = {ti.map_index: ti for ti in run.get_task_instances() if ti.task_id.endswith(".load")}
    assert {str(ti.state) for ti in loads.values()} == {"failed", "success"}
    booked = sum(order["expected"] == "booked" for order in truth["orders"])
    invoices = [line for line in world.journal() if line["account"] == "1300"]
    assert len(invoices) == booked


def test_task_results_hold_names_and_counts_only(world: World, orders_dag: Any) -> None:
    world.seed(seed=32, orders=20, **{"from": FROM, "to": TO})
    run = orders_dag.test(run_conf={"from": FROM, "to": TO})
    assert str(run.state) == "success"
    for instance in run.get_task_instances():
        result = instance.xcom_pull(
            task_ids=instance.task_id, map_indexes=[max(instance.map_index, 0)]
        )
        text = json.dumps(result, default=str)
        assert "@" not in text
        assert len(text) < 2000


@pytest.mark.parametrize(
    "conf",
    [
        {"from": FROM},
        {"to": TO},
        {"from": TO, "to": FROM},
        {"from": "gisteren", "to": TO},
    ],
)
def test_half_a_window_or_a_wrong_one_is_refused(
    world: World, orders_dag: Any, conf: dict[str, str]
) -> None:
    """Booking another window than the person meant would be worse than none."""
    run = orders_dag.test(run_conf=conf)
    assert str(run.state) == "failed"
    assert world.journal() == []


def test_a_broken_settings_file_fails_only_its_own_coupling(world: World, orders_dag: Any) -> None:
    world.seed(seed=33, orders=10, **{"from": FROM, "to": TO})
    (world.home / "couplings" / "wrong.yaml").write_text("name: wrong\n")
    run = orders_dag.test(run_conf={"from": FROM, "to": TO})
    assert str(run.state) == "failed"
    assert world.balance("1300") > 0
