"""The generated seller: the same for the same seed, complete, and adding up by other arithmetic."""

import csv
import itertools
import json
import re
import resource
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from random import Random

import pytest
from coupling_sandbox.amazon.generator import year as the_year
from coupling_sandbox.amazon.generator.arithmetic import money, share, split_net, vat_inside
from coupling_sandbox.amazon.generator.catalogue import postal_code
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.truth import order_truth
from coupling_sandbox.amazon.generator.vat_numbers import invalid, valid
from stdnum.eu import vat as eu_vat

SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
VOCABULARY = (
    Path(__file__).parents[3] / ".." / "shared" / "data" / "settlements" / "vocabulary_seen.csv"
)
MONTH = {"seed": 21, "orders": 500, "from": "2026-10-01", "to": "2026-11-01"}
YEAR = {
    "profile": "year",
    "seed": 21,
    "orders": 6000,
    "from": "2025-11-15",
    "to": "2026-11-15",
    "stock": ["NL", "DE", "PL"],
}
CENT = Decimal("0.01")


def amount(text):
    text = text.strip()
    return Decimal(text.replace(".", "").replace(",", ".") if "," in text else text)


def files(seller):
    seller.control("options", {"rate_scale": 1000.0})
    token, params = None, {"reportTypes": SETTLEMENTS, "pageSize": 100}
    while True:
        asked = {"nextToken": token} if token else params
        page = seller.get("/reports/2021-06-30/reports", **asked).json()
        for report in page["reports"]:
            seller.clock(advance_s=1)
            yield report, seller.document(report["reportDocumentId"]).text
        token = page.get("nextToken")
        if token is None:
            return


def read(text):
    lines = text.split("\n")
    assert lines[-1] == ""
    names = lines[0].split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:-1]]
    return rows[0], rows[1:]


def by_hand(gross, rate):
    return (gross * rate / (100 + rate)).quantize(CENT, ROUND_HALF_UP)


@pytest.mark.parametrize("tax_rows", [True, False])
def test_settlements_add_up_by_an_independent_check(seller, tax_rows):
    seller.control("seed", MONTH | {"settlement_tax_rows": tax_rows})
    truth = {one["settlement_id"]: one for one in seller.truth()["settlements"]}
    paid: dict[str, Decimal] = {}
    reserves = []
    found = 0
    for _, text in sorted(files(seller), key=lambda pair: pair[0]["dataStartTime"]):
        head, rows = read(text)
        total = amount(head["total-amount"])
        assert sum(amount(row["amount"]) for row in rows) == total
        own = truth[head["settlement-id"]]
        assert total * 100 == own["total_cents"]
        assert head["settlement-end-date"].endswith(" UTC")
        found += 1
        for row in rows:
            if row["transaction-type"] == "Order" and row["amount-type"] in (
                "ItemPrice",
                "Promotion",
            ):
                paid[row["order-id"]] = paid.get(row["order-id"], 0) + amount(row["amount"])
            if "Reserve" in row["amount-description"]:
                reserves.append(amount(row["amount"]))
        kinds = {row["amount-description"] for row in rows}
        assert ("Tax" in kinds) == tax_rows
    assert found == len(truth) == 3
    assert sum(reserves) == 0
    assert reserves, "the first settlement keeps a reserve"
    booked = [one for one in seller.truth()["orders"] if one["expected"] == "booked"]
    assert {one["order_id"]: Decimal(one["gross_cents"]) / 100 for one in booked} == paid


def test_the_truth_is_right_by_other_arithmetic(seller):
    seller.control("seed", MONTH)
    truth = seller.truth()
    assert len(truth["orders"]) == 500
    for one in truth["orders"]:
        if one["expected"] != "booked":
            continue
        assert sum(vat["gross_cents"] for vat in one["vat"]) == one["gross_cents"]
        assert sum(line["gross_cents"] for line in one["lines"]) == one["gross_cents"]
        for vat in one["vat"]:
            gross, rate = Decimal(vat["gross_cents"]) / 100, Decimal(vat["rate_percent"])
            assert by_hand(gross, rate) * 100 == vat["vat_cents"]
            assert vat["net_cents"] + vat["vat_cents"] == vat["gross_cents"]
            own = [line for line in one["lines"] if line["rate_percent"] == vat["rate_percent"]]
            assert sum(line["net_cents"] for line in own) == vat["net_cents"]
        for refund in one["refunds"]:
            assert sum(vat["gross_cents"] for vat in refund["vat"]) == refund["gross_cents"] < 0
    expected = truth["totals"]["expected"]
    assert expected["booked"] > 400
    assert {"skipped:cancelled", "skipped:pending", "skipped:unshipped"} < set(expected)
    assert truth["totals"]["refunds"] > 10
    gross = sum(one["gross_cents"] for one in truth["orders"] if one["expected"] == "booked")
    assert truth["totals"]["gross_cents"] == {"EUR": gross}
    settled = truth["totals"]["settled"]["EUR"]
    assert settled["payments_cents"] == gross
    refunds = sum(r["gross_cents"] for o in truth["orders"] for r in o.get("refunds", ()))
    assert settled["refunds_cents"] == refunds


def test_one_window_sees_the_whole_month(seller):
    seller.control("seed", MONTH)
    window = {
        "lastUpdatedAfter": "2026-10-01T00:00:00Z",
        "lastUpdatedBefore": "2026-11-01T00:00:00Z",
    }
    seen, token = 0, {}
    while True:
        page = seller.search(**window, **token).json()
        seen += len(page["orders"])
        if "pagination" not in page:
            break
        token = {"paginationToken": page["pagination"]["nextToken"]}
    assert seen == 500
    assert seller.calls()["calls"]["searchOrders"] == 5


def test_the_same_seed_makes_the_same_seller(seller):
    seller.control("seed", MONTH)
    first, texts = seller.truth(), sorted(text for _, text in files(seller))
    seller.control("reset", {})
    seller.clock(now="2026-11-20T12:00:00Z")
    seller._token = None
    seller.control("seed", MONTH)
    assert seller.truth() == first
    assert sorted(text for _, text in files(seller)) == texts
    seller.control("seed", MONTH | {"seed": 22})
    assert seller.truth()["orders"][500:] != first["orders"]


@pytest.mark.parametrize("basis", ["exclusive", "inclusive", "none"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_proceeds_show_tax_as_asked(seller, basis, sign):
    seller.control("seed", MONTH | {"orders": 80, "proceeds_basis": basis, "discount_sign": sign})
    truth = {one["order_id"]: one for one in seller.truth()["orders"]}
    asked = {"lastUpdatedAfter": "2026-10-01T00:00:00Z", "includedData": "PROCEEDS,FULFILLMENT"}
    discounts = 0
    for order in seller.search(**asked).json()["orders"]:
        if order["fulfillment"]["fulfillmentStatus"] != "SHIPPED":
            continue
        own = {"TAX": Decimal(0), "DISCOUNT": Decimal(0)}
        for row in order["proceeds"]["breakdowns"]:
            own[row["type"]] = Decimal(row["subtotal"]["amount"])
        tax, discount = own.pop("TAX"), own.pop("DISCOUNT")
        total = sum(own.values()) - sign * discount + (tax if basis == "exclusive" else 0)
        assert total == Decimal(order["proceeds"]["grandTotal"]["amount"])
        assert total * 100 == truth[order["orderId"]]["gross_cents"]
        assert (tax > 0) == (basis != "none")
        if discount:
            discounts += 1
            assert (discount > 0) == (sign > 0)
    assert discounts


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


@pytest.mark.parametrize(
    "body",
    [
        {"sed": 1},
        {"profile": "decade"},
        {"proceeds_basis": "gross"},
        {"discount_sign": 0},
        {"from": "2026-10-01", "to": "2026-10-02"},
        {"from": "october"},
        {"orders": -1},
        {"marketplaces": ["US"]},
        {"stock": ["US"]},
    ],
)
def test_wrong_wishes_are_refused(seller, body):
    answer = seller.http.post("/control/seed", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_truth_of_one_order(seller):
    seller.control("seed", MONTH | {"orders": 3})
    one = seller.truth()["orders"][0]
    assert seller.truth(order_id=one["order_id"]) == one
    assert seller.truth(order_id="none") is None
    assert json.loads(json.dumps(one)) == one


def test_options_are_checked(seller):
    for body in ({"misspelt": 1}, {"missing_role": "maybe"}, {"order_report_days": "many"}):
        assert seller.http.post("/control/options", json=body).status_code == 400
    assert seller.http.get("/control/options").json()["options"]["missing_role"] == "absent"


def test_arithmetic():
    assert [share(n, 1, 2) for n in (1, -1, 3, -3)] == [1, -1, 2, -2]
    assert vat_inside(4999, 210) == 868
    assert vat_inside(4580, 255) == 931
    assert split_net([199, 199, 199], 210) == [165, 164, 164]
    assert split_net([4990, 399, 250, -500, -399], 210) == [4124, 330, 206, -413, -330]
    assert money(-5) == "-0.05"
    assert money(123456, comma=True) == "1234,56"


def test_vat_numbers_have_sound_check_digits():
    rng = Random(1)  # noqa: S311
    for country in ("BE", "DE", "FR", "IT"):
        for _ in range(50):
            assert eu_vat.is_valid(valid(rng, country))
            assert not eu_vat.is_valid(invalid(rng, country))


def test_no_ordinary_address_lies_in_a_special_territory() -> None:
    """The truth says mainland: a code of Ceuta, Åland or Mittelberg would make it a lie."""
    special = {"ES": r"(35|38|51|52)\d{3}", "FI": r"22\d{3}", "AT": r"6691|699[123]",
               "DE": r"27498|78266", "IT": r"22061|23041", "GR": r"6308[67]", "PT": r"9.*",
               "FR": r"9[78]\d{3}"}  # fmt: skip
    rng = Random(7)  # noqa: S311
    for country, pattern in special.items():
        codes = {postal_code(rng, country) for _ in range(3000)}
        assert [code for code in codes if re.fullmatch(pattern, code)] == []


def test_stock_abroad_without_a_registration_is_held_whatever_leaves_it() -> None:
    options = SeedOptions.from_json({"orders": 3000, "profile": "year", "stock": ["NL", "DE"],
                              "business": 0.4})  # fmt: skip
    sales = [the_year.sale(options, index) for index in range(3000)]
    abroad = [one for one in sales if one.ship_from == "DE" and one.status == "SHIPPED"]
    kinds = {one.kind for one in abroad}
    assert kinds >= {"local_abroad", "oss", "export", "intra_community", "facilitator"}
    taxed = [one for one in abroad if one.kind not in ("mcf", "replacement")]
    assert {one.expected for one in taxed} == {"held"}
    assert any(one.kind == "local_abroad" and one.buyer.vat_number for one in abroad)


def test_each_shipment_has_an_id_of_its_own() -> None:
    options = SeedOptions.from_json({"orders": 400, "profile": "year"})
    sales = [the_year.sale(options, index) for index in range(400)]
    split = [one for one in sales if one.second is not None and one.expected != "skipped"]
    assert split
    for one in split:
        ids = [shipment for shipment, _, _ in one.shipments()]
        assert len(set(ids)) == 2
        assert [order_truth(one)["shipments"][n]["shipment_id"] for n in (0, 1)] == ids


def test_a_replacement_names_the_order_that_it_replaces() -> None:
    options = SeedOptions.from_json({"profile": "year", "orders": 600, "replaced": 0.05})
    sales = {one.order_id: one for one in (the_year.sale(options, n) for n in range(600))}
    replaced = [one for one in sales.values() if one.original]
    known = [(one, sales[one.original[0]]) for one in replaced if one.original[0] in sales]
    assert len(known) > 20
    assert len(known) > len(replaced) * 0.8
    for one, original in known:
        assert original.complete < one.created
        assert original.status == "SHIPPED"
    assert {one.original[1] for one in replaced} == {
        "REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"
    }  # fmt: skip


@pytest.mark.parametrize(("shown", "priced"), [(True, True), (False, False)])
def test_pending_orders_may_show_prices(seller, shown, priced):
    wishes = {"orders": 30, "pending": 1.0, "cancelled": 0, "unshipped": 0}
    seller.control("seed", {**wishes, "pending_prices": shown})
    asked = {"createdAfter": "2026-10-01T00:00:00Z", "includedData": "PROCEEDS,FULFILLMENT"}
    orders = seller.search(**asked).json()["orders"]
    assert {one["fulfillment"]["fulfillmentStatus"] for one in orders} == {"PENDING"}
    assert {"proceeds" in one for one in orders} == {priced}
    assert {"proceeds" in item for one in orders for item in one["orderItems"]} == {priced}


@pytest.mark.parametrize(("style", "day", "decimal"), [("local", "01.10.2026", ","),
                                                       ("iso", "2026-10-01", ".")])  # fmt: skip
def test_settlements_in_two_styles(seller, style, day, decimal):
    truth = seller.control("seed", {"orders": 40, "settlement_style": style})
    assert truth["options"]["settlement_style"] == style
    asked = {"reportTypes": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"}
    listed = seller.get("/reports/2021-06-30/reports", **asked).json()["reports"]
    first = min(listed, key=lambda one: one["dataStartTime"])
    lines = seller.document(first["reportDocumentId"]).text.splitlines()
    summary = lines[1].split("\t")
    assert summary[1] == f"{day} 00:00:00 UTC"
    assert summary[4][-3] == decimal
    totals = {one["settlement_id"]: one["total_cents"] for one in seller.truth()["settlements"]}
    amounts = [line.split("\t")[14].replace(",", ".") for line in lines[2:]]
    assert sum(Decimal(one) for one in amounts) * 100 == totals[summary[0]]
