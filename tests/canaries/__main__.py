"""More than a hundred runs with canaries: from the shell, in Airflow, by a real scheduler.

    python -m tests.canaries [--commands 84] [--dag-runs 14] [--scheduled 3]

Exit status 0: no canary was heard in any log, task result, rendered field, traceback or dump of a
database, and after the purge the buyers are in the books only.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from coupling_sandbox.demo.processes import Program, free_port

from tests.canaries import birds
from tests.canaries.campaign import FAULTS, WINDOW, Campaign, campaign
from tests.canaries.search import hits, size
from tests.distributed.couplings import WINDOW as CONF
from tests.stopping import stop_as_by_ctrl_c

REPOSITORY = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="canaries", description=__doc__)
    parser.add_argument("--commands", type=int, default=84)
    parser.add_argument("--dag-runs", type=int, default=14)
    parser.add_argument("--crash-every", type=int, default=5, help="of the DAG runs")
    parser.add_argument("--scheduled", type=int, default=3)
    options = parser.parse_args()
    stop_as_by_ctrl_c()
    with tempfile.TemporaryDirectory(prefix="canaries-") as folder:
        home = Path(folder) / "flock"
        home.mkdir()
        with campaign(home) as flock:
            # What is uncertain is settled by the next run, not half a minute later.
            os.environ.update(flock.variables(), AMAZON_EBOEKHOUDEN_CALL_DEADLINE_S="5")
            return _all(flock, options)


def _all(flock: Campaign, options: argparse.Namespace) -> int:
    airflow_home = flock.home / "airflow"
    _prepare_airflow(airflow_home)
    flock.every_buyer_orders()
    _commands(flock, options.commands)
    _dag_runs(flock, options.dag_runs, options.crash_every)
    _scheduled(flock, airflow_home, options.scheduled)
    canaries = {**birds.secrets(), **birds.buyers()}
    places = flock.places(airflow_home)
    files, looked_through = size(places)
    wrong = hits(places, canaries)
    sealed = flock.buyers_in(flock.payloads())
    _say(f"{flock.ended.total()} runs: {dict(flock.ended)}")
    _say(
        f"{len(wrong)} hits of {len(canaries)} canaries in {files} files, {looked_through:,} bytes"
    )
    _say(
        f"before the purge: {sealed} buyers sealed in the ledger, {flock.buyers_in_books()} in "
        "the books"
    )
    flock.two_days_pass()
    flock.command(birds.shops()[0], "audit")
    left = flock.buyers_in(flock.payloads())
    staged = len(list((flock.home / "staging").rglob("page-*")))
    wrong += hits(flock.places(airflow_home), canaries)
    _say(
        f"after the purge: {left} buyers sealed, {staged} pages of orders staged, "
        f"{flock.buyers_in_books()} buyers in the books"
    )
    for one in wrong:
        _say(f"HEARD: {one}")
    well = (
        flock.withheld() > 0
        and not wrong
        and not left
        and not staged
        and sealed == flock.buyers_in_books() == 50
    )
    _say("no canary was heard" if well else "FAILED")
    return 0 if well else 1


def _commands(flock: Campaign, many: int) -> None:
    shops = birds.shops()
    for number in range(many):
        shop = shops[number % len(shops)]
        flock.new_order(shop)
        if number % 10 == 9:
            flock.command(birds.REVOKED, "orders", *WINDOW)
        elif number % 10 == 8:
            with flock.crashing():
                flock.command(shop, "orders", *WINDOW)
        elif number % 10 == 7:
            flock.command(shop, *_other(number), name="other")
        else:
            # One strike is survived; when it strikes for good, the run fails.
            flock.strike(*FAULTS[number % len(FAULTS)], times=1 if number % 2 else None)
            flock.command(shop, "orders", *WINDOW)
            flock.calm()
    for shop in shops:
        flock.command(shop, "orders", *WINDOW)


def _other(number: int) -> tuple[str, ...]:
    found = (("check",), ("audit",), ("orders", "--preview", *WINDOW), ("explain", "404-0000001"))
    return found[number // 10 % len(found)]


def _dag_runs(flock: Campaign, many: int, crash_every: int) -> None:
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag(str(REPOSITORY / "dags")).dags["amazon_orders"]
    for number in range(many):
        for shop in birds.shops():
            flock.new_order(shop)
        flock.strike(*FAULTS[number % len(FAULTS)], times=1 + number % 2)
        with ExitStack() as stack:
            if number % crash_every == crash_every - 1:
                stack.enter_context(flock.crashing())
            flock.dag_run(dag, dict(CONF), f"dag-{number}")
        flock.calm()


def _scheduled(flock: Campaign, airflow_home: Path, many: int) -> None:
    """The same through a real scheduler, which keeps logs, results and rendered fields."""
    if not many:
        return
    from coupling_sandbox.demo.http import Airflow, RunFailed

    file = flock.home.with_name("connections.json")
    connections = {}
    for shop in (*birds.shops(), birds.REVOKED):
        connections |= shop.connections(flock.amazon, flock.books)
    file.write_text(json.dumps(connections))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW_CONN_")}
    port = free_port(0)
    environment |= {
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__PARALLELISM": "3",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    }
    imported = [sys.executable, "-m", "airflow", "connections", "import", str(file)]
    with (flock.said / "import.log").open("w") as log:
        subprocess.run(imported, env=environment, check=True, stdout=log, stderr=log)
    command = [sys.executable, "-m", "amazon_eboekhouden.provider.supervisor"]
    command += ["--logs", str(airflow_home / "logs" / "components"), "--without-triggerer"]
    program = Program(command, environment, flock.said / "supervisor.log")
    try:
        program.wait_ready(1, within_s=300)
        airflow = Airflow(f"http://127.0.0.1:{port}")
        airflow.wait_known(["amazon_orders"], within_s=300)
        airflow.unpause("amazon_orders")
        for number in range(many):
            for shop in birds.shops():
                flock.new_order(shop)
            flock.strike(*FAULTS[number % len(FAULTS)])
            run_id = airflow.trigger("amazon_orders", dict(CONF))
            try:
                airflow.wait("amazon_orders", run_id, within_s=1800)
                flock.ended["scheduled success"] += 1
            except RunFailed:  # The revoked coupling is among them.
                flock.ended["scheduled failed"] += 1
            flock.calm()
    finally:
        program.stop()


def _prepare_airflow(home: Path) -> None:
    """Before Airflow is imported: it reads its settings then."""
    home.mkdir()
    os.environ.update(
        {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__FERNET_KEY": birds.FERNET_KEY,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "GX_ANALYTICS_ENABLED": "False",
        }
    )
    with (home / "migrate.log").open("w") as log:
        command = [sys.executable, "-m", "airflow", "db", "migrate"]
        subprocess.run(command, check=True, stdout=log, stderr=log)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
