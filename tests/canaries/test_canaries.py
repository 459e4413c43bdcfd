"""75 canaries through runs that pass and runs that fail: none is heard anywhere but in the books.

A slice of `make canaries`, which makes more than a hundred runs and adds a real scheduler.
"""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.canaries import birds
from tests.canaries.campaign import FAULTS, WINDOW, Campaign, campaign, hits_of
from tests.canaries.search import dresses, hits

REPOSITORY = Path(__file__).parents[2]

# Generous: they wait for nothing, but a busy machine may take its time.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(1200)]


@pytest.fixture
def flock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Campaign]:
    home = tmp_path / "flock"
    home.mkdir()
    with campaign(home) as found:
        for name, value in found.variables().items():
            monkeypatch.setenv(name, value)
        yield found


def test_there_are_25_secrets_and_50_buyers() -> None:
    assert (len(birds.secrets()), len(birds.buyers())) == (25, 50)
    words = [*birds.secrets().values(), *birds.buyers().values()]
    assert len(set(words)) == 75


@pytest.mark.parametrize("offset", range(3))
def test_a_canary_is_found_in_every_dress(tmp_path: Path, offset: int) -> None:
    word = birds.secrets()["shop0001 code 1"]
    texts = [word.upper(), word.decode().encode("utf-16-le"), word.hex().encode()]
    texts.append(base64.b64encode(b"x" * (6 + offset) + word + b"yy" * offset))
    for text in texts:
        file = tmp_path / "log"
        file.write_bytes(b"before " + text + b" after")
        assert hits([tmp_path], {"it": word}) == ["it in log"]
    assert all(len(one) > 10 for one in dresses(word))


def test_none_is_heard_and_after_the_purge_they_are_in_the_books_only(flock: Campaign) -> None:
    flock.every_buyer_orders()
    for shop in birds.shops():
        assert flock.command(shop, "orders", *WINDOW) == 0
    for number, fault in enumerate(FAULTS[:6]):
        shop = birds.shops()[number % birds.SHOPS]
        flock.new_order(shop)
        flock.strike(*fault)
        flock.command(shop, "orders", *WINDOW)
        flock.calm()
    shop = birds.shops()[0]
    flock.command(birds.REVOKED, "orders", *WINDOW)
    flock.command(shop, "orders", "--preview", *WINDOW)
    with flock.crashing():
        assert flock.command(shop, "orders", *WINDOW, name="crash") == 1
    assert "KeyError, its text withheld" in next(flock.said.glob("*-crash.log")).read_text()
    assert flock.buyers_in(flock.payloads()) == 50, "sealed, and there: there is something to find"
    assert flock.buyers_in_books() == 50
    assert hits_of(flock, None) == []
    assert list((flock.home / "staging").rglob("page-*"))
    flock.two_days_pass()
    flock.command(shop, "audit")
    assert flock.buyers_in(flock.payloads()) == 0
    assert list((flock.home / "staging").rglob("page-*")) == []
    assert flock.buyers_in_books() == 50
    assert hits_of(flock, None) == []


def test_none_is_heard_in_airflow_either() -> None:
    """In a process of its own: Airflow's loggers keep whatever stream they first saw."""
    few = ["--commands", "0", "--dag-runs", "2", "--crash-every", "2", "--scheduled", "0"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.canaries", *few],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "0 hits of 75 canaries" in done.stdout
