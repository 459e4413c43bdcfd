"""A year with stock in three countries, as a seller sees it who knows where each parcel left.

The orders come from the Amazon sandbox over HTTP; the shipment reports are played by the truth.
Without a registration abroad nothing from there may be booked (accounting rules 5.7); with one,
local sales, OSS sales from abroad and exports each have a place of their own. YEAR_ORDERS=20000
makes the year as large as a busy seller's.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import httpx
import pandas as pd
import pytest
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.invoices import Bookables, invoices
from amazon_eboekhouden.domain.orders import orders_from_json
from amazon_eboekhouden.domain.sale_kinds import ViesAnswer
from amazon_eboekhouden.domain.shipments import Shipment

from tests.shown_orders import shown_orders

FROM, TO = "2025-11-01T00:00:00Z", "2026-11-01T00:00:00Z"
SEEN_UNTIL, NOW = "2026-12-01T00:00:00Z", "2026-12-05T12:00:00Z"
OSS_VAT = {
    "BE": "1640", "DE": "1641", "FR": "1642", "IT": "1643", "ES": "1644", "AT": "1645",
    "PL": "1646", "SE": "1647", "IE": "1648", "DK": "1649", "CZ": "1662", "GR": "1664",
    "LU": "1668", "FI": "1670", "NL": "1672", "PT": "1673",
}  # fmt: skip
LOCAL_VAT = {"DE": "1691", "PL": "1696"}
INSTALL_KEY = b"a year with stock abroad"
ORDERS = int(os.environ.get("YEAR_ORDERS", "700"))


@dataclass(frozen=True)
class Seller:
    truth: dict[str, dict[str, Any]]
    raw: list[dict[str, Any]]

    def book(self, registrations: dict[str, str]) -> tuple[Bookables, dict[str, str]]:
        """What becomes of the orders, and the code per order that is held."""
        settings = _settings(registrations)
        shipments = {
            order_id: Shipment(datetime.fromisoformat(one["shipped_utc"]), one["ship_from"])
            for order_id, one in self.truth.items()
            if one["fulfilled_by"] == "AMAZON" and "shipped_utc" in one
        }
        read = orders_from_json(self.raw, settings, shipments=shipments)
        vies = {
            one["vat_number"]: ViesAnswer(one["vat_number_valid"], date(2026, 1, 1), "WAPI1")
            for one in self.truth.values()
            if one["vat_number_valid"]
        }
        in_euros = read.orders[read.orders["currency"] == "EUR"]
        found = invoices(
            in_euros,
            read.lines,
            settings,
            install_key=INSTALL_KEY,
            booked=BOOKED.empty(),
            rates=None,
            vies=vies,
        )
        return found, {p.order_id: p.code for p in [*read.problems, *found.problems]}

    def of(self, *expected: str) -> list[dict[str, Any]]:
        chosen = self.truth.values()
        return [o for o in chosen if o["expected"] in expected and o["currency"] == "EUR"]


def _settings(registrations: dict[str, str]) -> CouplingSettings:
    places = ["NL", "BE", "DE", "FR", "IT", "ES", "IE", "SE", "PL", "UK", "TR"]
    return CouplingSettings(
        name="abroad",
        seller={
            "connection": "amazon",
            "marketplaces": places,
            "stock_in": ["NL", "DE", "PL"],
            "vat": {"registrations": registrations},
        },
        books={"connection": "books", "go_live": date(2025, 1, 1)},
    )


@pytest.fixture(scope="module")
def seller(sandboxes: tuple[str, str, str]) -> Seller:
    amazon = sandboxes[0]
    with httpx.Client(base_url=amazon, timeout=600) as http:
        http.post("/control/reset").raise_for_status()
        http.post("/control/clock", json={"now": NOW}).raise_for_status()
        http.post("/control/options", json={"rate_scale": 1e6}).raise_for_status()
        wishes = {"seed": 12, "orders": ORDERS, "profile": "year", "stock": ["NL", "DE", "PL"]}
        # One in three buyers is a business, so that those from abroad come several times.
        http.post(
            "/control/seed", json={**wishes, "business": 0.3, "from": FROM, "to": TO}
        ).raise_for_status()
        truth = {o["order_id"]: o for o in http.get("/control/truth").json()["orders"]}
    orders = shown_orders(amazon, lastUpdatedAfter=FROM, lastUpdatedBefore=SEEN_UNTIL)
    return Seller(truth, orders)


def test_without_a_registration_nothing_from_abroad_is_booked(seller: Seller) -> None:
    found, held = seller.book({})
    booked = set(found.mutations["order_id"])
    from_home = {o["order_id"] for o in seller.of("booked") if o["ship_from"] == "NL"}
    from_abroad = [o for o in seller.of("booked", "held") if o["ship_from"] != "NL"]
    assert booked == from_home
    assert len(from_abroad) > 100
    assert {one["expected"] for one in from_abroad} == {"held"}
    for order in from_abroad:
        wanted = {"abeu": "sold-to-amazon-business"}.get(order["sale_kind"], "registration-missing")
        assert held[order["order_id"]] == wanted, order


def _booked_with_registrations(order: dict[str, Any]) -> bool:
    if order["sale_kind"] == "local_abroad":
        return True
    if order["expected"] == "held" and order["reason"] != "no_registration_where_stock_is":
        return False
    # A supply at 0 % from abroad to a business belongs in the return of the country it left.
    return order["ship_from"] == "NL" or order["sale_kind"] != "intra_community"


def test_with_registrations_exactly_what_can_be_decided_is_booked(seller: Seller) -> None:
    found, _ = seller.book({"DE": "DE136695976", "PL": "PL8567346215"})
    orders = seller.of("booked", "held")
    wanted = {o["order_id"] for o in orders if _booked_with_registrations(o)}
    kinds = Counter((o["sale_kind"], o["ship_from"] != "NL") for o in orders)
    for kind in ("local_abroad", "oss", "export", "intra_community"):
        assert kinds[kind, True], kinds
    assert set(found.mutations["order_id"]) == wanted


def test_vat_from_abroad_stands_on_the_account_of_its_country(seller: Seller) -> None:
    found, _ = seller.book({"DE": "DE136695976", "PL": "PL8567346215"})
    lines = found.mutation_lines.merge(found.mutations[["booking", "order_id", "facts"]])
    by_order = dict(list(lines.groupby("order_id")))
    for order in seller.of("booked", "held"):
        if order["ship_from"] == "NL" or not _booked_with_registrations(order):
            continue
        own = by_order[order["order_id"]]
        wanted = Counter[str]()
        revenue = "8060"
        if order["sale_kind"] == "local_abroad":
            for vat in order["vat"]:
                wanted[LOCAL_VAT[order["ship_from"]]] += vat["vat_cents"]
        elif order["sale_kind"] == "oss":
            revenue = "8020"
            for vat in order["vat"]:
                wanted[OSS_VAT[vat["country"]]] += vat["vat_cents"]
        elif order["sale_kind"] == "facilitator":
            revenue = "8050"
        assert _of(own, "16") == wanted, order
        assert set(own.loc[own["account"].str.startswith("80"), "account"]) == {revenue}, order
        assert set(own["vat_code"]) == {"GEEN"}
        assert own["gross_cents"].sum() == order["gross_cents"]
        facts = json.loads(own["facts"].iloc[0])
        assert facts["ship_from"] == order["ship_from"], "an OSS return names the departure"


def _of(lines: pd.DataFrame, prefix: str) -> Counter[str]:
    found = Counter[str]()
    for account, cents in zip(lines["account"], lines["gross_cents"], strict=True):
        if account.startswith(prefix):
            found[account] += int(cents)
    return found
