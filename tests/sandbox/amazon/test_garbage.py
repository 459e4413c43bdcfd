"""Nothing that a client sends makes the service stumble."""

import pytest
from coupling_sandbox.amazon.app import OPERATIONS

GARBAGE = ("", "x" * 3000, "%00", "-1", "1e9", "null", "[]", "{}", "é", "2026-13-45", "' or 1=1 --")
NAMES = (
    "lastUpdatedAfter", "lastUpdatedBefore", "createdAfter", "maxResultsPerPage", "paginationToken",
    "includedData", "marketplaceIds", "fulfillmentStatuses", "reportTypes", "pageSize", "nextToken",
    "createdSince", "postedAfter", "postedBefore", "relatedIdentifierName",
    "relatedIdentifierValue", "transactionStatus", "MarketplaceIds", "LastUpdatedAfter",
    "NextToken", "MaxResultsPerPage", "FinancialEventGroupStartedAfter", "balanceType",
)  # fmt: skip
GOOD = {
    "lastUpdatedAfter": "2026-11-01T00:00:00Z",
    "reportTypes": "A",
    "postedAfter": "2026-11-01T00:00:00Z",
    "MarketplaceIds": "A1805IZSGTT6HS",
    "LastUpdatedAfter": "2026-11-01T00:00:00Z",
}


def good_for(operation):
    """Leave each operation its own parameters only, so that one wrong one is what is tested."""
    searching = operation.name == "searchOrders"
    own = {"lastUpdatedAfter"} if searching else set(GOOD) - {"lastUpdatedAfter"}
    return {name: value for name, value in GOOD.items() if name in own}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_garbage_is_refused_and_not_stumbled_over(seller, order, operation):
    seller.control("orders", [order(1, "2026-11-10T00:00:00Z")])
    seller.control("options", {"rate_scale": 1e9})
    path = operation.path.replace("{order_id}", "302-0000000-0000001").replace("{report_id}", "1")
    path = path.replace("{document_id}", "1")
    for name in NAMES:
        for text in GARBAGE:
            params = good_for(operation) | {name: text}
            answer = seller.http.request(
                operation.method, path, params=params, headers=seller.headers
            )
            assert answer.status_code < 500, (name, text, answer.text)
    if operation.method == "POST":
        for body in ("", "[]", "null", '{"reportType": 1, "marketplaceIds": [1]}', '{"a": ' * 50):
            answer = seller.http.post(path, content=body, headers=seller.headers)
            assert 400 <= answer.status_code < 500, body


ODD_ORDERS = [
    {"orderId": "1", "fulfillment": "SHIPPED", "salesChannel": ["x"]},
    {"orderId": "2", "fulfillment": {"fulfillmentStatus": 7}, "orderItems": [None, 3, {}]},
    {"orderId": "3", "orderItems": [{"proceeds": {"proceedsTotal": {"amount": "ten"}}}]},
    {"orderId": "4", "orderItems": "none", "buyer": "x", "recipient": {"deliveryAddress": "x"}},
]


def test_odd_orders_come_back_and_stop_no_report(seller):
    seller.control("orders", ODD_ORDERS)
    seller.clock(advance_s=200)
    everything = "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,PACKAGES,TAX"
    shown = seller.search(lastUpdatedAfter="2026-11-01T00:00:00Z", includedData=everything).json()
    assert shown["orders"] == ODD_ORDERS
    for order in ODD_ORDERS:
        answer = seller.get(
            f"/orders/2026-01-01/orders/{order['orderId']}", includedData=everything
        )
        assert answer.json()["order"] == order
        assert seller.get(f"/orders/v0/orders/{order['orderId']}").status_code == 200
        assert seller.get(f"/orders/v0/orders/{order['orderId']}/orderItems").status_code == 200
    kind = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
    report = seller.report(kind, "2026-11-01T00:00:00Z", "2026-11-21T00:00:00Z")
    assert [row["amazon-order-id"] for row in seller.rows(report)] == ["2", "3"]


def test_unknown_paths_and_methods(seller):
    answer = seller.get("/catalog/2022-04-01/items")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "NotFound"
    assert seller.calls()["calls"]["unknown"] == 1


def test_a_document_that_is_gone(seller):
    made = seller.http.post("/control/settlements", content=b"a").json()
    path = f"/reports/2021-06-30/documents/{made['reportDocumentId']}"
    url = seller.get(path).json()["url"]
    seller.control("reset", {})
    seller.clock(now="2026-11-20T12:01:00Z")
    gone = seller.http.get(url)
    assert gone.status_code == 404
    assert "<Code>NoSuchKey</Code>" in gone.text
