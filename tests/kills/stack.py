"""Everything that a kill campaign runs: sandboxes, the ledger's database, Airflow's processes.

Each process is started here, leads a process group of its own, and is killed by its number only.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from coupling_sandbox.demo.__main__ import Addresses, airflow_environment
from coupling_sandbox.demo.processes import Program, free_port

from tests.ledger.postgres import Cluster, programs

REPOSITORY = Path(__file__).parents[2]
SITE = Path(__file__).parent / "site"
COMPONENTS: Mapping[str, Sequence[str]] = {
    "api_server": ("airflow", "api-server"),
    "dag_processor": ("airflow", "dag-processor"),
    "scheduler": ("airflow", "scheduler", "--skip-serve-logs"),
    "worker": ("airflow", "celery", "worker", "--skip-serve-logs", "--without-gossip"),
}
# Short, so that an hour's waiting passes in a minute; the proportions are those of production.
LEASE_S, CALL_S, SETTLE_S = 9, 5, 3
QUICK = {
    "AMAZON_EBOEKHOUDEN_LEASE_S": str(LEASE_S),
    "AMAZON_EBOEKHOUDEN_CALL_DEADLINE_S": str(CALL_S),
    "AMAZON_EBOEKHOUDEN_SETTLE_S": str(SETTLE_S),
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
    "AIRFLOW__API_AUTH__JWT_SECRET": "of the campaign only " * 4,
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
}
# Airflow's own place for what an operator decides about all tasks: try again at once, for ever.
POLICY = """
from datetime import timedelta

def task_policy(task):
    task.retries = 1000
    task.retry_delay = timedelta(seconds=1)
"""


class Stack:
    """The processes of one campaign, in a folder of its own.

    Attributes:
        door: folder through which processes are held open; see `site/held_open.py`.
        environment: of Airflow's processes.
        apart: of the undisturbed run: other books, another ledger, the same seller and key.
    """

    def __init__(self, home: Path, stack: ExitStack, *, celery: bool = False) -> None:
        self.home = home
        self.door = home / "door"
        self.door.mkdir(parents=True)
        self._stack = stack
        self.celery = celery
        self.components: dict[str, subprocess.Popen[bytes]] = {}
        self.started: set[int] = set()
        self._temporary = stack.enter_context(TemporaryDirectory(prefix="kills-"))
        stack.callback(self._stop)
        amazon, books, public = self._sandboxes("sandbox", ("amazon", "eboekhouden", "public"))
        (other,) = self._sandboxes("undisturbed", ("eboekhouden",))
        self.addresses = Addresses(amazon, books, public, f"http://127.0.0.1:{free_port(0)}")
        self.database = self._database()
        self.environment = self._settings(self.addresses, self.home)
        apart = Addresses(amazon, other, public, self.addresses.airflow)
        self.other_books = other
        self.apart = airflow_environment(apart, self.home / "undisturbed") | {
            "AMAZON_EBOEKHOUDEN_KEY_FILE": str(self.home / "install.key"),
            "PYTHONPATH": str(REPOSITORY / "include"),
        }

    @property
    def has_database(self) -> bool:
        """Whether the ledger lives in a server that can be killed."""
        return self.database is not None

    def start(self) -> None:
        """Airflow, from an empty metadata database to a scheduler that answers."""
        config = self.home / "airflow" / "config"
        config.mkdir(parents=True)
        (config / "airflow_local_settings.py").write_text(POLICY)
        with (self.home / "migrate.log").open("wb") as log:
            command = [sys.executable, "-m", "airflow", "db", "migrate"]
            subprocess.run(command, check=True, env=self.environment, stdout=log, stderr=log)
        for name in COMPONENTS:
            if name != "worker" or self.celery:
                self.start_component(name)
        self.wait_for_api()

    def start_component(self, name: str) -> None:
        """Start one of Airflow's processes."""
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *COMPONENTS[name]],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.components[name] = process
        self.started.add(process.pid)

    def kill_component(self, name: str) -> None:
        """SIGKILL to that process alone; what it started lives on."""
        process = self.components[name]
        os.kill(process.pid, signal.SIGKILL)
        process.wait()

    def wait_for_api(self) -> None:
        """Until the API server answers and the scheduler has reported."""
        until = time.monotonic() + 240
        while time.monotonic() < until:
            with suppress(OSError, urllib.error.URLError, ValueError):
                url = f"{self.addresses.airflow}/api/v2/monitor/health"
                with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
                    if json.load(answer)["scheduler"]["status"] == "healthy":
                        return
            time.sleep(0.3)
        raise TimeoutError(f"Airflow did not start; see {self.home}")

    def owns(self, pid: int) -> bool:
        """Whether a living process belongs to this campaign.

        Each component leads a session of its own, and whatever it started stays in it, also when
        its leader is dead. (Airflow's processes overwrite their environment with their title.)
        """
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return False
        return fields[0] != "Z" and int(fields[3]) in self.started

    def processes(self) -> list[int]:
        """All living processes of this campaign's Airflow."""
        every = (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))
        return [pid for pid in every if self.owns(pid)]

    # --- parts -----------------------------------------------------------------------------------

    def _sandboxes(self, log: str, names: Sequence[str]) -> list[str]:
        command = [sys.executable, "-m", "coupling_sandbox"]
        for name in names:
            command += ["--only", name, f"--{name}-port", "0"]
        program = Program(command, os.environ, self.home / f"{log}.log")
        self._stack.callback(program.stop)
        ready = program.wait_ready(len(names), within_s=120)
        found = {line.split()[1]: line.split()[2] for line in ready}
        return [found[name] for name in names]

    def _database(self) -> Cluster | None:
        if programs() is None:
            return None
        server = Cluster()
        self._stack.callback(server.remove)
        server.start()
        return server

    def _settings(self, addresses: Addresses, home: Path) -> dict[str, str]:
        settings = airflow_environment(addresses, home) | QUICK
        settings["AIRFLOW__CORE__DAGS_FOLDER"] = str(REPOSITORY / "dags")
        settings["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(REPOSITORY / "plugins")
        settings["PYTHONPATH"] = f"{SITE}:{REPOSITORY / 'include'}"
        settings["KILLS_DOOR"] = str(self.door)
        # What is killed removes nothing: all of it goes with a folder of the campaign's own, which
        # lies where the names of sockets stay short.
        settings["TMPDIR"] = self._temporary
        if self.database is not None:
            settings["AMAZON_EBOEKHOUDEN_LEDGER_URL"] = self.database.url
        if self.celery:
            settings |= self._celery()
        return settings

    def _celery(self) -> dict[str, str]:
        broker = free_port(0)
        words = ["redis-server", "--port", str(broker), "--bind", "127.0.0.1", "--save", ""]
        log = (self.home / "redis.log").open("wb")
        self._stack.callback(log.close)
        server = subprocess.Popen(words, stdout=log, stderr=log, cwd=self.home)
        self._stack.callback(server.wait)
        self._stack.callback(server.terminate)
        metadata = Cluster(durable=False)
        self._stack.callback(metadata.remove)
        metadata.start()
        return {
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": metadata.url,
            "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{broker}/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{metadata.url.replace('+psycopg2', '')}",
        }

    def _stop(self) -> None:
        for process in self.components.values():
            with suppress(ProcessLookupError):
                process.terminate()
        until = time.monotonic() + 10
        while time.monotonic() < until and any(p.poll() is None for p in self.components.values()):
            time.sleep(0.1)
        until = time.monotonic() + 30
        while (left := self.processes()) and time.monotonic() < until:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        for process in self.components.values():
            process.wait()
