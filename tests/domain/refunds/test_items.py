"""A refund of one item goes back at the rate of that item, whichever source tells of it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.domain.frames import BOOKED

from tests.domain.orders.shop import ORDER_ID, booked, item, order
from tests.domain.orders.shop import row as charge
from tests.domain.refunds.told import Json, credited, refund
from tests.domain.settlement.writing import file_of, invoice, row, settled
from tests.golden.sales import as_booked

LAMP = item("60.50", charge("ITEM", "60.50"), charge("TAX", "10.50"), item_id="1", sku="LAMP")
BOOK = item("21.80", charge("ITEM", "21.80"), charge("TAX", "1.80"), item_id="2", sku="BOOK")
AT_NINE = {"LAAG_VERK_9": (-2000, -180)}
AT_BOTH = {"HOOG_VERK_21": (-1325, -278), "LAAG_VERK_9": (-529, -48)}


@pytest.fixture
def books() -> pd.DataFrame:
    """An invoice of 60.50 at 21 % and 21.80 at 9 %."""
    made, _ = booked(order([LAMP, BOOK], lastUpdatedTime="2026-03-02T11:00:00Z"))
    return as_booked(made.mutations)


def _per_code(lines: pd.DataFrame, notes: pd.DataFrame) -> dict[str, tuple[int, int]]:
    is_note = notes.loc[notes["booking_kind"] == "CRN", "booking"]
    own = lines[lines["booking"].isin(is_note)]
    sums = own.groupby("vat_code")[["net_cents", "vat_cents"]].sum()
    return {str(code): (int(net), int(tax)) for code, (net, tax) in sums.iterrows()}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"order-item-code": "2", "sku": "BOOK"}, AT_NINE),
        ({"order-item-code": "9001", "sku": "BOOK"}, AT_NINE),  # ids differ between Amazon's files
        ({"order-item-code": "2"}, AT_NINE),
        ({}, AT_BOTH),  # Nothing tells the item: both rates, in their ratio.
        ({"sku": "LANTERN"}, AT_BOTH),
    ],
)
def test_from_a_settlement(
    books: pd.DataFrame, names: dict[str, str], expected: dict[str, Any]
) -> None:
    sale = row("Order/ItemPrice/Principal", "82.30", ORDER_ID)
    back = row("Refund/ItemPrice/Principal", "-21.80", ORDER_ID, **{"adjustment-id": "A"}, **names)
    made = settled(file_of([sale, back]), *books.to_dict("records")).made  # type: ignore[arg-type]
    assert _per_code(made.mutation_lines, made.mutations) == expected


def _told(sku: str) -> Json:
    raw = refund({"OurPricePrincipal": "-20.00", "OurPriceTax": "-1.80"}, order=ORDER_ID)
    raw["items"][0]["contexts"] = [{"contextType": "ProductContext", "sku": sku}]
    return raw


@pytest.mark.parametrize(("sku", "expected"), [("BOOK", AT_NINE), ("", AT_BOTH)])
def test_from_finances(books: pd.DataFrame, sku: str, expected: dict[str, Any]) -> None:
    made = credited([_told(sku)], books)
    assert _per_code(made.mutation_lines, made.mutations) == expected


def test_items_that_do_not_account_for_all_of_it_tell_nothing(books: pd.DataFrame) -> None:
    raw = _told("BOOK")
    raw["breakdowns"] = raw["items"][0]["breakdowns"]
    raw["items"][0]["breakdowns"] = []
    made = credited([raw], books)
    assert _per_code(made.mutation_lines, made.mutations) == AT_BOTH


def _per_shipment(*parts: tuple[str, str, str]) -> list[dict[str, Any]]:
    """An invoice of 60.00 per shipment, with one item: shipment, item id, SKU."""
    return [
        invoice(
            ORDER_ID,
            "60.00",
            booking=f"inv:A1805IZSGTT6HS:{ORDER_ID}:{name}",
            invoice_number=f"AZ-{name}",
            facts={"items": [{"order_item_id": item_id, "sku": sku}]},
        )
        for name, item_id, sku in parts
    ]


TWO = _per_shipment(("S1", "1", "LAMP"), ("S2", "2", "BOOK"))


@pytest.mark.parametrize(
    "names",
    [
        {"order-item-code": "2", "sku": "BOOK"},
        {"order-item-code": "9001", "sku": "BOOK"},
        {"order-item-code": "2"},
    ],
)
def test_the_item_names_the_invoice_where_no_shipment_does(names: dict[str, str]) -> None:
    back = row("Refund/ItemPrice/Principal", "-10.00", ORDER_ID, **{"adjustment-id": "A"}, **names)
    made = settled(file_of([back]), *TWO).made
    notes = made.mutations[made.mutations["booking_kind"] == "CRN"]
    assert notes["invoice_number"].tolist() == ["CAZ-S2-1"]
    told = credited([_told("BOOK")], BOOKED.of(TWO))
    assert told.mutations["invoice_number"].tolist() == ["CAZ-S2-1"]


@pytest.mark.parametrize(
    ("books", "names"),
    [
        (TWO, {}),
        (TWO, {"sku": "LANTERN"}),
        (_per_shipment(("S1", "1", "BOOK"), ("S2", "2", "BOOK")), {"sku": "BOOK"}),
    ],
)
def test_a_refund_that_fits_two_invoices_is_held(
    books: list[dict[str, Any]], names: dict[str, str]
) -> None:
    back = row("Refund/ItemPrice/Principal", "-10.00", ORDER_ID, **{"adjustment-id": "A"}, **names)
    found = settled(file_of([back]), *books)
    assert found.matched["problem"].tolist() == ["settlement-refund-ambiguous"]
