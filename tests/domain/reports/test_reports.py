"""Amazon's flat files of orders, shipments and VAT: read whatever their shape, or refused whole."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pandas as pd
import pendulum
import pytest
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.backfill import ReportKind, slices, sweep, wanted_reports
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.item_vat import ItemVat
from amazon_eboekhouden.domain.order_reports import ReportedOrder, reported_orders
from amazon_eboekhouden.domain.orders import orders_from_json
from amazon_eboekhouden.domain.report_table import ReportFault
from amazon_eboekhouden.domain.reported_bookings import booked_orders, is_unchanged, moved_dates
from amazon_eboekhouden.domain.reported_facts import as_json, from_json
from amazon_eboekhouden.domain.reported_orders import Known, Need, need_of, order_json
from amazon_eboekhouden.domain.reported_slice import read_slice
from amazon_eboekhouden.domain.shipment_reports import fulfilled_shipments
from amazon_eboekhouden.domain.shipments import Shipment
from amazon_eboekhouden.domain.vat_reports import invoice_data
from amazon_eboekhouden.domain.windows import Window, chosen

ORDER_ID = "405-1234567-1234567"
ROW = {
    "amazon-order-id": ORDER_ID,
    "purchase-date": "2026-10-03T10:00:00+00:00",
    "last-updated-date": "2026-10-05T10:00:00+00:00",
    "order-status": "Shipped",
    "fulfillment-channel": "Amazon",
    "sales-channel": "Amazon.nl",
    "sku": "SKU-1",
    "quantity": "1",
    "currency": "EUR",
    "item-price": "12.10",
    "item-tax": "2.10",
    "ship-city": "Utrecht",
    "ship-postal-code": "3511 AA",
    "ship-country": "NL",
    "is-business-order": "false",
}


def file_of(*rows: dict[str, str], end: str = "\n") -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = ["\t".join(names), *("\t".join(row.get(name, "") for name in names) for row in rows)]
    return (end.join(lines) + end).encode()


def settings_of(**changes: Any) -> CouplingSettings:
    seller = {"connection": "a", "marketplaces": ["NL", "DE"], "stock_in": ["NL"]}
    books = {"connection": "b", "go_live": date(2026, 1, 1), "relations": "per_country"}
    return CouplingSettings(
        name="demo",
        seller=seller | changes.get("seller", {}),
        books=books | changes.get("books", {}),
    )


def one(**changes: str) -> ReportedOrder:
    names = {name.replace("_", "-"): value for name, value in changes.items()}
    [found] = reported_orders(file_of({**ROW, **names}), None).values()
    return found


@pytest.mark.parametrize(
    "content",
    [
        file_of(ROW),
        file_of(ROW, end="\r\n"),
        b"\xef\xbb\xbf" + file_of(ROW),
        file_of(dict(reversed(ROW.items()))),
        file_of(ROW | {"a-new-column": "42"}),
        file_of(ROW | {"item-price": "12,10", "item-tax": "2,10"}),
        file_of({name.upper().replace("-", "_"): value for name, value in ROW.items()}),
        file_of(ROW) + b"\n\n",
    ],
    ids=["plain", "crlf", "bom", "order of columns", "new column", "comma", "names", "empty lines"],
)
def test_an_order_is_the_same_however_the_file_is_written(content: bytes) -> None:
    [order] = reported_orders(content, None).values()
    [item] = order.items
    assert (order.order_id, order.status, order.by_amazon) == (ORDER_ID, "SHIPPED", True)
    assert (item.prices, item.taxes, item.readable) == ({"ITEM": 1210}, {"ITEM": 210}, True)
    assert order.updated_utc == datetime(2026, 10, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize("content", [b"<html>403</html>", b"a\tb\n1\t2\n", b"\x00\xff\xfe\x00"])
def test_another_kind_of_file_is_refused_whole(content: bytes) -> None:
    with pytest.raises(ReportFault):
        reported_orders(content, None)


def test_an_empty_file_holds_nothing() -> None:
    assert reported_orders(b"", None) == {}


def test_rows_of_an_order_come_together_and_cancelled_ones_fall_away() -> None:
    other = ROW | {"amazon-order-id": "405-7654321-7654321"}
    second = ROW | {"sku": "SKU-2", "item-price": "5.00", "item-tax": ""}
    gone = ROW | {"sku": "SKU-3", "item-status": "Cancelled"}
    found = reported_orders(file_of(ROW, other, second, gone), None)
    assert list(found) == [ORDER_ID, "405-7654321-7654321"]
    assert [item.sku for item in found[ORDER_ID].items] == ["SKU-1", "SKU-2"]


@pytest.mark.parametrize(
    ("changes", "need"),
    [
        ({}, None),
        ({"item_price": "twelve"}, Need.AMOUNTS),
        ({"item_price": ""}, Need.AMOUNTS),
        ({"last_updated_date": "yesterday"}, Need.UNKNOWN),
        ({"sales_channel": "Amazon.xx"}, Need.UNKNOWN),
        ({"ship_country": "CH"}, Need.COLLECTION),
        ({"is_business_order": "true"}, Need.BUSINESS),
        ({"order_status": "Pending", "item_price": ""}, None),
        ({"order_status": "Cancelled", "item_price": ""}, None),
        ({"sales_channel": "Non-Amazon NL", "item_price": ""}, None),
        ({"fulfillment_channel": "Merchant"}, None),
        ({"fulfillment_channel": "Merchant", "purchase_date": "2026-09-30T20:00:00Z"},
         Need.PACKAGES),
    ],
)  # fmt: skip
def test_why_an_order_must_be_asked_for(changes: dict[str, str], need: Need | None) -> None:
    assert need_of(one(**changes), Known(), settings_of()) == need


def test_per_buyer_only_what_the_seller_sends_has_a_name_worth_asking_for() -> None:
    settings = settings_of(books={"relations": "per_buyer"})
    assert need_of(one(), Known(), settings) is None
    assert need_of(one(fulfillment_channel="Merchant"), Known(), settings) is Need.BUYER


@pytest.mark.parametrize(
    ("changes", "total", "lines"),
    [
        ({}, 1210, {"goods": (1210, 210)}),
        # The VAT of goods is that before the discount; the discount's own follows from the rate.
        ({"item_promotion_discount": "1.21"}, 1089,
         {"goods": (1210, 210), "goods_discount": (-121, -21)}),
        ({"shipping_price": "3.99", "shipping_tax": "0.69", "ship_promotion_discount": "3.99"},
         1210, {"goods": (1210, 210), "shipping": (399, 69), "shipping_discount": (-399, -69)}),
    ],
)  # fmt: skip
def test_a_reported_order_is_read_like_one_of_the_orders_api(
    changes: dict[str, str], total: int, lines: dict[str, tuple[int, int]]
) -> None:
    settings = settings_of()
    read = orders_from_json([order_json(one(**changes), Known(), settings)], settings)
    assert read.problems == []
    assert read.orders["total_cents"].tolist() == [total]
    rows = read.lines.to_dict("records")
    assert {r["component"]: (r["gross_cents"], r["tax_cents"]) for r in rows} == lines


SHIPPED = {
    "amazon-order-id": ORDER_ID,
    "shipment-id": "D1",
    "amazon-order-item-id": "777",
    "sku": "SKU-1",
    "shipment-date": "2026-10-04T22:30:00+00:00",
    "quantity-shipped": "1",
    "fulfillment-center-id": "LEJ3",
}


def test_the_report_of_shipments_tells_country_day_and_item() -> None:
    found = fulfilled_shipments(file_of(SHIPPED), None)
    shipment = found.by_order()[ORDER_ID]
    assert (shipment.ship_from, shipment.shipped_utc.isoformat()) == (
        "DE",
        "2026-10-04T22:30:00+00:00",
    )
    assert list(found.item_ids.of(ORDER_ID, "SKU-1")) == ["777"]


def test_a_warehouse_that_nobody_knows_leaves_the_country_open() -> None:
    unknown = SHIPPED | {"fulfillment-center-id": "QQQ1"}
    assert fulfilled_shipments(file_of(unknown), None).by_order()[ORDER_ID].ship_from == ""


INVOICE_DATA = {
    "order-id": ORDER_ID,
    "transaction-type": "SHIPMENT",
    "order-item-id": "777",
    "shipping-id": "D1",
    "shipment-date": "2026-10-04T22:30:00+00:00",
    "ship-from-country": "nl",
    "sku": "SKU-1",
    "quantity-purchased": "1",
    "buyer-vat-number": "DE 123.456.789",
    "is-amazon-invoiced": "true",
    "invoice-number": "NL26000001234I",
    "item-vat-rate": "0.21",
    "item-vat-amount": "2.10",
    "item-promo-vat-amount": "-0.21",
}


@pytest.mark.parametrize("rate", ["0.21", "0,21", "21", "21%", "21.0 %"])
def test_vat_invoice_data_tells_rates_and_cents(rate: str) -> None:
    report = invoice_data(file_of(INVOICE_DATA | {"item-vat-rate": rate}), None)
    vat = report.items()[ORDER_ID]["777"]
    assert (vat.percent, vat.cents) == (Decimal(21), {"goods": 210, "goods_discount": -21})


def test_vat_invoice_data_tells_numbers_and_leaves_refunds_alone() -> None:
    refund = INVOICE_DATA | {"transaction-type": "REFUND", "invoice-number": "NL26000001234C"}
    facts = invoice_data(file_of(INVOICE_DATA, refund), None).facts[ORDER_ID]
    assert facts.buyer_vat_number == "DE123456789"
    assert (facts.invoice_number, facts.invoice_numbers) == (
        "NL26000001234I",
        {"D1": "NL26000001234I"},
    )


def test_an_order_sent_in_two_parts_is_told_by_two_reports_together() -> None:
    later = {"shipping-id": "D2", "shipment-date": "2026-11-03T10:00:00+00:00"}
    reports = [
        (ReportKind.ORDERS, file_of(ROW | {"quantity": "2"}), None),
        (ReportKind.INVOICE_DATA, file_of(INVOICE_DATA), None),
        (ReportKind.INVOICE_DATA, file_of(INVOICE_DATA, INVOICE_DATA | later), None),
        (ReportKind.SHIPMENTS, b"", None),
    ]
    known = read_slice(reports).known
    # What stands in both, as at the edge of two windows, counts once.
    assert [(one.shipment_id, one.pieces) for one in known.shipments[ORDER_ID].parcels] == [
        ("D1", {"777": 1}),
        ("D2", {"777": 1}),
    ]
    assert known.items[ORDER_ID]["777"].cents == {"goods": 420, "goods_discount": -42}
    assert known.vat[ORDER_ID].invoice_numbers.keys() == {"D1", "D2"}


def test_the_report_of_amazons_own_shipments_knows_best() -> None:
    reports = [
        (ReportKind.SHIPMENTS, file_of(SHIPPED), None),
        (ReportKind.INVOICE_DATA, file_of(INVOICE_DATA), None),
    ]
    known = read_slice(reports).known
    assert known.shipments[ORDER_ID].ship_from == "DE"
    assert known.sent[ORDER_ID].ship_from == "NL"


def test_a_vat_number_that_amazon_encrypted_is_none() -> None:
    long = INVOICE_DATA | {"buyer-vat-number": "x" * 60}
    assert invoice_data(file_of(long), None).facts[ORDER_ID].buyer_vat_number is None


def test_facts_survive_the_way_through_the_staging_store() -> None:
    report = invoice_data(file_of(INVOICE_DATA), None)
    shipments = fulfilled_shipments(file_of(SHIPPED), None).by_order()
    known = Known(shipments=shipments, vat=report.facts, items=report.items())
    back = from_json(as_json(known, [ORDER_ID, "another"]))
    assert back.shipments == shipments
    assert back.item_vat == {ORDER_ID: {"777": ItemVat(Decimal("21.00"), {
        "goods": 210, "goods_discount": -21})}}  # fmt: skip
    assert back.vcs_numbers == {ORDER_ID: "NL26000001234I", f"{ORDER_ID}:D1": "NL26000001234I"}


def _booked(cents: int, *, source: str = "package", credited: int = 0) -> pd.DataFrame:
    dated = {"ship_date": "2026-09-30", "ship_date_source": source}
    rows = [("INV", cents)] + ([("CRN", credited)] if credited else [])
    return BOOKED.of(
        {
            "booking": f"{kind}:{ORDER_ID}",
            "booking_kind": kind,
            "state": "CONFIRMED",
            "order_id": ORDER_ID,
            "settlement_id": "",
            "invoice_number": f"AMZ-{ORDER_ID}",
            "relation_code": "R",
            "date": pd.Timestamp("2026-09-30"),
            "gross_cents": amount,
            "remote_id": "1",
            "facts": json.dumps({"currency_gross_cents": amount, **dated}),
        }
        for kind, amount in rows
    )


@pytest.mark.parametrize(
    ("booked", "shown", "same"),
    [
        (_booked(1210), one(), True),
        (_booked(1000), one(), True),  # Where Amazon keeps the VAT, the invoice is without.
        (_booked(1210, credited=-200), one(item_price="10.10"), True),
        (_booked(1210), one(item_price="9.99"), False),
        (_booked(1210), one(order_status="Cancelled"), False),
    ],
)
def test_what_stands_in_the_books_as_it_is_shown(
    booked: pd.DataFrame, shown: ReportedOrder, same: bool
) -> None:
    known = booked_orders(booked, [ORDER_ID])
    assert is_unchanged(shown, known[ORDER_ID]) is same


@pytest.mark.parametrize(
    ("source", "left", "codes"),
    [
        ("first_seen", "2026-10-01T09:00:00+00:00", ["ship-date-differs"]),
        ("first_seen", "2026-09-29T09:00:00+00:00", []),
        ("package", "2026-10-01T09:00:00+00:00", []),
    ],
)
def test_a_day_in_another_vat_quarter_is_a_persons_business(
    source: str, left: str, codes: list[str]
) -> None:
    booked = booked_orders(_booked(1210, source=source), [ORDER_ID])
    shipments = {ORDER_ID: Shipment(datetime.fromisoformat(left), "NL")}
    found = moved_dates(booked, shipments)
    assert [(p.code, p.order_id) for p in found] == [(code, ORDER_ID) for code in codes]


def _window(first: str, last: str) -> Window:
    return Window(
        datetime.fromisoformat(f"{first}T00:00Z"), datetime.fromisoformat(f"{last}T00:00Z")
    )


def test_a_year_takes_two_reports_per_thirty_days() -> None:
    year, now = _window("2025-11-01", "2026-11-01"), datetime(2026, 12, 1, tzinfo=UTC)
    parts = slices(year)
    assert (parts[0].from_utc, parts[-1].to_utc) == (year.from_utc, year.to_utc)
    assert all(a.to_utc == b.from_utc for a, b in pairwise(parts))
    wanted = {w.name: w for p in parts for w in wanted_reports(p, year, settings_of(), now)}
    assert len(parts) == 13
    assert len(wanted) == 26
    assert all((w.window.to_utc - w.window.from_utc).days <= 30 for w in wanted.values())


def test_the_interval_of_a_run_of_airflow_is_cut_like_any_other() -> None:
    first, last = pendulum.datetime(2026, 7, 6, 0, 25), pendulum.datetime(2026, 9, 1, 0, 25)
    parts = slices(chosen(first, last))
    assert [part.to_utc.isoformat() for part in parts] == [
        "2026-08-05T00:25:00+00:00",
        "2026-09-01T00:25:00+00:00",
    ]
    assert sweep(last).from_utc.isoformat() == "2026-08-25T00:25:00+00:00"


def test_reports_are_asked_for_where_the_seller_has_them() -> None:
    week, now = _window("2026-10-01", "2026-10-08"), datetime(2026, 10, 10, tzinfo=UTC)
    own = settings_of(seller={"stock_in": []})
    assert [w.kind for w in wanted_reports(week, week, own, now)] == [ReportKind.ORDERS]
    vcs = settings_of(books={"invoice_source": "vcs_amazon"})
    kinds = [w.kind for w in wanted_reports(week, week, vcs, now)]
    assert kinds == [ReportKind.ORDERS, ReportKind.SHIPMENTS, ReportKind.INVOICE_DATA]
    [_, shipments, _] = wanted_reports(week, week, vcs, now)
    assert shipments.window.to_utc == now  # Nothing later can be asked for.
