"""A generated year: every marketplace, every kind of sale, and settlements that carry on."""

import csv
import itertools
import resource

import pytest

from tests.sandbox.amazon.conftest import SHARED
from tests.sandbox.amazon.test_generator import amount, files, read

VOCABULARY = SHARED / "settlements" / "vocabulary_seen.csv"
YEAR = {
    "profile": "year",
    "seed": 21,
    "orders": 6000,
    "from": "2025-11-15",
    "to": "2026-11-15",
    "stock": ["NL", "DE", "PL"],
}


@pytest.fixture(scope="module")
def year(shared_seller):
    seller = shared_seller
    # Every settlement is over by then, and those long past are listed when they are made.
    seller.clock(now="2027-02-20T00:00:00Z")
    seller.control("seed", YEAR)
    return seller


def test_a_years_settlements_add_up_in_every_local_format(year):
    truth = {one["settlement_id"]: one for one in year.truth()["settlements"]}
    seen: dict[str, str] = {}
    for _, text in files(year):
        head, rows = read(text)
        own = truth.pop(head["settlement-id"])
        total = sum(amount(row["amount"]) for row in rows)
        assert total == amount(head["total-amount"])
        assert total * 100 == own["total_cents"]
        seen[own["marketplace"]] = head["settlement-start-date"][:10] + head["total-amount"][-3]
        parts = own["payments_cents"] + own["refunds_cents"] + own["fees_cents"]
        assert parts + own["balances_cents"] == own["total_cents"]
    assert not truth, "every settlement is listed"
    assert len(seen) == 11
    assert {text[-1] for text in seen.values()} == {",", "."}
    assert {text[2] for text in seen.values()} >= {".", "/"}


def test_a_years_balances_are_carried_on(year):
    chains: dict[str, list] = {}
    for one in year.truth()["settlements"]:
        chains.setdefault(one["marketplace"], []).append(one)
    negative = bounced = 0
    for chain in chains.values():
        for before, after in itertools.pairwise(chain):
            kept = before["balances"].get("Current Reserve Amount", 0)
            assert after["balances"].get("Previous Reserve Amount Balance", 0) == -kept
            owed = min(before["total_cents"], 0)
            assert after["balances"].get("Payable to Amazon", 0) == owed
            negative += owed < 0
            back = sum(v for k, v in after["balances"].items() if "unsuccessful" in k)
            assert back == (before["total_cents"] if before["transfer_fails"] else 0)
            bounced += before["transfer_fails"]
    assert negative
    assert bounced


def test_a_year_has_every_row_kind_that_was_ever_seen(year):
    if not VOCABULARY.exists():
        pytest.skip("the vocabulary is not here")
    made = {tuple(name.split("|")) for one in year.truth()["settlements"] for name in one["rows"]}
    missing = []
    for row in csv.DictReader(VOCABULARY.read_text().splitlines()):
        kind, group, text = row["transaction_type"], row["amount_type"], row["amount_description"]
        text = text.removesuffix(" (name cut in source)")
        if not any(
            own[0] == kind
            and own[1][:30] == group[:30]
            and (text == "*" or own[2].startswith(text))
            for own in made
        ):
            missing.append((kind, group, text))
    assert missing == []
    assert ("FBAFees", "FBA Sustainable Packaging Fee", "Base fee") in made


def test_a_year_has_every_kind_of_sale(year):
    truth = year.truth()
    orders = truth["orders"]
    assert {one["sale_kind"] for one in orders} == {
        "domestic", "oss", "local_abroad", "export", "facilitator", "intra_community", "abeu",
        "mcf", "replacement",
    }  # fmt: skip
    assert {one["reason"] for one in orders} >= {
        "", "cancelled", "pending", "unshipped", "mcf", "replacement",
        "no_registration_where_stock_is", "vat_number_invalid", "vat_number_missing",
        "sold_to_amazon_business_eu",
    }  # fmt: skip
    assert {one["currency"] for one in orders} == {"EUR", "GBP", "SEK", "PLN", "TRY"}
    assert {one["special_territory"] for one in orders} - {""}
    kinds = {refund["kind"] for one in orders for refund in one.get("refunds", ())}
    assert kinds == {"Refund", "A-to-z Guarantee Refund", "Chargeback Refund"}
    refunds = [(one, r) for one in orders for r in one.get("refunds", ())]
    assert any(-r["gross_cents"] < one["gross_cents"] for one, r in refunds)
    settled = {
        (r["order_id"], s["settlement_id"]) for s in truth["settlements"] for r in s["refunds"]
    }
    paid = {(order, s["settlement_id"]) for s in truth["settlements"] for order in s["payments"]}
    assert settled & paid, "some refunds come in the sale's own settlement"
    assert settled - paid, "most come later"
    twice: dict[str, int] = {}
    for order, _ in paid:
        twice[order] = twice.get(order, 0) + 1
    assert max(twice.values()) == 2, "some orders are paid in two settlements"


def test_payments_and_refunds_of_a_year_are_the_orders_own(year):
    truth = year.truth()
    paid: dict[str, int] = {}
    refunded: dict[str, int] = {}
    for one in truth["settlements"]:
        for order, cents in one["payments"].items():
            paid[order] = paid.get(order, 0) + cents
        for refund in one["refunds"]:
            key = refund["adjustment_id"]
            refunded[key] = refunded.get(key, 0) + refund["gross_cents"]
    for one in truth["orders"]:
        if one["expected"] == "skipped":
            continue
        assert paid[one["order_id"]] == one["gross_cents"]
        for refund in one["refunds"]:
            assert refunded[refund["adjustment_id"]] == refund["gross_cents"]


def test_twenty_thousand_orders_in_little_memory(seller):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seller.http.timeout = 600
    made = seller.control("seed", YEAR | {"orders": 20_000})
    assert made["totals"]["orders"] == 20_000
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024


def test_a_sale_without_vat_to_a_business_says_so_even_where_proceeds_show_no_tax(seller):
    seller.clock(now="2027-02-20T00:00:00Z")
    seller.control("seed", YEAR | {"orders": 400, "proceeds_basis": "none"})
    truth = [one for one in seller.truth()["orders"] if one["sale_kind"] == "intra_community"]
    untaxed = {one["order_id"] for one in truth if one["status"] == "SHIPPED"}
    assert untaxed
    asked = {"lastUpdatedAfter": "2025-11-15T00:00:00Z", "includedData": "PROCEEDS"}
    while untaxed:
        page = seller.search(**asked).json()
        for order in page["orders"]:
            if order["orderId"] in untaxed:
                rows = {row["type"] for row in order["proceeds"]["breakdowns"]}
                assert "TAX" in rows, order["orderId"]
                untaxed.remove(order["orderId"])
        asked["paginationToken"] = page.get("pagination", {}).get("nextToken")
