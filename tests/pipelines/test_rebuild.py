"""The ledger is lost, or comes back from an old backup: the books know better, nothing twice."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections import Counter
from pathlib import Path

import httpx
import pandas as pd
from amazon_eboekhouden.config.environment import environment_of

from tests.pipelines.conftest import World
from tests.pipelines.soak import books_of

ORDERS = ("orders", "--from", "2026-06-01T00:00:00Z", "--to", "2026-09-20T00:00:00Z")
SEED = {"seed": 8, "orders": 30, "from": "2026-06-01", "to": "2026-08-01", "refunded": 0.2}


def _ledger_file() -> Path:
    return Path(environment_of(os.environ).ledger_url.removeprefix("sqlite:///"))


def _delete_ledger() -> None:
    for path in _ledger_file().parent.glob(f"{_ledger_file().name}*"):
        path.unlink()


def _back_up(path: Path) -> None:
    with sqlite3.connect(_ledger_file()) as found, sqlite3.connect(path) as kept:
        found.backup(kept)


def _seed(world: World) -> None:
    httpx.post(f"{world.amazon}/control/clock", json={"now": "2026-09-25T00:00:00Z"})
    httpx.post(f"{world.amazon}/control/seed", json=SEED, timeout=60).raise_for_status()


def _booked(world: World) -> pd.DataFrame:
    with world.ledger() as ledger:
        bound = ledger.coupling_state("demo")
        assert bound is not None
        return ledger.booked(bound.administration)


def _known(booked: pd.DataFrame) -> pd.DataFrame:
    """What a rebuild must bring back. A relation's own number is of no use to anybody."""
    columns = ["booking", "booking_kind", "order_id", "settlement_id", "invoice_number"]
    known = booked[[*columns, "gross_cents", "remote_id", "date"]].copy()
    known.loc[known["booking_kind"] == "REL", ["remote_id", "date"]] = None
    return known.sort_values("booking", ignore_index=True)


def _written(world: World) -> dict[str, int]:
    calls = httpx.get(f"{world.books}/control/calls").json()["calls"]
    return {name: count for name, count in calls.items() if name.startswith("Add")}


def _books(world: World) -> Counter[str]:
    return books_of(httpx.get(f"{world.books}/control/journal").json())


def test_a_deleted_ledger_is_rebuilt_and_the_next_run_writes_nothing(world: World) -> None:
    _seed(world)
    assert world.run(*ORDERS).report["booked"] > 15
    assert world.run("settlements").report["booked"] > 15
    before, written, books = _booked(world), _written(world), _books(world)
    assert set(before["state"]) == {"CONFIRMED"}

    _delete_ledger()
    rebuilt = world.run("rebuild")
    assert (rebuilt.status, rebuilt.codes) == (0, [])
    found = rebuilt.report["rebuilt"]
    assert found["bookings"] == (before["booking_kind"] != "REL").sum()
    assert found["relations"] == (before["booking_kind"] == "REL").sum()

    again = [world.run(*ORDERS), world.run("settlements")]
    assert [(one.report["booked"], one.codes) for one in again] == [(0, []), (0, [])]
    assert (_written(world), _books(world)) == (written, books)
    after = _booked(world)
    assert set(after["booking"]) == set(before["booking"])
    assert set(after["state"]) == {"CONFIRMED"}
    pd.testing.assert_frame_equal(_known(before), _known(after))
    assert world.run("rebuild").report["rebuilt"]["bookings"] == 0


def test_a_ledger_from_last_weeks_backup_learns_what_was_sent_since(
    world: World, tmp_path: Path
) -> None:
    _seed(world)
    half = (*ORDERS[:3], "--to", "2026-07-01T00:00:00Z")
    assert world.run(*half).report["booked"] > 5
    backup = tmp_path / "backup.sqlite"
    _back_up(backup)
    world.run(*ORDERS)
    world.run("settlements")
    books, count = _books(world), len(_booked(world))

    _delete_ledger()
    shutil.copy(backup, _ledger_file())
    rebuilt = world.run("rebuild").report["rebuilt"]
    assert 0 < rebuilt["known_before"] < count
    assert rebuilt["known_before"] + rebuilt["bookings"] + rebuilt["relations"] == count
    again = [world.run(*ORDERS), world.run("settlements")]
    assert [(one.report["booked"], one.codes) for one in again] == [(0, []), (0, [])]
    assert _books(world) == books


def test_what_the_backup_holds_as_planned_and_was_sent_is_adopted(
    world: World, tmp_path: Path
) -> None:
    """The backup was made between planning and sending: without asking it would be sent again."""
    _seed(world)
    world.run(*ORDERS)
    books = _books(world)
    with sqlite3.connect(_ledger_file()) as ledger:
        ledger.execute(
            "UPDATE intent SET state = 'PLANNED', remote_id = '', attempt = 0 "
            "WHERE op_key IN (SELECT op_key FROM intent WHERE kind = 'INV' LIMIT 5)"
        )
    assert world.run("rebuild").report["rebuilt"]["sent_since_the_backup"] == 5
    assert world.run(*ORDERS).report["unknown"] == 0
    assert _books(world) == books
    assert set(_booked(world)["state"]) == {"CONFIRMED"}
