"""Every transport fault, seen through a real HTTP client."""

import gzip

import httpx
import pytest
from coupling_sandbox.clock import Clock
from coupling_sandbox.control import SandboxApp
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


@pytest.fixture
def counter(served):
    effects = []

    async def act(request: Request) -> JSONResponse:
        effects.append(await request.body())
        call = request.scope["sandbox.call"]
        return JSONResponse({"effects": len(effects), "fault": call.fault, "text": "é" * 50})

    app = SandboxApp(
        [Route("/act", act, methods=["GET", "POST"])],
        Clock(),
        effects.clear,
        lambda scope, body: "act" if scope["path"] == "/act" else None,
    )
    with httpx.Client(base_url=served(app), timeout=3) as client:
        client.effects = effects
        yield client


def plan(client, **fault):
    answer = client.post("/control/faults", json=[{"operation": "act", **fault}])
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("http_429", 429, "Too Many Requests"),
        ("http_503_empty", 503, ""),
        ("http_403_gateway", 403, '{"message":"Forbidden"}'),
    ],
)
@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_replaced_answer_before_or_after_the_effect(counter, kind, status, body, when, effects):
    plan(counter, kind=kind, when=when)
    answer = counter.post("/act", content=b"x")
    assert (answer.status_code, answer.text) == (status, body)
    assert len(counter.effects) == effects
    assert counter.post("/act").status_code == 200


def test_html_500(counter):
    plan(counter, kind="http_500_html")
    answer = counter.post("/act")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "text/html"


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_reset(counter, when, effects):
    plan(counter, kind="reset", when=when)
    with pytest.raises(httpx.ReadError):
        counter.post("/act", content=b"x")
    assert len(counter.effects) == effects


def test_reset_mid_body(counter):
    plan(counter, kind="reset_mid_body")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        counter.post("/act", content=b"x")
    assert len(counter.effects) == 1


@pytest.mark.parametrize(("when", "effects"), [("before", 0), ("after", 1)])
def test_hang_until_the_client_gives_up(counter, when, effects):
    plan(counter, kind="hang", when=when)
    with pytest.raises(httpx.ReadTimeout):
        counter.post("/act", content=b"x", timeout=0.3)
    assert len(counter.effects) == effects


def test_slow_has_its_effect_although_the_client_gave_up(counter):
    plan(counter, kind="slow", seconds=0.5)
    with pytest.raises(httpx.ReadTimeout):
        counter.post("/act", content=b"x", timeout=0.1)
    assert len(counter.effects) == 0
    plan(counter, kind="slow", seconds=0.6)  # Its answer comes after the first one's effect.
    assert counter.post("/act").json()["effects"] == 2


def test_spoiled_bodies(counter):
    plan(counter, kind="malformed")
    with pytest.raises(ValueError, match="Unterminated"):
        counter.get("/act").json()
    plan(counter, kind="wrong_charset")
    assert counter.get("/act").content[:2] == b"\xff\xfe"
    plan(counter, kind="dtd")
    assert b"<!ENTITY" in counter.get("/act").content
    plan(counter, kind="oversized", size_bytes=100_000)
    answer = counter.get("/act")
    assert len(answer.content) > 100_000
    assert answer.json()["text"][0] == "é"


def test_spoiled_gzip(counter):
    plan(counter, kind="truncated_gzip")
    with counter.stream("GET", "/act") as answer:
        raw = b"".join(answer.iter_raw())
    with pytest.raises(EOFError):
        gzip.decompress(raw)
    plan(counter, kind="gzip_bomb", size_bytes=4 << 20)
    assert len(counter.get("/act").content) == 4 << 20


def test_spoiling_before_the_effect_leaves_no_effect(counter):
    plan(counter, kind="malformed", when="before")
    assert counter.post("/act").status_code == 200
    assert counter.effects == []


def test_after_and_times(counter):
    plan(counter, kind="http_503_empty", after=1, times=2)
    assert [counter.get("/act").status_code for _ in range(4)] == [200, 503, 503, 200]


def test_own_kinds_reach_the_sandbox(counter):
    plan(counter, kind="repeated_page")
    assert counter.get("/act").json()["fault"] == "repeated_page"


def test_calls_are_counted_and_reset(counter):
    plan(counter, kind="http_503_empty")
    counter.get("/act")
    counter.get("/act")
    seen = counter.get("/control/calls").json()
    assert seen["calls"] == {"act": 2}
    assert seen["refused"] == {"act": 1}
    assert [line["status"] for line in seen["log"]] == [503, 200]
    counter.post("/control/reset")
    assert counter.get("/control/calls").json() == {"calls": {}, "refused": {}, "log": []}


def test_wrong_control_bodies_are_refused(counter):
    answer = counter.post("/control/faults", json=[{"operation": "act", "kind": "gremlin"}])
    assert answer.status_code == 400
    assert "gremlin" in answer.json()["error"]
    answer = counter.post("/control/clock", json={"nwo": "2026-01-01"})
    assert answer.status_code == 400


def test_clock_runs_on_from_where_it_was_set(counter):
    counter.post("/control/clock", json={"now": "2026-10-01T12:00:00Z"})
    now = counter.post("/control/clock", json={"advance_s": 3600}).json()["now"]
    assert now.startswith("2026-10-01T13:00:0")
