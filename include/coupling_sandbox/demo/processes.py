"""Starting the programs of the demo and stopping every one of them again."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

READY = "READY"
STOP_WITHIN_S = 20


class NotReady(RuntimeError):
    """A program ended, or did not say READY in time."""


class Program:
    """A child process that prints READY lines; the leader of its own process group."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None  # noqa: S101 - we asked for a pipe
        with self.process.stdout as lines, self._log.open("w") as log:
            for line in lines:
                log.write(line)
                log.flush()
                self._lines.put(line.strip())
        self._lines.put(None)

    def wait_ready(self, times: int, within_s: float) -> list[str]:
        """Wait until the program said READY so many times; returns those lines.

        Raises:
            NotReady: it ended first, or took too long; the message names its log.
        """
        deadline = time.monotonic() + within_s
        seen: list[str] = []
        while len(seen) < times:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise NotReady(f"not ready within {within_s:.0f} s; see {self._log}") from None
            if line is None:
                raise NotReady(f"stopped by itself; see {self._log}")
            if line.startswith(READY):
                seen.append(line)
        return seen

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End the program and whatever it started."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_WITHIN_S)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def free_port(wanted: int) -> int:
    """The port asked for when it is free on loopback, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
