"""How long the server works on each page of a busy seller.

    python -m tests.dashboard.measure [ORDERS] [SETTLEMENTS]

fills a ledger of its own (SQLite) and prints, per page, the median of five visits in milliseconds
of server time (rendering included), the processor's part of it (which a loaded machine leaves as it
is), and the number of questions to the ledger's database.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import tests.conftest  # noqa: F401 - sets Airflow's home before Airflow is imported

PAGES = {
    "first page": "/",
    "waits for you": "/koppeling/demo/wacht",
    "uncertain": "/koppeling/demo/beslissen",
    "settlements": "/koppeling/demo/afrekeningen",
    "open items": "/koppeling/demo/openstaand",
    "an order": "/koppeling/demo/bestelling/o77",
    "activation": "/koppeling/demo/activeren",
}


def main(orders: int = 100_000, settlements: int = 1_000) -> int:
    """Fill, visit, print."""
    warnings.simplefilter("ignore")
    from sqlalchemy import event

    from tests.dashboard.busy import fill

    with tempfile.TemporaryDirectory() as folder:
        sources, client = _dashboard(Path(folder))
        fill(sources, orders, settlements)
        asked: list[str] = []
        event.listen(
            sources.ledger.engine,
            "before_cursor_execute",
            lambda connection, cursor, statement, *rest: asked.append(statement),
        )
        print(f"{orders} orders, {settlements} settlements")  # noqa: T201 - its purpose
        for name, path in PAGES.items():
            client.get(path).raise_for_status()
            took, worked = [], []
            for _ in range(5):
                asked.clear()
                start, busy = time.perf_counter(), time.process_time()
                client.get(path)
                took.append((time.perf_counter() - start) * 1000)
                worked.append((time.process_time() - busy) * 1000)
            questions = len([one for one in asked if not one.startswith(("BEGIN", "PRAGMA"))])
            wall, cpu = statistics.median(took), statistics.median(worked)
            shown = f"{name:16}{wall:8.0f} ms{cpu:8.0f} ms of work{questions:5} questions"
            print(shown)  # noqa: T201
        sources.ledger.close()
    return 0


def _dashboard(folder: Path) -> tuple[Any, Any]:
    from airflow.api_fastapi.app import create_auth_manager, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.utils.db import initdb
    from amazon_eboekhouden.config.connections import SANDBOX_CONNECTIONS
    from amazon_eboekhouden.config.couplings import SHIPPED
    from amazon_eboekhouden.config.environment import environment_of
    from amazon_eboekhouden.provider.dashboard.app import create_app
    from amazon_eboekhouden.provider.dashboard.sources import Sources
    from fastapi.testclient import TestClient

    from tests.dashboard.conftest import HOST, NOW, SELLER
    from tests.ledger.world import ADMIN

    initdb()
    create_auth_manager()
    (folder / "couplings").mkdir()
    shutil.copy(SHIPPED / "demo.yaml", folder / "couplings")
    names = ("COUPLINGS", "STAGING", "ARCHIVE", "KEY_FILE")
    values = {f"AMAZON_EBOEKHOUDEN_{name}": str(folder / name.lower()) for name in names}
    values["AMAZON_EBOEKHOUDEN_LEDGER_URL"] = f"sqlite:///{folder / 'ledger.sqlite'}"
    sources = Sources(environment_of(values), SANDBOX_CONNECTIONS.get, now_utc=lambda: NOW)
    sources.ledger.bind("demo", ADMIN, SELLER)
    client = TestClient(create_app(sources), base_url=HOST)
    user = SimpleAuthManagerUser(username="anna", role="ADMIN")
    client.cookies.set("_token", get_auth_manager().generate_jwt(user))
    return sources, client


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
