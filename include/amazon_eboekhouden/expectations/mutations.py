"""What must hold for every mutation before it may be handed to the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

KEY = ("booking",)
# e-Boekhouden takes dates from 1980 to 2049; nobody sells on Amazon before 2000 (a year that is
# wrong by a century is a parsing mistake).
FIRST_DATE = pd.Timestamp("2000-01-01")
LAST_DATE = pd.Timestamp("2049-12-31")
INVOICE_KINDS = ("sales_invoice", "purchase_invoice", "payment_received", "payment_sent")


def with_sums(mutations: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """MUTATIONS plus `lines_gross_cents`, the sum of their lines (0 without lines)."""
    sums = lines.groupby("booking")["gross_cents"].sum().rename("lines_gross_cents").reset_index()
    both = mutations.merge(sums, on="booking", how="left", validate="one_to_one")
    return both.assign(lines_gross_cents=both["lines_gross_cents"].fillna(0).astype("Int64"))


def suite(gx: Any) -> Sequence[Any]:
    """Expectations over `with_sums(...)`."""
    # Named itself: the package's other modules load it or not, as their order will have it.
    from great_expectations.expectations.row_conditions import Column

    expect = gx.expectations
    invoices = Column("kind").is_in(list(INVOICE_KINDS))
    return [
        expect.ExpectColumnPairValuesToBeEqual(
            column_A="gross_cents",
            column_B="lines_gross_cents",
            meta={"rule": "the lines add up to the total"},
        ),
        expect.ExpectColumnValuesToBeBetween(
            column="date",
            min_value=FIRST_DATE,
            max_value=LAST_DATE,
            meta={"rule": "the date lies in 2000 to 2049"},
        ),
        expect.ExpectColumnValuesToBeInSet(
            column="in_ex_vat", value_set=["IN", "EX"], meta={"rule": "amounts are IN or EX VAT"}
        ),
        expect.ExpectColumnValueLengthsToBeBetween(
            column="account",
            min_value=1,
            max_value=20,
            meta={"rule": "a ledger account is named"},
        ),
        expect.ExpectColumnValueLengthsToBeBetween(
            column="invoice_number",
            max_value=50,
            meta={"rule": "the invoice number has at most 50 characters"},
        ),
        expect.ExpectColumnValueLengthsToBeBetween(
            column="invoice_number",
            min_value=1,
            row_condition=invoices,
            meta={"rule": "an invoice or payment has an invoice number"},
        ),
        expect.ExpectColumnValueLengthsToBeBetween(
            column="relation_code",
            min_value=1,
            max_value=15,
            row_condition=invoices,
            meta={"rule": "an invoice or payment has a relation code of at most 15 characters"},
        ),
    ]
