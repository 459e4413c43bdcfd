"""The dashboard over a ledger of its own, as different Airflow users see it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden.config.couplings import SHIPPED
from amazon_eboekhouden.config.environment import environment_of

from tests.ledger.world import ADMIN

SELLER = "A3SANDBOXSELLER"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOST = "http://testserver"


@dataclass
class Browser:
    """A person with the dashboard open."""

    client: Any

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, follow_redirects=False, **options)

    def token(self) -> str:
        """The token of the first page; the cookie comes along."""
        found = re.search(r'name="csrf-token" content="([0-9a-f]{64})"', self.get("/").text)
        assert found
        return found[1]

    def post(self, path: str, origin: str = HOST, **fields: str) -> Any:
        """A form of our own page, as a browser sends it."""
        form = {"csrf": self.token(), **fields}
        return self.client.post(path, data=form, headers={"Origin": origin}, follow_redirects=False)


@pytest.fixture(scope="session")
def airflow() -> None:
    """Airflow's own database, and its simple login."""
    from airflow.api_fastapi.app import create_auth_manager
    from airflow.utils.db import initdb

    initdb()
    create_auth_manager()


@pytest.fixture
def sources(airflow: None, tmp_path: Path) -> Iterator[Any]:
    from amazon_eboekhouden.config.connections import SANDBOX_CONNECTIONS
    from amazon_eboekhouden.provider.dashboard.sources import Sources

    (tmp_path / "couplings").mkdir()
    shutil.copy(SHIPPED / "demo.yaml", tmp_path / "couplings")
    names = ("COUPLINGS", "STAGING", "ARCHIVE", "KEY_FILE")
    values = {f"AMAZON_EBOEKHOUDEN_{name}": str(tmp_path / name.lower()) for name in names}
    values["AMAZON_EBOEKHOUDEN_LEDGER_URL"] = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    made = Sources(environment_of(values), SANDBOX_CONNECTIONS.get, now_utc=lambda: NOW)
    made.ledger.bind("demo", ADMIN, SELLER)
    yield made
    made.ledger.close()


@pytest.fixture
def app(sources: Any) -> Any:
    from amazon_eboekhouden.provider.dashboard.app import create_app

    return create_app(sources)


@pytest.fixture
def browser_of(app: Any) -> Iterator[Any]:
    """A browser per role, logged in with a token of Airflow's own login."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient

    opened = []

    def browser(role: str | None) -> Browser:
        client = TestClient(app, base_url=HOST)
        opened.append(client)
        if role:
            user = SimpleAuthManagerUser(username=f"{role}-anna", role=role.upper())
            client.cookies.set("_token", get_auth_manager().generate_jwt(user))
        return Browser(client)

    yield browser
    for client in opened:
        client.close()


@pytest.fixture
def admin(browser_of: Any) -> Browser:
    return browser_of("admin")
