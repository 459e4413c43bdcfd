"""Starts a run of another DAG, with nothing loaded but Airflow's task SDK.

Airflow's own TriggerDagRunOperator does the same, and loads the models of Airflow's database for
it: a third of a second for whoever reads the DAG file with the task SDK alone. The one thing that
only Airflow's own gets is the arrow between the two DAGs in the graph with external conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator, BaseOperatorLink, DagRunState
from airflow.sdk.exceptions import DagRunTriggerException

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.types import TaskInstanceKey


class StartedRun(BaseOperatorLink):
    """The button of a task that leads to the run it started."""

    name = "Triggered DAG"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """Address of the run, below that of Airflow's pages."""
        from airflow.utils.helpers import build_airflow_dagrun_url

        assert isinstance(operator, StartRun)  # noqa: S101 - the only one that has this link
        return build_airflow_dagrun_url(operator.starts_dag_id, operator.trigger_run_id)


class StartRun(BaseOperator):
    """Starts one run and does not wait for it; the button *Triggered DAG* leads to it.

    Args:
        starts_dag_id: the DAG.
        trigger_run_id: the new run's name; one that exists already fails the task.
        conf: the new run's parameters.
        **kwargs: of every operator.
    """

    template_fields: Sequence[str] = ("trigger_run_id", "conf")
    template_fields_renderers: ClassVar[dict[str, str]] = {"conf": "py"}
    ui_color = "#ffefeb"
    operator_extra_links = (StartedRun(),)

    def __init__(
        self, *, starts_dag_id: str, trigger_run_id: str, conf: dict[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.starts_dag_id = starts_dag_id
        self.trigger_run_id = trigger_run_id
        self.conf = conf

    def execute(self, context: Context) -> None:
        """Hand the run to Airflow, which starts it once the task has ended.

        Raises:
            DagRunTriggerException: always; it is how Airflow is asked.
        """
        raise DagRunTriggerException(
            trigger_dag_id=self.starts_dag_id,
            dag_run_id=self.trigger_run_id,
            conf=self.conf,
            logical_date=datetime.now(UTC),
            reset_dag_run=False,
            skip_when_already_exists=False,
            wait_for_completion=False,
            allowed_states=[DagRunState.SUCCESS],
            failed_states=[DagRunState.FAILED],
            poke_interval=60,
            deferrable=False,
        )
