"""What the browser looks at: both services as stand-ins, and a real Airflow with its login.

The administration begins as one does: without the accounts of this coupling.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from coupling_sandbox.demo.__main__ import Addresses, airflow_environment
from coupling_sandbox.demo.processes import Program, free_port

from tests.shown_orders import shown_orders

REPOSITORY = Path(__file__).parents[2]
# Name, password and role of those who sign in.
SELLER = ("anneke", "een-wachtwoord-voor-de-proef", "admin")
VIEWER = ("kees", "een-ander-wachtwoord", "viewer")
# What an administration has that was never coupled to Amazon.
ORDINARY_CHART = (
    {"code": "1010", "category": "FIN", "description": "ING zakelijk"},
    {"code": "1300", "category": "DEB", "description": "Debiteuren"},
    {"code": "1600", "category": "CRED", "description": "Crediteuren"},
    {"code": "1500", "category": "VOOR", "description": "Te vorderen btw"},
    {"code": "1520", "category": "AF19", "description": "Af te dragen btw hoog"},
    {"code": "1521", "category": "AF6", "description": "Af te dragen btw laag"},
    {"code": "1522", "category": "AFOVERIG", "description": "Af te dragen btw overig"},
    {"code": "1530", "category": "BTWRC", "description": "Btw rekening-courant"},
    {"code": "4000", "category": "VW", "description": "Inkoop"},
    {"code": "8000", "category": "VW", "description": "Omzet"},
)


@dataclass
class Site:
    """The running programs.

    Attributes:
        where: their addresses.
        couplings: the folder in which the coupling's file is put.
        environment: of Airflow's processes.
        home: with logs and the ledger.
        originals: two orders as they are, which Amazon shows wrongly.
    """

    where: Addresses
    couplings: Path
    environment: Mapping[str, str]
    home: Path
    originals: list[dict[str, Any]] = field(default_factory=list)

    def post(self, url: str, body: Any = None) -> Any:
        """To a sandbox's control door."""
        answer = httpx.post(url, json=body, timeout=120)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def journal(self) -> list[dict[str, str]]:
        """What the books hold."""
        found: list[dict[str, str]] = httpx.get(f"{self.where.books}/control/journal").json()
        return found

    def orders(self) -> list[dict[str, Any]]:
        """Every order of the shop, as Amazon shows it."""
        since = f"{datetime.now(UTC) - timedelta(days=80):%Y-%m-%dT%H:%M:%SZ}"
        return shown_orders(self.where.amazon, lastUpdatedAfter=since)


def start(home: Path, stack: ExitStack) -> Site:
    """Start everything; `stack` stops it."""
    amazon, books, public = _sandboxes(home, stack)
    where = Addresses(amazon, books, public, f"http://127.0.0.1:{free_port(0)}")
    couplings = home / "couplings"
    couplings.mkdir()
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({name: word for name, word, _ in (SELLER, VIEWER)}))
    environment = {
        name: value
        for name, value in airflow_environment(where, home).items()
        if not name.startswith("AIRFLOW_CONN_")
    } | {
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{name}:{role}" for name, _, role in (SELLER, VIEWER)
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AMAZON_EBOEKHOUDEN_COUPLINGS": str(couplings),
    }
    command = [sys.executable, "-m", "amazon_eboekhouden.provider.supervisor"]
    program = Program([*command, "--logs", str(home / "logs")], environment, home / "airflow.log")
    stack.callback(program.stop)
    program.wait_ready(1, within_s=240)
    site = Site(where, couplings, environment, home)
    site.post(f"{books}/control/ledgers", list(ORDINARY_CHART))
    return site


def _sandboxes(home: Path, stack: ExitStack) -> list[str]:
    names = ("amazon", "eboekhouden", "public")
    command = [sys.executable, "-m", "coupling_sandbox", *(f"--{name}-port=0" for name in names)]
    program = Program(command, os.environ, home / "sandbox.log")
    stack.callback(program.stop)
    ready = dict(line.split()[1:3] for line in program.wait_ready(len(names), within_s=120))
    return [ready[name] for name in names]
