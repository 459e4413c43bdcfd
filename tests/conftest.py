"""What every test may use. Airflow reads its settings at import time, so they come first."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).parent.parent
_HOME = tempfile.mkdtemp(prefix="airflow-home-")
_OWNER = os.getpid()


@atexit.register
def _remove_home() -> None:
    """Registered before Airflow is imported, so that it comes after Airflow's own farewell."""
    if os.getpid() == _OWNER:  # not in a child that a test forked
        shutil.rmtree(_HOME, ignore_errors=True)


os.environ.update(
    {
        "AIRFLOW_HOME": _HOME,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_HOME}/airflow.db",
        "GX_ANALYTICS_ENABLED": "False",
    }
)
# Nothing of the developer's own set-up may reach a test.
for name in [n for n in os.environ if n.startswith(("AMAZON_EBOEKHOUDEN_", "AIRFLOW_CONN_"))]:
    del os.environ[name]
os.environ.pop("SP_API_DEFAULT_MARKETPLACE", None)
os.environ["XDG_STATE_HOME"] = _HOME

# Everybody sees the same examples: a change is judged by what it changed. Looking further is
# `make test ARGS="--hypothesis-profile=explore"`.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def _no_token_of_another_test() -> None:
    """Amazon's tokens are kept per address for the whole process, and ports are used again.

    A server on a port that an earlier test's server had would never be asked for its token.
    """
    from amazon_eboekhouden.adapters.amazon_client import TOKENS

    TOKENS._kept.clear()
