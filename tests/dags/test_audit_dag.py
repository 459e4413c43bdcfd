"""The nightly DAG on the sandboxes: one task per coupling, and what it finds is on the list."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dags.test_orders_dag import add_broken_coupling
from tests.pipelines.conftest import World
from tests.pipelines.test_audit import runtime, settled

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.filterwarnings("ignore")


def test_every_coupling_is_audited_and_what_is_found_is_listed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    settled(world, orders=8)
    add_broken_coupling(world, monkeypatch)
    run = DagBag(str(REPOSITORY / "dags")).dags["amazon_books_audit"].test()
    states = {ti.map_index: str(ti.state) for ti in run.get_task_instances(state=None)}
    assert str(run.state) == "success"
    assert set(states.values()) == {"success"}
    assert set(states) == {-1, 0, 1}
    found = runtime(world).ledger.open_problems("demo")
    assert "transit-not-empty" in {one.problem.code for one in found}
