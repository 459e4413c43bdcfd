"""What must hold for every mutation line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.fees import PURCHASE_CODES
from amazon_eboekhouden.config.vat import SALES_CODES

KEY = ("booking", "line")
# AFW_VERK is left out on purpose: it would put foreign VAT in the Dutch return.
VAT_CODES = SALES_CODES | PURCHASE_CODES


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
            column="vat_code",
            value_set=sorted(VAT_CODES),
            meta={"rule": "the VAT code may be used"},
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
