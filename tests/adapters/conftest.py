"""The sandboxes over HTTP, and a server that answers whatever a test wants."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from amazon_eboekhouden.adapters.amazon import AmazonSeller
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from coupling_sandbox.amazon.app import create_app as create_amazon
from coupling_sandbox.eboekhouden.app import create_app as create_books
from coupling_sandbox.public.app import create_app as create_public
from coupling_sandbox.server import serve_in_thread

from tests.adapters.world import (
    QUICK,
    Answering,
    Asked,
    Sandbox,
    amazon_credentials,
    books_credentials,
)


@pytest.fixture(scope="session")
def _amazon() -> Iterator[Sandbox]:
    with serve_in_thread(create_amazon()) as url:
        yield Sandbox(url)


@pytest.fixture(scope="session")
def _books() -> Iterator[Sandbox]:
    with serve_in_thread(create_books()) as url:
        yield Sandbox(url)


@pytest.fixture(scope="session")
def _public() -> Iterator[Sandbox]:
    with serve_in_thread(create_public()) as url:
        yield Sandbox(url)


@pytest.fixture
def amazon(_amazon: Sandbox) -> Sandbox:
    _amazon.control("reset")
    return _amazon


@pytest.fixture
def books(_books: Sandbox) -> Sandbox:
    _books.control("reset")
    return _books


@pytest.fixture
def public(_public: Sandbox) -> Sandbox:
    _public.control("reset")
    return _public


@pytest.fixture
def seller(amazon: Sandbox) -> Iterator[AmazonSeller]:
    with AmazonSeller(amazon_credentials(amazon.url), patience=QUICK) as one:
        yield one


@pytest.fixture
def session(books: Sandbox) -> Iterator[EBoekhouden]:
    with EBoekhouden(books_credentials(books.url), patience=QUICK) as one:
        yield one


@pytest.fixture
def answering() -> Iterator[Answering]:
    state = Answering()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            asked = Asked(
                self.command,
                self.path,
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            state.asked.append(asked)
            status, headers, body = state.answer(asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if "Content-Length" not in headers:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, *_arguments: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join(5)
