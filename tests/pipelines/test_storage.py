"""A ledger or a folder that can't be used: said with its cause, without a secret, nothing sent."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest
from amazon_eboekhouden.pipelines.discretion import unforeseen
from amazon_eboekhouden.pipelines.storage import storage_failure
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from tests.pipelines.conftest import World

LEDGER_URL = "AMAZON_EBOEKHOUDEN_LEDGER_URL"


def test_a_database_server_that_is_not_there(world: World) -> None:
    world.monkeypatch.setenv(LEDGER_URL, "postgresql://ledger:geheim@127.0.0.1:1/ledger")
    result = world.run("orders")
    assert (result.status, result.codes) == (1, ["ledger-unusable"])
    assert "port 1" in result.report["problems"][0]["cause"]
    assert "geheim" not in str(result.report)


def test_a_file_that_is_no_database(world: World) -> None:
    file = world.home / "ledger.sqlite"
    file.write_text("no database, but long enough to look like one " * 9)
    world.monkeypatch.setenv(LEDGER_URL, f"sqlite:///{file}")
    result = world.run("orders")
    assert (result.status, result.codes) == (1, ["ledger-unusable"])
    assert "file is not a database" in result.report["problems"][0]["cause"]


@pytest.mark.parametrize("url", ["nonsense", "mysql://u:geheim@h/d", "postgresql://u:geheim@h:x/d"])
def test_an_address_that_is_none_is_a_wrong_setting(world: World, url: str) -> None:
    world.monkeypatch.setenv(LEDGER_URL, url)
    result = world.run("orders")
    assert (result.status, result.codes) == (2, ["settings-invalid"])
    assert LEDGER_URL in result.report["problems"][0]["cause"]
    assert "geheim" not in str(result.report)


def test_a_folder_that_is_not_there_and_cannot_be_made(world: World) -> None:
    in_the_way = world.home / "file"
    in_the_way.write_text("")
    world.monkeypatch.setenv("AMAZON_EBOEKHOUDEN_STAGING", str(in_the_way / "staging"))
    result = world.run("orders", "--from", "2026-10-01", "--to", "2026-10-02")
    assert (result.status, result.codes) == (1, ["storage-unusable"])
    assert str(in_the_way) in result.report["problems"][0]["cause"]
    assert world.calls("books") == {}


def test_a_full_disk_is_named_in_the_log_of_a_task() -> None:
    assert "No space left on device" in str(
        unforeseen(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    )
    full = OperationalError("INSERT …", {"name": "Jan"}, sqlite3.OperationalError("disk is full"))
    assert "disk is full" in str(unforeseen(full))
    assert "Jan" not in str(unforeseen(full))


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("INSERT …", {}, sqlite3.IntegrityError("UNIQUE: name=Jan")),
        ProgrammingError("SELECT Jan", {}, sqlite3.ProgrammingError("no column Jan")),
        KeyError("Jan"),
        ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_may_name_somebody_is_not_told(error: Exception) -> None:
    assert storage_failure(error) is None
    assert "Jan" not in str(unforeseen(error))
