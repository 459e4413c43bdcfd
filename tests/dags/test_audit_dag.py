"""The nightly DAG on the sandboxes: one task per coupling, and what it finds is on the list."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.pipelines import retention
from sqlalchemy import Engine, func, select

from tests.dags.loaded import dag_of
from tests.dags.test_orders_dag import add_broken_coupling
from tests.pipelines.conftest import World
from tests.pipelines.test_audit import runtime, settled

pytestmark = pytest.mark.filterwarnings("ignore")


def test_every_coupling_is_audited_and_what_is_found_is_listed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(world, orders=8)
    add_broken_coupling(world, monkeypatch)
    run = dag_of("amazon_books_audit").test()
    states = {ti.map_index: str(ti.state) for ti in run.get_task_instances(state=None)}
    assert str(run.state) == "success"
    assert set(states.values()) == {"success"}
    assert set(states) == {-1, 0, 1}  # -1: what is not done per coupling
    found = runtime(world).ledger.open_problems("demo")
    assert "transit-not-empty" in {one.problem.code for one in found}


def test_customers_are_erased_also_when_no_coupling_is_active(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settled(world, orders=8)
    nobody = tmp_path / "no-couplings"
    nobody.mkdir()
    monkeypatch.setenv("AMAZON_EBOEKHOUDEN_COUPLINGS", str(nobody))
    monkeypatch.setattr(retention, "PERSONAL_KEPT", timedelta(0))
    with world.ledger() as ledger:
        assert _sealed(ledger.engine) > 0
    run = dag_of("amazon_books_audit").test()
    states = {ti.task_id: str(ti.state) for ti in run.get_task_instances(state=None)}
    assert (states["erase"], states["audit"]) == ("success", "skipped")
    with world.ledger() as ledger:
        assert _sealed(ledger.engine) == 0


def _sealed(engine: Engine) -> int:
    query = select(func.count()).where(schema.intent.c.payload_enc != "")
    with engine.connect() as connection:
        return connection.execute(query).scalar_one()
