"""Amazon's European marketplaces: one row each in `tables/marketplaces.csv`.

Source: Amazon's list of marketplace ids; names as settlements spell them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from amazon_eboekhouden.config.tables_reader import rows_of


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One marketplace.

    Attributes:
        code: as sellers write it (UK, not GB).
        id: Amazon's marketplace id.
        name: as settlements and invoices show it.
        country: ISO code of its country.
        currency: in which its buyers pay.
    """

    code: str
    id: str
    name: str
    country: str
    currency: str


@cache
def marketplaces() -> Mapping[str, Marketplace]:
    """Code to marketplace."""
    return {row["code"]: Marketplace(**row) for row in rows_of("marketplaces")}


@cache
def marketplaces_by_id() -> Mapping[str, Marketplace]:
    """Amazon's id to marketplace."""
    return {place.id: place for place in marketplaces().values()}


@cache
def marketplaces_by_name() -> Mapping[str, Marketplace]:
    """Name in lower case, as order reports write it, to marketplace."""
    return {place.name.casefold(): place for place in marketplaces().values()}


def ids_of(codes: Iterable[str]) -> list[str]:
    """Amazon's ids of these marketplaces, in the same order."""
    return [marketplaces()[code].id for code in codes]
