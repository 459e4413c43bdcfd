"""The canaries: 25 secrets and 50 buyers, each a text that stands nowhere else in the world."""

from __future__ import annotations

import base64
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.distributed.couplings import Shop

SHOPS = 5
BUYERS_EACH = 10
INSTALL_KEY = b"InstallKanarieSleutel-0123456789"
FERNET_KEY = base64.urlsafe_b64encode(b"FernetKanarieSleutel-01234567890").decode()


@dataclass(frozen=True)
class CanaryShop(Shop):
    """A coupling whose every credential is a canary."""

    @property
    def code_1(self) -> str:
        return f"codeEENkanarie{self.number:02d}qzw0123456789"

    @property
    def code_2(self) -> str:
        return "{" + f"5EC2E7CA-0000-4000-8000-0CA0000000{self.number:02d}" + "}"

    @property
    def client_secret(self) -> str:
        return f"lwaKanarie{self.number:02d}secretqzw"

    @property
    def refresh_token(self) -> str:
        return f"Atzr|verversKanarie{self.number:02d}qzw"


@dataclass(frozen=True)
class RevokedShop(CanaryShop):
    """One whose credentials the services no longer accept."""

    @property
    def name(self) -> str:
        return f"revoked{self.number:04d}"


def shops() -> list[CanaryShop]:
    return [CanaryShop(number) for number in range(1, SHOPS + 1)]


REVOKED = RevokedShop(90)


def secrets() -> dict[str, bytes]:
    """25 of them: four of each coupling, three revoked ones, the two keys."""
    found: dict[str, bytes] = {}
    for shop in shops():
        found[f"{shop.name} code 1"] = shop.code_1.encode()
        found[f"{shop.name} code 2"] = shop.code_2.strip("{}").encode()
        found[f"{shop.name} client secret"] = shop.client_secret.encode()
        found[f"{shop.name} refresh token"] = shop.refresh_token.removeprefix("Atzr|").encode()
    found["revoked code 1"] = REVOKED.code_1.encode()
    found["revoked code 2"] = REVOKED.code_2.strip("{}").encode()
    found["revoked refresh token"] = REVOKED.refresh_token.removeprefix("Atzr|").encode()
    found["install key"] = INSTALL_KEY
    found["Airflow's Fernet key"] = FERNET_KEY.encode()
    return found


def buyers() -> dict[str, bytes]:
    """50 of them, ten per coupling."""
    every = range(1, SHOPS * BUYERS_EACH + 1)
    return {f"buyer {number}": word_of(number).encode() for number in every}


def word_of(buyer: int) -> str:
    return f"Koper{buyer:02d}Qzwx"


def order_of(template: Mapping[str, Any], buyer: int, number: int) -> dict[str, Any]:
    """An order of a buyer who is named in every field that can name anybody."""
    word = word_of(buyer)
    order = copy.deepcopy(dict(template))
    order["orderId"] = f"404-{buyer:07d}-{number:07d}"
    order["buyer"] = {
        **(order.get("buyer") or {}),
        "buyerName": f"Kim {word}",
        "buyerEmail": f"{word}@marketplace.amazon.example",
        "buyerCompanyName": f"{word} Handel",
        "buyerPurchaseOrderNumber": f"PO {word}",
    }
    recipient = order.setdefault("recipient", {})
    address = recipient.setdefault("deliveryAddress", {})
    address |= {
        "name": f"Kim {word}",
        "companyName": f"{word} Handel",
        "addressLine1": f"{word}straat {buyer}",
        "addressLine2": f"achter {word}",
        "city": f"{word}dorp",
        "postalCode": f"{word}",
        "phone": f"06 {word}",
    }
    recipient["deliveryPreference"] = {"dropOffLocation": f"bij {word}"}
    return order
