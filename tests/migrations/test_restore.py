"""The restore drill: the ledger is lost, and comes back from its backup or from the books.

Either way the next run writes nothing. The commands are those of docs/running-with-docker.md.
"""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest
from amazon_eboekhouden.ledger import schema
from sqlalchemy import create_engine, func, inspect, select, text
from sqlalchemy.engine import make_url

from tests.ledger.postgres import programs
from tests.migrations.past import Past, releases
from tests.pipelines.conftest import World


@pytest.fixture
def past(world: World, url: str) -> Past:
    """Everything but the last order stands in the books."""
    found = Past.of(world, releases()[0])
    found.use(url)
    found.book_first()
    return found


def back_up(url: str, to: Path) -> None:
    if url.startswith("sqlite"):
        source, copy = sqlite3.connect(str(make_url(url).database)), sqlite3.connect(to)
        with copy:
            source.backup(copy)
        source.close()
        copy.close()
        return
    _postgres("pg_dump", "--format=custom", f"--file={to}", plain(url))


def lose(url: str) -> None:
    if url.startswith("sqlite"):
        database = Path(str(make_url(url).database))
        for file in database.parent.glob(database.name + "*"):
            file.unlink()
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        for name in inspect(connection).get_table_names():
            connection.execute(text(f'DROP TABLE "{name}"'))
    engine.dispose()


def restore(url: str, backup: Path) -> None:
    lose(url)
    if url.startswith("sqlite"):
        Path(str(make_url(url).database)).write_bytes(backup.read_bytes())
        return
    _postgres(
        "pg_restore",
        "--clean",
        "--if-exists",
        "--exit-on-error",
        f"--dbname={plain(url)}",
        str(backup),
    )


def plain(url: str) -> str:
    return url.replace("+psycopg2", "")


def _postgres(program: str, *arguments: str) -> None:
    folder = programs()
    assert folder is not None
    subprocess.run([str(folder / program), *arguments], check=True, capture_output=True)


def rebuild(past: Past) -> int:
    """Fill the ledger from the books, by the command; how many bookings were found."""
    result = past.world.run("rebuild")
    assert result.report["problems"] == []
    found: int = result.report["rebuilt"]["bookings"]
    return found


def events(url: str) -> int:
    engine = create_engine(url)
    with engine.connect() as connection:
        found: int = connection.execute(select(func.count()).select_from(schema.event)).scalar_one()
    engine.dispose()
    return found


def test_from_a_backup_of_today(past: Past, url: str, tmp_path: Path) -> None:
    backup = tmp_path / "ledger.backup"
    back_up(url, backup)
    before = events(url)
    restore(url, backup)
    assert events(url) == before
    past.assert_a_run_writes_nothing()


def test_from_a_backup_that_is_older_than_the_last_booking(
    past: Past, url: str, tmp_path: Path
) -> None:
    """What was booked since stands in the books only: rebuild asks them before anything is sent."""
    backup = tmp_path / "ledger.backup"
    back_up(url, backup)
    past.book_last()
    restore(url, backup)
    assert rebuild(past) == 1
    past.assert_a_run_writes_nothing()


def test_from_the_books_alone(past: Past, url: str) -> None:
    past.book_last()
    lose(url)
    assert rebuild(past) > 40
    past.assert_a_run_writes_nothing()
