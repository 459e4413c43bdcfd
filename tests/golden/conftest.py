"""The option with which `make golden` rewrites what is expected."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--golden-rewrite", action="store_true", help="rewrite expected.json of every golden case"
    )
