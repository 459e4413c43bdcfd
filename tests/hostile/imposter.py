"""A service that tells the truth, save for the one answer that it was told to give instead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

KEPT_HEADERS = ("content-type", "soapaction", "authorization", "x-amz-access-token", "user-agent")


@dataclass(frozen=True)
class Answer:
    """What is sent: status, headers, body; the length is always true."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass
class Imposter:
    """Forwards to a sandbox; what is named in `instead` gets that answer.

    Attributes:
        target: address of the sandbox, "" for none.
        instead: SOAP operation or path to the answer.
        seen: the true answers, by the same names.
    """

    target: str
    instead: dict[str, Answer] = field(default_factory=dict)
    seen: dict[str, Answer] = field(default_factory=dict)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        action = headers.get("soapaction", "").strip('"').rpartition("/")[2]
        name = action or path.partition("?")[0]
        if name in self.instead:
            return self.instead[name]
        kept = {key: value for key, value in headers.items() if key in KEPT_HEADERS}
        found = self.http.request(method, self.target + path, content=body, headers=kept)
        passed = tuple(
            (key, value)
            for key, value in found.headers.items()
            if key.startswith("x-amzn") or key == "content-type"
        )
        self.seen[name] = Answer(found.content, found.status_code, passed)
        return self.seen[name]


@contextmanager
def serving(imposter: Imposter) -> Iterator[str]:
    """Serve on a free loopback port; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            headers = {key.lower(): value for key, value in self.headers.items()}
            answer = imposter.answer(self.command, self.path, headers, self.rfile.read(length))
            self.send_response(answer.status)
            for key, value in answer.headers:
                self.send_header(key, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            try:
                self.wfile.write(answer.body)
            except OSError:  # The reader had seen enough and hung up.
                self.close_connection = True

        do_GET = do_POST

        def log_message(self, *_arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """A reader that hangs up early is what the test wants."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        imposter.http.close()
