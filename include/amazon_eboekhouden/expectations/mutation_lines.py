"""What must hold for every mutation line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

KEY = ("booking", "line")
# The vendor's codes; AFW_VERK is left out on purpose: it would put foreign VAT in the Dutch return.
VAT_CODES = (
    "HOOG_VERK_21",
    "LAAG_VERK_9",
    "VERL_VERK",
    "BI_EU_VERK",
    "BI_EU_VERK_D",
    "BU_EU_VERK",
    "AFST_VERK",
    "HOOG_INK_21",
    "LAAG_INK_9",
    "VERL_INK",
    "BI_EU_INK",
    "BU_EU_INK",
    "GEEN",
)


def with_differences(lines: pd.DataFrame) -> pd.DataFrame:
    """MUTATION_LINES plus `net_and_vat_cents`."""
    return lines.assign(net_and_vat_cents=lines["net_cents"] + lines["vat_cents"])


def suite(gx: Any) -> Sequence[Any]:
    """Expectations over `with_differences(...)`."""
    from great_expectations.expectations.row_conditions import Column

    expect = gx.expectations
    return [
        expect.ExpectColumnPairValuesToBeEqual(
            column_A="gross_cents",
            column_B="net_and_vat_cents",
            meta={"rule": "net and VAT add up to gross"},
        ),
        expect.ExpectColumnValuesToBeInSet(
            column="vat_code", value_set=list(VAT_CODES), meta={"rule": "the VAT code may be used"}
        ),
        expect.ExpectColumnValueLengthsToBeBetween(
            column="account", min_value=1, max_value=20, meta={"rule": "a ledger account is named"}
        ),
        expect.ExpectColumnValuesToBeInSet(
            column="vat_cents",
            value_set=[0],
            row_condition=Column("vat_code") == "GEEN",
            meta={"rule": "a line without VAT code carries no VAT"},
        ),
    ]
