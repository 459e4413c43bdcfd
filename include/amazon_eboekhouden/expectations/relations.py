"""What must hold for every relation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

KEY = ("booking",)


def suite(gx: Any) -> Sequence[Any]:
    """Expectations over RELATIONS."""
    expect = gx.expectations
    return [
        expect.ExpectColumnValueLengthsToBeBetween(
            column="relation_code",
            min_value=1,
            max_value=15,
            meta={"rule": "the relation code has 1 to 15 characters"},
        ),
        expect.ExpectColumnValueLengthsToBeBetween(
            column="company", min_value=1, max_value=100, meta={"rule": "the relation has a name"}
        ),
        expect.ExpectColumnValuesToMatchRegex(
            column="country",
            regex=r"^(?:[A-Z]{2})?$",
            meta={"rule": "the country is a code of two letters"},
        ),
    ]
