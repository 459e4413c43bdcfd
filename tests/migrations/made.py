"""Writes the dumps of the present schema, with data: once per release, then never again.

    python -m tests.migrations.made

writes `released/REVISION/`: the ledger's dump from SQLite and from PostgreSQL (its own pg_dump),
and what was booked: the orders as Amazon shows them and the settlement files. See docs/licences.md,
Updating. The install key is the test's own; the people in it are the sandbox's inventions.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
from amazon_eboekhouden.adapters.amazon import INCLUDED_DATA
from amazon_eboekhouden.adapters.install_key import load_or_create
from amazon_eboekhouden.config.couplings import SHIPPED
from amazon_eboekhouden.ledger import database, open_ledger
from amazon_eboekhouden.ledger.decisions import Choice
from coupling_sandbox.amazon.app import create_app as amazon_app
from coupling_sandbox.eboekhouden.app import create_app as books_app
from coupling_sandbox.public.app import create_app as public_app
from coupling_sandbox.server import serve_in_thread

from tests.ledger.postgres import cluster, programs
from tests.pipelines.conftest import amazon_connection, books_connection

RELEASED = Path(__file__).parent / "released"
INSTALL_KEY = bytes(range(32))
WINDOW = ("--from", "2026-06-01T00:00:00Z", "--to", "2026-10-01T00:00:00Z")
SEED = {"seed": 94, "orders": 14, "from": "2026-06-01", "to": "2026-07-01", "refunded": 0.2}


def main() -> int:
    folder = RELEASED / database.NEWEST
    folder.mkdir(parents=True)
    with cluster(durable=False) as server:
        for url in ("sqlite", server):
            _write(folder, url)
    return 0


def _write(folder: Path, url: str) -> None:
    with (
        serve_in_thread(amazon_app()) as amazon,
        serve_in_thread(books_app()) as books,
        serve_in_thread(public_app()) as public,
        tempfile.TemporaryDirectory() as home,
    ):
        at = Path(home) / "ledger.sqlite"
        ledger_url = f"sqlite:///{at}" if url == "sqlite" else url
        variables = _variables(Path(home), amazon, books, public, ledger_url)
        _post(f"{amazon}/control/seed", SEED)
        _book(variables, amazon, books)
        _decide(ledger_url, variables["AMAZON_EBOEKHOUDEN_KEY_FILE"])
        if url == "sqlite":
            with sqlite3.connect(at) as connection:
                text = "\n".join(connection.iterdump()) + "\n"
            (folder / "sqlite.sql").write_text(text)
            _write_given(folder, amazon)
        else:
            (folder / "postgresql.sql").write_text(_pg_dump(url))


def _book(variables: dict[str, str], amazon: str, books: str) -> None:
    """A month with everything that a ledger holds, an outcome that nobody knows included."""
    _cli(variables, "orders", *WINDOW)
    _cli(variables, "settlements")
    last = dict(_orders(amazon)[-1]) | {"orderId": "404-1234567-7654321"}
    _post(f"{amazon}/control/orders", [last])
    lost = {"operation": "AddMutatie", "kind": "reset", "when": "after"}
    silent = {"operation": "GetMutaties", "kind": "http_503_empty", "times": None}
    _post(f"{books}/control/faults", [lost, silent])
    assert _cli(variables, "orders", *WINDOW)["unknown"] == 1


def _decide(url: str, key_file: str) -> None:
    ledger = open_ledger(url, install_key=load_or_create(Path(key_file)))
    state = ledger.coupling_state("demo")
    assert state is not None
    ledger.invoice_numbers(state.administration, "2026", ["INV:first", "INV:second"])
    ledger.decisions.record("order:demo:404-0000000-0000000", Choice.IGNORE, who="a", why="b")
    ledger.close()


def _write_given(folder: Path, amazon: str) -> None:
    """What Amazon shows of that month, through its own door."""
    text = json.dumps(_orders(amazon), indent=1, ensure_ascii=False)
    (folder / "orders.json").write_text(text + "\n")
    asked = {"reportTypes": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"}
    listed = _ask(amazon, "/reports/2021-06-30/reports", **asked)["reports"]
    for number, report in enumerate(sorted(listed, key=lambda one: str(one["dataEndTime"]))):
        link = _ask(amazon, f"/reports/2021-06-30/documents/{report['reportDocumentId']}")["url"]
        (folder / f"settlement-{number}.txt").write_bytes(httpx.get(link).content)


def _orders(amazon: str) -> list[dict[str, Any]]:
    included = ",".join(INCLUDED_DATA)
    asked = {"lastUpdatedAfter": WINDOW[1], "maxResultsPerPage": "100", "includedData": included}
    found: list[dict[str, Any]] = _ask(amazon, "/orders/2026-01-01/orders", **asked)["orders"]
    return found


def _ask(amazon: str, path: str, **asked: str) -> dict[str, Any]:
    grant = {"grant_type": "refresh_token", "refresh_token": "Atzr|sandbox"}
    client = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    token = httpx.post(f"{amazon}/auth/o2/token", data=grant | client).json()["access_token"]
    answer = httpx.get(amazon + path, params=asked, headers={"x-amz-access-token": token})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _pg_dump(url: str) -> str:
    folder = programs()
    assert folder is not None
    done = subprocess.run(
        [str(folder / "pg_dump"), "--inserts", "--no-owner", url.replace("+psycopg2", "")],
        check=True,
        capture_output=True,
        text=True,
    )
    # Commands of psql itself are not SQL.
    return "".join(line for line in done.stdout.splitlines(True) if not line.startswith("\\"))


def _variables(home: Path, amazon: str, books: str, public: str, ledger: str) -> dict[str, str]:
    folder = home / "couplings"
    folder.mkdir()
    demo = (SHIPPED / "demo.yaml").read_text().replace("http://127.0.0.1:8103", public)
    (folder / "demo.yaml").write_text(demo)
    key = home / "install.key"
    key.write_bytes(INSTALL_KEY)
    key.chmod(0o600)
    return {
        **os.environ,
        "XDG_STATE_HOME": str(home),
        "AMAZON_EBOEKHOUDEN_COUPLINGS": str(folder),
        "AMAZON_EBOEKHOUDEN_LEDGER_URL": ledger,
        "AMAZON_EBOEKHOUDEN_KEY_FILE": str(key),
        "AIRFLOW_CONN_AMAZON_DEMO": amazon_connection(amazon),
        "AIRFLOW_CONN_EBOEKHOUDEN_DEMO": books_connection(books),
    }


def _cli(variables: dict[str, str], *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "amazon_eboekhouden.cli", *arguments, "--json"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.strip():
        raise RuntimeError(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return report


def _post(url: str, body: Any) -> None:
    httpx.post(url, json=body, timeout=60).raise_for_status()


if __name__ == "__main__":
    sys.exit(main())
