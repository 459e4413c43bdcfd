"""What is asked of VIES and the ECB, and what is not."""

from __future__ import annotations

from datetime import date

from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.questions import rates_to_ask, vat_numbers_to_ask

from tests.domain.orders.shop import booked, item, order, vat, with_vat_number
from tests.golden.sales import as_booked, read, settings_of

GERMAN = "DE136695976"


def test_only_numbers_on_which_vat_depends() -> None:
    raw = [
        with_vat_number(order([item("10.00")], order_id="1", to="DE"), GERMAN),
        with_vat_number(order([item("10.00")], order_id="2", to="NL"), "NL004495445B01"),
        with_vat_number(order([item("10.00")], order_id="3", to="CH"), "CHE100155212"),
        with_vat_number(order([item("10.00")], order_id="4", to="DE"), "DE1"),
    ]
    orders = read({"orders": raw}, settings_of()).orders
    assert vat_numbers_to_ask(orders, BOOKED.empty(), settings_of()) == [GERMAN]
    assert vat_numbers_to_ask(orders, BOOKED.empty(), vat(scheme="kor")) == []


def test_nothing_is_asked_for_what_is_booked() -> None:
    raw = order([item("249.00", currency="SEK")], marketplace="SE")
    rates = {"SEK": {"2026-10-05": "11.00"}}
    first, _ = booked(raw, rates=rates)
    orders = read({"orders": [raw]}, settings_of()).orders
    wanted = {"SEK": (date(2026, 9, 28), date(2026, 10, 5))}
    assert rates_to_ask(orders, BOOKED.empty()) == wanted
    assert rates_to_ask(orders, as_booked(first.mutations, "PLANNED")) == wanted
    assert rates_to_ask(orders, as_booked(first.mutations)) == {}
