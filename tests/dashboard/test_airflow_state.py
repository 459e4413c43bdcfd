"""What the pages say of Airflow's own state: runs that did not start, DAGs that are paused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.dashboard.conftest import AIRFLOW_WARNINGS, NOW, Browser

pytestmark = AIRFLOW_WARNINGS


def test_a_run_that_did_not_start_is_said() -> None:
    from amazon_eboekhouden.provider.dashboard.airflow_state import Schedule

    assert Schedule(True, False, NOW - timedelta(hours=1)).is_late(NOW)
    assert not Schedule(True, False, NOW + timedelta(minutes=5)).is_late(NOW)
    assert not Schedule(True, True, NOW - timedelta(hours=1)).is_late(NOW)
    assert not Schedule(True, False, None).is_late(datetime.now(UTC))


@pytest.fixture
def known_dags(airflow: None) -> Iterator[None]:
    """Our DAGs as Airflow knows them: the hourly one runs, three others are paused."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    paused = {
        "amazon_orders": False,
        "amazon_settlements": True,
        "amazon_books_audit": True,
        "amazon_orders_backfill": True,
    }
    with create_session() as session:
        # A test before this one, in the same process, may have made Airflow know them already.
        before = {dag.dag_id: dag.is_paused for dag in session.scalars(select(DagModel))}
        if session.get(DagBundleModel, "tests") is None:
            session.add(DagBundleModel(name="tests"))
            session.flush()
        for dag_id in {*paused, *before}:
            known = session.get(DagModel, dag_id) or DagModel(dag_id=dag_id, bundle_name="tests")
            known.is_paused = paused.get(dag_id, False)
            session.add(known)
    yield
    with create_session() as session:
        for dag_id in {*paused, *before}:
            known = session.get(DagModel, dag_id)
            if dag_id in before:
                known.is_paused = before[dag_id]
            else:
                session.delete(known)


def test_what_is_paused_is_said(admin: Browser, booked: Any, known_dags: None) -> None:
    page = admin.get("/").text
    named = "<em>amazon_settlements</em>, <em>amazon_books_audit</em>, "
    assert f"{named}<em>amazon_orders_backfill</em>. Zet in Airflow" in page
    assert "staat op pauze" not in page
