"""Transactions of Amazon's finances: what is a refund, how much of it, and which are the same."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from amazon_eboekhouden.domain.finances import refund_events

from tests.domain.refunds.told import ORDER, Json, refund

PARTS = {"OurPricePrincipal": "-82.64", "OurPriceTax": "-17.36"}


def phases(amount: str = "-20.00", released: str = "-20.00") -> list[Json]:
    """A deferred refund, as Amazon shows it after the release."""
    return [
        refund({"OurPricePrincipal": amount}, number="D", status="DEFERRED_RELEASED",
               RELEASE_TRANSACTION_ID="L"),
        refund({"OurPricePrincipal": released}, number="L", status="RELEASED",
               on="2026-03-17T09:00:00Z", DEFERRED_TRANSACTION_ID="D"),
    ]  # fmt: skip


def test_the_buyers_money_without_amazons_fees() -> None:
    raw = refund(PARTS, fees={"Commission": "15.00", "RefundCommission": "-3.00", "New": "-0.10"})
    ([event], problems) = refund_events([raw])
    assert problems == []
    assert (event.order_id, event.cents, event.event) == (ORDER, -10000, "R1")
    assert (event.days, event.is_estimate) == ((date(2026, 3, 10),), False)


@pytest.mark.parametrize(
    ("parts", "cents"),
    [
        ({"GoodwillPrincipal": "-5.00"}, -500),
        ({**PARTS, "RestockingDeductionPrincipal": "20.00"}, -8000),
        ({"OurPricePrincipal": "-10.00", "OurPriceDiscount": "2.50"}, -750),
        ({"ShippingPrincipal": "-3.99", "ShippingDiscount": "3.99"}, 0),
        ({"GiftwrapPrincipal": "-2.00", "GiftwrapTax": "-0.42"}, -242),
        ({**PARTS, "MarketplaceFacilitatorVAT-Principal": "17.36"}, -8264),
        ({**PARTS, "LowValueGoodsTax-Principal": "17.36"}, -8264),
    ],
)
def test_every_part_of_a_price_counts(parts: dict[str, str], cents: int) -> None:
    ([event], problems) = refund_events([refund(parts)])
    assert problems == []
    assert event.cents == cents


@pytest.mark.parametrize(
    ("kind", "description", "line"),
    [
        ("Refund", "Refund Order", "Terugbetalingen"),
        ("Refund", "Chargeback Refund", "Terugboekingen door de bank van de koper"),
        ("Refund", "A-to-z Guarantee Refund", "A-tot-z-garantie"),
        ("GuaranteeClaim", "", "A-tot-z-garantie"),
        ("Chargeback", "", "Terugboekingen door de bank van de koper"),
    ],
)
def test_claims_and_chargebacks_are_refunds(kind: str, description: str, line: str) -> None:
    raw = refund({"OurPricePrincipal": "-9.00"}, kind=kind, description=description)
    ([event], _) = refund_events([raw])
    assert (event.cents, event.line) == (-900, line)


@pytest.mark.parametrize("kind", ["Shipment", "ServiceFee", "Retrocharge", "Adjustment"])
def test_what_is_no_refund_is_left_to_the_settlement(kind: str) -> None:
    assert refund_events([refund({"OurPricePrincipal": "9.00"}, kind=kind)]) == ([], [])


def test_a_refund_is_one_event_in_all_its_phases() -> None:
    for order in itertools.permutations([*phases(), *phases()]):
        ([event], _) = refund_events(order)
        assert event.cents == -2000
        assert event.days == (date(2026, 3, 10), date(2026, 3, 17))
        assert not event.is_estimate


def test_the_release_brings_the_amount() -> None:
    ([event], _) = refund_events(phases("-20.00", "-19.50"))
    assert event.cents == -1950
    ([early], _) = refund_events([refund({"OurPricePrincipal": "-20.00"}, status="DEFERRED")])
    assert (early.cents, early.is_estimate) == (-2000, True)


def test_phases_are_known_by_their_refund_id_too() -> None:
    found = [
        refund({"OurPricePrincipal": "-20.00"}, number="D", status="DEFERRED"),
        refund({"OurPricePrincipal": "-20.00"}, number="L", on="2026-03-17T09:00:00Z"),
    ]
    ([event], _) = refund_events(found)
    assert event.cents == -2000


def test_two_refunds_of_one_order_stay_two() -> None:
    found = [
        refund({"OurPricePrincipal": "-20.00"}),
        refund({"OurPricePrincipal": "-20.00"}, number="T2", refund_id="R2"),
    ]
    events, _ = refund_events(found)
    assert [event.event for event in events] == ["R1", "R2"]


def test_parts_of_one_refund_add_up() -> None:
    found = [
        refund({"OurPricePrincipal": "-20.00"}),
        refund({"OurPricePrincipal": "-5.00"}, number="T2"),
    ]
    ([event], _) = refund_events(found)
    assert event.cents == -2500


def test_items_without_parts_are_read_from_the_whole() -> None:
    raw = refund(PARTS)
    raw["breakdowns"] = raw["items"][0]["breakdowns"]
    raw["items"] = [{"breakdowns": None}]
    ([event], _) = refund_events([raw])
    assert event.cents == -10000


@pytest.mark.parametrize(
    "raw",
    [
        refund({"OurPricePrincipal": "-9.00", "SomethingNew": "-1.00"}),
        refund({"OurPricePrincipal": "-9.00"}, total="-8.00"),
        {**refund({"OurPricePrincipal": "-9.00"}), "postedDate": "yesterday"},
        {**refund({"OurPricePrincipal": "-9.00"}), "totalAmount": {"currencyAmount": "many"}},
    ],
)
def test_a_refund_that_is_not_understood_is_listed_and_not_guessed(raw: Json) -> None:
    events, [found] = refund_events([raw])
    assert events == []
    assert (found.code, found.order_id) == ("refund-not-understood", ORDER)


def test_the_day_is_amsterdams() -> None:
    raw = refund({"OurPricePrincipal": "-9.00"}, on="2025-12-31T23:30:00Z")
    ([event], _) = refund_events([raw])
    assert event.days == (date(2026, 1, 1),)
