"""What every test may use. Airflow reads its settings at import time, so they come first."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
_HOME = tempfile.mkdtemp(prefix="airflow-home-")
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
