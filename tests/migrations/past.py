"""A seller's past that never changes: what Amazon shows of it, what an earlier version booked."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from amazon_eboekhouden.ledger.database import reading
from sqlalchemy import func, inspect, select, table
from sqlalchemy.engine import Engine, make_url

from tests.migrations.made import INSTALL_KEY, RELEASED, WINDOW
from tests.pipelines.conftest import World

WRITES = ("AddMutatie", "AddRelatie", "AddFactuur", "AddGrootboekrekening", "UpdateRelatie")


@dataclass
class Past:
    """The sandboxes with that past in them, and the coupling's own ledger.

    Attributes:
        world: the sandboxes and the command line.
        given: folder with the orders and the settlement files.
    """

    world: World
    given: Path

    @classmethod
    def of(cls, world: World, given: Path) -> Past:
        key = world.home / "install.key"
        key.write_bytes(INSTALL_KEY)
        key.chmod(0o600)
        world.monkeypatch.setenv("AMAZON_EBOEKHOUDEN_KEY_FILE", str(key))
        # However long ago it is by now.
        world.post(f"{world.amazon}/control/options", {"oldest_order_days": 36_500})
        return cls(world, given)

    @property
    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.given / "orders.json").read_text())
        return found

    def use(self, ledger_url: str) -> None:
        """From now on the coupling has this ledger."""
        self.world.monkeypatch.setenv("AMAZON_EBOEKHOUDEN_LEDGER_URL", ledger_url)

    def book_first(self) -> None:
        """The books as they were when the past's last order came."""
        self.world.post(f"{self.world.amazon}/control/orders", self.orders[:-1])
        for file in sorted(self.given.glob("settlement-*.txt")):
            self.world.post(f"{self.world.amazon}/control/settlements", content=file.read_bytes())
        assert self.run() == []

    def book_last(self) -> None:
        """Its last order too."""
        self.world.post(f"{self.world.amazon}/control/orders", self.orders[-1:])
        assert self.run() == []

    def run(self) -> list[dict[str, str]]:
        """All of it once more; returns the problems."""
        results = [self.world.run("orders", *WINDOW), self.world.run("settlements")]
        assert [result.status in (0, 1) for result in results] == [True, True], results
        return [found for result in results for found in result.report["problems"]]

    def written(self) -> dict[str, int]:
        """Calls so far that write something into the books."""
        calls = self.world.calls("books")
        return {name: calls.get(name, 0) for name in WRITES}

    def assert_a_run_writes_nothing(self) -> None:
        """Everything once more: no call that writes, not a letter changed, nothing to look at."""
        before, journal = self.written(), self.world.journal()
        assert self.run() == []
        assert self.written() == before
        assert self.world.journal() == journal


def restore_dump(url: str, dump: Path) -> None:
    """Load a dump, as the database's own tools wrote it, into an empty database."""
    if url.startswith("sqlite"):
        with sqlite3.connect(str(make_url(url).database)) as connection:
            connection.executescript(dump.read_text())
        connection.close()
        return
    connection = psycopg2.connect(url.replace("+psycopg2", ""))
    with connection, connection.cursor() as cursor:
        cursor.execute(dump.read_text())
    connection.close()


def counts(engine: Engine) -> dict[str, int]:
    """Rows per table."""
    with reading(engine).connect() as connection:
        names = inspect(connection).get_table_names()
        return {
            name: connection.execute(select(func.count()).select_from(table(name))).scalar_one()
            for name in names
        }


def releases() -> list[Path]:
    return sorted(folder for folder in RELEASED.iterdir() if folder.is_dir())
