"""What the tests of the adapters share: credentials, patience, handles on the servers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from amazon_eboekhouden.adapters.amazon import AmazonCredentials, AmazonSeller
from amazon_eboekhouden.adapters.eboekhouden import EBoekhoudenCredentials
from amazon_eboekhouden.adapters.retrying import Patience

ONCE = Patience(attempts=1)
QUICK = Patience(attempts=3, first_wait_s=0.001, longest_wait_s=0.002, short_wait_s=0.0)
CODE_1 = "0123456789abcdef0123456789abcdef"
CODE_2 = "{A1B2C3D4-0000-4000-8000-000000000001}"


@dataclass
class Sandbox:
    """A running sandbox and its control verbs."""

    url: str

    def control(self, verb: str, body: Any = None) -> Any:
        answer = httpx.post(f"{self.url}/control/{verb}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def fault(self, operation: str, kind: str, **more: Any) -> None:
        self.control("faults", [{"operation": operation, "kind": kind, **more}])

    def calls(self) -> dict[str, int]:
        counted: dict[str, int] = httpx.get(f"{self.url}/control/calls").json()["calls"]
        return counted

    def journal(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = httpx.get(f"{self.url}/control/journal").json()
        return lines


def amazon_credentials(url: str, **other: Any) -> AmazonCredentials:
    known = {
        "seller_id": "A3SANDBOXSELLER",
        "lwa_client_id": "sandbox-client",
        "lwa_client_secret": "sandbox-secret",
        "refresh_token": "Atzr|sandbox",
        "endpoint": url,
        "login_url": f"{url}/auth/o2/token",
    }
    return AmazonCredentials(**{**known, **other})


def books_credentials(url: str, **other: Any) -> EBoekhoudenCredentials:
    known = {
        "username": "sandbox",
        "security_code_1": CODE_1,
        "security_code_2": CODE_2,
        "url": f"{url}/soap.asmx",
    }
    return EBoekhoudenCredentials(**{**known, **other})


@dataclass
class Asked:
    """One request that the answering server got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answering:
    """A server that answers what `answer` returns: status, headers, body."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], tuple[int, dict[str, str], bytes]] = lambda _asked: (200, {}, b"")


NL, BE = "A1805IZSGTT6HS", "AMEN7PMS3EDWL"
WINDOW = {
    "last_updated_after": datetime(2026, 9, 1, tzinfo=UTC),
    "last_updated_before": datetime(2026, 11, 1, tzinfo=UTC),
    "marketplace_ids": [NL, BE],
}


def order(number: int, marketplace: str = NL) -> dict:
    at = (datetime(2026, 9, 2, tzinfo=UTC) + timedelta(seconds=number)).isoformat()
    return {
        "orderId": f"405-0000000-{number:07d}",
        "createdTime": at.replace("+00:00", "Z"),
        "lastUpdatedTime": at.replace("+00:00", "Z"),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": marketplace},
        "fulfillment": {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"},
        "proceeds": {"grandTotal": {"amount": "12.10", "currencyCode": "EUR"}},
        "orderItems": [],
    }


def all_pages(seller: AmazonSeller) -> list[dict]:
    orders, token = [], None
    while True:
        page = seller.search_orders(**WINDOW, pagination_token=token)
        orders += page.orders
        token = page.next_token
        if token is None:
            return orders
