"""Order, shipment and VAT reports of a generated seller say what searchOrders says, to the cent."""

from collections import Counter
from decimal import Decimal

import pytest
from coupling_sandbox.amazon.app import create_app
from coupling_sandbox.server import serve_in_thread

from tests.sandbox.amazon.conftest import ALL_DATA, Seller

ALL_ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
BY_DATE = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
SHIPMENTS = "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL"
VIDR = "GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT"
VAT = "GET_VAT_TRANSACTION_DATA"
EVERYWHERE = [
    "A1805IZSGTT6HS", "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "AMEN7PMS3EDWL", "APJ6JRA9NG5V4",
    "A1RKKUPIHCS9HS", "A1F83G8C2ARO7P", "A2NODRKZP88ZB9", "A1C3SOZRARQ6R3", "A28R8C7NBKEWEA",
    "A33AVAJ2PDY3EV",
]  # fmt: skip
ALL = {"marketplaceIds": EVERYWHERE, "reportOptions": {"ReportOption=All": "true"}}
FIRST_HALF = ("2026-10-01T00:00:00Z", "2026-10-16T00:00:00Z")
SECOND_HALF = ("2026-10-16T00:00:00Z", "2026-11-01T00:00:00Z")
OCTOBER = ("2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z")
CENTRES = {"LEJ": "DE", "DUS": "DE", "DTM": "DE", "HAM": "DE", "WRO": "PL", "POZ": "PL",
           "KTW": "PL", "AMS": "NL"}  # fmt: skip
PRICES = ("item-price", "shipping-price", "gift-wrap-price")
DISCOUNTS = ("item-promotion-discount", "ship-promotion-discount")
VIDR_PARTS = ("item", "item-promo", "gift-wrap", "shipping", "shipping-promo")


def cents(text):
    return int(Decimal(text or 0) * 100)


@pytest.fixture(scope="module")
def month():
    """Return a seller with a month of everything, some weeks later."""
    with serve_in_thread(create_app()) as url:
        client = Seller(url)
        client.clock(now="2026-12-05T12:00:00Z")
        client.control("options", {"rate_scale": 1e6})
        client.control(
            "seed",
            {"profile": "year", "seed": 4, "orders": 700, "from": "2026-10-01", "to": "2026-11-01",
             "stock": ["NL", "DE", "PL"], "business": 0.3, "refunded": 0.3, "mcf": 0.06},
        )  # fmt: skip
        client.expected = {one["order_id"]: one for one in client.truth()["orders"]}
        client.orders = orders_of(client)
        yield client
        client.http.close()


@pytest.fixture
def switched(month):
    """Return a function that sets options for one test."""

    def switch(**options):
        month.control("options", options)

    yield switch
    month.control(
        "options",
        {"order_report_columns": "documented", "vat_invoices": "pending",
         "encrypted_vat_numbers": False},
    )  # fmt: skip


def orders_of(client):
    query = {"lastUpdatedAfter": "2026-09-30T00:00:00Z", "includedData": ALL_DATA}
    query["lastUpdatedBefore"] = "2026-12-05T11:00:00Z"
    found = {}
    while True:
        page = client.search(**query).json()
        found |= {one["orderId"]: one for one in page["orders"]}
        if "pagination" not in page:
            return found
        query["paginationToken"] = page["pagination"]["nextToken"]


def of_halves(client, kind, **extra):
    """Return the rows of a month read in two windows: none may come twice or fall between."""
    return [
        row
        for window in (FIRST_HALF, SECOND_HALF)
        for row in client.rows(client.report(kind, *window, **extra))
    ]


def paid(row):
    return sum(cents(row[name]) for name in PRICES) - sum(abs(cents(row[name])) for name in
                                                          DISCOUNTS)  # fmt: skip


def shown_tax(order):
    """Return the tax that the Orders API shows on goods, shipping and gift wrap of an order."""
    rows = [
        part
        for item in order["orderItems"]
        for row in item.get("proceeds", {}).get("breakdowns", ())
        if row["type"] == "TAX"
        for part in row.get("detailedBreakdowns", ())
        if part["subtype"] != "DISCOUNT"
    ]
    return sum(cents(part["value"]["amount"]) for part in rows)


def test_all_orders_are_the_orders_of_the_api(month):
    rows = of_halves(month, ALL_ORDERS)
    late = [
        one for one in month.orders.values() if one["lastUpdatedTime"] < "2026-11-01T00:00:00.000Z"
    ]
    assert Counter(row["amazon-order-id"] for row in rows) == {
        one["orderId"]: len(one["orderItems"]) for one in late
    }
    amounts, taxes = Counter(), Counter()
    for row in rows:
        order = month.orders[row["amazon-order-id"]]
        amounts[row["amazon-order-id"]] += paid(row)
        taxes[row["amazon-order-id"]] += sum(
            cents(row[name]) for name in ("item-tax", "shipping-tax", "gift-wrap-tax")
        )
        assert row["last-updated-date"] == order["lastUpdatedTime"][:19] + "+00:00"
        assert row["purchase-date"] == order["createdTime"][:19] + "+00:00"
        assert row["sales-channel"] == order["salesChannel"]["marketplaceName"]
        assert (row["item-price"] == "") == ("proceeds" not in order)
    for order in late:
        grand = order.get("proceeds", {}).get("grandTotal", {}).get("amount", "0")
        assert amounts[order["orderId"]] == cents(grand)
        assert taxes[order["orderId"]] == shown_tax(order)
    assert {row["order-status"] for row in rows} >= {"Shipped", "Cancelled", "Unshipped"}


def test_by_order_date_takes_the_day_of_purchase(month):
    rows = month.rows(month.report(BY_DATE, *FIRST_HALF))
    bought = {
        one["orderId"] for one in month.orders.values() if one["createdTime"] < SECOND_HALF[0]
    }
    assert {row["amazon-order-id"] for row in rows} == bought
    changed = {row["amazon-order-id"] for row in month.rows(month.report(ALL_ORDERS, *FIRST_HALF))}
    assert changed < bought


def test_an_item_that_has_not_left_yet_is_unshipped(seller, order):
    half = order(1, "2026-11-10T00:00:00Z", "PARTIALLY_SHIPPED")
    sent, waiting = ({**half["orderItems"][0], "orderItemId": name} for name in "12")
    sent["fulfillment"] = {"quantityFulfilled": 1, "quantityUnfulfilled": 0}
    waiting["fulfillment"] = {"quantityFulfilled": 0, "quantityUnfulfilled": 1}
    seller.control("orders", [{**half, "orderItems": [sent, waiting]}])
    rows = seller.rows(seller.report(ALL_ORDERS, "2026-11-09T00:00:00Z", "2026-11-11T00:00:00Z"))
    assert [row["item-status"] for row in rows] == ["Shipped", "Unshipped"]
    assert {row["order-status"] for row in rows} == {"Shipping"}


def test_columns_are_those_of_amazons_documentation(month, switched):
    report = month.report(ALL_ORDERS, *FIRST_HALF)
    assert len(month.rows(report)[0]) == 31
    switched(order_report_columns="extended")
    for row in month.rows(month.report(ALL_ORDERS, *FIRST_HALF)):
        order = month.orders[row["amazon-order-id"]]
        assert row["order-item-id"] in {one["orderItemId"] for one in order["orderItems"]}
        assert (row["is-iba"] == "true") == ("INVOICE_BY_AMAZON" in order["programs"])
        if row["item-price"]:
            net = cents(row["vat-exclusive-item-price"])
            assert net == cents(row["item-price"]) - cents(row["item-tax"])


def test_shipments_are_told_when_they_left_and_from_where(month):
    rows = of_halves(month, SHIPMENTS)
    left = {
        (one["shipment_id"], item): order
        for order in month.expected.values()
        if order["fulfilled_by"] == "AMAZON"
        for one in order.get("shipments", ())
        if one["shipped_utc"] < "2026-11-01"
        for item in one["items"]
    }
    assert {(row["shipment-id"], row["amazon-order-item-id"]) for row in rows} == set(left)
    assert len(rows) == len(left)
    times = {
        one["shipment_id"]: one["shipped_utc"][:19] + "+00:00"
        for order in left.values()
        for one in order["shipments"]
    }
    for row in rows:
        own = left[row["shipment-id"], row["amazon-order-item-id"]]
        assert CENTRES[row["fulfillment-center-id"][:3]] == own["ship_from"]
        assert row["shipment-date"] == times[row["shipment-id"]]
    amounts = Counter()
    for row in rows:
        amounts[row["amazon-order-id"]] += paid(row)
        assert all(cents(row[name]) <= 0 for name in DISCOUNTS)
    for order, amount in amounts.items():
        if all(one["shipped_utc"] < "2026-11-01" for one in left_of(month, order)):
            assert amount == month.expected[order]["buyer_paid_cents"]
    assert {left[key]["sale_kind"] for key in left} >= {"mcf", "replacement", "oss"}
    assert any(len(order["shipments"]) == 2 for order in left.values())


def left_of(client, order_id):
    return client.expected[order_id]["shipments"]


def test_two_shipments_fall_in_the_windows_they_left_in(month):
    apart = [
        (one["order_id"], [each["shipped_utc"] for each in one["shipments"]])
        for one in month.expected.values()
        if one["fulfilled_by"] == "AMAZON" and len(one.get("shipments", ())) == 2
    ]
    order, (first, second) = next(
        (order, times) for order, times in apart if times[0] < FIRST_HALF[1] < times[1]
    )
    for window, time in ((FIRST_HALF, first), (SECOND_HALF, second)):
        rows = month.rows(month.report(SHIPMENTS, *window))
        dates = {row["shipment-date"] for row in rows if row["amazon-order-id"] == order}
        assert dates == {time[:19] + "+00:00"}


def vidr_gross(row):
    return sum(cents(row[f"{name}-vat-incl-amount"]) for name in VIDR_PARTS)


def test_invoice_data_of_every_shipment_and_refund(month):
    rows = month.rows(month.report(VIDR, *OCTOBER, **ALL))
    sent, back = Counter(), Counter()
    for row in rows:
        own = month.expected[row["order-id"]]
        rates = {item["item_id"]: item["rate_percent"] for item in own["items"]}
        rate = Decimal(rates[row["order-item-id"]]) / 100
        assert row["ship-from-country"] == own["ship_from"]
        assert row["buyer-vat-number"] == own["vat_number"]
        assert Decimal(row["item-vat-rate"]) == rate
        for name in VIDR_PARTS:
            gross, vat = (cents(row[f"{name}-vat-{what}"]) for what in ("incl-amount", "amount"))
            assert gross == vat + cents(row[f"{name}-vat-excl-amount"])
            assert abs(vat - gross * rate / (1 + rate)) <= Decimal("0.5")
        (sent if row["transaction-type"] == "SHIPMENT" else back)[row["order-id"]] += vidr_gross(
            row
        )
        shipped = {one["shipment_id"] for one in own["shipments"]}
        assert row["shipping-id"] in shipped
    sales = {
        key: one for key, one in month.expected.items()
        if "shipped_utc" in one and one["expected"] != "skipped"
        and month.orders[key]["createdTime"] < OCTOBER[1]
    }  # fmt: skip
    assert sent == {key: one["buyer_paid_cents"] for key, one in sales.items()}
    taxed = ("goods", "shipping", "gift_wrap", "discount", "shipping_discount")
    refunded = Counter()
    for key, one in sales.items():
        for refund in one["refunds"]:
            if refund["posted_utc"] < "2026-12-05T12":
                refunded[key] += sum(
                    item["parts_cents"].get(part, 0) for item in refund["items"] for part in taxed
                )
    assert {k: v for k, v in back.items() if v} == {k: v for k, v in refunded.items() if v}
    partial = [one for one in sales.values() for refund in one["refunds"]
               if -one["gross_cents"] < refund["gross_cents"]]  # fmt: skip
    assert len(partial) > 20


def test_invoice_data_takes_the_day_of_purchase_or_the_last_ninety_days(month):
    half = month.rows(month.report(VIDR, *FIRST_HALF, **ALL))
    bought = {row["order-date"] for row in half}
    assert max(bought) < SECOND_HALF[0]
    assert max(row["shipment-date"] for row in half) > SECOND_HALF[0]
    # Without "all" the window doesn't matter: what is still to be invoiced comes.
    pending = month.rows(month.report(VIDR, *FIRST_HALF, marketplaceIds=EVERYWHERE))
    assert max(row["order-date"] for row in pending) > "2026-10-30"
    only = month.rows(month.report(VIDR, *FIRST_HALF, **{**ALL, "marketplaceIds": EVERYWHERE[:1]}))
    assert {row["marketplace-id"] for row in only} == set(EVERYWHERE[:1])
    too_long = month.report(VIDR, "2026-10-01T00:00:00Z", "2026-11-02T00:00:00Z", **ALL)
    assert too_long["processingStatus"] == "FATAL"
    assert month.report(VIDR, None, None, **ALL)["processingStatus"] == "FATAL"


def test_amazon_may_have_issued_the_invoices(month, switched):
    switched(vat_invoices="amazon", encrypted_vat_numbers=True)
    rows = month.rows(month.report(VIDR, *OCTOBER, **ALL))
    by_document = {}
    for row in rows:
        assert row["is-amazon-invoiced"] == "true"
        assert len(row["invoice-number"]) == 14
        document = (row["shipping-id"], row["transaction-id"])
        assert by_document.setdefault(row["invoice-number"], document) == document
    assert {row["invoice-number"][-1] for row in rows} == set("ICUQD")
    numbers = {row["buyer-vat-number"] for row in rows} - {""}
    assert numbers
    assert all(one.startswith("AQICAH") for one in numbers)
    pending = month.report(VIDR, *OCTOBER, marketplaceIds=EVERYWHERE)
    assert pending["processingStatus"] == "CANCELLED"


def test_vat_transactions_of_a_month(month):
    rows = month.rows(month.report(VAT, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"))
    assert len(rows[0]) == 95
    kinds = Counter(row["TRANSACTION_TYPE"] for row in rows)
    assert set(kinds) == {"SALE", "REFUND", "RETURN", "FC_TRANSFER"}
    sold = Counter()
    for row in rows:
        assert row["ACTIVITY_PERIOD"] == "2026-OCT"
        if row["TRANSACTION_TYPE"] == "FC_TRANSFER":
            assert row["DEPARTURE_COUNTRY"] != row["ARRIVAL_COUNTRY"]
            continue
        own = month.expected[row["TRANSACTION_EVENT_ID"]]
        assert row["SALE_DEPART_COUNTRY"] == own["ship_from"]
        assert row["SALE_ARRIVAL_COUNTRY"] == own["ship_to"]
        if row["TRANSACTION_TYPE"] == "SALE":
            sold[row["TRANSACTION_EVENT_ID"]] += cents(row["TOTAL_ACTIVITY_VALUE_AMT_VAT_INCL"])
            assert row["BUYER_VAT_NUMBER"] == own["vat_number"]
            facilitated = own["sale_kind"] == "facilitator"
            assert (row["TAX_COLLECTION_RESPONSIBILITY"] == "MARKETPLACE") == facilitated
            assert (row["TAX_REPORTING_SCHEME"] == "UNION-OSS") == (own["sale_kind"] == "oss")
    for key, amount in sold.items():
        if all(one["shipped_utc"] < "2026-11-01" for one in left_of(month, key)):
            assert amount == month.expected[key]["buyer_paid_cents"]
    text = month.document(
        month.report(VAT, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")["reportDocumentId"]
    ).text
    lengths = {line.count("\t") for line in text.split("\r\n")[1:-1]}
    assert lengths == {94} | {n for n in lengths if n < 94}
    assert len(lengths) > 1


def test_reports_without_tax_in_the_orders(seller):
    seller.control(
        "seed",
        {"profile": "year", "seed": 5, "orders": 200, "from": "2026-10-01", "to": "2026-11-01",
         "proceeds_basis": "none"},
    )  # fmt: skip
    rows = seller.rows(seller.report(ALL_ORDERS, *OCTOBER))
    taxed = [row for row in rows if row["item-price"] and row["item-tax"]]
    truth = {one["order_id"]: one for one in seller.truth()["orders"]}
    # Only where Amazon itself keeps the tax does it show any, and the zero that it left off.
    kinds = {"facilitator", "intra_community"}
    assert {truth[row["amazon-order-id"]]["sale_kind"] for row in taxed} <= kinds
    for row in taxed:
        if truth[row["amazon-order-id"]]["sale_kind"] == "intra_community":
            assert Decimal(row["item-tax"]) == 0
    for row in seller.rows(seller.report(VIDR, *OCTOBER, **ALL)):
        rates = {one["item_id"]: one["rate_percent"] for one in truth[row["order-id"]]["items"]}
        assert Decimal(row["item-vat-rate"]) * 100 == Decimal(rates[row["order-item-id"]])
