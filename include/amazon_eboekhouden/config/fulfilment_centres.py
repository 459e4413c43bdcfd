"""In which country an Amazon warehouse stands: `tables/fulfilment_centres.csv`, by its code.

Amazon names its warehouses after the nearest airport and a number (LEJ3 is the third at Leipzig),
those of its partners after X and the country (XDED). Source: Amazon's shipment reports; IATA codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from amazon_eboekhouden.config.tables_reader import rows_of

_LETTERS = 3


@cache
def _countries() -> Mapping[str, str]:
    return {row["prefix"]: row["country"] for row in rows_of("fulfilment_centres")}


def country_of_centre(code: str) -> str:
    """ISO country of a warehouse such as LEJ3; "" for one that the table does not know."""
    return _countries().get(code.strip().upper()[:_LETTERS], "")
