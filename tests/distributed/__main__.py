"""Hundreds of couplings on Airflow's own distributed engine, workers killed in the middle.

    python -m tests.distributed [--couplings 200] [--workers 4] [--kills 2]

Real PostgreSQL, Redis and Celery workers on loopback, one hour of orders for every coupling. Two
workers are killed with SIGKILL, each while it is writing to an administration. Afterwards the books
must equal those of an undisturbed run line by line, with one writer per administration throughout.
Exit status 0: all of that held, or it could not be tried here (SKIPPED says why).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import psycopg2
from amazon_eboekhouden.config.connections import from_environment
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.windows import chosen
from amazon_eboekhouden.pipelines import orders
from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings
from coupling_sandbox.demo.http import Airflow
from coupling_sandbox.demo.processes import Program, free_port

from tests.distributed import couplings as world
from tests.distributed.couplings import HOUR, Shop
from tests.distributed.judge import Verdicts, compare_books, judge_ledger, judge_tasks
from tests.distributed.services import Stack, Worker, install, missing, stack
from tests.stopping import stop_as_by_ctrl_c

POLL_S = 0.02
LOOK_EVERY_S = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="distributed", description=__doc__)
    parser.add_argument("--couplings", type=int, default=200)
    parser.add_argument("--orders", type=int, default=2, help="per coupling")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--concurrency", type=int, default=2, help="tasks at once, per worker")
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--without-preload", action="store_true", help="each task imports all")
    parser.add_argument("--within-s", type=float, default=4 * 3600)
    parser.add_argument("--record", type=Path, help="write the figures there, as JSON")
    options = parser.parse_args()
    stop_as_by_ctrl_c()
    if (packages := missing()) and (why := install(packages)):
        _say(f"SKIPPED: {why}")
        return 0
    with tempfile.TemporaryDirectory(prefix="distributed-") as home, ExitStack() as stop:
        # PostgreSQL runs as another user and must be able to pass.
        Path(home).chmod(0o755)
        verdicts = Run(Path(home), options, stop).all()
    for name, figure in verdicts.figures.items():
        _say(f"{name:52} {figure}")
    for one in verdicts.wrong:
        _say(f"WRONG: {one}")
    if options.record:
        options.record.write_text(json.dumps(asdict(verdicts), indent=1) + "\n")
    _say("FAILED" if verdicts.wrong else "all held")
    return 1 if verdicts.wrong else 0


class Run:
    """One undisturbed run in this process, then the same through the distributed engine."""

    def __init__(self, home: Path, options: argparse.Namespace, stop: ExitStack) -> None:
        self.home, self.options, self.stop = home, options, stop
        self.shops = world.shops(options.couplings)
        self.verdicts = Verdicts()

    def all(self) -> Verdicts:
        amazon, books, public = self._sandboxes()
        world.write(self.home / "couplings", self.shops, public)
        dealt = world.make_orders(amazon, self.shops, self.options.orders)
        world.open_shops(amazon, books, self.shops, dealt)
        expected = self._undisturbed(amazon, books)
        world.open_shops(amazon, books, self.shops, dealt)
        preload = not self.options.without_preload
        running = self.stop.enter_context(
            stack(self.home, self.home / "couplings", preload=preload)
        )
        self._connect(running, amazon, books)
        self._through_airflow(running)
        compare_books(expected, world.journals(books, self.shops), self.verdicts)
        judge_ledger(running.ledger_url, self.verdicts)
        judge_tasks(running.airflow_url, len(self.shops), self.verdicts)
        self._count_calls(amazon, books)
        return self.verdicts

    def _sandboxes(self) -> tuple[str, str, str]:
        names = ("amazon", "eboekhouden", "public")
        ports = {name: free_port(0) for name in names}
        arguments = [f"--{name}-port={port}" for name, port in ports.items()]
        command = [sys.executable, "-m", "coupling_sandbox", *arguments]
        program = Program(command, os.environ, self.home / "sandbox.log")
        self.stop.callback(program.stop)
        program.wait_ready(len(ports), within_s=120)
        amazon, books, public = (f"http://127.0.0.1:{ports[name]}" for name in names)
        return amazon, books, public

    def _undisturbed(self, amazon: str, books: str) -> dict[str, list[str]]:
        """One coupling after the other, in this process, into a ledger of its own."""
        variables = {
            "AMAZON_EBOEKHOUDEN_COUPLINGS": str(self.home / "couplings"),
            "AMAZON_EBOEKHOUDEN_LEDGER_URL": f"sqlite:///{self.home / 'undisturbed.sqlite'}",
            "AMAZON_EBOEKHOUDEN_KEY_FILE": str(self.home / "install.key"),
            "AMAZON_EBOEKHOUDEN_STAGING": str(self.home / "staging-undisturbed"),
            "AMAZON_EBOEKHOUDEN_ARCHIVE": str(self.home / "archive"),
        }
        begun, cpu, booked = time.monotonic(), time.process_time(), 0
        for shop in self.shops:
            booked += self._book(shop, variables | _as_variables(shop, amazon, books))
        count = len(self.shops)
        self.verdicts.figures["undisturbed"] = {
            "booked": booked,
            "seconds": round(time.monotonic() - begun, 1),
            "CPU s per coupling-hour, one process": round((time.process_time() - cpu) / count, 3),
        }
        _say(f"undisturbed: {self.verdicts.figures['undisturbed']}")
        return world.journals(books, self.shops)

    def _book(self, shop: Shop, variables: dict[str, str]) -> int:
        environment = environment_of(variables)
        runtime = Runtime(
            read_settings(environment, shop.name),
            environment,
            lambda name: from_environment(name, variables),
        )
        report = orders.run(runtime, chosen(HOUR, HOUR.replace(hour=HOUR.hour + 1)))
        runtime.ledger.close()
        if report.problems or report.booked != self.options.orders:
            self.verdicts.wrong.append(f"undisturbed {shop.name}: {report.as_dict()}")
        return report.booked

    def _connect(self, running: Stack, amazon: str, books: str) -> None:
        file = self.home / "connections.json"
        found: dict[str, Any] = {}
        for shop in self.shops:
            found |= shop.connections(amazon, books)
        file.write_text(json.dumps(found))
        running.command("connections", "import", str(file))

    # --- through the engine ----------------------------------------------------------------------
    def _through_airflow(self, running: Stack) -> None:
        for number in range(1, self.options.workers + 1):
            running.start_worker(number, self.options.concurrency)
        airflow = Airflow(running.airflow)
        airflow.wait_known(["amazon_orders"], within_s=300)
        run_id = airflow.trigger("amazon_orders", world.WINDOW)
        airflow.unpause("amazon_orders")
        begun, engine = time.monotonic(), running.engine_cpu_s()
        _say("the hour runs on the distributed engine")
        watch = Watch(running, len(self.shops) * self.options.orders, self.options.kills)
        state = watch.until_done(airflow, run_id, begun + self.options.within_s)
        seconds = time.monotonic() - begun
        if state != "success":
            self.verdicts.wrong.append(f"the run ended as {state}")
        if len(watch.killed) != self.options.kills:
            self.verdicts.wrong.append(f"{len(watch.killed)} workers could be killed")
        alive = [worker for worker in running.workers if worker.process.poll() is None]
        self.verdicts.figures |= {
            "couplings": len(self.shops),
            "seconds of the run": round(seconds),
            "kills": watch.killed,
            "CPU s of scheduler, DAG processor, API server": round(
                running.engine_cpu_s() - engine, 1
            ),
            "CPU s of each worker alive": {w.name: round(w.cpu_s(), 1) for w in alive},
            "most MB of each worker": {w.name: round(w.most_bytes / 1e6) for w in running.workers},
        }

    def _count_calls(self, amazon: str, books: str) -> None:
        for name, url in (("Amazon", amazon), ("e-Boekhouden", books)):
            calls = httpx.get(f"{url}/control/calls", timeout=60).json()["calls"]
            self.verdicts.figures[f"calls of {name}"] = calls


class Watch:
    """Follows the run and kills, each time, the worker that is writing just then."""

    def __init__(self, running: Stack, expected: int, kills: int) -> None:
        self.running, self.expected, self.kills = running, expected, kills
        self.killed: list[str] = []
        self._ledger = psycopg2.connect(running.ledger_url.replace("+psycopg2", ""))
        self._ledger.autocommit = True
        self._said = -1

    def until_done(self, airflow: Airflow, run_id: str, deadline: float) -> str:
        looked = asked = 0.0
        path = f"/dags/amazon_orders/dagRuns/{run_id}"
        while time.monotonic() < deadline:
            if time.monotonic() - asked > 1:
                asked = time.monotonic()
                state = str(airflow._api("GET", path)["state"])
                if state in ("success", "failed"):
                    return state
            if time.monotonic() - looked > LOOK_EVERY_S:
                looked = time.monotonic()
                for worker in self.running.workers:
                    worker.look()
            self._kill_when_due()
            time.sleep(POLL_S)
        return "not done in time"

    def _kill_when_due(self) -> None:
        done, writing = self._progress()
        percent = 100 * done // self.expected
        if percent // 10 != self._said:
            self._said = percent // 10
            _say(f"  {percent} % of the invoices are booked")
        if len(self.killed) >= self.kills or percent < 20 + 25 * len(self.killed):
            return
        for holder in writing:
            if victim := self._owner(int(holder.split(":")[1])):
                processes = victim.kill()
                self.killed.append(f"{victim.name} at {percent} % ({processes} processes)")
                _say(f"  SIGKILL to {self.killed[-1]}, while it wrote")
                return

    def _owner(self, pid: int) -> Worker | None:
        for worker in self.running.workers:
            if worker.process.poll() is None and worker.owns(pid):
                return worker
        return None

    def _progress(self) -> tuple[int, list[str]]:
        with self._ledger.cursor() as cursor, suppress(psycopg2.errors.UndefinedTable):
            cursor.execute("SELECT count(*) FROM intent WHERE kind = 'INV' AND state = 'CONFIRMED'")
            row = cursor.fetchone()
            cursor.execute(
                "SELECT holder FROM lease JOIN intent ON lease.admin = intent.admin "
                "WHERE intent.state = 'SENDING' AND lease.epoch = intent.epoch"
            )
            return int(row[0]) if row else 0, [found[0] for found in cursor.fetchall()]
        return 0, []


def _as_variables(shop: Shop, amazon: str, books: str) -> dict[str, str]:
    found = shop.connections(amazon, books)
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(one) for name, one in found.items()}


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
