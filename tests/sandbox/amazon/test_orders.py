"""searchOrders and getOrder: every rule about parameters, time and pages."""

import json

import pytest

from tests.sandbox.amazon.conftest import ALL_DATA

SINCE = "2026-11-01T00:00:00Z"
BOTH = {"createdAfter": SINCE, "lastUpdatedAfter": SINCE}


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [one["orderId"][-1] for one in answer.json()["orders"]]


@pytest.mark.parametrize(
    "params",
    [
        {},
        BOTH,
        {"createdAfter": SINCE, "lastUpdatedBefore": SINCE},
        {"lastUpdatedBefore": SINCE},
        {"lastUpdatedAfter": "yesterday"},
        {"lastUpdatedAfter": SINCE, "lastUpdatedBefore": "2026-11-20T11:58:30Z"},
        {"lastUpdatedAfter": SINCE, "lastUpdatedBefore": "2026-10-01T00:00:00Z"},
        {"createdAfter": SINCE, "createdBefore": "2026-11-20T12:00:00Z"},
        {"lastUpdatedAfter": SINCE, "maxResultsPerPage": "101"},
        {"lastUpdatedAfter": SINCE, "maxResultsPerPage": "0"},
        {"lastUpdatedAfter": SINCE, "fulfillmentStatuses": "Shipped"},
        {"lastUpdatedAfter": SINCE, "fulfilledBy": "AFN"},
        {"lastUpdatedAfter": SINCE, "includedData": "EVERYTHING"},
        {"lastUpdatedAfter": SINCE, "marketplaceIds": ",".join(f"M{i}" for i in range(51))},
        {"lastUpdatedAfter": SINCE, "paginationToken": "nonsense"},
        {"lastUpdatedAfter": SINCE, "orderIds": "1"},
    ],
)
def test_refused_parameters(seller, params):
    answer = seller.search(**params)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidInput"
    assert answer.headers["x-amzn-ratelimit-limit"] == "0.0056"


def test_bounds_are_inclusive_and_the_answer_tells_its_upper_bound(seller, order):
    times = ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00.000Z")
    seller.control("orders", [order(i, at) for i, at in enumerate(times)])
    answer = seller.search(lastUpdatedAfter=times[0], lastUpdatedBefore=times[2])
    assert ids(answer) == ["0", "1", "2"]
    assert answer.json()["lastUpdatedBefore"] == "2026-11-03T00:00:00.000Z"
    assert "pagination" not in answer.json()
    assert ids(seller.search(createdAfter=times[1])) == ["1", "2"]
    answer = seller.search(createdAfter=times[1])
    assert answer.json()["createdBefore"].startswith("2026-11-20T11:58:0")


def test_an_update_shows_after_two_minutes_and_the_old_version_until_then(seller, order):
    old = order(1, "2026-11-10T00:00:00Z", "UNSHIPPED")
    new = order(1, "2026-11-20T11:59:00Z", "SHIPPED", created="2026-11-10T00:00:00Z")
    seller.control("orders", [old])
    seller.control("orders", [new])

    def status():
        answer = seller.search(lastUpdatedAfter=SINCE, includedData="FULFILLMENT").json()
        return [one["fulfillment"]["fulfillmentStatus"] for one in answer["orders"]]

    assert status() == ["UNSHIPPED"]
    path = f"/orders/2026-01-01/orders/{old['orderId']}"
    assert seller.get(path).json()["order"]["lastUpdatedTime"] == old["lastUpdatedTime"]
    seller.clock(advance_s=120)
    assert status() == ["SHIPPED"]
    assert seller.get(path).json()["order"]["lastUpdatedTime"] == new["lastUpdatedTime"]
    # The old update is gone: only the last one counts.
    assert (
        ids(seller.search(lastUpdatedAfter=SINCE, lastUpdatedBefore="2026-11-11T00:00:00Z")) == []
    )


def test_an_order_is_replaced_by_its_id(seller, order):
    seller.control("orders", [order(1, "2026-11-10T00:00:00Z")])
    seller.control("orders", [order(1, "2026-11-09T00:00:00Z")])
    shown = seller.search(lastUpdatedAfter=SINCE).json()["orders"]
    assert [one["lastUpdatedTime"] for one in shown] == ["2026-11-09T00:00:00Z"]


def test_filters(seller, order):
    de = "A1PA6795UKMFR9"
    seller.control(
        "orders",
        [
            order(1, "2026-11-10T00:00:00Z"),
            order(2, "2026-11-10T00:00:00Z", "UNSHIPPED", de),
            order(3, "2026-11-10T00:00:00Z", "CANCELLED"),
        ],
    )
    since = {"lastUpdatedAfter": SINCE}
    assert ids(seller.search(**since, marketplaceIds=de)) == ["2"]
    assert ids(seller.search(**since, marketplaceIds=f"{de},A1805IZSGTT6HS")) == ["1", "2", "3"]
    assert ids(seller.search(**since, fulfillmentStatuses="SHIPPED,CANCELLED")) == ["1", "3"]
    assert ids(seller.search(**since, fulfilledBy="AMAZON")) == []
    # The client library adds four spellings of its own marketplace parameter.
    assert ids(seller.search(**since, MarketplaceId="X", marketplace_ids="X")) == ["1", "2", "3"]


def test_included_data_opens_fields(seller, order):
    seller.control("orders", [order(1, "2026-11-10T00:00:00Z")])
    since = {"lastUpdatedAfter": SINCE}
    bare = seller.search(**since).json()["orders"][0]
    assert set(bare) == {"orderId", "createdTime", "lastUpdatedTime", "salesChannel", "orderItems"}
    assert set(bare["orderItems"][0]) == {"orderItemId", "quantityOrdered", "product"}
    full = seller.search(**since, includedData="BUYER,PROCEEDS").json()["orders"][0]
    assert full["buyer"] == {"buyerName": "Zoë"}
    assert "proceeds" in full["orderItems"][0]
    assert "recipient" not in full


def test_pages(seller, order):
    same = "2026-11-10T00:00:00Z"
    seller.control("orders", [order(i, same) for i in range(5)])
    asked = {"lastUpdatedAfter": SINCE, "lastUpdatedBefore": "2026-11-15T00:00:00Z"}
    first = seller.search(**asked, maxResultsPerPage=2)
    token = first.json()["pagination"]["nextToken"]
    second = seller.search(**asked, maxResultsPerPage=3, paginationToken=token)
    assert ids(first) + ids(second) == ["0", "1", "2", "3", "4"]
    assert "pagination" not in second.json()
    changed = seller.search(**(asked | {"fulfilledBy": "MERCHANT"}), paginationToken=token)
    assert changed.status_code == 400
    assert "All parameters must match" in changed.json()["errors"][0]["message"]
    more = seller.search(**asked, includedData="BUYER", paginationToken=token)
    assert len(ids(more)) == 3
    seller.clock(advance_s=24 * 3600 + 1)
    seller._token = None
    assert seller.search(**asked, paginationToken=token).status_code == 400


def test_a_page_token_is_bound_to_its_seller(seller, order):
    seller.control("credentials", [{"refresh_token": "Atzr|b", "seller_id": "B"}])
    seller.control("orders", [order(i, "2026-11-10T00:00:00Z") for i in range(3)])
    asked = {"lastUpdatedAfter": SINCE, "maxResultsPerPage": 2}
    token = seller.search(**asked).json()["pagination"]["nextToken"]
    other = type(seller)(seller.url, "Atzr|b")
    assert other.search(**asked, paginationToken=token).status_code == 400
    other.http.close()


def test_paging_faults(seller, order):
    seller.control("orders", [order(i, "2026-11-10T00:00:00Z") for i in range(4)])
    asked = {"lastUpdatedAfter": SINCE, "maxResultsPerPage": 2}
    fault = {"operation": "searchOrders", "kind": "repeated_page"}
    seller.control("faults", [fault])
    first = seller.search(**asked)
    again = seller.search(**asked, paginationToken=first.json()["pagination"]["nextToken"])
    assert ids(first) == ids(again) == ["0", "1"]
    seller.control("faults", [fault | {"kind": "empty_page"}])
    empty = seller.search(**asked)
    assert ids(empty) == []
    token = empty.json()["pagination"]["nextToken"]
    assert ids(seller.search(**asked, paginationToken=token)) == ["0", "1"]


def test_old_orders_and_unknown_orders(seller, order):
    seller.control("orders", [order(1, "2024-11-01T00:00:00Z")])
    assert ids(seller.search(lastUpdatedAfter="2024-01-01T00:00:00Z")) == []
    seller.control("options", {"oldest_order_days": 1000})
    assert ids(seller.search(lastUpdatedAfter="2024-01-01T00:00:00Z")) == ["1"]
    missing = seller.get("/orders/2026-01-01/orders/302-9999999-9999999")
    assert missing.status_code == 404
    assert missing.json()["errors"][0]["code"] == "NotFound"


@pytest.mark.parametrize("until", ["2026-11-20T13:00:00+00:00", "2026-11-20T13:00:00"])
def test_a_valid_request_may_be_refused_for_a_while(seller, until):
    seller.control("options", {"transient_400_until": until})
    assert seller.search(lastUpdatedAfter=SINCE).status_code == 400
    seller.clock(advance_s=3600)
    seller._token = None
    assert seller.search(lastUpdatedAfter=SINCE).status_code == 200


def test_malformed_orders_are_kept_as_they_are(seller):
    odd = {"orderId": "X-1", "orderItems": None, "lastUpdatedTime": "not a time", "extra": [1]}
    assert seller.control("orders", [odd]) == {"orders": 1}
    seller.clock(advance_s=121)
    shown = seller.search(lastUpdatedAfter=SINCE).json()["orders"]
    assert shown == [odd]
    assert seller.http.post("/control/orders", json=[{"id": 1}]).status_code == 400
    assert seller.http.post("/control/orders", json={"id": 1}).status_code == 400


@pytest.mark.parametrize(
    "params",
    [
        {"CreatedAfter": "2026-11-01T00:00:00Z", "LastUpdatedAfter": "2026-11-01T00:00:00Z"},
        {"CreatedAfter": "2026-11-01T00:00:00Z", "LastUpdatedBefore": "2026-11-02T00:00:00Z"},
        {"LastUpdatedAfter": "2026-11-01T00:00:00Z", "CreatedBefore": "2026-11-02T00:00:00Z"},
        {"CreatedAfter": "2026-11-01T00:00:00Z", "OrderStatuses": "SHIPPED"},
        {"CreatedAfter": "2026-11-01T00:00:00Z", "FulfillmentChannels": "AMAZON"},
        {"MarketplaceIds": "", "CreatedAfter": "2026-11-01T00:00:00Z"},
    ],
)
def test_the_older_orders_refuse_wrong_parameters_too(seller, params):
    asked = {"MarketplaceIds": "A1805IZSGTT6HS"} | params
    answer = seller.get("/orders/v0/orders", **asked)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidInput"


@pytest.mark.parametrize("order_of", ["oldest_first", "newest_first"])
def test_results_come_in_the_order_that_an_option_says(seller, order, order_of):
    seller.control("orders", [order(n, f"2026-11-{n:02d}T00:00:00Z") for n in range(1, 8)])
    seller.control("options", {"result_order": order_of})
    asked = {"lastUpdatedAfter": "2026-11-02T00:00:00Z", "maxResultsPerPage": 2}
    asked["lastUpdatedBefore"] = "2026-11-10T00:00:00Z"
    found = []
    while True:
        page = seller.search(**asked).json()
        found += [one["lastUpdatedTime"] for one in page["orders"]]
        if "pagination" not in page:
            break
        asked["paginationToken"] = page["pagination"]["nextToken"]
    assert len(found) == 6
    assert found == sorted(found, reverse=order_of == "newest_first")


def test_an_order_is_shown_as_it_is_unless_something_of_it_is_hidden(seller, order):
    letters = 'é € 😀 \u2028 \\ " /'
    plain = order(1, "2026-11-10T00:00:00Z") | {"note": letters, "exact": 1.10, "large": 10**20}
    # Is called like a field that could be hidden.
    named = order(2, "2026-11-10T00:00:00Z") | {"note": "expense"}
    closed = order(3, "2026-11-10T00:00:00Z")
    closed["orderItems"] = [{"orderItemId": "1", "expense": {"pointsCost": 1}}]
    seller.control("orders", [plain, named, closed])
    answer = seller.search(lastUpdatedAfter=SINCE, includedData=ALL_DATA.replace("EXPENSE,", ""))
    shown = answer.json()["orders"]
    assert shown[:2] == [plain, named]
    assert shown[2]["orderItems"] == [{"orderItemId": "1"}]
    assert json.dumps(plain, ensure_ascii=False, separators=(",", ":")) in answer.text
