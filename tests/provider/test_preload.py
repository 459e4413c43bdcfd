"""What a task imports when it runs, its worker has imported before it forked."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from coupling_sandbox.demo.__main__ import Addresses, airflow_environment

PRODUCT = Path(__file__).parents[2] / "include" / "amazon_eboekhouden"
PRELOAD = "amazon_eboekhouden.provider.preload"
HEAVY = ("great_expectations", "pandas", "pyarrow", "sqlalchemy", "zeep", "httpx")
AIRFLOWS = ("airflow.dag_processing.dagbag", "airflow.sdk.execution_time.task_runner")


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules of a process that imports the preload and nothing else."""
    code = f"import json, sys; import {PRELOAD}; print(json.dumps(list(sys.modules)))"
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def imported_by_tasks() -> Iterator[str]:
    """Our modules that the bodies of tasks, and the pipelines under them, import when they run."""
    files = [*PRODUCT.glob("provider/*steps.py"), *PRODUCT.glob("pipelines/*.py")]
    for file in files:
        tree = ast.parse(file.read_text())
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        inside = [n for function in functions for n in ast.walk(function)]
        for found in inside:
            if isinstance(found, ast.ImportFrom) and found.module.startswith("amazon_eboekhouden"):
                yield from (_module(found.module, name.name) for name in found.names)


def _module(package: str, name: str) -> str:
    whole = f"{package}.{name}"
    parent = importlib.util.find_spec(package)
    is_package = parent is not None and parent.submodule_search_locations is not None
    return whole if is_package and importlib.util.find_spec(whole) else package


def test_it_loads_all_that_a_task_imports_when_it_runs(loaded: set[str]) -> None:
    wanted = set(imported_by_tasks())
    assert len(wanted) > 10
    assert wanted - loaded == set()


def test_it_loads_what_takes_long(loaded: set[str]) -> None:
    assert {*HEAVY, *AIRFLOWS} - loaded == set()


def test_the_demos_workers_have_it() -> None:
    """A forkserver passes over a module that it can't import, without a word."""
    nowhere = Addresses("http://a:1", "http://b:2", "http://c:3", "http://127.0.0.1:4")
    settings = airflow_environment(nowhere, Path("/nowhere"))
    assert settings["AIRFLOW__SCHEDULER__MP_START_METHOD"] == "forkserver"
    assert settings["AIRFLOW__SCHEDULER__MP_FORKSERVER_PRELOAD"] == PRELOAD


def test_the_demo_does_without_where_the_temporary_folder_has_too_long_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The socket of the forkserver could not be made there, and no scheduler would start."""
    nowhere = Addresses("http://a:1", "http://b:2", "http://c:3", "http://127.0.0.1:4")
    for length, has_it in ((75, True), (76, False)):
        monkeypatch.setattr(tempfile, "tempdir", "/" + "t" * (length - 1))
        settings = airflow_environment(nowhere, Path("/nowhere"))
        assert ("AIRFLOW__SCHEDULER__MP_START_METHOD" in settings) == has_it
