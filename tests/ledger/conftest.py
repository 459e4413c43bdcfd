"""The ledger on both databases, with a clock and books that the test moves."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger

from tests.ledger.postgres import cluster, programs
from tests.ledger.world import INSTALL_KEY, Hand
from tests.torture.remote import FakeRemote, Variant

OpenLedger = Callable[..., BookingLedger]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if programs() is None:
        pytest.skip("PostgreSQL is not installed here")
    with cluster(durable=False) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database: a file, or a database of its own on the test's server."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    import psycopg2

    server = request.getfixturevalue("postgres_url").replace("+psycopg2", "")
    name = f"ledger_{uuid.uuid4().hex}"
    connection = psycopg2.connect(server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield server.replace("postgresql:", "postgresql+psycopg2:").rsplit("/", 1)[0] + f"/{name}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    connection.close()


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def remote(hand: Hand) -> FakeRemote:
    return FakeRemote(Variant(), hand.monotonic, deadline_s=30)


@pytest.fixture
def ledger(url: str, hand: Hand) -> Iterator[BookingLedger]:
    opened = open_ledger(url, install_key=INSTALL_KEY, settings=LedgerSettings(), clock=hand)
    yield opened
    opened.close()
