"""What Airflow adds: the import of the DAG files, and to an hour's run."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

from coupling_sandbox.demo.__main__ import SEED

from benchmarks.hour import shop
from benchmarks.outcome import Line, Part, Shown
from benchmarks.running import ROOT, TIME_LIMIT_S, median

ORDERS = 500

PROGRAM = """
import time, pathlib, importlib.util
start = time.perf_counter()
import airflow.sdk
base = time.perf_counter()
for path in sorted(pathlib.Path("dags").glob("*.py")):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
print(base - start, time.perf_counter() - base)
"""


def measure(quick: bool) -> Part:
    """Median of several processes, warm caches; and one run through a scheduler."""
    part = Part("airflow_share", "What Airflow adds")
    _imports(part, 1 if quick else 7)
    if not quick:
        _hourly(part)
    return part


def _imports(part: Part, times: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        found = [_run(home) for _ in range(times + 1)][1:]
    base, dags = median([one[0] for one in found]), median([one[1] for one in found])
    part.lines += [
        Line("import airflow.sdk", "one process", base),
        Line("our DAG files on top of it", "one process", dags),
    ]
    told = f"{dags:.3f} s on {base:.2f} s"
    part.shown.append(Shown("DAG files add to `airflow.sdk`", "<= 0.3 s", told, dags <= 0.3))


def _hourly(part: Part) -> None:
    """The demo's run of `amazon_orders` beside the command line on the same orders."""
    with tempfile.TemporaryDirectory() as folder:
        demo = [sys.executable, "-m", "coupling_sandbox.demo", "--once"]
        demo += ["--orders", str(ORDERS), "--state", folder]
        subprocess.run(demo, cwd=ROOT, check=True, timeout=TIME_LIMIT_S, capture_output=True)  # noqa: S603
        dag_s = _duration_s(Path(folder) / "airflow" / "airflow.db", "amazon_orders")
    with shop(ORDERS, SEED) as (sandbox, window):
        _, own_s = sandbox.command("orders", *window)
    share_s = dag_s - own_s
    part.lines += [
        Line("an hour's run through Airflow's scheduler", f"{ORDERS:,} orders", dag_s),
        Line("the same from the command line", f"{ORDERS:,} orders", own_s),
    ]
    part.shown.append(
        Shown(
            "Airflow's share of an hourly run",
            "<= 15 % or <= 5 s",
            f"{share_s:.1f} s, {share_s / dag_s:.0%} of {dag_s:.1f} s",
            share_s <= 5 or share_s <= 0.15 * dag_s,
        )
    )


def _duration_s(database: Path, dag_id: str) -> float:
    query = "SELECT start_date, end_date FROM dag_run WHERE dag_id = ?"
    connection = sqlite3.connect(database)
    start, end = connection.execute(query, (dag_id,)).fetchone()
    connection.close()
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _run(home: str) -> tuple[float, float]:
    variables = {**os.environ, "AIRFLOW_HOME": home, "PYTHONPATH": str(ROOT / "include")}
    variables |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=variables,
        check=True,
    )
    base, dags = map(float, done.stdout.strip().splitlines()[-1].split())
    return base, dags
