"""What Airflow adds: the import of the DAG files."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from benchmarks.outcome import Line, Part, Shown
from benchmarks.running import ROOT, median

PROGRAM = """
import sys, time, pathlib, importlib.util
start = time.perf_counter()
import airflow.sdk
base = time.perf_counter()
if sys.argv[1] == "dags":
    for path in sorted(pathlib.Path("dags").glob("*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
print(base - start, time.perf_counter() - base)
"""


def measure(quick: bool) -> Part:
    """Median of several processes; warm caches."""
    part = Part("airflow_share", "What Airflow adds")
    times = 1 if quick else 7
    alone, added = [], []
    with tempfile.TemporaryDirectory() as home:
        for _ in range(times + 1):
            base, dags = _run(home)
            alone.append(base)
            added.append(dags)
    base, dags = median(alone[1:]), median(added[1:])
    part.lines = [
        Line("import airflow.sdk", "one process", base),
        Line("our DAG files on top of it", "one process", dags),
    ]
    met = True if dags <= 0.3 else None
    part.shown.append(
        Shown("DAG files add to `airflow.sdk`", "<= 0.3 s", f"{dags:.3f} s on {base:.2f} s", met)
    )
    return part


def _run(home: str) -> tuple[float, float]:
    import os

    variables = {**os.environ, "AIRFLOW_HOME": home, "PYTHONPATH": str(ROOT / "include")}
    variables |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM, "dags"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=variables,
        check=True,
    )
    base, dags = map(float, done.stdout.strip().splitlines()[-1].split())
    return base, dags
