"""READY means that tasks can run, and not only that pages answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from amazon_eboekhouden.provider.supervisor import COMPONENTS, Supervisor

HEALTH = {name: {"status": "healthy"} for name in ("metadatabase", *COMPONENTS)}


@pytest.fixture
def answers() -> Iterator[tuple[str, dict[str, object]]]:
    """Where an API server answers, and what: a path that is missing here is not there yet."""
    said: dict[str, object] = {}

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in said else 404)
            self.end_headers()
            self.wfile.write(json.dumps(said.get(self.path, {})).encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", said
    server.shutdown()
    server.server_close()


def test_ready_waits_for_every_component_and_for_what_tasks_report_to(
    answers: tuple[str, dict[str, object]], tmp_path: Path
) -> None:
    url, said = answers
    supervisor = Supervisor(tmp_path, list(COMPONENTS), url)
    assert not supervisor._healthy()
    said["/api/v2/monitor/health"] = {**HEALTH, "scheduler": {"status": "unhealthy"}}
    said["/execution/health"] = {"status": "healthy"}
    assert not supervisor._healthy()
    said["/api/v2/monitor/health"] = HEALTH
    assert supervisor._healthy()
    del said["/execution/health"]
    assert not supervisor._healthy()


def test_a_component_that_is_left_out_is_not_waited_for(
    answers: tuple[str, dict[str, object]], tmp_path: Path
) -> None:
    url, said = answers
    said["/api/v2/monitor/health"] = {**HEALTH, "triggerer": {"status": None}}
    said["/execution/health"] = {"status": "healthy"}
    without = [name for name in COMPONENTS if name != "triggerer"]
    assert Supervisor(tmp_path, without, url)._healthy()
    assert not Supervisor(tmp_path, list(COMPONENTS), url)._healthy()
