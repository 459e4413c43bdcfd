"""Runs that pass and runs that fail, and everything that they say kept in files."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import httpx
from amazon_eboekhouden import cli
from amazon_eboekhouden.adapters.amazon_client import TOKENS
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.ledger.keys import KeyRing
from amazon_eboekhouden.pipelines import orders as pipeline
from coupling_sandbox.demo.processes import Program, free_port

from tests.canaries import birds
from tests.canaries.search import hits
from tests.distributed import couplings as world

WINDOW = ("--from", world.WINDOW["from"], "--to", world.WINDOW["to"])
# Airflow's logger keeps the stream that it first wrote to, so none is ever closed.
_LEFT_OPEN: list[TextIO] = []
LONG_AGO_MS = 49 * 3_600_000
# service, operation, kind: each strikes one run.
FAULTS = (
    ("books", "AddMutatie", "soap_fault"),
    ("books", "AddMutatie", "http_500_html"),
    ("books", "AddMutatie", "reset"),
    ("books", "AddMutatie", "malformed"),
    ("books", "AddMutatie", "dtd"),
    ("books", "AddMutatie", "session_expired"),
    ("books", "AddMutatie", "reset_mid_body"),
    ("books", "AddMutatie", "http_503_empty"),
    ("books", "AddRelatie", "soap_fault"),
    ("books", "AddRelatie", "malformed"),
    ("books", "AddRelatie", "reset"),
    ("books", "AddRelatie", "http_500_html"),
    ("books", "GetRelaties", "malformed"),
    ("books", "GetMutaties", "soap_fault"),
    ("books", "GetGrootboekrekeningen", "malformed"),
    ("books", "GetAdministraties", "http_500_html"),
    ("books", "OpenSession", "soap_fault"),
    ("books", "OpenSession", "http_500_html"),
    ("amazon", "searchOrders", "http_403_gateway"),
    ("amazon", "searchOrders", "http_500_html"),
    ("amazon", "searchOrders", "malformed"),
    ("amazon", "searchOrders", "reset_mid_body"),
    ("amazon", "searchOrders", "wrong_charset"),
    ("amazon", "token", "http_500_html"),
    ("amazon", "token", "malformed"),
)


@dataclass
class Campaign:
    """Five couplings with canaries for credentials, fifty canaries for buyers, one who crashes.

    Attributes:
        home: folder that everything is left in.
        amazon, books, public: addresses of the sandboxes, which are programs of their own.
        ended: how the runs ended.
    """

    home: Path
    amazon: str
    books: str
    public: str
    templates: list[dict[str, Any]]
    ended: Counter[str] = field(default_factory=Counter)
    made: int = 0

    @property
    def said(self) -> Path:
        return self.home / "said"

    @property
    def ledger(self) -> Path:
        return self.home / "ledger.sqlite"

    def variables(self) -> dict[str, str]:
        """What the product is told of where things are; the credentials too, outside Airflow."""
        found = {
            "AMAZON_EBOEKHOUDEN_COUPLINGS": str(self.home / "couplings"),
            "AMAZON_EBOEKHOUDEN_LEDGER_URL": f"sqlite:///{self.ledger}",
            "AMAZON_EBOEKHOUDEN_KEY_FILE": str(self.home / "keys" / "install.key"),
            "AMAZON_EBOEKHOUDEN_STAGING": str(self.home / "staging"),
            "AMAZON_EBOEKHOUDEN_ARCHIVE": str(self.home / "archive"),
            "AMAZON_EBOEKHOUDEN_SETTLE_S": "0",
        }
        for shop in (*birds.shops(), birds.REVOKED):
            for name, one in shop.connections(self.amazon, self.books).items():
                found[f"AIRFLOW_CONN_{name.upper()}"] = json.dumps(one)
        return found

    # --- the shop ------------------------------------------------------------------------------
    def new_order(self, shop: birds.CanaryShop) -> None:
        """The next buyer of this coupling orders something."""
        self.made += 1
        first = (shop.number - 1) * birds.BUYERS_EACH
        buyer = first + 1 + (self.made // birds.SHOPS) % birds.BUYERS_EACH
        template = self.templates[self.made % len(self.templates)]
        order = birds.order_of(template, buyer, self.made)
        world.post(f"{self.amazon}/control/orders?seller={shop.seller}", [order])

    def every_buyer_orders(self) -> None:
        for shop in birds.shops():
            first = (shop.number - 1) * birds.BUYERS_EACH
            made = [
                birds.order_of(self.templates[n % len(self.templates)], first + n, first + n)
                for n in range(1, birds.BUYERS_EACH + 1)
            ]
            world.post(f"{self.amazon}/control/orders?seller={shop.seller}", made)

    def strike(self, service: str, operation: str, kind: str, times: int | None = 1) -> None:
        url = getattr(self, service)
        fault = {"operation": operation, "kind": kind, "times": times}
        world.post(f"{url}/control/faults", [fault])

    def calm(self) -> None:
        for url in (self.amazon, self.books):
            world.post(f"{url}/control/faults", [])

    # --- runs ----------------------------------------------------------------------------------
    def command(self, shop: birds.CanaryShop, *arguments: str, name: str = "") -> int:
        """One command in this process; what it prints and logs, at every level, is kept."""
        TOKENS._kept.clear()
        with self._listening(name or f"{shop.name}-{arguments[0]}"):
            status = cli.main([*arguments, "--coupling", shop.name, "--json"])
        self.ended[f"exit {status}"] += 1
        return status

    def dag_run(self, dag: Any, conf: dict[str, Any], name: str) -> str:
        """One run of a DAG in this process, on Airflow's own database."""
        TOKENS._kept.clear()
        for task in dag.tasks:
            task.retries = 0
        with self._listening(name):
            run = dag.test(run_conf=conf)
        self.ended[f"DAG {run.state}"] += 1
        return str(run.state)

    @contextmanager
    def crashing(self) -> Iterator[None]:
        """The program is wrong somewhere, with every buyer in its hands."""
        real = pipeline.invoices

        def broken(orders: Any, lines: Any, *arguments: Any, **options: Any) -> Any:
            buyers = orders["buyer_name"].tolist()
            return {len(buyers): options}[buyers[0] if buyers else ""]

        pipeline.invoices = broken
        try:
            yield
        finally:
            pipeline.invoices = real

    @contextmanager
    def _listening(self, name: str) -> Iterator[None]:
        """Everything that is printed or logged goes to a file: like a terminal, and at DEBUG."""
        self.said.mkdir(exist_ok=True)
        number = len(list(self.said.iterdir()))
        root = logging.getLogger()
        level = root.level
        file = (self.said / f"{number:03d}-{name}.log").open("w")
        _LEFT_OPEN.append(file)
        with ExitStack() as stack:
            stack.callback(file.flush)
            handler = logging.StreamHandler(file)
            root.addHandler(handler)
            root.setLevel(logging.DEBUG)
            stack.callback(root.setLevel, level)
            stack.callback(root.removeHandler, handler)
            for number in (1, 2):
                kept = os.dup(number)
                os.dup2(file.fileno(), number)
                stack.callback(os.close, kept)
                stack.callback(os.dup2, kept, number)
            stack.enter_context(redirect_stdout(file))
            stack.enter_context(redirect_stderr(file))
            yield

    def withheld(self) -> int:
        """In how many runs the text of an unforeseen error was withheld."""
        return sum("its text withheld" in file.read_text() for file in self.said.iterdir())

    # --- afterwards ----------------------------------------------------------------------------
    def payloads(self) -> list[str]:
        """Every sealed payload of the ledger, opened with the key."""
        ring = KeyRing.of(birds.INSTALL_KEY)
        with sqlite3.connect(self.ledger) as connection:
            rows = connection.execute("SELECT kind, payload_enc FROM intent").fetchall()
        connection.close()
        return [repr(ring.open(BookingKind(kind), sealed)) for kind, sealed in rows if sealed]

    def buyers_in(self, texts: Sequence[str]) -> int:
        whole = "\n".join(texts).lower().encode()
        return sum(word.lower() in whole for word in birds.buyers().values())

    def buyers_in_books(self) -> int:
        """Buyers that stand where they belong: among the relations, seen as a person sees them."""
        pages = []
        for shop in birds.shops():
            url = f"{self.books}/relaties?administratie={shop.guid}"
            pages.append(httpx.get(url, timeout=60, follow_redirects=True).text)
        return self.buyers_in(pages)

    def two_days_pass(self) -> None:
        """For what is kept: the ledger's rows and the staged files are two days older now."""
        with sqlite3.connect(self.ledger) as connection:
            connection.execute("UPDATE intent SET updated_utc = updated_utc - ?", (LONG_AGO_MS,))
        connection.close()
        then = time.time() - LONG_AGO_MS / 1000
        for file in (self.home / "staging").rglob("*"):
            os.utime(file, (then, then))

    def dump(self, database: Path) -> Path:
        """A database in clear, as its owner would dump it."""
        with sqlite3.connect(database) as connection:
            text = "\n".join(connection.iterdump())
        connection.close()
        folder = self.home / "dumps"
        folder.mkdir(exist_ok=True)
        file = folder / f"{database.stem}.sql"
        file.write_text(text)
        return file

    def places(self, airflow_home: Path | None) -> list[Path]:
        """Where nothing may be found; the keys' own folder and Airflow's key file aside."""
        found = [self.said, self.dump(self.ledger), self.home / "staging", self.home / "archive"]
        found += sorted(self.home.glob("ledger.sqlite*"))
        if airflow_home is not None:
            found += [self.dump(airflow_home / "airflow.db"), airflow_home / "logs"]
            found += sorted(airflow_home.glob("airflow.db*"))
        return [place for place in found if place.exists()]


def hits_of(campaign: Campaign, airflow_home: Path | None) -> list[str]:
    return hits(campaign.places(airflow_home), {**birds.secrets(), **birds.buyers()})


@contextmanager
def campaign(home: Path) -> Iterator[Campaign]:
    """The sandboxes as a program of their own, and everything ready to run."""
    ports = {name: free_port(0) for name in ("amazon", "eboekhouden", "public")}
    arguments = [f"--{name}-port={port}" for name, port in ports.items()]
    outside = home.with_name(home.name + "-sandbox")
    outside.mkdir()
    command = [sys.executable, "-m", "coupling_sandbox", *arguments]
    program = Program(command, os.environ, outside / "sandbox.log")
    try:
        program.wait_ready(len(ports), within_s=120)
        amazon, books, public = (f"http://127.0.0.1:{port}" for port in ports.values())
        shops = birds.shops()
        dealt = world.make_orders(amazon, shops[:1], 8)
        world.open_shops(amazon, books, shops, {shop.seller: [] for shop in shops})
        # A plan on which a hundred runs need not wait for tokens.
        world.post(f"{amazon}/control/options", {"rate_scale": 1000.0})
        world.write(home / "couplings", [*shops, birds.REVOKED], public)
        key = home / "keys" / "install.key"
        key.parent.mkdir()
        key.write_bytes(birds.INSTALL_KEY)
        key.chmod(0o600)
        yield Campaign(home, amazon, books, public, dealt[shops[0].seller])
    finally:
        program.stop()
