"""The dashboard over a ledger of its own, as different Airflow users see it."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden.config.couplings import SHIPPED
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.bookings import Booking, BookingKind
from amazon_eboekhouden.domain.problems import problem
from sqlalchemy import update

from tests.ledger.world import ADMIN, COUPLING, fees, natural, order, payment
from tests.torture.remote import FakeRemote, Variant

SELLER = "A3SANDBOXSELLER"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOST = "http://testserver"
HELD = "302-1111111-2222222"
AIRFLOW_WARNINGS = [
    pytest.mark.filterwarnings("ignore:Using `httpx` with"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:airflow"),
    pytest.mark.filterwarnings("ignore:The HMAC key is"),
]


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


@pytest.fixture
def remote() -> FakeRemote:
    return FakeRemote(Variant(), time.monotonic, deadline_s=30)


@pytest.fixture
def booked(sources: Any, remote: FakeRemote) -> Any:
    """Two orders of 12.10, one of them paid by settlement 9, whose fees are 3.00."""
    rates = {"rates": [{"rate": "21", "net_cents": 1000, "vat_cents": 210, "gross_cents": 1210}]}
    rates["rates"][0] |= {"code": "HOOG_VERK_21", "country": "NL", "why": "Amazon's VAT cents"}
    bookings: list[Booking] = []
    for number in (1, 2):
        relation, sale = order(number)
        bookings += [relation, _with_facts(sale, rates)]
    bookings += [payment(1), fees()]
    assert sources.ledger.book(ADMIN, COUPLING, bookings, remote).problems == []
    days = {"start_date": date(2026, 11, 1), "end_date": date(2026, 11, 15)}
    sources.ledger.settlements.record(
        SELLER, "9", coupling="demo", state="booked", total_cents=910, currency="EUR", **days
    )
    return sources


def _with_facts(sale: Booking, facts: dict[str, Any]) -> Booking:
    return Booking(
        sale.kind,
        sale.natural,
        sale.payload,
        sale.depends_on,
        sale.row,
        sale.order_id,
        facts=facts,
    )


def hold(sources: Any, order_id: str = HELD) -> None:
    found = problem("registration-missing", f"order {order_id}", order_id=order_id, country="DE")
    sources.ledger.record_order_problems("demo", [found], considered=set())


def spoil(sources: Any, number: int, state: str, reason: str = "") -> None:
    from amazon_eboekhouden.ledger.schema import intent

    mine = (intent.c.natural == natural(number)) & (intent.c.kind == BookingKind.INVOICE.value)
    with sources.ledger.engine.begin() as connection:
        changed = connection.execute(update(intent).where(mine).values(state=state, reason=reason))
        assert changed.rowcount == 1
    sources.ledger.refresh_problems(ADMIN, COUPLING)
