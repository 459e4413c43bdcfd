"""The DAGs of this repository as Airflow reads them, with a metadata database to run in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


def dag_of(name: str) -> Any:
    """One of the DAGs by its id."""
    # Not before a test runs: its fixtures say where Airflow's database is.
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    return DagBag(str(REPOSITORY / "dags")).dags[name]
