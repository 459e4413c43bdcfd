"""The sales mistakes that other couplings make, each with the check that catches it.

Numbers and names are those of the list in the accounting rules, section 12. Mistakes about fees,
settlements, payments and the dashboard are tested in their own rooms.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from amazon_eboekhouden.config.vat import SALES_CODES, override_faults, rates_in_force, sale_rows
from amazon_eboekhouden.domain.credit_notes import credit_note
from amazon_eboekhouden.domain.invoices import Bookables
from amazon_eboekhouden.domain.problems import Problem

from tests.domain.orders.shop import (
    ORDER_ID,
    booked,
    facilitated,
    item,
    order,
    problems,
    row,
    vat,
    with_vat_number,
)
from tests.golden.sales import as_booked, book, settings_of


def _sum(bookables: Bookables, column: str = "gross_cents") -> int:
    return int(bookables.mutation_lines[column].sum())


def test_01_net_deposit_booked_as_revenue() -> None:
    """Revenue is what the buyer paid, not what Amazon pays out."""
    bookables, lines = booked(order([item("49.99")]))
    assert _sum(bookables) == 4999
    assert not [line for line in lines if line["account"].startswith("4")]


def test_02_foreign_vat_as_dutch_vat() -> None:
    _, lines = booked(order([item("119.00")], to="DE"))
    assert {line["vat_code"] for line in lines} == {"GEEN"}
    assert {row.code for row in sale_rows()} <= SALES_CODES
    assert not {"AFW_VERK", "AFW", "HOOG_VERK", "LAAG_VERK"} & SALES_CODES
    settings = settings_of({"vat": [{"sale_kind": "S6", "code": "AFW_VERK"}]})
    assert [field for field, _ in override_faults(settings)] == ["vat.0.code"]


@pytest.mark.parametrize("amount", ["5.00", "500.00"])
def test_03_vat_by_amount_or_billing_country(amount: str) -> None:
    """Ship-from and ship-to decide, the size of the amount never does."""
    raw = order([item(amount)], to="DE", marketplace="NL")
    _, lines = booked(raw)
    assert [line["account"] for line in lines] == ["8020", "1641"]
    share = Decimal(lines[1]["gross_cents"]) / lines[0]["gross_cents"]
    assert abs(share - Decimal("0.19")) < Decimal("0.01")


def test_04_nine_percent_goods_at_twenty_one() -> None:
    items = [item("21.80", sku="BOOK"), item("30.25", item_id="2")]
    _, lines = booked(order(items), settings=vat(rates_by_sku={"BOOK": {"NL": "9"}}))
    assert [(ln["account"], ln["vat_code"], ln["vat_cents"]) for ln in lines] == [
        ("8010", "LAAG_VERK_9", 180),
        ("8000", "HOOG_VERK_21", 525),
    ]


@pytest.mark.parametrize("to", ["NL", "DE", "CH"])
def test_05_no_vat_on_shipping(to: str) -> None:
    """Shipping bears the rate of the goods, whatever that is."""
    raw = order([item("24.20", row("ITEM", "20.00"), row("SHIPPING", "4.20"))], to=to)
    bookables, _ = booked(raw)
    [facts] = [json.loads(text) for text in bookables.mutations["facts"]]
    [rate] = facts["rates"]
    assert {line["component"] for line in rate["lines"]} == {"goods", "shipping"}


def test_06_unvalidated_or_missing_vat_ids_at_zero() -> None:
    number = "DE136695976"
    raw = with_vat_number(order([item("100.00")], to="DE"), number)
    assert problems(raw) == [("vies-unanswered", ORDER_ID)]
    answer = {"asked_on": "2026-10-05", "consultation": "WAPI1"}
    no = {"vies": {number: {"valid": False, **answer}}}
    assert problems(raw, **no) == [("vat-number-invalid", ORDER_ID)]
    bookables, lines = booked(raw, vies={number: {"valid": True, **answer}})
    assert [line["vat_code"] for line in lines] == ["BI_EU_VERK"]
    # The proof is kept, the number itself stands on the relation only.
    [facts] = bookables.mutations["facts"]
    assert json.loads(facts)["vies"]["consultation"] == "WAPI1"
    assert number not in facts
    assert list(bookables.relations["vat_number"]) == [number]


def test_07_marketplace_vat_as_input_tax() -> None:
    one = item("24.00", row("ITEM", "20.00"), row("TAX", "4.00"))
    bookables, lines = booked(order([facilitated(one)], to="CH"))
    assert _sum(bookables) == 2000
    assert [(line["account"], line["vat_cents"]) for line in lines] == [("8050", 0)]


def test_11_two_invoices_for_one_sale() -> None:
    """Where Amazon issues the invoice, its number is used and no other is made."""
    amazon = settings_of({"books": {"invoice_source": "vcs_amazon"}})
    raw = order([item("49.99", row("ITEM", "49.99"), row("TAX", "8.68"))])
    bookables, _ = booked(raw, raw, settings=amazon, vcs_numbers={ORDER_ID: "NL26000000001I"})
    assert list(bookables.mutations["invoice_number"]) == ["NL26000000001I"]


def test_12_truncated_invoice_numbers() -> None:
    orders = [order([item("10.00")], order_id=f"405-1234567-{n:07d}") for n in range(30)]
    bookables, _ = booked(*orders)
    numbers = list(bookables.mutations["invoice_number"])
    assert len(set(numbers)) == 30
    assert numbers[0] == "AMZ-405-1234567-0000000"
    assert all(len(number) <= 50 for number in numbers)


def test_13_rounding_per_line() -> None:
    items = [item("1.99", item_id=str(n)) for n in (1, 2, 3)]
    bookables, lines = booked(order(items))
    assert _sum(bookables, "vat_cents") == 104
    assert [line["net_cents"] for line in lines] == [165, 164, 164]


def test_14_unit_price_multiplied_again() -> None:
    one = item("199.90")
    one |= {"quantityOrdered": 10, "fulfillment": {"quantityFulfilled": 10}}
    one["product"] |= {"price": {"unitPrice": {"amount": "19.99", "currencyCode": "EUR"}}}
    bookables, _ = booked(order([one]))
    assert _sum(bookables) == 19990


def test_15_rows_multiplied_by_a_join_on_a_blank_sku() -> None:
    items = [item("10.00", item_id=str(n), sku="") for n in (1, 2, 3)]
    bookables, lines = booked(order(items))
    assert len(lines) == 3
    assert _sum(bookables) == 3000


def test_17_changes_after_booking_never_follow() -> None:
    early = settings_of({"books": {"invoice_on": "unshipped"}})
    waiting = {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "AMAZON"}
    first, _ = booked(order([item("49.99")], fulfillment=waiting), settings=early)
    gone = {"fulfillmentStatus": "CANCELLED", "fulfilledBy": "AMAZON"}
    cancelled = order([item("49.99")], fulfillment=gone)
    _, second = book({"orders": [cancelled]}, early, as_booked(first.mutations))
    [note] = second.mutations.to_dict("records")
    assert note["booking"] == f"crn:{ORDER_ID}:cancelled"
    assert note["gross_cents"] == -4999
    assert note["depends_on"].split()[0] == first.mutations["booking"][0]
    assert _sum(first, "vat_cents") + _sum(second, "vat_cents") == 0


@pytest.mark.parametrize(
    ("shipped", "on"),
    [
        ("2026-09-30T21:59:59Z", date(2026, 9, 30)),
        ("2026-09-30T22:00:00Z", date(2026, 10, 1)),
        ("2026-12-31T22:59:59.999Z", date(2026, 12, 31)),
        ("2026-12-31T23:00:00.000Z", date(2027, 1, 1)),
    ],
)
def test_18_created_date_instead_of_ship_date(shipped: str, on: date) -> None:
    package = {"shipTime": shipped, "shipFromAddress": {"countryCode": "NL"}}
    by_merchant = {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "MERCHANT"}
    raw = order(
        [item("49.99")],
        createdTime="2026-09-01T10:00:00Z",
        fulfillment=by_merchant,
        packages=[package],
    )
    bookables, _ = booked(raw)
    assert [day.date() for day in bookables.mutations["date"]] == [on]


def test_19_reading_again_alters_a_booking() -> None:
    """Whatever changed since (settings, update time), the booking is repeated byte for byte."""
    first, _ = booked(order([item("49.99")]))
    later = order([item("49.99")], lastUpdatedTime="2026-12-24T10:00:00Z")
    other = settings_of({"accounts": {"revenue": "8001"}, "books": {"payment_term_days": 7}})
    _, second = book({"orders": [later]}, other, as_booked(first.mutations))
    assert second.problems == []
    assert second.mutations.to_dict("records") == first.mutations.to_dict("records")
    assert second.mutation_lines.to_dict("records") == first.mutation_lines.to_dict("records")


def test_23_silently_skipped() -> None:
    """Every order ends in exactly one place, with a name for it."""
    statuses = ["PENDING", "UNSHIPPED", "CANCELLED", "UNFULFILLABLE", "NEW", "SHIPPED"]
    orders = [
        order(
            [item("10.00")],
            order_id=f"405-0000000-000000{n}",
            fulfillment={"fulfillmentStatus": status, "fulfilledBy": "AMAZON"},
        )
        for n, status in enumerate(statuses)
    ]
    read, bookables = book({"orders": orders}, settings_of())
    places = [
        *read.skipped["order_id"],
        *bookables.skipped["order_id"],
        *bookables.mutations["order_id"],
        *(problem.order_id for problem in (*read.problems, *bookables.problems)),
    ]
    assert sorted(places) == sorted(raw["orderId"] for raw in orders)


def test_a_refund_keeps_the_rate_of_its_invoice() -> None:
    """A rate that changes between sale and refund changes nothing (Slovakia, 1 January 2025)."""
    settings = settings_of({"books": {"go_live": "2024-01-01"}})
    raw = order([item("120.00")], to="SK", lastUpdatedTime="2024-12-20T10:00:00Z")
    bookables, _ = booked(raw, settings=settings)
    [invoice] = as_booked(bookables.mutations).to_dict("records")
    note = credit_note(
        invoice, refunded_cents=6000, event_id="R", sequence=1, date=date(2025, 1, 5)
    )
    assert not isinstance(note, Problem)
    assert [(line["account"], line["gross_cents"]) for line in note[1]] == [
        ("8020", -5000),
        ("1676", -1000),
    ]


def test_rates_are_dated() -> None:
    def standard(country: str, on: date) -> Decimal:
        return rates_in_force(country, on)[0].percent

    assert standard("RO", date(2025, 7, 31)) == 19
    assert standard("RO", date(2025, 8, 1)) == 21
    assert standard("FI", date(2026, 1, 1)) == Decimal("25.5")


def test_free_shipping_leaves_nothing_of_the_shipping() -> None:
    """Amazon shows one tax for all discounts; the one on shipping takes its tax along."""
    rows = (
        row("ITEM", "1.64"),
        row("SHIPPING", "3.26"),
        row("DISCOUNT", "3.33", SHIPPING="3.26", ITEM="0.07"),
        row("TAX", "0.33", ITEM="0.35", SHIPPING="0.69", DISCOUNT="-0.71"),
    )
    bookables, lines = booked(order([item("1.90", *rows)]))
    found = lines_per_account(bookables)
    assert found == {"8000": (164, 35), "8100": (326, 69), "8190": (-333, -71)}
    assert lines


def lines_per_account(bookables: Bookables) -> dict[str, tuple[int, int]]:
    sums = bookables.mutation_lines.groupby("account")[["net_cents", "vat_cents"]].sum()
    return {str(account): (int(net), int(tax)) for account, (net, tax) in sums.iterrows()}
