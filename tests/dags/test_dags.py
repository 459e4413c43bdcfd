"""House rules of the DAGs, as tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
DAG_FILES = sorted((REPOSITORY / "dags").glob("*.py"))
GRAPH = Path(__file__).parent / "graph.json"
HEAVY = ("pandas", "great_expectations", "zeep", "sp_api", "sqlalchemy.dialects.postgresql.asyncpg")

# Airflow's own deprecations while it loads itself are not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def dag_bag():
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    return DagBag(str(REPOSITORY / "dags"))


def schedule_of(dag) -> str:
    return f"{type(dag.timetable).__name__} {getattr(dag.timetable, 'expression', '')}"


def test_every_file_parses_from_any_folder(tmp_path: Path) -> None:
    for file in DAG_FILES:
        subprocess.run([sys.executable, str(file)], cwd=tmp_path, check=True, capture_output=True)


def test_no_import_errors_and_a_graph_that_changes_only_on_purpose(dag_bag) -> None:
    """`graph.json` is the reviewed picture: ids, schedule and edges."""
    assert dag_bag.import_errors == {}
    seen = {
        dag.dag_id: {
            "schedule": schedule_of(dag),
            "edges": sorted(
                f"{task.task_id} -> {down}"
                for task in dag.tasks
                for down in task.downstream_task_ids
            ),
        }
        for dag in dag_bag.dags.values()
    }
    assert seen == json.loads(GRAPH.read_text())


def test_every_dag_says_what_it_is_and_leaves_nothing_to_defaults(dag_bag) -> None:
    for dag in dag_bag.dags.values():
        assert dag.doc_md, dag.dag_id
        assert dag.catchup is False, dag.dag_id
        assert {"amazon", "e-boekhouden"} <= dag.tags, dag.dag_id
        assert dag.max_active_runs in (1, 16), dag.dag_id
        assert str(dag.timezone) == "UTC", dag.dag_id


def test_every_task_says_what_it_does(dag_bag) -> None:
    """The page of a task shows it; of a @task it is the docstring."""
    untold = [
        f"{dag.dag_id}.{task.task_id}"
        for dag in dag_bag.dags.values()
        for task in dag.tasks
        if not task.doc_md
    ]
    assert untold == []


def test_assets_link_orders_to_books_to_settlements_and_start_nothing(dag_bag) -> None:
    def named(which: str) -> dict[str, set[str]]:
        return {
            dag.dag_id: {asset.name for task in dag.tasks for asset in getattr(task, which)}
            for dag in dag_bag.dags.values()
        }

    given, taken = named("outlets"), named("inlets")
    assert given["amazon_orders"] == {"amazon_bestellingen", "boekingen"}
    assert given["amazon_settlements"] == {"amazon_afrekeningen"}
    assert taken["amazon_reconciliation"] == {"amazon_afrekeningen", "boekingen"}
    assert given["amazon_reconciliation"] == {"afgeletterde_posten"}
    for dag in dag_bag.dags.values():
        assert not hasattr(dag.timetable, "asset_condition") or not dag.timetable.asset_condition


def test_every_mapped_task_is_named_after_its_coupling_or_settlement(dag_bag) -> None:
    nameless = [
        f"{dag.dag_id}.{task.task_id}"
        for dag in dag_bag.dags.values()
        for task in dag.tasks
        if (task.is_mapped or task.get_closest_mapped_task_group()) and not _map_name(task)
    ]
    assert nameless == []


def _map_name(task) -> str | None:
    return getattr(task, "map_index_template", None) or getattr(task, "partial_kwargs", {}).get(
        "map_index_template"
    )


@pytest.mark.parametrize(
    ("dag_id", "name", "value"),
    [
        ("amazon_fee_invoice", "period", "2026-13"),
        ("amazon_fee_invoice", "net", "12,345"),
        ("amazon_reconciliation", "settlement_id", "../x"),
    ],
)
def test_a_form_refuses_what_cannot_be_meant(dag_bag, dag_id: str, name: str, value: str) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        dag_bag.dags[dag_id].params.get_param(name).resolve(value=value)


def test_a_form_offers_the_couplings_to_choose_from(dag_bag) -> None:
    for dag_id in ("amazon_reconciliation", "amazon_fee_invoice"):
        coupling = dag_bag.dags[dag_id].params.get_param("coupling")
        assert coupling.value == "demo"
        assert coupling.schema["examples"] == ["demo"]
    history = dag_bag.dags["amazon_orders_backfill"].params.get_param("coupling")
    assert (history.value, history.schema["examples"]) == ("", ["demo"])


def test_every_schedule_is_in_utc_but_for_the_nightly_audit(dag_bag) -> None:
    """03:15 in Amsterdam, the bookkeeper's night, comes exactly once on every day."""
    zones = {
        dag.dag_id: str(dag.timetable.timezone)
        for dag in dag_bag.dags.values()
        if hasattr(dag.timetable, "timezone")
    }
    assert len(zones) > 2
    assert zones.pop("amazon_books_audit") == "Europe/Amsterdam"
    assert set(zones.values()) == {"UTC"}


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
def test_a_dag_file_imports_nothing_heavy(file: Path) -> None:
    """The DAG processor pays for every import again and again."""
    code = (
        f"import runpy, sys; import airflow.sdk; before = set(sys.modules); "
        f"runpy.run_path({str(file)!r}); "
        f"print([m for m in {HEAVY!r} if m in sys.modules and m not in before])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize("file", DAG_FILES, ids=lambda file: file.stem)
def test_a_dag_file_fits_on_one_screen(file: Path) -> None:
    assert len(file.read_text().splitlines()) <= 80
