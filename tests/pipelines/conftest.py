"""Both sandboxes over HTTP, a ledger and stores of their own, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from amazon_eboekhouden import cli
from amazon_eboekhouden.adapters.install_key import load_or_create
from amazon_eboekhouden.config.couplings import SHIPPED
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.ledger import BookingLedger, open_ledger
from amazon_eboekhouden.ledger.couplings import OpenProblem
from coupling_sandbox.amazon.app import create_app as amazon_app
from coupling_sandbox.clock import Clock
from coupling_sandbox.eboekhouden.app import create_app as books_app
from coupling_sandbox.public.app import create_app as public_app
from coupling_sandbox.server import serve_in_thread

SECRETS = ("sandbox-secret", "Atzr|sandbox", "0123456789abcdef0123456789abcdef", "A1B2C3D4-0000")


@dataclass
class Result:
    """What a command said."""

    status: int
    report: dict[str, Any]

    @property
    def codes(self) -> list[str]:
        return [found["code"] for found in self.report["problems"]]


@dataclass
class World:
    """The sandboxes and the command line that speaks to them."""

    amazon: str
    books: str
    public: str
    home: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch

    def run(self, *arguments: str) -> Result:
        """Run a command with --json; nothing it prints may hold a secret."""
        self.capsys.readouterr()
        status = cli.main([*arguments, "--json"])
        printed = self.capsys.readouterr()
        for secret in SECRETS:
            assert secret not in printed.out + printed.err
        return Result(status, json.loads(printed.out.strip().splitlines()[-1]))

    def run_process(self, *arguments: str) -> Result:
        """The same in a process of its own: no access token is left from an earlier run."""
        command = [sys.executable, "-m", "amazon_eboekhouden.cli", *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for secret in SECRETS:
            assert secret not in done.stdout + done.stderr
        return Result(done.returncode, json.loads(done.stdout.strip().splitlines()[-1]))

    def settings(self, *changes: tuple[str, str], more: str = "") -> None:
        """Change the coupling's settings; a text that is to be replaced must stand there."""
        file = self.home / "couplings" / "demo.yaml"
        text = file.read_text()
        for before, after in changes:
            assert before in text, before
            text = text.replace(before, after)
        file.write_text(text + more)

    def connect_books(self, connection: dict[str, Any]) -> None:
        """Let the coupling's connection to the books be another one."""
        self.monkeypatch.setenv("AIRFLOW_CONN_EBOEKHOUDEN_DEMO", json.dumps(connection))

    @contextmanager
    def ledger(self) -> Iterator[BookingLedger]:
        """The coupling's own ledger."""
        environment = environment_of(os.environ)
        ledger = open_ledger(
            environment.ledger_url, install_key=load_or_create(environment.key_file)
        )
        try:
            yield ledger
        finally:
            ledger.close()

    def open_problems(self) -> list[OpenProblem]:
        """What stands on the coupling's list."""
        with self.ledger() as ledger:
            return ledger.open_problems("demo")

    def post(self, url: str, body: Any = None, **options: Any) -> Any:
        answer = httpx.post(url, json=body, timeout=60, **options)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def seed(self, **options: Any) -> dict[str, Any]:
        """Generate a seller; returns the truth."""
        self.post(f"{self.amazon}/control/seed", options)
        return httpx.get(f"{self.amazon}/control/truth", timeout=60).json()

    def journal(self) -> list[dict[str, str]]:
        return httpx.get(f"{self.books}/control/journal", timeout=60).json()

    def calls(self, service: str) -> dict[str, int]:
        return httpx.get(f"{getattr(self, service)}/control/calls").json()["calls"]

    def balance(self, account: str) -> int:
        """Balance in cents, debit positive."""
        lines = [line for line in self.journal() if line["account"] == account]
        return sum(_cents(line["debit"]) - _cents(line["credit"]) for line in lines)


def _cents(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part) if amount else 0


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[tuple[str, str, str]]:
    with (
        serve_in_thread(amazon_app(clock=Clock())) as amazon,
        serve_in_thread(books_app(clock=Clock())) as books,
        serve_in_thread(public_app(clock=Clock())) as public,
    ):
        yield amazon, books, public


@pytest.fixture
def world(
    sandboxes: tuple[str, str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> World:
    """A fresh world: empty shop, empty books, empty ledger, the coupling `demo` alone."""
    amazon, books, public = sandboxes
    for url in sandboxes:
        httpx.post(f"{url}/control/reset")
    folder = tmp_path / "couplings"
    folder.mkdir()
    demo = (SHIPPED / "demo.yaml").read_text()
    (folder / "demo.yaml").write_text(demo.replace("http://127.0.0.1:8103", public))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("AMAZON_EBOEKHOUDEN_COUPLINGS", str(folder))
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_DEMO", amazon_connection(amazon))
    monkeypatch.setenv("AIRFLOW_CONN_EBOEKHOUDEN_DEMO", books_connection(books))
    return World(amazon, books, public, tmp_path, capsys, monkeypatch)


def amazon_connection(
    url: str, refresh_token: str = "Atzr|sandbox", seller_id: str = "A3SANDBOXSELLER"
) -> str:
    extra = {"refresh_token_secret": refresh_token, "seller_id": seller_id}
    return json.dumps(
        {
            "conn_type": "amazon_selling_partner",
            "login": "sandbox-client",
            "password": "sandbox-secret",
            "host": url,
            "extra": extra,
        }
    )


def books_connection(url: str, code_2: str = "{A1B2C3D4-0000-4000-8000-000000000001}") -> str:
    return json.dumps(
        {
            "conn_type": "eboekhouden",
            "login": "sandbox",
            "password": "0123456789abcdef0123456789abcdef",
            "host": f"{url}/soap.asmx",
            "extra": {"security_code_2_secret": code_2},
        }
    )
