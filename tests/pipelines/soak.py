"""Hourly runs on a clock of their own, with calls that fail and processes that die by SIGKILL."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpcore
import httpx
from amazon_eboekhouden import cli
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.domain.windows import Window, chosen, scheduled
from amazon_eboekhouden.ledger import LedgerSettings, open_ledger
from amazon_eboekhouden.pipelines import orders, settlements
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

from tests.pipelines.conftest import amazon_connection, books_connection

START = datetime(2026, 10, 24, tzinfo=UTC)  # the clock goes back in Amsterdam on the 25th
HOUR = timedelta(hours=1)
SHARE = 0.2
KILLED = 0.01
# A run makes about so many requests; the one at which it dies is drawn from them.
REQUESTS = 12
READS = (
    *("token", "searchOrders", "getOrder", "listTransactions"),
    *("getReports", "getReportDocument", "document"),
)
BOOKS = (
    *("OpenSession", "GetAdministraties", "GetGrootboekrekeningen", "GetMutaties", "GetRelaties"),
    *("AddMutatie", "AddRelatie", "CloseSession"),
)
AMAZON_KINDS = (
    *("http_429", "http_500_html", "http_503_empty", "http_403_gateway", "reset"),
    *("reset_mid_body", "malformed", "truncated_gzip", "wrong_charset"),
)
BOOKS_KINDS = (
    *("http_500_html", "http_503_empty", "reset", "reset_mid_body", "malformed", "dtd"),
    *("soap_fault", "session_expired", "wrong_charset"),
)
OWN_KINDS = ("soap_fault", "session_expired")


@dataclass
class SoakClock:
    """The soak's time; the ledger's leases, settle times and buckets follow it."""

    now: datetime = START
    began: float = field(default_factory=time.monotonic)

    def now_utc(self) -> datetime:
        return self.now + timedelta(seconds=time.monotonic() - self.began)

    def monotonic(self) -> float:
        return self.now.timestamp() + time.monotonic() - self.began

    def set(self, now: datetime) -> None:
        self.now, self.began = now, time.monotonic()


@dataclass
class Soak:
    """One coupling on both sandboxes, hour after hour."""

    amazon: str
    books: str
    home: Path
    clock: SoakClock = field(default_factory=SoakClock)
    faults: Counter[str] = field(default_factory=Counter)
    failed_runs: int = 0
    killed_runs: int = 0
    runs: int = 0
    name: str = "soak"

    def begin(self, *, days: int, count: int, name: str) -> None:
        """Empty sandboxes with the same seller, and an empty ledger."""
        self.name = name
        for url in (self.amazon, self.books):
            httpx.post(f"{url}/control/reset").raise_for_status()
        self.at(START)
        end = START + timedelta(days=days)
        seed = {"seed": 77, "orders": count, "from": START.isoformat(), "to": end.isoformat()}
        httpx.post(f"{self.amazon}/control/seed", json=seed, timeout=60).raise_for_status()

    def at(self, now: datetime) -> None:
        self.clock.set(now)
        for url in (self.amazon, self.books):
            httpx.post(f"{url}/control/clock", json={"now": now.isoformat()}).raise_for_status()

    def spoil(self, rng: random.Random | None) -> None:
        """A fault on every fifth call of every operation, on average; None: none at all."""
        for url, operations, kinds in (
            (self.amazon, READS, AMAZON_KINDS),
            (self.books, BOOKS, BOOKS_KINDS),
        ):
            struck = httpx.get(f"{url}/control/faults").json()["faults"]
            self.faults.update(one["operation"] for one in struck for _ in range(one["done"]))
            made = [] if rng is None else list(_faults(rng, operations, kinds))
            httpx.post(f"{url}/control/faults", json=made).raise_for_status()

    @contextmanager
    def runtime(self) -> Iterator[Runtime]:
        """A runtime as a new process would make it, on the soak's clock."""
        variables = {**os.environ, **self._variables()}
        environment = environment_of(variables)
        connections = {
            "amazon_demo": amazon_connection(self.amazon),
            "eboekhouden_demo": books_connection(self.books),
        }
        runtime = Runtime(
            read_settings(environment, "demo"),
            environment,
            lambda name: cli.from_environment(
                name, {f"AIRFLOW_CONN_{name.upper()}": connections[name]}
            ),
        )
        ledger = open_ledger(
            environment.ledger_url,
            install_key=runtime.install_key,
            settings=LedgerSettings(),
            clock=self.clock,
        )
        runtime.__dict__["ledger"] = ledger
        try:
            yield runtime
        finally:
            ledger.close()

    def _variables(self) -> dict[str, str]:
        folder = self.home / self.name
        folder.mkdir(exist_ok=True)
        return {
            "AMAZON_EBOEKHOUDEN_LEDGER_URL": f"sqlite:///{folder / 'ledger.sqlite'}",
            "AMAZON_EBOEKHOUDEN_STAGING": str(folder / "staging"),
            "AMAZON_EBOEKHOUDEN_ARCHIVE": str(folder / "archive"),
            # The same key: the same tokens, so that the books can be compared word by word.
            "AMAZON_EBOEKHOUDEN_KEY_FILE": str(self.home / "install.key"),
        }

    def orders(self, window: Window | None = None) -> RunReport | None:
        """The hourly run, or one over a window; None when it failed as a task may fail."""
        self.runs += 1
        with self.runtime() as runtime:
            end = self.clock.now
            watermark = runtime.ledger.watermark("demo")
            try:
                return orders.run(runtime, window or scheduled(end - HOUR, end, watermark))
            except RemoteError:
                self.failed_runs += 1
                return None

    def settlements(self) -> RunReport | None:
        self.runs += 1
        with self.runtime() as runtime:
            try:
                return settlements.run(runtime)
            except RemoteError:
                self.failed_runs += 1
                return None

    def killed(self, run: Callable[[], object], dice: random.Random) -> None:
        """A run in a process of its own that dies at one of its requests."""
        last, answered = dice.randint(1, REQUESTS), dice.random() < 0.5
        child = os.fork()
        if child == 0:
            try:
                # Whoever is killed removes nothing: it lies where the soak's own folder goes.
                tempfile.tempdir = str(self.home)
                _die_at_request(last, answered=answered)
                run()
            finally:
                os._exit(0)
        self.runs += 1
        until, done, status = time.monotonic() + 120, 0, 0
        while not done:
            done, status = os.waitpid(child, os.WNOHANG)
            if not done and time.monotonic() > until:
                os.kill(child, signal.SIGKILL)
            time.sleep(0.02)
        self.killed_runs += os.WIFSIGNALED(status)

    def journal(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = httpx.get(f"{self.books}/control/journal", timeout=60).json()
        return found

    def calls(self) -> dict[str, int]:
        counted: dict[str, int] = httpx.get(f"{self.books}/control/calls").json()["calls"]
        return counted


def _die_at_request(last: int, *, answered: bool) -> None:
    """From now on this process kills itself at a request: before it, or when it is answered."""
    inner = httpcore.HTTP11Connection.handle_request
    made = 0

    def request(self: httpcore.HTTP11Connection, request: httpcore.Request) -> httpcore.Response:
        nonlocal made
        made += 1
        if made == last and not answered:
            os.kill(os.getpid(), signal.SIGKILL)
        response = inner(self, request)
        if made == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return response

    httpcore.HTTP11Connection.handle_request = request  # type: ignore[method-assign]


def _faults(
    rng: random.Random, operations: tuple[str, ...], kinds: tuple[str, ...]
) -> Iterator[dict[str, Any]]:
    for operation in operations:
        after = 0
        for _ in range(20):
            while rng.random() > SHARE:
                after += 1
            kind = rng.choice(kinds)
            when = "before" if kind in OWN_KINDS else rng.choice(("before", "after"))
            yield {"operation": operation, "kind": kind, "after": after, "when": when}


def books_of(journal: list[dict[str, str]]) -> Counter[str]:
    """The books without their numbers, which depend on the order of booking.

    And without the tokens of credit notes: two sources tell of a refund, and the one that is first
    makes the credit note. Everything else of it is the same.
    """
    kept = [{k: v for k, v in line.items() if k != "mutation_number"} for line in journal]
    for line in kept:
        token, _, text = line["description"].partition(" ")
        if text.startswith("Creditnota "):
            line |= {"description": text, "voucher": line["voucher"].replace(token, "")}
    return Counter(json.dumps(line, sort_keys=True) for line in kept)


def twice(journal: list[dict[str, str]]) -> list[str]:
    """Tokens of ours that stand in more than one mutation."""
    mutations: dict[str, set[str]] = {}
    for line in journal:
        token = line["description"].split(" ")[0]
        if token.startswith("#az1-"):
            mutations.setdefault(token, set()).add(line["mutation_number"])
    return [token for token, numbers in mutations.items() if len(numbers) > 1]


def undisturbed(soak: Soak, days: int, count: int) -> Counter[str]:
    """One run over everything, and the settlements when the last one is out."""
    soak.begin(days=days, count=count, name="undisturbed")
    end = START + timedelta(days=days)
    soak.at(end + timedelta(days=35))
    soak.orders(chosen(START - HOUR, end + HOUR))
    soak.settlements()
    return books_of(soak.journal())


def disturbed(
    soak: Soak, days: int, count: int, seed: int, *, killed: float = KILLED, on_run: Any = None
) -> int:
    """Every hour with faults; then the settlements; returns how many healthy rounds it took."""
    soak.begin(days=days, count=count, name="disturbed")
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    dice = random.Random(f"kills {seed}")  # noqa: S311 - kills leave the faults as they are
    for hour in range(days * 24 + 1):
        soak.at(START + (hour + 1) * HOUR + timedelta(minutes=5))
        soak.spoil(rng)
        for run in [soak.orders, soak.settlements] if hour % 24 == 23 else [soak.orders]:
            if dice.random() < killed:
                soak.killed(run, dice)
            else:
                run()
        if on_run:
            on_run(hour)
    soak.at(START + timedelta(days=days + 35))
    soak.spoil(rng)
    soak.settlements()
    soak.spoil(None)
    for healthy in (1, 2, 3, 4):
        soak.at(soak.clock.now + HOUR)
        reports = [soak.orders(), soak.settlements()]
        if all(one and one.retry_after_utc is None and not one.problems for one in reports):
            return healthy
    raise AssertionError([one and one.as_dict() for one in reports])


@contextmanager
def sandboxes() -> Iterator[tuple[str, str]]:
    """Both services as a process of their own, so that this one's memory is the product's."""
    command = [sys.executable, "-m", "coupling_sandbox", "--amazon-port", "0"]
    command += ["--eboekhouden-port", "0", "--public-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        found = {}
        assert process.stdout is not None
        while len(found) < 3:
            _, name, address = process.stdout.readline().split()
            found[name] = address
        try:
            yield found["amazon"], found["eboekhouden"]
        finally:
            process.terminate()
