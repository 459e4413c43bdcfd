"""Who gets in, what may be sent, and that a page never runs what stands in the data."""

from __future__ import annotations

import html
import json
import re
import time
from typing import Any

import pytest
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.ledger.decisions import Choice

from tests.dashboard.conftest import AIRFLOW_WARNINGS, HOST, SELLER, Browser
from tests.ledger.world import ADMIN, COUPLING, order, order_id
from tests.torture.remote import FakeRemote, Variant

# Airflow's and Starlette's own deprecations are not ours to mend.
pytestmark = AIRFLOW_WARNINGS

VALUES = {
    "name": "demo",
    "settlement_id": "9",
    "order_id": "405-0000000-0000001",
    "conn_id": "amazon_demo",
}
CHECK = "/koppeling/demo/controleer"
SKIP = "/koppeling/demo/bestelling/405-0000000-0000001/overslaan"


def routes(app: Any) -> list[tuple[str, str]]:
    """Every method and path that the app answers, also those of sub-routers."""
    from fastapi.routing import APIRoute

    found, waiting = [], list(app.routes)
    while waiting:
        route = waiting.pop()
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if isinstance(route, APIRoute):
            found += [(method, route.path.format(**VALUES)) for method in route.methods]
        elif inner is not None:
            waiting += list(inner.routes)
        else:
            pytest.fail(f"a route without protection: {route}")
    return sorted(found)


def test_every_route_refuses_whoever_is_not_logged_in(app: Any, browser_of: Any) -> None:
    nobody = browser_of(None).client
    known = routes(app)
    assert len(known) >= 31
    for method, path in known:
        answer = nobody.request(method, path, headers={"Origin": HOST}, follow_redirects=False)
        assert answer.status_code == 401, (method, path)
        assert "demo" not in answer.text


def test_a_forged_login_is_refused(browser_of: Any) -> None:
    nobody = browser_of(None)
    nobody.client.cookies.set("_token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.")
    assert nobody.get("/").status_code in (401, 403)


@pytest.mark.parametrize("role", ["viewer", "user"])
def test_a_viewer_reads_everything_and_changes_nothing(
    app: Any, browser_of: Any, role: str
) -> None:
    viewer = browser_of(role)
    for method, path in routes(app):
        if method == "GET":
            assert viewer.get(path).status_code in (200, 303, 404), path
        else:
            assert viewer.post(path, why="zomaar", choice="ignore").status_code == 403, path


@pytest.mark.parametrize("role", ["op", "admin"])
def test_op_and_admin_may_decide(browser_of: Any, role: str) -> None:
    assert browser_of(role).post(SKIP, why="dubbel").status_code == 409  # nothing waits: it got in


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{HOST}.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": HOST},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
        {},
    ],
)
def test_a_post_from_elsewhere_is_refused(admin: Browser, headers: dict[str, str]) -> None:
    form = {"csrf": admin.token(), "why": "dubbel"}
    assert admin.client.post(SKIP, data=form, headers=headers).status_code == 403


def test_no_route_takes_a_post_without_its_token_or_from_elsewhere(
    app: Any, admin: Browser
) -> None:
    token = admin.token()
    posts = [path for method, path in routes(app) if method == "POST"]
    assert len(posts) >= 13
    for path in posts:
        ours = admin.client.post(path, data={"why": "dubbel"}, headers={"Origin": HOST})
        form = {"csrf": token, "why": "dubbel"}
        theirs = admin.client.post(path, data=form, headers={"Origin": "https://evil.example"})
        assert (ours.status_code, theirs.status_code) == (403, 403), path


def test_a_post_needs_its_token_and_its_cookie(admin: Browser, browser_of: Any) -> None:
    own, other = admin.token(), browser_of("op").token()
    origin = {"Origin": HOST}
    for token in ("", "0" * 64, other, own[:-1], own + "0", "é"):
        answer = admin.client.post(SKIP, data={"csrf": token, "why": "dubbel"}, headers=origin)
        assert answer.status_code == 403, token
    admin.client.cookies.delete("amazon_eboekhouden_csrf")
    answer = admin.client.post(SKIP, data={"csrf": own, "why": "dubbel"}, headers=origin)
    assert answer.status_code == 403


def test_json_needs_the_header(admin: Browser) -> None:
    token, body = admin.token(), {"why": "dubbel"}
    refused = admin.client.post(SKIP, json=body, headers={"Origin": HOST})
    accepted = admin.client.post(SKIP, json=body, headers={"Origin": HOST, "X-AZB-CSRF": token})
    assert (refused.status_code, accepted.status_code) == (403, 409)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"csrf=x", 415),
        ("multipart/form-data; boundary=x", b"--x--", 415),
        ("application/json", b"[1]", 400),
        ("application/json", b"{", 400),
        ("application/x-www-form-urlencoded", b"\xff\xfe", 400),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 20_000, 413),
    ],
)
def test_other_bodies_are_refused(admin: Browser, kind: str, body: bytes, status: int) -> None:
    headers = {"Origin": HOST, "Content-Type": kind}
    assert admin.client.post(SKIP, content=body, headers=headers).status_code == status


def test_a_get_changes_nothing(admin: Browser) -> None:
    assert admin.get(SKIP).status_code == 405


def test_every_answer_carries_the_headers_and_no_page_needs_a_script(
    app: Any, admin: Browser, browser_of: Any
) -> None:
    answers = [admin.get(path) for method, path in routes(app) if method == "GET"]
    for answer in [*answers, admin.get("/nope"), browser_of(None).get("/")]:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert not re.search(r"<script|\sstyle=|\son\w+=|javascript:|https?://", answer.text)


def test_the_cookie_is_out_of_reach_of_others(admin: Browser) -> None:
    cookie = admin.get("/").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


PAYLOADS = [
    open_ + inner + close
    for open_, close in (("", ""), ('">', ""), ("'>", ""), ("</title>", ""), ("{{", "}}"))
    for inner in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "<a href='javascript:alert(1)'>x</a>",
        "<form action=https://evil.example><button>",
        "<style>*{display:none}</style>",
        "<base href=https://evil.example/>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "7*7",
        "<!--",
        "<math><mi xlink:href='javascript:alert(1)'>",
        "<details open ontoggle=alert(1)>",
        "<input autofocus onfocus=alert(1)>",
        "<body onload=alert(1)>",
        "\u202e<b>\u0000x</b>",
        "&lt;script&gt;",
        "<scr<script>ipt>alert(1)</script>",
        "<object data=evil.swf>",
        "<link rel=stylesheet href=//evil.example>",
    )
]


def test_a_hundred_payloads_stay_text(admin: Browser, sources: Any) -> None:
    assert len(PAYLOADS) == 100
    _book(sources)
    found = [
        Problem("vies-unanswered", f"order {text}", f"cause {text}", f"todo {text}", text)
        for text in PAYLOADS
    ]
    sources.ledger.record_order_problems("demo", found, considered=set())
    for number, text in enumerate(PAYLOADS[:20]):
        _spoil(sources, number, text)
    _spoil_the_rest(sources)
    pages = [f"/koppeling/demo/wacht?pagina={n}" for n in (1, 2)]
    pages += ["/", "/koppeling/demo/beslissen", "/koppeling/demo/afrekeningen"]
    pages += [f"/koppeling/demo/bestelling/{order_id(n)}" for n in range(20)]
    pages += [f"/koppeling/demo/proef?pagina={n}" for n in (1, 2)]
    pages += ["/verbindingen", "/koppeling/demo/activeren", "/koppeling/demo/afrekeningen/9"]
    pages += ["/koppeling/demo/afrekeningen/9/regels", "/koppeling/demo/instellingen"]
    shown = ""
    for path in pages:
        answer = admin.get(path)
        assert answer.status_code == 200, path
        text = answer.text
        shown += text
        tags = set(re.findall(r"<\s*([a-zA-Z]+)", text))
        forbidden = {"script", "img", "iframe", "style", "base", "math", "object", "b"}
        assert not tags & forbidden, (path, tags & forbidden)
        assert not re.search(r"<[^>]*\son\w+\s*=", text)
        assert not re.search(r'(href|action)="(?!/)[^#"]', text)
        assert "order 49" not in text
    # They are shown, not swallowed.
    for text in PAYLOADS[:10]:
        assert html.escape(f"cause {text}") in shown.replace("&#34;", "&quot;").replace(
            "&#39;", "&#x27;"
        )


def _spoil_the_rest(sources: Any) -> None:
    """What a preview, a statement, a file of Amazon and a person could say."""
    mutation = json.loads(order(1)[1].payload_json())
    found = {"at_utc": "2026-11-24T09:00:00+00:00", "what": "dag", "retry_after_utc": ""}
    found |= {"relations": 0, "already_booked": 0, "skipped": dict.fromkeys(PAYLOADS, 1)}
    found["mutations"] = [
        {
            "row": f"order {text}",
            "mutation": mutation
            | {"description": text, "invoice_number": text, "relation_code": text, "kind": text},
        }
        for text in PAYLOADS
    ]
    found["problems"] = [
        {"code": text, "row": text, "cause": text, "todo": text, "order_id": ""}
        for text in PAYLOADS[:20]
    ]
    with sources.runtime("demo", preview=True) as runtime:
        runtime.staging.write_checkpoint("demo/orders/preview", found)
        header = (
            "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount"
            "\tcurrency\ttransaction-type\torder-id\tamount-type\tamount-description\tamount"
            "\tposted-date\tsku"
        )
        total = "9\t01.11.2026 00:00:00 UTC\t15.11.2026 00:00:00 UTC\t16.11.2026 00:00:00 UTC"
        rows = [f"{total}\t{len(PAYLOADS)},00\tEUR" + "\t" * 7]
        rows += [f"9\t\t\t\t\t\t{t}\t{t}\t{t}\t{t}\t1,00\t02.11.2026\t{t}" for t in PAYLOADS]
        file_hash = runtime.archive.put("\n".join([header, *rows]).encode())
    lines = [{"section": t, "line": t, "rows": 1, "cents": 1} for t in PAYLOADS]
    sources.ledger.settlements.record(
        SELLER,
        "9",
        coupling="demo",
        state="waiting",
        file_hash=file_hash,
        total_cents=100,
        currency="EUR",
        totals={"summary": {"lines": lines}, "charset": "utf-8"},
    )
    for text in PAYLOADS:
        for subject in ("coupling:demo", f"settlement:{SELLER}:9", f"order:demo:{order_id(1)}"):
            sources.ledger.decisions.record(subject, Choice.REJECT, who=text, why=text)
    sources.ledger.couplings.activate("demo", active=False, reason=PAYLOADS[0])


def _book(sources: Any) -> None:
    remote = FakeRemote(Variant(), time.monotonic, deadline_s=30)
    bookings = [booking for number in range(20) for booking in order(number)]
    assert sources.ledger.book(ADMIN, COUPLING, bookings, remote).problems == []


def _spoil(sources: Any, number: int, text: str) -> None:
    """What the books or Amazon could have put into every free text of a booking."""
    from amazon_eboekhouden.ledger.schema import intent
    from sqlalchemy import update

    values = {
        "state": "NEEDS_HUMAN",
        "reason": text,
        "evidence": text,
        "row": text,
        "invoice_number": f"{text}{number}",
        "remote_id": text,
    }
    mine = (intent.c.order_id == order_id(number)) & (intent.c.kind == "INV")
    with sources.ledger.engine.begin() as connection:
        connection.execute(update(intent).where(mine).values(**values))
