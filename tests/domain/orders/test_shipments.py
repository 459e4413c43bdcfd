"""One invoice per shipment: nothing invoiced twice, nothing lost, and settlements find their part.

The cases with amounts stand in tests/golden/shipment_*; here stand the laws behind them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.parcels import lines_per_parcel
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.matching import match
from amazon_eboekhouden.domain.shipments import Parcel
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.orders.shop import ORDER_ID, item, order
from tests.domain.settlement.writing import file_of
from tests.domain.settlement.writing import row as settled
from tests.golden.sales import as_booked, book, settings_of

Json = dict[str, Any]
FIRST = datetime(2026, 10, 2, 9, tzinfo=UTC)


def per(unit: str) -> CouplingSettings:
    return settings_of({"books": {"invoice_unit": unit}})


def package(reference: str, day: int, *items: str) -> Json:
    return {
        "packageReferenceId": reference,
        "shipTime": f"2026-10-{day:02d}T09:00:00Z",
        "shipFromAddress": {"countryCode": "NL"},
        "packageItems": [{"orderItemId": one, "quantity": 1} for one in items],
    }


def parts(*packages: Json, status: str = "SHIPPED", **fields: Any) -> Json:
    items = [item("59.50", item_id="1", sku="A"), item("40.00", item_id="2", sku="B")]
    fulfillment = {"fulfillmentStatus": status, "fulfilledBy": "MERCHANT"}
    return order(items, fulfillment=fulfillment, packages=list(packages), **fields)


WHOLE = parts(package("1", 2, "1"), package("2", 3, "2"))


def made(raw: Json, unit: str, booked: pd.DataFrame | None = None) -> pd.DataFrame:
    read, found = book({"orders": [raw]}, per(unit), booked)
    assert [p.code for p in (*read.problems, *found.problems)] == []
    return found.mutations


def shown(mutations: pd.DataFrame) -> list[tuple[str, int]]:
    return list(zip(mutations["invoice_number"], mutations["gross_cents"], strict=True))


def test_each_shipment_is_an_invoice_and_read_again_the_same() -> None:
    first = made(WHOLE, "shipment")
    assert shown(first) == [(f"AMZ-{ORDER_ID}-1", 5950), (f"AMZ-{ORDER_ID}-2", 4000)]
    again = made(WHOLE, "shipment", as_booked(first))
    pd.testing.assert_frame_equal(again, first)


def test_a_later_look_gives_the_earlier_parcel_no_other_number() -> None:
    """The parcel that was seen last may have left first: numbers stay with what has them."""
    early = parts(package("2", 3, "2"), status="PARTIALLY_SHIPPED")
    first = made(early, "shipment")
    assert shown(first) == [(f"AMZ-{ORDER_ID}-1", 4000)]
    second = made(WHOLE, "shipment", as_booked(first))
    assert sorted(shown(second)) == [(f"AMZ-{ORDER_ID}-1", 4000), (f"AMZ-{ORDER_ID}-2", 5950)]


@pytest.mark.parametrize("state", ["CONFIRMED", "PLANNED", "UNKNOWN"])
def test_an_order_invoiced_whole_is_not_invoiced_by_shipment(state: str) -> None:
    whole = made(WHOLE, "order")
    found = made(WHOLE, "shipment", as_booked(whole, state))
    assert shown(found) == [(f"AMZ-{ORDER_ID}", 9950)]
    assert list(found["booking"]) == list(whole["booking"])


def test_an_order_invoiced_by_shipment_is_not_invoiced_whole() -> None:
    split = made(WHOLE, "shipment")
    assert shown(made(WHOLE, "order", as_booked(split))) == shown(split)


def test_a_setting_changed_between_two_shipments_is_seen() -> None:
    early = made(parts(package("1", 2, "1"), status="PARTIALLY_SHIPPED"), "shipment")
    _, found = book({"orders": [WHOLE]}, per("order"), as_booked(early))
    assert [(p.code, p.order_id) for p in found.problems] == [("invoice-unit-changed", ORDER_ID)]
    assert found.mutations.empty


def test_an_order_cancelled_after_booking_is_credited_shipment_by_shipment() -> None:
    first = as_booked(made(WHOLE, "shipment"))
    cancelled = parts(status="CANCELLED")
    notes = made(cancelled, "shipment", first)
    assert shown(notes) == [(f"CAMZ-{ORDER_ID}-1-1", -5950), (f"CAMZ-{ORDER_ID}-2-1", -4000)]
    both = BOOKED.check(pd.concat([first, as_booked(notes)], ignore_index=True))
    pd.testing.assert_frame_equal(made(cancelled, "shipment", both), notes)


# --- settlements ---------------------------------------------------------------------------------
def paid(*rows: Json) -> SettlementFile:
    answer = read_settlement(file_of(list(rows)))
    assert isinstance(answer, SettlementFile)
    return answer


def principal(amount: str, **more: str) -> Json:
    return settled("Order/ItemPrice/Principal", amount, ORDER_ID, **more)


def places(settlement: SettlementFile, raw: Json = WHOLE) -> list[tuple[str, int]]:
    """The end of the invoice's key and the confidence, row by row."""
    matched = match(settlement, as_booked(made(raw, "shipment")), per("shipment"))
    return [
        (document.rsplit(":", 1)[-1], confidence)
        for document, confidence in zip(matched["document"], matched["confidence"], strict=True)
    ]


def test_a_settlement_finds_the_invoice_by_its_shipment() -> None:
    raw = parts(package("DAA", 2, "1"), package("DBB", 3, "2"))
    rows = (
        principal("40.00", **{"shipment-id": "DBB"}),
        principal("59.50", **{"shipment-id": "DAA"}),
    )
    assert places(paid(*rows), raw) == [("DBB", 100), ("DAA", 100)]


def test_a_row_without_an_item_goes_with_its_shipment() -> None:
    """Packages and settlements of one's own parcels have ids of two kinds: the items join them."""
    rows = (
        principal("36.05", **{"shipment-id": "DX", "order-item-code": "2"}),
        settled("Order/ItemPrice/Shipping", "3.95", ORDER_ID, **{"shipment-id": "DX"}),
    )
    assert [document for document, _ in places(paid(*rows))] == ["2", "2"]


def test_shipments_without_any_item_are_told_by_their_amounts() -> None:
    rows = (
        principal("40.00", **{"shipment-id": "DY"}),
        principal("59.50", **{"shipment-id": "DX"}),
    )
    assert places(paid(*rows)) == [("2", 80), ("1", 80)]


# --- laws of the division ------------------------------------------------------------------------


@given(
    gross=st.integers(-(10**6), 10**6),
    tax=st.one_of(st.none(), st.integers(-(10**5), 10**5)),
    pieces=st.lists(st.integers(1, 9), min_size=1, max_size=6),
    component=st.sampled_from(["goods", "shipping"]),
)
def test_shipments_add_up_to_the_order(
    gross: int, tax: int | None, pieces: list[int], component: str
) -> None:
    line = {
        "order_item_id": "1", "component": component, "gross_cents": gross, "tax_cents": tax,
        "title": "", "line": 1,
    }  # fmt: skip
    parcels = [
        Parcel(f"P{n}", FIRST + timedelta(hours=n), "NL", pieces={"1": count})
        for n, count in enumerate(pieces)
    ]
    found = list(lines_per_parcel([line], parcels, {"1": sum(pieces)}, complete=True))
    assert sum(one["gross_cents"] for _, own in found for one in own) == gross
    # What left first does not move when more leaves.
    early = list(lines_per_parcel([line], parcels[:1], {"1": sum(pieces)}, complete=False))
    assert early[0][1] == found[0][1]
    backwards = list(lines_per_parcel([line], parcels[::-1], {"1": sum(pieces)}, complete=True))
    assert backwards == found
