"""The DAG that finds settlements starts a run for each, and does not wait for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.dags.loaded import dag_of
from tests.pipelines.conftest import World
from tests.pipelines.test_audit import WINDOW
from tests.pipelines.test_orders import FROM, TO

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def settlements_dag() -> Any:
    return dag_of("amazon_settlements")


def runs_started() -> dict[str, Any]:
    from airflow.models.dagrun import DagRun

    return {run.run_id: run for run in DagRun.find(dag_id="amazon_reconciliation")}


def test_every_settlement_gets_a_run_of_its_own(world: World, settlements_dag: Any) -> None:
    world.seed(seed=31, orders=25, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    before = set(runs_started())
    run = settlements_dag.test()
    assert str(run.state) == "success"
    started = {name: one for name, one in runs_started().items() if name not in before}
    found = run.get_task_instance("find_settlements").xcom_pull(task_ids="find_settlements")
    assert len(found) > 1
    assert {name: one.conf for name, one in started.items()} == {
        entry["trigger_run_id"]: entry["conf"] for entry in found
    }
    # It was started and not waited for: nobody schedules here, and the DAG has ended.
    assert {(str(one.state), one.run_type) for one in started.values()} == {
        ("queued", "operator_triggered")
    }


def test_each_task_leads_to_the_run_it_started(world: World, settlements_dag: Any) -> None:
    """The button *Triggered DAG*; the task's name is its coupling and settlement."""
    world.seed(seed=31, orders=25, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    run = settlements_dag.test()
    found = run.get_task_instance("find_settlements").xcom_pull(task_ids="find_settlements")
    for number, entry in enumerate(found):
        task = run.get_task_instance("reconcile", map_index=number)
        link = task.xcom_pull(task_ids="reconcile", map_indexes=[number], key="_link_StartedRun")[0]
        assert link == f"/dags/amazon_reconciliation/runs/{entry['trigger_run_id']}"
        conf = entry["conf"]
        assert task.rendered_map_index == f"{conf['coupling']} {conf['settlement_id']}"


def test_airflows_page_knows_the_button(settlements_dag: Any) -> None:
    from airflow.serialization.serialized_objects import DagSerialization

    serialized = DagSerialization.serialize_dag(settlements_dag)
    pages = DagSerialization.deserialize_dag(json.loads(json.dumps(serialized)))
    assert pages.get_task("reconcile").extra_links == ["Triggered DAG"]
