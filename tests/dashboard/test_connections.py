"""The page of connections: each is tested with one press, and the wrong field is named."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from amazon_eboekhouden.config.connections import Connection

from tests.dashboard.conftest import AIRFLOW_WARNINGS, Browser
from tests.dashboard.test_activation import Services, services

__all__ = ["services"]
pytestmark = AIRFLOW_WARNINGS
SECRETS = ("sandbox-secret", "Atzr|sandbox", "0123456789abcdef0123456789abcdef", "A1B2C3D4-0000")


def tried(admin: Browser, conn_id: str) -> str:
    answer = admin.post(f"/verbindingen/{conn_id}/test")
    assert answer.status_code == 200
    text = html.unescape(answer.text)
    assert [secret for secret in SECRETS if secret in text] == []
    return text


def test_both_connections_of_a_coupling_are_listed_and_accepted(
    admin: Browser, services: Services
) -> None:
    page = admin.get("/verbindingen").text
    assert "amazon_demo" in page
    assert "Gebruikt door demo" in page
    assert "Amazon accepteert deze gegevens." in tried(admin, "amazon_demo")
    assert "Verbonden met administratie" in tried(admin, "eboekhouden_demo")


def without_end(secret: str) -> str:
    return secret[:-3]


@pytest.mark.parametrize(
    ("conn_id", "change", "named"),
    [
        ("eboekhouden_demo", {"login": "piet"}, "Gebruikersnaam ziet er anders uit"),
        ("eboekhouden_demo", {"password": "0123456789abcdef"}, "Beveiligingscode 1 ziet er"),
        ("eboekhouden_demo", {"security_code_2_secret": without_end}, "Beveiligingscode 2 ziet er"),
        ("amazon_demo", {"login": "een-ander"}, "LWA client id"),
        ("amazon_demo", {"password": "een-ander"}, "LWA client secret"),
        ("amazon_demo", {"refresh_token_secret": "Atzr|een-ander"}, "weigert Refresh token"),
    ],
)
def test_what_is_wrong_is_named(
    admin: Browser,
    services: Services,
    conn_id: str,
    change: dict[str, str | Callable[[str], str]],
    named: str,
) -> None:
    services.sources.connections = lambda name: changed(services.connection(name), change)
    assert named in tried(admin, conn_id)


def changed(right: Connection, change: dict[str, Any]) -> Connection:
    (name, value), *_ = change.items()
    if name in ("login", "password"):
        return replace(right, **{name: value})
    value = value(str(right.extra[name])) if callable(value) else value
    return replace(right, extra={**right.extra, name: value})


def test_what_does_not_exist_is_said(admin: Browser, services: Services) -> None:
    assert admin.post("/verbindingen/onbekend/test").status_code == 404
    services.sources.connections = lambda name: None
    assert "Airflow kent deze verbinding niet" in tried(admin, "amazon_demo")
