"""Every answer against Amazon's own models, over a generated year; and the model's own examples."""

import pytest
from jsonschema import Draft4Validator

EVERYTHING = (
    "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,"
    "FULFILLMENT_ORDERS"
)
YEAR = {
    "profile": "year",
    "seed": 11,
    "orders": 2500,
    "from": "2025-11-20",
    "to": "2026-11-15",
    "stock": ["NL", "DE", "PL"],
    "proceeds_basis": "mixed",
    "business": 0.2,
    "refunded": 0.2,
}


def check(model, definition, document):
    schema = {"$ref": f"#/definitions/{definition}", "definitions": model["definitions"]}
    errors = list(Draft4Validator(schema).iter_errors(document))
    assert not errors, errors[0]


@pytest.fixture(scope="module")
def year(shared_seller):
    seller = shared_seller
    seller.clock(now="2026-11-20T12:00:00Z")
    seller.control("seed", YEAR)
    seller.control("options", {"bucket_fill": 1.0, "rate_scale": 1000.0})
    return seller


def pages(seller, path, key, token_name, **params):
    answer = seller.get(path, **params).json()
    while True:
        yield answer
        inner = answer.get("payload", answer)
        token = inner.get("nextToken") or inner.get("NextToken")
        token = token or (inner.get("pagination") or {}).get("nextToken")
        if not token:
            return
        seller.clock(advance_s=1)
        again = {token_name: token} if token_name == "nextToken" and key == "reports" else params
        answer = seller.get(path, **(again | {token_name: token})).json()


def test_orders_of_a_year(year, model):
    known = model("orders_2026-01-01")
    seen = 0
    asked = {
        "lastUpdatedAfter": "2025-11-01T00:00:00Z",
        "lastUpdatedBefore": "2026-11-20T00:00:00Z",
        "includedData": EVERYTHING,
    }
    path = "/orders/2026-01-01/orders"
    order_id = ""
    for page in pages(year, path, "orders", "paginationToken", **asked):
        check(known, "SearchOrdersResponse", page)
        seen += len(page["orders"])
        order_id = page["orders"][0]["orderId"]
    assert seen == YEAR["orders"]
    one = year.get(f"{path}/{order_id}", includedData=EVERYTHING).json()
    check(known, "GetOrderResponse", one)
    check(known, "ErrorList", year.get(path).json())


def test_older_orders_of_a_year(year, model):
    known = model("ordersV0")
    asked = {
        "LastUpdatedAfter": "2025-11-01T00:00:00Z",
        "MarketplaceIds": "A1805IZSGTT6HS,A1PA6795UKMFR9",
    }
    found = []
    for page in pages(year, "/orders/v0/orders", "orders", "NextToken", **asked):
        check(known, "GetOrdersResponse", page)
        found += [one["AmazonOrderId"] for one in page["payload"]["Orders"]]
    assert len(found) == len(set(found)) > 1000
    for order_id in found[:20]:
        items = year.get(f"/orders/v0/orders/{order_id}/orderItems").json()
        check(known, "GetOrderItemsResponse", items)
        check(known, "GetOrderResponse", year.get(f"/orders/v0/orders/{order_id}").json())
    assert year.get(f"/orders/v0/orders/{found[0]}/address").status_code == 403
    wanted = {"restrictedResources": [{"method": "GET", "path": "/orders/v0/orders/{id}/address"}]}
    made = year.post("/tokens/2021-03-01/restrictedDataToken", wanted).json()
    check(model("tokens_2021-03-01"), "CreateRestrictedDataTokenResponse", made)
    plain, year._token = year._token, made["restrictedDataToken"]
    address = year.get(f"/orders/v0/orders/{found[0]}/address").json()
    check(known, "GetOrderAddressResponse", address)
    check(
        known,
        "GetOrderBuyerInfoResponse",
        year.get(f"/orders/v0/orders/{found[0]}/buyerInfo").json(),
    )
    year._token = plain


def test_finances_of_a_year(year, model):
    known = model("finances_2024-06-19")
    path = "/finances/2024-06-19/transactions"
    asked = {"postedAfter": "2026-06-01T00:00:00Z", "postedBefore": "2026-11-20T00:00:00Z"}
    for page in pages(year, path, "transactions", "nextToken", **asked):
        check(known, "ListTransactionsResponse", page)
    summaries = year.get("/finances/2024-06-19/summary").json()
    assert len(summaries["summaries"]) > 50
    check(known, "SummaryResponse", summaries)
    check(known, "ListBalancesResponse", year.get("/finances/2024-06-19/balances").json())
    check(known, "ErrorList", year.get(path).json())


def test_reports_of_a_year(year, model):
    known = model("reports_2021-06-30")
    path = "/reports/2021-06-30/reports"
    kind = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
    reports = []
    for page in pages(year, path, "reports", "nextToken", reportTypes=kind, pageSize=100):
        check(known, "GetReportsResponse", page)
        reports += page["reports"]
    check(known, "Report", year.get(f"{path}/{reports[0]['reportId']}").json())
    document = year.get(f"/reports/2021-06-30/documents/{reports[0]['reportDocumentId']}").json()
    check(known, "ReportDocument", document)
    body = {
        "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
        "marketplaceIds": ["A1805IZSGTT6HS"],
    }
    check(known, "CreateReportResponse", year.post(path, body).json())
    check(known, "ErrorList", year.get(path).json())


def test_participations(seller, model):
    known = model("sellers")
    answer = seller.get("/sellers/v1/marketplaceParticipations").json()
    check(known, "GetMarketplaceParticipationsResponse", answer)
    assert len(answer["payload"]) == 11
    seller.control("credentials", [{"refresh_token": "Atzr|sandbox", "marketplaces": ["NL", "UK"]}])
    answer = seller.get("/sellers/v1/marketplaceParticipations").json()
    assert [one["marketplace"]["countryCode"] for one in answer["payload"]] == ["NL", "GB"]


def examples(node, found):
    if isinstance(node, dict):
        if isinstance(node.get("orderId"), str) and "orderItems" in node:
            found[node["orderId"]] = node
        for value in node.values():
            examples(value, found)
    elif isinstance(node, list):
        for value in node:
            examples(value, found)
    return found


def test_the_models_own_example_orders_come_back_as_they_are(seller, model):
    orders = examples(model("orders_2026-01-01"), {})
    assert len(orders) >= 7
    seller.control("orders", list(orders.values()))
    asked = {"lastUpdatedAfter": "2024-12-01T00:00:00Z", "includedData": EVERYTHING}
    shown = seller.search(**asked).json()["orders"]
    assert {one["orderId"]: one for one in shown} == orders
