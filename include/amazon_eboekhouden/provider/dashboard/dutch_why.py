"""Why something was booked as it was, in Dutch. The ledger keeps the reasons in English."""

from __future__ import annotations

import re
from functools import cache
from string import Formatter

# English reason to Dutch; `{…}` stands for what the reason names.
WHY: dict[str, str] = {
    # kinds of sale
    "the seller uses the small-business scheme (KOR)": "kleineondernemersregeling",
    "sold to Amazon Business EU within the Netherlands": (
        "verkocht aan Amazon Business EU binnen Nederland"
    ),
    "sold to Amazon Business EU in another member state": (
        "verkocht aan Amazon Business EU in een ander EU-land"
    ),
    "Amazon collects the VAT as deemed supplier; sent from the Netherlands": (
        "Amazon draagt de btw zelf af; verzonden vanuit Nederland"
    ),
    "Amazon collects the VAT as deemed supplier; sent from elsewhere": (
        "Amazon draagt de btw zelf af; niet vanuit Nederland verzonden"
    ),
    "export to {country}": "uitvoer naar {country}",
    "domestic sale": "binnenlandse verkoop",
    "supply to a business in another member state": "levering aan een bedrijf in een ander EU-land",
    "distance sale below the threshold: sent before {day}": (
        "afstandsverkoop onder de drempel: verzonden voor {day}"
    ),
    "distance sale to a consumer in {country} (OSS)": (
        "afstandsverkoop aan een consument in {country} (OSS)"
    ),
    "distance sale to {country}, with a registration there": (
        "afstandsverkoop naar {country}, met een btw-nummer daar"
    ),
    "export from stock in {country}": "uitvoer vanuit voorraad in {country}",
    "domestic sale from stock in {country}": "binnenlandse verkoop vanuit voorraad in {country}",
    "distance sale from stock in {country} (OSS)": (
        "afstandsverkoop vanuit voorraad in {country} (OSS)"
    ),
    # rates
    "this kind of sale has no VAT": "bij deze soort verkoop hoort geen btw",
    "Amazon's VAT report": "Amazons btw-rapport",
    "rate of SKU {sku}": "tarief van artikel {sku}",
    "Amazon's VAT cents": "de btw die Amazon noemt",
    "Amazon invoiced 0 %": "Amazon factureerde 0 %",
    "default rate": "het gewone tarief van het land",
    # decisions
    "approved for booking": "goedgekeurd om te boeken",
    "on the command line": "vanaf de opdrachtregel",
}


def why_in_dutch(text: str) -> str:
    """A stored reason in Dutch; a person's own words, and what has no wording, stay as they are."""
    for english, dutch in WHY.items():
        found = _pattern(english).fullmatch(text)
        if found:
            return dutch.format(**found.groupdict())
    return text


@cache
def _pattern(wording: str) -> re.Pattern[str]:
    parts = []
    for literal, name, _, _ in Formatter().parse(wording):
        parts.append(re.escape(literal) + (f"(?P<{name}>.+)" if name else ""))
    return re.compile("".join(parts))
