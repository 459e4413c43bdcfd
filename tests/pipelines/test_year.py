"""A seller's year in Europe through the command line: what is booked and what is held.

Every expectation is worked out here from the generator's truth, with arithmetic of its own: the
product's tables and roundings are not asked. Eleven marketplaces, five currencies, every kind of
sale. YEAR_ORDERS=20000 makes the year as large as a busy seller's.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import yaml
from amazon_eboekhouden import cli
from amazon_eboekhouden.config.couplings import SHIPPED

from tests.pipelines.conftest import amazon_connection, books_connection

FROM, TO = "2025-11-01T00:00:00Z", "2026-11-01T00:00:00Z"
# The last orders ship in November; the sandbox's clock stands later still.
SEEN_UNTIL, NOW = "2026-12-01T00:00:00Z", "2026-12-05T12:00:00Z"
ORDERS = int(os.environ.get("YEAR_ORDERS", "400"))
# The large year takes its time: a quarter of a second per order, and twenty minutes at 20,000.
pytestmark = pytest.mark.timeout(max(600, ORDERS // 4))
OSS_VAT = {
    "BE": "1640", "DE": "1641", "FR": "1642", "IT": "1643", "ES": "1644", "AT": "1645",
    "PL": "1646", "SE": "1647", "IE": "1648", "DK": "1649", "CZ": "1662", "GR": "1664",
    "LU": "1668", "FI": "1670", "PT": "1673",
}  # fmt: skip
# Sale kind and Dutch rate to (revenue, shipping); the rates of elsewhere don't matter.
REVENUE = {
    ("domestic", "21"): ("8000", "8100"),
    ("domestic", "9"): ("8010", "8100"),
    ("oss", ""): ("8020", "8120"),
    ("intra_community", ""): ("8030", "8120"),
    ("export", ""): ("8040", "8120"),
    ("facilitator", ""): ("8050", "8120"),
}
HELD = {
    "no_registration_where_stock_is": "registration-missing",
    "vat_number_invalid": "vat-number-invalid",
    "vat_number_missing": "b2b-number-missing",
    "sold_to_amazon_business_eu": "sold-to-amazon-business",
}


@dataclass(frozen=True)
class Year:
    """What the generator knows, what the command said, and what stands in the books."""

    truth: dict[str, dict[str, Any]]
    report: dict[str, Any]
    journal: dict[str, list[dict[str, str]]]
    rates: dict[str, dict[str, Decimal]]

    def expected(self, what: str) -> list[dict[str, Any]]:
        return [order for order in self.truth.values() if order["expected"] == what]

    def booked(self) -> list[dict[str, Any]]:
        """Orders that must be in the books and are; the other test tells when one is not."""
        return [o for o in self.expected("booked") if f"AMZ-{o['order_id']}" in self.journal]


def _settings(folder: Path, public: str, **vat: Any) -> None:
    demo = yaml.safe_load((SHIPPED / "demo.yaml").read_text())
    demo["books"]["go_live"] = date(2025, 1, 1)
    demo["seller"]["vat"] |= vat
    demo["services"] = {
        "ecb": f"{public}/ecb/eurofxref-hist.csv",
        "vies": f"{public}/vies/rest-api",
    }
    folder.mkdir()
    (folder / "demo.yaml").write_text(yaml.safe_dump(demo))


def _make(
    sandboxes: tuple[str, str, str], home: Path, basis: str, patch: pytest.MonkeyPatch
) -> Year:
    amazon, books, public = sandboxes
    with httpx.Client(timeout=600) as http:
        for url in sandboxes:
            http.post(f"{url}/control/reset").raise_for_status()
        http.post(f"{amazon}/control/clock", json={"now": NOW})
        http.post(f"{amazon}/control/options", json={"rate_scale": 1000.0})
        wishes = {"seed": 12, "orders": ORDERS, "profile": "year", "proceeds_basis": basis}
        made = http.post(f"{amazon}/control/seed", json={**wishes, "from": FROM, "to": TO})
        made.raise_for_status()
        truth = {o["order_id"]: o for o in http.get(f"{amazon}/control/truth").json()["orders"]}
        skus = _rates_by_sku(truth.values()) if basis != "exclusive" else {}
        _settings(home / "couplings", public, rates_by_sku=skus)
        patch.setenv("XDG_STATE_HOME", str(home / "state"))
        patch.setenv("AMAZON_EBOEKHOUDEN_COUPLINGS", str(home / "couplings"))
        patch.setenv("AIRFLOW_CONN_AMAZON_DEMO", amazon_connection(amazon))
        patch.setenv("AIRFLOW_CONN_EBOEKHOUDEN_DEMO", books_connection(books))
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            cli.main(["orders", "--from", FROM, "--to", SEEN_UNTIL, "--json"])
        journal = defaultdict(list)
        for line in http.get(f"{books}/control/journal").json():
            journal[line["invoice_number"]].append(line)
        history = http.get(f"{public}/ecb/eurofxref-hist.csv").text
    rates = {row["Date"]: row for row in csv.DictReader(io.StringIO(history))}
    return Year(truth, json.loads(printed.getvalue().splitlines()[-1]), dict(journal), rates)


def _rates_by_sku(orders: Any) -> dict[str, dict[str, str]]:
    """What a seller knows and Amazon does not say: the rate of each article in each country."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for order in orders:
        if order["sale_kind"] in ("domestic", "oss"):
            for item in order["items"]:
                found[item["sku"]][order["ship_to"]] = item["rate_percent"]
                if order["ship_to"] == "MC":
                    found[item["sku"]]["FR"] = item["rate_percent"]
    return {sku: {c: r for c, r in own.items() if c != "MC"} for sku, own in found.items()}


@pytest.fixture(scope="module", params=["exclusive", "mixed"])
def year(
    request: pytest.FixtureRequest,
    sandboxes: tuple[str, str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Year]:
    home = tmp_path_factory.mktemp("year")
    with pytest.MonkeyPatch.context() as patch:
        yield _make(sandboxes, home, request.param, patch)


def test_the_year_holds_every_kind_of_sale(year: Year) -> None:
    """A year without, say, exports would prove nothing about them."""
    kinds = Counter(order["sale_kind"] for order in year.expected("booked"))
    assert {kind for kind, _ in REVENUE} <= kinds.keys(), kinds
    assert {order["currency"] for order in year.expected("booked")} >= {"EUR", "GBP", "SEK"}


def test_what_is_held_is_exactly_what_must_be_held(year: Year) -> None:
    wanted = {o["order_id"]: HELD[o["reason"]] for o in year.expected("held")}
    found = {p["row"].removeprefix("order "): p["code"] for p in year.report["problems"]}
    assert found == wanted


def test_every_order_is_booked_skipped_or_held(year: Year) -> None:
    expected = Counter(order["expected"] for order in year.truth.values())
    report = year.report
    found = {"booked": report["booked"], "skipped": report["skipped"]}
    assert found == {name: expected[name] for name in found}
    wanted = {f"AMZ-{order['order_id']}" for order in year.expected("booked")}
    assert set(year.journal) - {""} == wanted
    assert report["unknown"] == 0


def test_each_invoice_has_its_own_total_and_date(year: Year) -> None:
    for order in year.booked():
        lines = year.journal[f"AMZ-{order['order_id']}"]
        debtors = [line for line in lines if line["account"] == "1300"]
        assert len(debtors) == 1, order
        assert _cents(debtors[0]) == _euros(order, year), order
        assert {line["date"] for line in lines} == {_local_day(order).isoformat()}, order


def test_each_invoice_has_its_vat_per_country_and_rate_to_the_cent(year: Year) -> None:
    for order in year.booked():
        wanted = Counter[str]()
        for vat, gross in zip(order["vat"], _gross_per_rate(order, year), strict=True):
            if order["sale_kind"] not in ("domestic", "oss"):
                assert vat["vat_cents"] == 0
                continue
            wanted[_vat_account(order, vat)] += _vat_inside(gross, Decimal(vat["rate_percent"]))
        lines = year.journal[f"AMZ-{order['order_id']}"]
        found = _sums(line for line in lines if line["account"].startswith("16"))
        if order["currency"] != "EUR" and len(order["vat"]) > 1:
            # The truth does not hold the single lines over which the euros are divided.
            assert found.keys() == wanted.keys()
            assert abs(found.total() - wanted.total()) <= 1, order
        else:
            assert found == +wanted, order


def test_each_invoice_in_euros_has_its_revenue_on_the_right_accounts(year: Year) -> None:
    for order in year.booked():
        if order["currency"] != "EUR":
            continue
        wanted = Counter[str]()
        for line in order["lines"]:
            wanted[_line_account(order, line)] += line["net_cents"]
        lines = year.journal[f"AMZ-{order['order_id']}"]
        found = _sums(line for line in lines if line["account"].startswith("8"))
        assert found == Counter({k: v for k, v in wanted.items() if v}), order


def test_the_totals_per_account_are_those_of_the_truth(year: Year) -> None:
    """Orders in other currencies are converted, so only euros are added up here."""
    wanted, found = Counter[str](), Counter[str]()
    for order in year.booked():
        if order["currency"] == "EUR":
            wanted["1300"] -= order["gross_cents"]
            for vat in order["vat"]:
                wanted[_vat_account(order, vat)] += vat["vat_cents"]
            for line in order["lines"]:
                wanted[_line_account(order, line)] += line["net_cents"]
            found.update(_sums(year.journal[f"AMZ-{order['order_id']}"]))
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in wanted.items() if v}


def _sums(lines: Any) -> Counter[str]:
    """Credit per account."""
    found = Counter[str]()
    for line in lines:
        found[line["account"]] -= _cents(line)
    return Counter({account: cents for account, cents in found.items() if cents})


def _cents(line: dict[str, str]) -> int:
    return int((Decimal(line["debit"] or 0) - Decimal(line["credit"] or 0)) * 100)


def _local_day(order: dict[str, Any]) -> date:
    shipped = datetime.fromisoformat(order["shipped_utc"])
    return shipped.astimezone(ZoneInfo("Europe/Amsterdam")).date()


def _euros(order: dict[str, Any], year: Year) -> int:
    if order["currency"] == "EUR":
        return int(order["gross_cents"])
    day = _local_day(order)
    while day.isoformat() not in year.rates:
        day -= timedelta(days=1)
    rate = Decimal(year.rates[day.isoformat()][order["currency"]])
    return int((order["gross_cents"] / rate).quantize(Decimal(1), ROUND_HALF_UP))


def _gross_per_rate(order: dict[str, Any], year: Year) -> list[int]:
    """The euro total over the rates in the ratio of what was paid, the rest to the last."""
    parts = [vat["gross_cents"] for vat in order["vat"]]
    total = _euros(order, year)
    shares = [total * part // sum(parts) for part in parts[:-1]]
    return [*shares, total - sum(shares)]


def _vat_inside(gross: int, percent: Decimal) -> int:
    exact = gross * percent / (100 + percent)
    return int(exact.copy_abs().quantize(Decimal(1), ROUND_HALF_UP).copy_sign(exact))


def _vat_account(order: dict[str, Any], vat: dict[str, Any]) -> str:
    if order["sale_kind"] == "domestic":
        return {"21": "1630", "9": "1631"}[vat["rate_percent"]]
    return OSS_VAT.get(vat["country"], "none")


def _line_account(order: dict[str, Any], line: dict[str, Any]) -> str:
    rate = line["rate_percent"] if order["sale_kind"] == "domestic" else ""
    revenue, shipping = REVENUE[order["sale_kind"], rate]
    return {"goods": revenue, "shipping": shipping, "gift_wrap": "8110", "discount": "8190"}[
        line["kind"]
    ]
