"""Real PostgreSQL, Redis, Airflow and Celery workers as processes on loopback."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg2
import redis
from coupling_sandbox.demo.processes import Program, free_port

from tests.ledger.postgres import cluster, programs

REPOSITORY = Path(__file__).parents[2]
READY_WITHIN_S = 300
# What a worker needs for every task: imported once, before it forks, instead of in each task.
PRELOADED = ("amazon_eboekhouden.provider.preload",)


def missing() -> list[str]:
    """Debian packages that this needs and that are not here."""
    wanted = {"postgresql": programs(), "redis-server": shutil.which("redis-server")}
    return [package for package, found in wanted.items() if found is None]


def install(packages: list[str]) -> str:
    """Install them with apt; why it is impossible, "" when it worked."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"needs {', '.join(packages)} (Debian packages), and only root can install them"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *command], env=quiet, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"apt-get {command[0]} failed: {done.stderr.strip().splitlines()[-1:]}"
    return ""


def tree_of(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    return []


def cpu_s(processes: list[psutil.Process]) -> float:
    """Seconds of CPU so far, those of children that ended included."""
    total = 0.0
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


@dataclass
class Worker:
    """One Celery worker, the leader of its own session."""

    name: str
    process: subprocess.Popen[bytes]
    most_bytes: int = 0

    @property
    def tree(self) -> list[psutil.Process]:
        """The worker, its pool and the tasks that those run."""
        return tree_of(self.process.pid)

    def owns(self, pid: int) -> bool:
        return any(one.pid == pid for one in self.tree)

    def kill(self) -> int:
        """SIGKILL to all of it at once, as when a machine disappears; how many processes."""
        victims = self.tree
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for one in victims:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(number)
        self.process.wait()
        return len(victims)

    def cpu_s(self) -> float:
        """Seconds of CPU so far, with those of the tasks that ended."""
        return cpu_s(self.tree)

    def look(self) -> None:
        """Note how much memory it uses now, what is shared counted once (PSS)."""
        used = 0
        for one in self.tree:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied, FileNotFoundError):
                used += one.memory_full_info().pss
        self.most_bytes = max(self.most_bytes, used)


@dataclass
class Stack:
    """Everything that runs, and where it listens."""

    home: Path
    environment: dict[str, str]
    airflow: str
    ledger_url: str
    airflow_url: str
    supervisor: int = 0
    workers: list[Worker] = field(default_factory=list)

    def start_worker(self, number: int, concurrency: int) -> Worker:
        name = f"worker-{number}"
        command = ["celery", "worker", "--skip-serve-logs", "--concurrency", str(concurrency)]
        command += ["--celery-hostname", f"{name}@%h", "--pid", str(self.home / f"{name}.pid")]
        environment = {**self.environment, "THIS_WORKER": name}
        worker = Worker(name, _start(command, environment, self.home / f"{name}.log"))
        self.workers.append(worker)
        return worker

    def engine_cpu_s(self) -> float:
        """Seconds of CPU of scheduler, DAG processor and API server together, so far."""
        return cpu_s(tree_of(self.supervisor))

    def command(self, *words: str) -> None:
        """One of Airflow's commands that ends by itself."""
        with (self.home / "commands.log").open("ab") as log:
            subprocess.run(
                _airflow(*words), env=self.environment, check=True, stdout=log, stderr=log
            )


@contextmanager
def stack(home: Path, couplings: Path, *, preload: bool) -> Iterator[Stack]:
    """Databases, queue, scheduler, DAG processor and API server; no worker yet."""
    with ExitStack() as stop:
        server = stop.enter_context(cluster(durable=True))
        ledger_url, airflow_url = _databases(server)
        broker = stop.enter_context(_redis(home))
        port = free_port(0)
        environment = _environment(home, couplings, ledger_url, airflow_url, broker, port)
        if preload:
            imports = f'{{"imports": {list(PRELOADED)!r}}}'.replace("'", '"')
            environment["AIRFLOW__CELERY__EXTRA_CELERY_CONFIG"] = imports
        found = Stack(home, environment, f"http://127.0.0.1:{port}", ledger_url, airflow_url)
        found.command("db", "migrate")
        stop.callback(lambda: _end([worker.process for worker in found.workers]))
        supervisor = [sys.executable, "-m", "amazon_eboekhouden.provider.supervisor"]
        supervisor += ["--logs", str(home / "components"), "--without-triggerer"]
        components = Program(supervisor, environment, home / "supervisor.log")
        stop.callback(components.stop)
        components.wait_ready(1, READY_WITHIN_S)
        found.supervisor = components.process.pid
        yield found


def _databases(server: str) -> tuple[str, str]:
    connection = psycopg2.connect(server.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        for name in ("airflow", "ledger"):
            cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    base = server.rsplit("/", 1)[0]
    return f"{base}/ledger", f"{base}/airflow"


@contextmanager
def _redis(home: Path) -> Iterator[str]:
    port = free_port(0)
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
    with (home / "redis.log").open("wb") as log:
        process = subprocess.Popen([*command, "--save", ""], stdout=log, stderr=log)
    try:
        client = redis.Redis(port=port)
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            with suppress(redis.exceptions.ConnectionError):
                client.ping()
                break
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError(f"redis-server did not start; see {home / 'redis.log'}")
            time.sleep(0.1)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(30)


def _environment(
    home: Path, couplings: Path, ledger: str, airflow: str, broker: str, port: int
) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "AMAZON_EBOEK"))}
    seconds = {"LEASE_S": "60", "CALL_DEADLINE_S": "30", "SETTLE_S": "60"}
    return {
        **kept,
        "TMPDIR": str(home),  # a worker that is killed removes nothing
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "include")]),
        "OPENBLAS_NUM_THREADS": "1",
        "GX_ANALYTICS_ENABLED": "False",
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "tests.distributed.names.worker",
        "AIRFLOW__CORE__FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow,
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__RESULT_BACKEND": broker.replace("/0", "/1"),
        # Only the run that is triggered, and a machine that disappeared is missed in two minutes.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "180",
        "AMAZON_EBOEKHOUDEN_COUPLINGS": str(couplings),
        "AMAZON_EBOEKHOUDEN_LEDGER_URL": ledger,
        "AMAZON_EBOEKHOUDEN_KEY_FILE": str(home / "install.key"),
        "AMAZON_EBOEKHOUDEN_STAGING": str(home / "staging"),
        "AMAZON_EBOEKHOUDEN_ARCHIVE": str(home / "archive"),
        **{f"AMAZON_EBOEKHOUDEN_{name}": value for name, value in seconds.items()},
    }


def _airflow(*words: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *words]


def _start(words: list[str], environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            _airflow(*words),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            process.terminate()
    deadline = time.monotonic() + 30
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
