"""The generated seller: the same for the same seed, complete, and adding up by other arithmetic."""

import json
from decimal import ROUND_HALF_UP, Decimal

import pytest

SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
MONTH = {"seed": 21, "orders": 500, "from": "2026-10-01", "to": "2026-11-01"}
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
    asked = {"reportTypes": SETTLEMENTS}
    listed = seller.get("/reports/2021-06-30/reports", **asked).json()["reports"]
    first = min(listed, key=lambda one: one["dataStartTime"])
    lines = seller.document(first["reportDocumentId"]).text.splitlines()
    summary = lines[1].split("\t")
    assert summary[1] == f"{day} 00:00:00 UTC"
    assert summary[4][-3] == decimal
    totals = {one["settlement_id"]: one["total_cents"] for one in seller.truth()["settlements"]}
    amounts = [line.split("\t")[14].replace(",", ".") for line in lines[2:]]
    assert sum(Decimal(one) for one in amounts) * 100 == totals[summary[0]]
