"""Which VAT area an address lies in: the ISO country is not enough.

The Canary Islands are Spain and outside the EU's VAT territory; Büsingen is Germany and outside;
Monaco is French VAT; goods in Northern Ireland are in the EU's VAT territory (XI); Madeira is
inside, at rates of its own. One row each in `tables/territories.csv`.
Source: VAT Directive articles 5 to 7 and Annex; accounting rules 5.3.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from amazon_eboekhouden.config.tables_reader import rows_of

MEMBER_STATES = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
# Taxed as one more member state where goods are concerned.
NORTHERN_IRELAND = "XI"
# Countries whose postal codes begin with letters.
_LETTERS = ("GB", "UK", "XI")


class Territory(NamedTuple):
    """Where goods leave or arrive, as VAT sees it.

    Attributes:
        country: ISO code of the member state whose VAT applies (XI for Northern Ireland), or of
            the country outside the EU.
        in_eu: inside the EU's VAT territory.
        rates: key of the rate table: the country, or a region such as PT-20.
        name: of the special territory, "" if it is none.
    """

    country: str
    in_eu: bool
    rates: str
    name: str = ""


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], str, str], ...]:
    return tuple(
        (row["country"], re.compile(row["postal_code"]), row["area"], row["name"])
        for row in rows_of("territories")
    )


@cache
def countries() -> frozenset[str]:
    """Every country code: ISO 3166-1, and XI, XK and IC, which addresses use beside it."""
    return frozenset(row["code"] for row in rows_of("countries"))


@cache
def _special_countries() -> frozenset[str]:
    return frozenset(country for country, *_ in _patterns())


@cache
def _plain(country: str) -> Territory:
    return Territory(country, country in MEMBER_STATES, country)


@lru_cache(maxsize=100_000)
def territory_of(country: str, postal_code: str = "") -> Territory:
    """The VAT area of an address.

    Args:
        country: ISO code of two letters; Greece also as EL, the United Kingdom also as UK.
        postal_code: as written by the buyer; blanks, dashes and a country prefix don't matter.
    """
    if country not in _special_countries():
        return _plain(country)
    code = re.sub(r"[^0-9A-Z]", "", postal_code.upper())
    if country not in _LETTERS:
        code = code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")  # D-78266, FI-22100
    for special, pattern, area, name in _patterns():
        if special == country and pattern.fullmatch(code):
            return _area(country, area, name)
    return _plain(country)


def _area(country: str, area: str, name: str) -> Territory:
    if not area:
        return Territory("GB" if country == "UK" else country, False, country, name)
    state = area.split("-")[0]
    return Territory(state, state in MEMBER_STATES or state == NORTHERN_IRELAND, area, name)
