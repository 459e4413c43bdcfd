"""The whole thing once: `make demo ONCE=1`, through a real Airflow scheduler."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.e2e
@pytest.mark.timeout(1200)
def test_a_months_orders_and_settlements_tie_out_through_airflow(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "coupling_sandbox.demo", "--once"]
    command += ["--orders", "150", "--state", str(tmp_path / "demo")]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "everything ties out to the cent" in done.stdout
    assert re.search(r"clearing \(1090\)\s+0\.00\s+0\.00", done.stdout)
    assert "0 written" in done.stdout
    _nothing_is_left_running(str(tmp_path))
    _no_buyer_in_airflows_database(tmp_path / "demo" / "airflow" / "airflow.db")


def _nothing_is_left_running(trace: str) -> None:
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            content = environ.read_bytes()
        except OSError:
            continue
        assert trace.encode() not in content or environ.parent.name == "self", environ


def _no_buyer_in_airflows_database(database: Path) -> None:
    """Task results are stored in clear, so no e-mail address of a buyer may be among them."""
    assert b"@marketplace.amazon" not in database.read_bytes()
