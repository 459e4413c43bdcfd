"""`python -m coupling_sandbox.demo [--once]`, from the folder that holds `dags/`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from coupling_sandbox.demo.http import Airflow, RunFailed, ask
from coupling_sandbox.demo.processes import NotReady, Program, free_port
from coupling_sandbox.demo.tie_out import tie_out

ORDERS = 500
SEED = 2026
DAGS = ["amazon_orders", "amazon_settlements", "amazon_reconciliation"]
# They are paused, as new DAGs are, until somebody looks around.
OTHERS = ["amazon_books_audit", "amazon_orders_backfill", "amazon_couplings_watch"]
# What every task needs is imported once, before it forks: docs/scaling.md, Import once. The health
# page is there to be the first process that the forkserver starts, with the scheduler and not with
# the first task; nobody asks it, so any port will do.
_WORKERS = {
    "AIRFLOW__SCHEDULER__MP_START_METHOD": "forkserver",
    "AIRFLOW__SCHEDULER__MP_FORKSERVER_PRELOAD": "amazon_eboekhouden.provider.preload",
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "True",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": "0",
}
# A forkserver listens on a socket in the temporary folder, 32 characters deeper; a socket's name
# has 107 at most, and the scheduler would not start.
_LONGEST_TEMPORARY_FOLDER = 75
# Every settlement of a month has ended and been listed this long after its last day: orders are
# paid a week after delivery, in periods of two weeks.
SETTLED_AFTER = timedelta(days=30)


@dataclass(frozen=True)
class Addresses:
    """Where the demo's programs listen."""

    amazon: str
    books: str
    public: str
    airflow: str


def main() -> int:
    """Run the demo; returns 0 only if everything tied out."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop when the tie-out is printed")
    parser.add_argument("--orders", type=int, default=ORDERS, help="how many orders")
    parser.add_argument("--state", type=Path, default=Path("var/demo"), help="folder, wiped first")
    options = parser.parse_args()
    if not Path("dags").is_dir():
        _say("run this from the folder that holds dags/ (or use `make demo`)")
        return 2
    # SIGINT by name: a shell lets its background jobs ignore it, and Python then leaves it so.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    try:
        with ExitStack() as stack:
            return Demo(options.state, options.orders, stack).run(once=options.once)
    except (NotReady, RunFailed) as error:
        _say(f"the demo stopped: {error}")
        return 1
    except KeyboardInterrupt:
        _say("stopped; nothing is left running")
        return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    # A second Ctrl-C must not cut the stopping short: nothing is left running.
    for asked_again in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked_again, signal.SIG_IGN)
    raise KeyboardInterrupt


class Demo:
    """One run: sandboxes, Airflow, the two DAGs, the tie-out."""

    def __init__(self, state: Path, orders: int, stack: ExitStack) -> None:
        self.state = state.resolve()
        self.orders = orders
        self.stack = stack
        self.started = time.monotonic()

    def run(self, *, once: bool) -> int:
        """Everything in order; returns 0 only if everything tied out."""
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir(parents=True)
        where = self._start_sandboxes()
        month = _month(datetime.now(UTC).date())
        _say(f"a seller's {month[0]:%B %Y}: {self.orders} orders at the Amazon sandbox")
        window = {"from": _midnight(month[0]), "to": _midnight(month[1])}
        seed = {"seed": SEED, "orders": self.orders, **window}
        ask("POST", f"{where.amazon}/control/seed", seed)
        environment = airflow_environment(where, self.state)
        # No run of its own beside the ones that are shown; the schedule comes afterwards.
        supervisor = self._start_airflow(
            {**environment, "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False"}
        )
        airflow = Airflow(where.airflow)
        _say(f"Airflow is up after {time.monotonic() - self.started:.0f} s")
        _run_dags(airflow, window)
        text, tied_out = tie_out(where.amazon, where.books, _again(environment, window))
        _say(text)
        _say(f"{time.monotonic() - self.started:.0f} s in all")
        _say(f"\nAirflow    {where.airflow}\nthe books  {where.books}/")
        if once:
            return 0 if tied_out else 1
        supervisor.stop()
        supervisor = self._start_airflow(environment)
        for dag_id in OTHERS:
            airflow.unpause(dag_id)
        _say("Look around: Airflow now keeps its hourly schedule. Ctrl-C stops everything.")
        while supervisor.alive:
            time.sleep(0.5)
        raise NotReady(f"Airflow stopped by itself; see {self.state / 'supervisor.log'}")

    def _start_sandboxes(self) -> Addresses:
        wanted = {"amazon": 8101, "eboekhouden": 8102, "public": 8103}
        ports = {name: free_port(port) for name, port in wanted.items()}
        arguments = [f"--{name}-port={port}" for name, port in ports.items()]
        command = [sys.executable, "-m", "coupling_sandbox", *arguments]
        program = Program(command, os.environ, self.state / "sandbox.log")
        self.stack.callback(program.stop)
        program.wait_ready(len(ports), within_s=120)
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        airflow = f"http://127.0.0.1:{free_port(8080)}"
        return Addresses(urls["amazon"], urls["eboekhouden"], urls["public"], airflow)

    def _start_airflow(self, environment: Mapping[str, str]) -> Program:
        command = [sys.executable, "-m", "amazon_eboekhouden.provider.supervisor"]
        command += ["--logs", str(self.state / "logs")]
        supervisor = Program(command, environment, self.state / "supervisor.log")
        self.stack.callback(supervisor.stop)
        supervisor.wait_ready(1, within_s=200)
        return supervisor


def airflow_environment(where: Addresses, state: Path) -> dict[str, str]:
    """The demo lives under a folder of its own; the user's own Airflow is not touched."""
    port = where.airflow.rsplit(":", 1)[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AMAZON_EBOEK"))}
    return {
        **kept,
        **_connections(where),
        "AIRFLOW_HOME": str(state / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path("dags").resolve()),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(Path("plugins").resolve()),
        "AIRFLOW__CORE__PARALLELISM": "3",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{where.airflow}/execution/",
        # Without a host it would listen on every interface, and here there is no login.
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__WORKERS": "1",
        **_workers(),
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "GX_ANALYTICS_ENABLED": "False",
        "AMAZON_EBOEKHOUDEN_LEDGER_URL": f"sqlite:///{state / 'ledger.sqlite'}",
        "AMAZON_EBOEKHOUDEN_STAGING": str(state / "staging"),
        "AMAZON_EBOEKHOUDEN_ARCHIVE": str(state / "archive"),
        "AMAZON_EBOEKHOUDEN_KEY_FILE": str(state / "install.key"),
    }


def _workers() -> dict[str, str]:
    fits = len(os.fsencode(tempfile.gettempdir())) <= _LONGEST_TEMPORARY_FOLDER
    return _WORKERS if fits else {}


def _connections(where: Addresses) -> dict[str, str]:
    """Connections to the sandboxes where they are, in case a default port was taken."""
    return {
        "AIRFLOW_CONN_AMAZON_DEMO": json.dumps(
            {
                "conn_type": "amazon_selling_partner",
                "login": "sandbox-client",
                "password": "sandbox-secret",
                "host": where.amazon,
                "extra": {"refresh_token_secret": "Atzr|sandbox", "seller_id": "A3SANDBOXSELLER"},
            }
        ),
        "AIRFLOW_CONN_EBOEKHOUDEN_DEMO": json.dumps(
            {
                "conn_type": "eboekhouden",
                "login": "sandbox",
                "password": "0123456789abcdef0123456789abcdef",
                "host": f"{where.books}/soap.asmx",
                "extra": {"security_code_2_secret": "{A1B2C3D4-0000-4000-8000-000000000001}"},
            }
        ),
    }


def _run_dags(airflow: Airflow, window: dict[str, str]) -> None:
    airflow.wait_known(DAGS, within_s=200)
    airflow.unpause("amazon_reconciliation")
    _step(airflow, "amazon_orders", window, "the month's orders are in the books")
    _step(airflow, "amazon_settlements", {}, "the settlements are archived")
    runs = airflow.runs("amazon_reconciliation")
    begun = time.monotonic()
    for run_id in runs:
        airflow.wait("amazon_reconciliation", run_id, within_s=300)
    _say(f"{len(runs)} settlements are booked ({time.monotonic() - begun:.0f} s)")


def _step(airflow: Airflow, dag_id: str, conf: dict[str, Any], done: str) -> None:
    begun = time.monotonic()
    run_id = airflow.trigger(dag_id, conf)
    airflow.unpause(dag_id)
    airflow.wait(dag_id, run_id, within_s=300)
    _say(f"{done} ({time.monotonic() - begun:.0f} s)")


def _again(environment: Mapping[str, str], window: dict[str, str]) -> dict[str, Any]:
    """The same month once more, from the shell: it must write nothing."""
    arguments = ["--from", window["from"], "--to", window["to"], "--json"]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "amazon_eboekhouden.cli", "orders", *arguments],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout.strip():
        raise RunFailed(f"the second run of the orders said nothing: {done.stderr[-500:]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _month(today: date) -> tuple[date, date]:
    """First day of the newest month whose settlements are all there, and of the month after."""
    after = (today - SETTLED_AFTER).replace(day=1)
    return (after - timedelta(days=1)).replace(day=1), after


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
