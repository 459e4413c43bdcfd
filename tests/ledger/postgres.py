"""A throw-away PostgreSQL on loopback, with a free port and its data in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def cluster(*, durable: bool = True) -> Iterator[str]:
    """A running server; yields the URL of its database.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    user = _user()
    data = Path(tempfile.mkdtemp(prefix="ledger-postgres-"))
    if user is not None:
        shutil.chown(data, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd="/", capture_output=True)

    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data}"
    if not durable:
        options += " -c fsync=off"
    try:
        run(
            str(folder / "initdb"),
            "-D",
            str(data / "db"),
            "-U",
            "ledger",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        )
        run(
            str(folder / "pg_ctl"),
            "-D",
            str(data / "db"),
            "-w",
            "-l",
            str(data / "log"),
            "-o",
            options,
            "start",
        )
        try:
            yield f"postgresql+psycopg2://ledger@127.0.0.1:{port}/postgres"
        finally:
            run(str(folder / "pg_ctl"), "-D", str(data / "db"), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(data, ignore_errors=True)
