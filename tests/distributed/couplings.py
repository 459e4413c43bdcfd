"""Couplings by the hundred: each a seller of its own and an administration of its own."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from amazon_eboekhouden.adapters.amazon import INCLUDED_DATA
from amazon_eboekhouden.config.couplings import SHIPPED

HOUR = datetime(2026, 6, 10, 13, tzinfo=UTC)
WINDOW = {"from": "2026-06-10T13:00:00Z", "to": "2026-06-10T14:00:00Z"}
SEED = {"seed": 9, "from": "2026-06-01", "to": "2026-06-11", "refunded": 0.0, "unshipped": 0.0}


@dataclass(frozen=True)
class Shop:
    """One coupling: names and credentials, all derived from its number."""

    number: int

    @property
    def name(self) -> str:
        return f"shop{self.number:04d}"

    @property
    def seller(self) -> str:
        return f"A3SELLER{self.number:06d}"

    @property
    def guid(self) -> str:
        return "{" + str(uuid.UUID(int=0xD15 << 100 | self.number)).upper() + "}"

    @property
    def code_2(self) -> str:
        return "{" + str(uuid.UUID(int=0xC0DE << 100 | self.number)).upper() + "}"

    @property
    def code_1(self) -> str:
        return f"{self.number:032x}"

    @property
    def client_secret(self) -> str:
        return "sandbox-secret"

    @property
    def refresh_token(self) -> str:
        return f"Atzr|{self.name}"

    def settings(self, public: str) -> str:
        """Its file, from the shipped one."""
        text = (SHIPPED / "demo.yaml").read_text().replace("http://127.0.0.1:8103", public)
        text = text.replace("name: demo", f"name: {self.name}")
        text = text.replace("amazon_demo", f"amazon_{self.name}")
        return text.replace("eboekhouden_demo", f"eboekhouden_{self.name}")

    def connections(self, amazon: str, books: str) -> dict[str, Any]:
        """Both, in the form of `airflow connections import`."""
        return {
            f"amazon_{self.name}": {
                "conn_type": "amazon_selling_partner",
                "login": "sandbox-client",
                "password": self.client_secret,
                "host": amazon,
                "extra": {
                    "refresh_token_secret": self.refresh_token,
                    "seller_id": self.seller,
                },
            },
            f"eboekhouden_{self.name}": {
                "conn_type": "eboekhouden",
                "login": f"user-{self.name}",
                "password": self.code_1,
                "host": f"{books}/soap.asmx",
                "extra": {"security_code_2_secret": self.code_2},
            },
        }


def shops(many: int) -> list[Shop]:
    return [Shop(number) for number in range(1, many + 1)]


def write(folder: Path, couplings: Sequence[Shop], public: str) -> None:
    folder.mkdir(parents=True)
    for shop in couplings:
        (folder / f"{shop.name}.yaml").write_text(shop.settings(public))


def make_orders(
    amazon: str, couplings: Sequence[Shop], each: int
) -> dict[str, list[dict[str, Any]]]:
    """A few orders of the hour per seller, from the generator's; per seller id."""
    post(f"{amazon}/control/seed", SEED | {"orders": len(couplings) * each * 2})
    shipped = [one for one in _all_orders(amazon) if _status(one) == "SHIPPED"]
    dealt: dict[str, list[dict[str, Any]]] = {}
    for number, shop in enumerate(couplings):
        own = shipped[number * each : (number + 1) * each]
        if len(own) < each:
            raise RuntimeError(f"only {len(shipped)} orders were generated")
        dealt[shop.seller] = [_of_this_hour(order, n, each) for n, order in enumerate(own)]
    return dealt


def _status(order: Mapping[str, Any]) -> str:
    return str((order.get("fulfillment") or {}).get("fulfillmentStatus", ""))


def _of_this_hour(order: Mapping[str, Any], number: int, each: int) -> dict[str, Any]:
    moved = copy.deepcopy(dict(order))
    moment = HOUR + timedelta(minutes=5 + 50 * number / each)
    moved["lastUpdatedTime"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return moved


def _all_orders(amazon: str) -> list[dict[str, Any]]:
    """Through Amazon's own door, as the default seller."""
    client = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    grant = {"grant_type": "refresh_token", "refresh_token": "Atzr|sandbox", **client}
    token = httpx.post(f"{amazon}/auth/o2/token", data=grant).json()["access_token"]
    asked = {"lastUpdatedAfter": "2026-06-01T00:00:00Z", "maxResultsPerPage": "100"}
    asked["includedData"] = ",".join(INCLUDED_DATA)
    found: list[dict[str, Any]] = []
    while True:
        answer = httpx.get(
            f"{amazon}/orders/2026-01-01/orders",
            params=asked,
            headers={"x-amz-access-token": token},
            timeout=60,
        )
        answer.raise_for_status()
        page = answer.json()
        found += page["orders"]
        if not (following := (page.get("pagination") or {}).get("nextToken")):
            return found
        asked["paginationToken"] = following


def open_shops(
    amazon: str, books: str, couplings: Sequence[Shop], orders: Mapping[str, list[dict[str, Any]]]
) -> None:
    """Both sandboxes as they were before anybody booked anything."""
    for url in (amazon, books):
        post(f"{url}/control/reset")
    post(f"{amazon}/control/options", {"oldest_order_days": 36_500})
    grants = [
        {
            "seller_id": shop.seller,
            "refresh_token": shop.refresh_token,
            "client_secret": shop.client_secret,
        }
        for shop in couplings
    ]
    post(f"{amazon}/control/credentials", grants)
    for shop in couplings:
        post(f"{amazon}/control/orders?seller={shop.seller}", orders[shop.seller])
        administration = {
            "username": f"user-{shop.name}",
            "security_code_1": shop.code_1,
            "security_code_2": shop.code_2,
            "guid": shop.guid,
            "company": shop.name,
        }
        post(f"{books}/control/administrations", administration)


def journals(books: str, couplings: Sequence[Shop]) -> dict[str, list[str]]:
    """Every posting line per coupling, by content: numbers of mutations are left out."""
    found = {}
    for shop in couplings:
        url = f"{books}/control/journal?administration={shop.guid}"
        lines = httpx.get(url, timeout=60).json()
        found[shop.name] = sorted(
            json.dumps({k: v for k, v in line.items() if k != "mutation_number"}, sort_keys=True)
            for line in lines
        )
    return found


def post(url: str, body: Any = None) -> None:
    httpx.post(url, json=body, timeout=120).raise_for_status()
