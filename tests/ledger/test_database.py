"""The schema comes into being by itself, once, whoever starts first."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from amazon_eboekhouden.domain.errors import SettingsError
from amazon_eboekhouden.ledger import LedgerSettings, database, schema
from sqlalchemy import text

_START = """
import sys
from amazon_eboekhouden.ledger import open_ledger
open_ledger(sys.argv[1], install_key=bytes(32)).close()
"""


def test_the_migrations_make_the_schema(url: str) -> None:
    engine = database.connect(url)
    database.upgrade(engine)
    database.upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"version_table": schema.VERSION_TABLE, "compare_type": True},
        )
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_is_looked_for() -> None:
    scripts = ScriptDirectory(str(Path(database.__file__).parent / "migrations"))
    assert scripts.get_current_head() == database.NEWEST


def test_several_processes_start_at_once(url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", _START, url], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, b"")


def test_a_sqlite_file_is_private_and_every_commit_reaches_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.db"
    engine = database.connect(f"sqlite:///{path}")
    with engine.connect() as connection:
        modes = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous")
        ]
    engine.dispose()
    assert modes == ["wal", 2]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


@pytest.mark.parametrize(
    "times", [{"lease_s": 32.0}, {"lease_s": 0.0}, {"call_deadline_s": 60.0}, {"settle_s": -1.0}]
)
def test_times_that_cannot_be_kept_are_refused(times: dict[str, float]) -> None:
    with pytest.raises(SettingsError) as refused:
        LedgerSettings(**times)
    assert refused.value.problems[0].code == "settings-invalid"


_LAST_TO_LEAVE = """
import sys
from amazon_eboekhouden.ledger import database
from sqlalchemy import text
engine = database.connect(sys.argv[1])
with engine.begin() as connection:
    connection.execute(text("INSERT INTO seen VALUES ('of another process')"))
engine.dispose()
"""


def test_opening_it_twice_in_a_process_leaves_its_log_to_the_first(tmp_path: Path) -> None:
    """A page that opens the ledger once more must not make a task's process delete the log.

    SQLite's locks are those of the process: a handle that is closed drops them all.
    """
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    first = database.connect(url)
    with first.begin() as connection:
        connection.execute(text("CREATE TABLE seen (what TEXT)"))
    again = database.connect(url)
    subprocess.run([sys.executable, "-c", _LAST_TO_LEAVE, url], check=True)
    with first.connect() as connection:
        assert connection.execute(text("SELECT what FROM seen")).scalars().all() == [
            "of another process"
        ]
    with first.begin() as connection:
        connection.execute(text("INSERT INTO seen VALUES ('of this one')"))
    subprocess.run([sys.executable, "-c", _LAST_TO_LEAVE, url], check=True)
    with again.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM seen")).scalar_one() == 3
    first.dispose()
    again.dispose()
