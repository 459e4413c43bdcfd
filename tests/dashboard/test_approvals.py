"""Approving and rejecting a settlement: who may, what is stored, and which run goes on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.dashboard.conftest import AIRFLOW_WARNINGS, SELLER, Browser

pytestmark = AIRFLOW_WARNINGS

PAGE = "/koppeling/demo/afrekeningen/9"
SUMMARY = {
    "lines": [
        {"section": "Facturen betaald", "line": "Verkopen", "rows": 3, "cents": 1210},
        {"section": "Ingehouden kosten", "line": "Verkoopcommissie", "rows": 1, "cents": -300},
    ],
    "invoices_of_others": [
        {
            "order_id": "402-0000001-0000001",
            "invoice": "WEB-77",
            "relation": "WEB",
            "cents": 1210,
            "date": "2026-10-30",
            "how": "amount",
        }
    ],
}


@pytest.fixture
def waiting(sources: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A settlement that waits; an Airflow that has not read the DAGs."""
    monkeypatch.setattr("amazon_eboekhouden.provider.dashboard.airflow_state.ORDERS_DAG", "absent")
    monkeypatch.setattr(
        "amazon_eboekhouden.provider.dashboard.airflow_state.RECONCILIATION_DAG", "absent_too"
    )
    sources.ledger.settlements.record(
        SELLER,
        "9",
        coupling="demo",
        state="waiting",
        total_cents=910,
        currency="EUR",
        totals={"summary": SUMMARY},
        start_date=date(2026, 11, 1),
        end_date=date(2026, 11, 15),
    )
    return sources


def said(sources: Any) -> list[tuple[str, str, str]]:
    found = sources.ledger.decisions.about(f"settlement:{SELLER}:9")
    return [(one.choice.value, one.who, one.why) for one in found]


def needed(sources: Any) -> bool:
    """Whether a run would still ask."""
    from amazon_eboekhouden.pipelines import settlement_approval
    from amazon_eboekhouden.pipelines.batches import write_manifest

    with sources.runtime("demo") as runtime:
        content = {"refused": False, "summary": {"invoices_of_others": []}}
        ref = write_manifest(runtime.staging, "demo/settlements/9", "matched", content)
        return settlement_approval.approval_needed(runtime, "9", ref)


def test_the_page_shows_what_would_be_approved(admin: Browser, waiting: Any) -> None:
    page = admin.get(PAGE).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "wacht op goedkeuring" in page
    assert "Verkoopcommissie" in page
    assert "<strong>€ 9,10</strong>" in page
    assert "Goedkeuren" in page
    assert "WEB-77" in page
    assert "bedrag en datum" in page
    assert "1</span> afrekening wacht op uw goedkeuring" in admin.get("/").text


def test_an_approval_is_stored_with_who_and_counts_for_every_run(
    admin: Browser, waiting: Any
) -> None:
    answer = admin.post(f"{PAGE}/goedkeuren")
    assert answer.headers["location"] == f"{PAGE}?gedaan=goedgekeurd-later"
    assert said(waiting) == [("approve", "admin-anna", "goedgekeurd op het dashboard")]
    assert not needed(waiting)
    assert "admin-anna" in admin.get(PAGE).text


def test_a_rejection_needs_a_reason_and_can_be_taken_back(admin: Browser, waiting: Any) -> None:
    assert admin.post(f"{PAGE}/afwijzen", why=" ").status_code == 400
    assert said(waiting) == []
    answer = admin.post(f"{PAGE}/afwijzen", why="de reserve klopt niet")
    assert answer.headers["location"] == f"{PAGE}?gedaan=afgewezen"
    assert needed(waiting)
    page = admin.get(PAGE).text
    assert "de reserve klopt niet" in page
    assert "Goedkeuren" in page
    admin.post(f"{PAGE}/goedkeuren", why="reserve nagekeken")
    assert [one[0] for one in said(waiting)] == ["reject", "approve"]
    assert not needed(waiting)


def test_what_does_not_wait_is_not_approved(admin: Browser, waiting: Any) -> None:
    waiting.ledger.settlements.record(SELLER, "9", state="booked")
    for path in (f"{PAGE}/goedkeuren", f"{PAGE}/afwijzen"):
        assert admin.post(path, why="zomaar").status_code == 409
    assert admin.post("/koppeling/demo/afrekeningen/77/goedkeuren").status_code == 404
    assert said(waiting) == []


def test_a_viewer_sees_no_buttons_and_may_not(browser_of: Any, waiting: Any) -> None:
    viewer = browser_of("viewer")
    assert 'method="post"' not in viewer.get(PAGE).text
    assert viewer.post(f"{PAGE}/goedkeuren").status_code == 403
    assert said(waiting) == []


# --- the run that waits under Required Action -------------------------------------------------
@pytest.fixture
def parked(airflow: None) -> str:
    """A run of a DAG like ours whose approval waits for a person, in Airflow's own tables."""
    from airflow.models.dagbundle import DagBundleModel
    from airflow.models.hitl import HITLDetail
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.providers.standard.operators.hitl import ApprovalOperator
    from airflow.sdk import DAG
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.serialization.serialized_objects import DagSerialization, LazyDeserializedDAG
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, TaskInstanceState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    dag_id = f"parked_reconciliation_{uuid4().hex}"
    with DAG(dag_id, schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
        ApprovalOperator(task_id="approve", subject="Settlement 9")
    with create_session() as session:
        if session.get(DagBundleModel, "tests") is None:
            session.add(DagBundleModel(name="tests"))
            session.flush()
        SerializedDAG.bulk_write_to_db("tests", None, [dag], session=session)
    SerializedDagModel.write_dag(LazyDeserializedDAG.from_dag(dag), "tests")
    with create_session() as session:
        serialized = DagSerialization.from_dict(DagSerialization.to_dict(dag))
        run = serialized.create_dagrun(
            run_id="demo__9",
            run_type=DagRunType.MANUAL,
            run_after=datetime(2026, 11, 24, tzinfo=UTC),
            conf={"coupling": "demo", "settlement_id": "9"},
            state=DagRunState.RUNNING,
            triggered_by=DagRunTriggeredByType.TEST,
            session=session,
        )
        task = run.get_task_instance("approve", session=session)
        task.state = TaskInstanceState.AWAITING_INPUT
        task.next_method = "execute_complete"
        session.add(
            HITLDetail(
                ti_id=task.id, options=["Approve", "Reject"], subject="Settlement 9", multiple=False
            )
        )
    return dag_id


@pytest.mark.parametrize(("button", "option"), [("goedkeuren", "Approve"), ("afwijzen", "Reject")])
def test_the_run_that_waits_goes_on_with_the_answer(
    admin: Browser,
    waiting: Any,
    parked: str,
    monkeypatch: pytest.MonkeyPatch,
    button: str,
    option: str,
) -> None:
    from airflow.models.hitl import HITLDetail
    from airflow.utils.session import create_session
    from sqlalchemy import select

    monkeypatch.setattr(
        "amazon_eboekhouden.provider.dashboard.airflow_state.RECONCILIATION_DAG", parked
    )
    answer = admin.post(f"{PAGE}/{button}", why="nagekeken")
    assert answer.headers["location"].endswith(
        "=goedgekeurd" if option == "Approve" else "=afgewezen"
    )
    with create_session() as session:
        found = session.scalars(select(HITLDetail)).unique().all()
        mine = [one for one in found if one.task_instance.dag_id == parked]
        assert [one.chosen_options for one in mine] == [[option]]
        assert mine[0].responded_by["name"] == "admin-anna"
        assert mine[0].task_instance.state == "scheduled"
