"""Whatever a settlement holds: it ends at zero, every row has one place, order never matters."""

from __future__ import annotations

from typing import Any

import pandas as pd
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.settlement.bookings import settlement_bookings
from amazon_eboekhouden.domain.settlement.matching import match
from amazon_eboekhouden.domain.settlement.places import Place
from amazon_eboekhouden.domain.settlement.statement import statement
from amazon_eboekhouden.domain.settlement.tie_out import control_sums, gate
from amazon_eboekhouden.domain.settlement.unparking import unpark
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.domain.settlement.writing import (
    Row,
    confirmed,
    file_of,
    invoice,
    row,
    settings,
    settled,
)

ORDERS = [f"402-{n:07d}-{n:07d}" for n in range(1, 6)]
SALES = ["Order/ItemPrice/Principal", "Order/ItemPrice/Tax", "Order/ItemPrice/Shipping"]
REFUNDS = ["Refund/ItemPrice/Principal", "Chargeback Refund/ItemPrice/Principal"]
FEES = [
    "Order/ItemFees/Commission",
    "Refund/ItemFees/RefundCommission",
    "ServiceFee/Cost of Advertising/TransactionTotalAmount",
    "other-transaction/other-transaction/Storage Fee",
]
MONEY = [
    "other-transaction/other-transaction/Current Reserve Amount",
    "other-transaction/other-transaction/Payable to Amazon",
    "other-transaction/other-transaction/Successful charge",
    "other-transaction/FBA Inventory Reimbursement/WAREHOUSE_LOST",
    "other-transaction/other-transaction/Mystery Fee",
    "other-transaction/other-transaction/Adjustment",
]

cents = st.integers(min_value=-20_000, max_value=20_000)
days = st.sampled_from(["2025-12-30", "2026-02-27", "2026-03-01", "2026-03-10", "2026-03-31"])


@st.composite
def rows(draw: st.DrawFn) -> Row:
    kind = draw(st.sampled_from([*SALES, *SALES, *REFUNDS, *FEES, *MONEY]))
    has_order = kind.startswith(("Order", "Refund", "Chargeback"))
    amount = draw(cents)
    more: dict[str, str] = {}
    if kind in REFUNDS:
        amount = -abs(amount)
        more["adjustment-id"] = draw(st.sampled_from(["", "E1", "E2"]))
    if kind in SALES:
        amount = abs(amount)
        more["shipment-id"] = draw(st.sampled_from(["", "S1", "S2"]))
    order = draw(st.sampled_from([*ORDERS, ""])) if has_order else ""
    return row(kind, str(euros(amount)), order, on=draw(days), **more)


@st.composite
def books(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for order in draw(st.sets(st.sampled_from(ORDERS))):
        gross = str(euros(draw(st.integers(min_value=1, max_value=30_000))))
        shipments = draw(st.sampled_from([("0",), ("0",), ("S1", "S2")]))
        for shipment in shipments:
            key = f"inv:A1805IZSGTT6HS:{order}:{shipment}"
            found.append(invoice(order, gross, booking=key, invoice_number=f"AZ{order}{shipment}"))
    return found


QUICK = hypothesis_settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@QUICK
@given(st.lists(rows(), min_size=1, max_size=14), books())
def test_it_ties_out_and_a_second_run_makes_nothing_new(
    given_rows: list[Row], given_books: list[dict[str, Any]]
) -> None:
    one = settled(file_of(given_rows), *given_books)
    assert gate(one.file, one.made, "1090") == []
    sums = control_sums(one.file, one.made)
    assert (sums.c4_fees_cents, sums.c4_suspense_cents) == (0, 0)
    assert sorted(one.made.rows["row"]) == sorted(one.file.rows["row"])
    booked_rows = one.made.rows["bookings"] != ""
    cancelled = one.made.rows[~booked_rows].groupby(["order_id", "event"])["amount_cents"].sum()
    assert (cancelled == 0).all(), "a row without a booking must cancel out"
    page = statement(one.file, one.made)
    assert sum(line.amount_cents for line in page.lines) == one.file.header.total_cents
    assert sum(entry.cents for entry in page.entries) == 0
    assert sum(line.rows for line in page.lines) == len(one.file.rows)

    before = BOOKED.of(given_books)
    known = confirmed(before, one.made.mutations)
    again = settlement_bookings(one.file, match(one.file, known, settings()), known, settings())
    first = {r["booking"]: str(r) for r in one.made.mutations.to_dict("records")}
    for made in again.mutations.to_dict("records"):
        assert first.get(made["booking"]) == str(made)


@QUICK
@given(st.lists(rows(), min_size=2, max_size=12), books(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_never_matters(
    given_rows: list[Row], given_books: list[dict[str, Any]], random: Any
) -> None:
    one = settled(file_of(given_rows), *given_books).made
    shuffled = list(given_rows)
    random.shuffle(shuffled)
    other = settled(file_of(shuffled), *given_books).made
    pd.testing.assert_frame_equal(one.mutations, other.mutations)
    pd.testing.assert_frame_equal(one.mutation_lines, other.mutation_lines)
    assert one.problems == other.problems
    hashes = [
        sorted(zip(made.rows["row_hash"], made.rows["bookings"], strict=True))
        for made in (one, other)
    ]
    assert hashes[0] == hashes[1]


@QUICK
@given(st.lists(rows(), min_size=1, max_size=10), books())
def test_parked_orders_leave_suspense_and_clearing_stays_zero(
    given_rows: list[Row], later: list[dict[str, Any]]
) -> None:
    one = settled(file_of(given_rows))
    parked = one.matched[one.matched["place"] == Place.PARKED]
    known = confirmed(BOOKED.empty(), one.made.mutations)
    known = BOOKED.check(pd.concat([known, BOOKED.of(later)], ignore_index=True))
    mutations, lines = unpark(known, settings())
    signs = {"money_spent": -1, "sales_invoice": 0}
    moved = [signs.get(made.kind, 1) * made.gross_cents for made in mutations.itertuples()]
    assert sum(moved) == 0
    assert set(mutations["order_id"]) <= set(parked["order_id"])
    sums = lines.groupby("booking")["gross_cents"].sum()
    for made in mutations.itertuples():
        assert sums[made.booking] == made.gross_cents
    after = confirmed(known, mutations)
    assert unpark(after, settings())[0].empty
