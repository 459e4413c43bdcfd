"""Sandboxes served over real HTTP on a free loopback port."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from coupling_sandbox.server import serve_in_thread


@pytest.fixture
def served() -> Iterator[Callable[[Any], str]]:
    """Return a function that serves an ASGI application and gives its base URL."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serve_in_thread(app))
