"""Runs Airflow's components on one machine and stops all of them together.

`airflow standalone` leaves its children behind when it is stopped by a signal, so this starts the
components itself, each the leader of a process group of its own. When one dies the rest are
stopped: a half-running system must not look alive.

    python -m amazon_eboekhouden.provider.supervisor --logs FOLDER

prints `READY http://…` when everything answers, and stops on SIGTERM or SIGINT.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

POLL_S = 0.2
READY_WITHIN_S = 180
STOP_WITHIN_S = 12

# The log servers of scheduler and triggerer listen on all interfaces; without them the task logs
# still reach the pages, from the local files.
COMPONENTS: Mapping[str, Sequence[str]] = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag_processor": ("dag-processor",),
    "api_server": ("api-server",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}


class Supervisor:
    """Starts, watches and stops the components."""

    def __init__(self, logs: Path, names: Sequence[str], url: str) -> None:
        self.logs = logs
        self.names = names
        self.url = url
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False

    def run(self) -> int:
        """Everything from migrating the database to the last process gone.

        Returns:
            0 when it was asked to stop, 1 when a component died or never became ready.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask_to_stop)
        self.logs.mkdir(parents=True, exist_ok=True)
        try:
            self._migrate()
            self._start()
            return self._watch()
        finally:
            self._stop()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _migrate(self) -> None:
        with (self.logs / "migrate.log").open("wb") as log:
            subprocess.run(_command("db", "migrate"), check=True, stdout=log, stderr=log)  # noqa: S603

    def _start(self) -> None:
        for name in self.names:
            with (self.logs / f"{name}.log").open("wb") as log:
                self.children[name] = subprocess.Popen(  # noqa: S603 - fixed words
                    _command(*COMPONENTS[name]),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def _watch(self) -> int:
        deadline = time.monotonic() + READY_WITHIN_S
        ready = False
        while not self.stopping:
            dead = {name: c.returncode for name, c in self.children.items() if c.poll() is not None}
            if dead:
                _say(f"a component stopped by itself: {dead}; see {self.logs}")
                return 1
            if not ready and self._healthy():
                ready = True
                _say(f"READY {self.url}")
            if not ready and time.monotonic() > deadline:
                _say(f"not ready within {READY_WITHIN_S} s; see {self.logs}")
                return 1
            time.sleep(POLL_S)
        return 0

    def _healthy(self) -> bool:
        health = self._asked("/api/v2/monitor/health")
        wanted = {"metadatabase", *(set(self.names) - {"api_server"})}
        if any((health.get(name) or {}).get("status") != "healthy" for name in wanted):
            return False
        # What tasks report to is built when it is first asked, seconds that a task would wait.
        return self._asked("/execution/health").get("status") == "healthy"

    def _asked(self, path: str) -> dict[str, Any]:
        """An answer of the API server, empty when there is none."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=1) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
        except (OSError, urllib.error.URLError, ValueError):
            return {}
        return found

    def _stop(self) -> None:
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        while time.monotonic() < deadline and any(c.poll() is None for c in self.children.values()):
            time.sleep(POLL_S)
        # Also the groups whose leader is gone: its workers may live on.
        self._signal(signal.SIGKILL)
        for child in self.children.values():
            child.wait()

    def _signal(self, number: signal.Signals) -> None:
        for child in self.children.values():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, number)


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *words]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run from the command line; settings come from `AIRFLOW__…` variables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=Path, required=True, help="folder for the logs")
    parser.add_argument("--without-triggerer", action="store_true", help="leave one process out")
    options = parser.parse_args()
    names = [n for n in COMPONENTS if n != "triggerer" or not options.without_triggerer]
    port = os.environ.get("AIRFLOW__API__PORT", "8080")
    return Supervisor(options.logs, names, f"http://127.0.0.1:{port}").run()


if __name__ == "__main__":
    sys.exit(main())
