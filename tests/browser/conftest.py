"""One Airflow, one browser, one journey: the tests go on where the one before stopped."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import Site, start

REPOSITORY = Path(__file__).parents[2]
# `make test-browser` fetches it; the version stands in the Makefile.
AXE = REPOSITORY / "var" / "browser" / "axe-core.tgz"
AXE_SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        yield start(tmp_path_factory.mktemp("site"), stack)


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, as it was published."""
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() == AXE_SHA256
    with tarfile.open(AXE) as packed:
        inner = packed.extractfile("package/axe.min.js")
        assert inner is not None
        return inner.read().decode()


@pytest.fixture(scope="session")
def browser(site: Site, axe: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    opened = Chromium(site.where.airflow, tmp_path_factory.mktemp("downloads"), axe)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Where screenshots go: into the documents when asked for, else they are forgotten."""
    if request.config.getoption("--pictures"):
        folder = REPOSITORY / "docs" / "screenshots"
        folder.mkdir(exist_ok=True)
        return folder
    return tmp_path_factory.mktemp("pictures")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--pictures", action="store_true", help="write the screenshots into docs/screenshots"
    )
