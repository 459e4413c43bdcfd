"""What Airflow knows: how the last runs went, when the next one starts, and starting one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from airflow.api.common.trigger_dag import trigger_dag
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.datamodels.hitl import UpdateHITLDetailPayload
from airflow.api_fastapi.core_api.routes.public.hitl import update_hitl_detail
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.sdk.exceptions import AirflowException
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType
from fastapi import HTTPException
from sqlalchemy import func, select
from sqlalchemy.orm import Session

ORDERS_DAG = "amazon_orders"
RECONCILIATION_DAG = "amazon_reconciliation"
# Without these nothing is settled or checked, and what changed late is missed. New DAGs start
# paused.
OTHER_DAGS = (
    "amazon_settlements",
    RECONCILIATION_DAG,
    "amazon_books_audit",
    "amazon_orders_backfill",
)
APPROVAL_TASK = "approve"
# Which task speaks to which service; a failed task of the one says nothing about the other.
SERVICE_OF = {"coupling_orders.extract": "amazon", "coupling_orders.load": "books"}
LOOK_BACK = timedelta(days=7)
MOST_TASKS = 500
LATE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class LastTask:
    """How the newest finished task of a coupling at a service went."""

    succeeded: bool
    at_utc: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """The hourly DAG.

    Attributes:
        known: Airflow has read the DAG.
        paused: nothing starts by itself.
        next_utc: when the next run starts.
        others_paused: DAGs that should run as well and are paused.
    """

    known: bool
    paused: bool
    next_utc: datetime | None
    others_paused: tuple[str, ...] = ()

    def is_late(self, now_utc: datetime) -> bool:
        """Whether a run should have started and did not."""
        waits = self.known and not self.paused and self.next_utc is not None
        return waits and now_utc - (self.next_utc or now_utc) > LATE


def last_tasks(now_utc: datetime) -> Mapping[tuple[str, str], LastTask]:
    """(coupling, service) to its newest finished task; one query for all couplings."""
    task = TaskInstance
    column: Any = task.rendered_map_index
    finished = (TaskInstanceState.SUCCESS, TaskInstanceState.FAILED)
    query = (
        select(task.task_id, column, task.state, task.end_date)
        .where(task.dag_id == ORDERS_DAG, task.task_id.in_(SERVICE_OF))
        .where(task.state.in_(finished), task.end_date > now_utc - LOOK_BACK)
        .order_by(task.end_date.desc())
        .limit(MOST_TASKS)
    )
    found: dict[tuple[str, str], LastTask] = {}
    with create_session() as session:
        for task_id, coupling, state, at_utc in session.execute(query):
            key = (str(coupling), SERVICE_OF[task_id])
            found.setdefault(key, LastTask(state == TaskInstanceState.SUCCESS, at_utc))
    return found


def schedule() -> Schedule:
    """When the hourly DAG runs next."""
    query = select(DagModel.dag_id, DagModel.is_paused, DagModel.next_dagrun_create_after).where(
        DagModel.dag_id.in_((ORDERS_DAG, *OTHER_DAGS))
    )
    with create_session() as session:
        found = {row.dag_id: row for row in session.execute(query)}
    hourly = found.get(ORDERS_DAG)
    if hourly is None:
        return Schedule(False, True, None)
    paused = tuple(name for name in OTHER_DAGS if name in found and found[name].is_paused)
    return Schedule(True, hourly.is_paused, hourly.next_dagrun_create_after, paused)


def start_orders_run(who: str) -> bool:
    """Start the hourly DAG now, unless a run is under way or waits already.

    Returns:
        whether a run is coming without waiting for the hour.
    """
    query = select(func.count()).where(DagRun.dag_id == ORDERS_DAG, DagRun.state.in_(_UNDER_WAY))
    with create_session() as session:
        if session.execute(query).scalar_one():
            return True
    return _triggered(ORDERS_DAG, who)


def start_reconciliation(coupling: str, settlement_id: str, who: str) -> bool:
    """Start the run that books one settlement; whether it could be started."""
    conf = {"coupling": coupling, "settlement_id": settlement_id}
    return _triggered(RECONCILIATION_DAG, who, conf)


def answer_approval(coupling: str, settlement_id: str, user: BaseUser, *, approved: bool) -> bool:
    """Answer the run of a settlement that waits under *Required Action*, as that page does.

    Returns:
        whether a run waited.
    """
    answer = UpdateHITLDetailPayload(chosen_options=["Approve" if approved else "Reject"])
    with create_session() as session:
        run_id = _waiting_run(session, coupling, settlement_id)
        if run_id is None:
            return False
        try:
            update_hitl_detail(
                RECONCILIATION_DAG, run_id, APPROVAL_TASK, answer, user=user, session=session
            )
        except HTTPException:  # Somebody was faster, on the other page.
            return False
    return True


def _waiting_run(session: Session, coupling: str, settlement_id: str) -> str | None:
    task = TaskInstance
    parked = (TaskInstanceState.AWAITING_INPUT, TaskInstanceState.DEFERRED)
    query = (
        select(DagRun.run_id, DagRun.conf)
        .join(task, (task.dag_id == DagRun.dag_id) & (task.run_id == DagRun.run_id))
        .where(DagRun.dag_id == RECONCILIATION_DAG, DagRun.state.in_(_UNDER_WAY))
        .where(task.task_id == APPROVAL_TASK, task.state.in_(parked))
        .order_by(DagRun.id.desc())
    )
    wanted = {"coupling": coupling, "settlement_id": settlement_id}
    for run_id, conf in session.execute(query):
        if wanted.items() <= dict(conf or {}).items():
            return str(run_id)
    return None


_UNDER_WAY = (DagRunState.QUEUED, DagRunState.RUNNING)


def _triggered(dag_id: str, who: str, conf: dict[str, str] | None = None) -> bool:
    by = DagRunTriggeredByType.UI
    try:
        trigger_dag(dag_id, triggered_by=by, triggering_user_name=who, conf=conf)
    except AirflowException:
        return False
    return True
