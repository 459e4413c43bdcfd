"""What a worker calls itself to Airflow: they all live on one machine here."""

from __future__ import annotations

import os


def worker() -> str:
    """Named by [core] hostname_callable; stands with every task that the worker ran."""
    return os.environ.get("THIS_WORKER", "127.0.0.1")
