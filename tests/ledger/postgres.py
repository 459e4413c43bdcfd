"""A throw-away PostgreSQL on loopback, with a free port and its data in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def programs() -> Path | None:
    """Folder of PostgreSQL's own programs, None when it is not installed."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def _user() -> str | None:
    """Who runs the server: it refuses root, so root lends it to the user postgres."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"


class Cluster:
    """One server with a folder of its own.

    Attributes:
        url: of its database.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """

    def __init__(self, *, durable: bool = True) -> None:
        folder = programs()
        if folder is None:
            raise FileNotFoundError("PostgreSQL is not installed")
        self._programs = folder
        self._user = _user()
        self._data = Path(tempfile.mkdtemp(prefix="ledger-postgres-"))
        if self._user is not None:
            shutil.chown(self._data, self._user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._words = ["-D", str(self._data / "db"), "-p", str(port)]
        for setting in ("listen_addresses=127.0.0.1", f"unix_socket_directories={self._data}"):
            self._words += ["-c", setting]
        if not durable:
            self._words += ["-c", "fsync=off"]
        self.url = f"postgresql+psycopg2://ledger@127.0.0.1:{port}/postgres"
        self._port = port
        self._server: subprocess.Popen[bytes] | None = None
        words = ("-U", "ledger", "-A", "trust", "-E", "UTF8", "--locale=C")
        try:
            self._run("initdb", "-D", str(self._data / "db"), *words)
        except subprocess.CalledProcessError:
            self.remove()
            raise

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        with (self._data / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(self._programs / "postgres"), *self._words],
                user=self._user,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        asked = [str(self._programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(self._port)]
        until = time.monotonic() + 120
        while subprocess.run(asked, check=False, capture_output=True).returncode != 0:
            if self._server.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self._data / "log").read_text()[-2000:])
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to the server and to every process it has, as a power cut would."""
        server = self._server
        if server is None or server.poll() is not None:
            return
        children = _children(server.pid)
        for process in (server.pid, *children):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        server.wait()
        until = time.monotonic() + 60
        while any(_lives(process) for process in children):
            if time.monotonic() > until:
                raise TimeoutError("PostgreSQL did not die")
            time.sleep(0.02)
        self._server = None

    def remove(self) -> None:
        """Stop the server and delete its data."""
        if self._server is not None:
            # "Immediate": unlike SIGKILL it leaves no shared memory behind.
            self._server.send_signal(signal.SIGQUIT)
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(30)
            self.kill()
        shutil.rmtree(self._data, ignore_errors=True)

    def _run(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), *words]
        subprocess.run(command, check=True, user=self._user, cwd="/", capture_output=True)


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def _lives(pid: int) -> bool:
    """Whether a process still runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def cluster(*, durable: bool = True) -> Iterator[str]:
    """A running server; yields the URL of its database.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    server = Cluster(durable=durable)
    try:
        server.start()
        yield server.url
    finally:
        server.remove()
