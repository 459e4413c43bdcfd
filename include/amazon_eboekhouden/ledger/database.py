"""Opening the ledger's database: connections that keep their promises, and the newest schema."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from amazon_eboekhouden.domain.errors import SettingsError
from amazon_eboekhouden.domain.problems import problem
from amazon_eboekhouden.ledger import schema

# The newest revision in migrations/versions; opening a database that has it needs no Alembic.
NEWEST = "0002"
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x617A6562  # any constant: the same in every process
_one_at_a_time = threading.Lock()  # Alembic keeps its context in a global; see _make_private


def connect(url: str) -> Engine:
    """An engine whose write transactions are serial and durable.

    SQLite: WAL, synchronous=FULL, and `BEGIN IMMEDIATE` so that a transaction that will write
    never has to be thrown away halfway. PostgreSQL: READ COMMITTED with row locks.

    Raises:
        SettingsError: the URL is of no database that can hold the ledger.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        _make_private(Path(parsed.database))
    engine = create_engine(parsed, connect_args={"timeout": 30})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def reading(engine: Engine) -> Engine:
    """The same engine for transactions that only read: they wait for nobody."""
    return engine.execution_options(only_reads=True)


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest revision; safe when several processes start at once."""
    if _revision(engine) == NEWEST:
        return
    with _one_at_a_time, engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        _migrate(connection)


def _migrate(connection: Connection) -> None:
    # Imported here: only the first start after an update needs it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(engine: Engine) -> str | None:
    with reading(engine).connect() as connection:
        if not inspect(connection).has_table(schema.VERSION_TABLE):
            return None
        found = connection.execute(text(f"SELECT version_num FROM {schema.VERSION_TABLE}"))  # noqa: S608 - a constant
        return found.scalar_one_or_none()


def _parsed(url: str) -> URL:
    try:
        parsed = _with_driver(make_url(url))
        if parsed.get_backend_name() in ("sqlite", "postgresql"):
            return parsed
    except (ArgumentError, ValueError):
        pass  # Its text repeats the URL, and with it the password.
    field = "AMAZON_EBOEKHOUDEN_LEDGER_URL"
    why = "must be the address of a database, such as sqlite:////path/ledger.sqlite or "
    why += "postgresql://user@host/database"
    wrong = problem(
        "settings-invalid", field, field=field, why=why, file="the environment", line="-"
    )
    raise SettingsError([wrong])


def _with_driver(url: URL) -> URL:
    return url.set(drivername="postgresql+psycopg2") if url.drivername == "postgresql" else url


def _make_private(path: Path) -> None:
    """Create the file so that nobody else may read it; one that exists is not touched.

    Closing any handle of a file drops all locks that this process holds on it, those of SQLite's
    open connections included. Another process then takes itself for the last one, deletes the
    write-ahead log, and what is written through the open connections is lost.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # Transactions are begun below, not by the driver.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    only_reads = connection.get_execution_options().get("only_reads", False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")
