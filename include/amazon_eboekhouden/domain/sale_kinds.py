"""Which kind of sale an order is: S0 to S12 of the accounting rules, tested in their order.

Decided on where goods leave, where they arrive, who buys, the day, and who collects the VAT;
never on a billing address or an amount. What can't be decided is held with reason and remedy.
Source: accounting rules 5.1, 5.4, 5.5 and 5.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from stdnum.eu import vat as eu_vat

from amazon_eboekhouden.config.settings import CouplingSettings, VatSettings
from amazon_eboekhouden.config.territories import Territory, countries
from amazon_eboekhouden.domain.proceeds import OrderFault

HOME = "NL"
# ISO codes whose VAT numbers start otherwise.
_PREFIX = {"GR": "EL"}
_COUNTRY = {"EL": "GR"}


@dataclass(frozen=True, slots=True)
class ViesAnswer:
    """What VIES said about a VAT number.

    Attributes:
        valid: whether the number was in force.
        asked_on: the day it was asked.
        consultation: VIES's consultation number, the proof; "" if none was given.
    """

    valid: bool
    asked_on: date
    consultation: str = ""


class Parties(NamedTuple):
    """What the kind of sale depends on, and nothing else.

    Attributes:
        ship_from, ship_to: VAT areas; None when unknown.
        facilitated: "yes", "no" or "mixed": Amazon collects the VAT.
        sold_to_amazon: Amazon Business EU buys and resells.
        is_business: an order of Amazon Business.
        vat_number: the buyer's, as shown; "" if none.
        on: ship date.
        tax_shown: "some", "zero" or "none": what Amazon says of the VAT in the order.
        several_departures: its packages left from more than one country.
    """

    ship_from: Territory | None
    ship_to: Territory | None
    facilitated: str
    sold_to_amazon: bool
    is_business: bool
    vat_number: str
    on: date
    tax_shown: str
    several_departures: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """The decision.

    Attributes:
        kind: of `tables/sale_kinds.csv`, such as S6 or S5-OUTSIDE.
        why: one sentence for those who ask later.
        vat_number: the buyer's checked number, with its prefix, when the kind depends on it.
    """

    kind: str
    why: str
    vat_number: str = ""


def sale_of(parties: Parties, settings: CouplingSettings, vies: Mapping[str, ViesAnswer]) -> Sale:
    """The kind of sale.

    Args:
        parties: what it depends on.
        settings: scheme, OSS, registrations, threshold date.
        vies: VAT number with its prefix to VIES's answer.

    Raises:
        OrderFault: it can't be decided; the order is held.
    """
    vat = settings.seller.vat
    if vat.scheme == "kor":
        return Sale("S12", "the seller uses the small-business scheme (KOR)")
    if parties.sold_to_amazon:
        return _to_amazon_business(parties, vat, vies)
    if parties.facilitated != "no":
        return _facilitated(parties, vat)
    ship_from, ship_to = _known(parties)
    if ship_from.country == HOME:
        return _from_home(parties, ship_to, vat, vies)
    return _from_abroad(parties, ship_from, ship_to, vat)


def _known(parties: Parties) -> tuple[Territory, Territory]:
    if parties.several_departures:
        raise OrderFault("ship-from-mixed")
    if parties.ship_from is None:
        raise OrderFault("ship-from-unknown")
    if parties.ship_to is None:
        raise OrderFault("ship-to-unknown")
    for place in (parties.ship_from, parties.ship_to):
        # Taken for a place outside the EU it would go untaxed.
        if place.country not in countries():
            raise OrderFault("country-unknown", found=place.country[:40])
    return parties.ship_from, parties.ship_to


def _to_amazon_business(parties: Parties, vat: VatSettings, vies: Mapping[str, ViesAnswer]) -> Sale:
    if vat.amazon_business_eu == "hold":
        raise OrderFault("sold-to-amazon-business")
    ship_from, ship_to = _known(parties)
    if ship_from.country != HOME:
        raise OrderFault("registration-missing", country=ship_from.country)
    if ship_to.country == HOME:
        return Sale("S1", "sold to Amazon Business EU within the Netherlands")
    if not parties.vat_number:
        raise OrderFault("b2b-number-missing")
    number = _checked_number(parties, ship_to, vies)
    return Sale("S1-ICP", "sold to Amazon Business EU in another member state", number)


def _facilitated(parties: Parties, vat: VatSettings) -> Sale:
    if parties.facilitated == "mixed":
        raise OrderFault("facilitator-mixed")
    ship_from, ship_to = _known(parties)
    if ship_from.in_eu and ship_to.in_eu:
        raise OrderFault("facilitator-inside-eu", country=ship_to.country)
    if ship_from.country == HOME:
        return Sale("S2", "Amazon collects the VAT as deemed supplier; sent from the Netherlands")
    if ship_from.in_eu:
        _insist_on_registration(ship_from, vat)
    return Sale("S2-OUTSIDE", "Amazon collects the VAT as deemed supplier; sent from elsewhere")


def _from_home(
    parties: Parties, ship_to: Territory, vat: VatSettings, vies: Mapping[str, ViesAnswer]
) -> Sale:
    if not ship_to.in_eu:
        _insist_on_untaxed(parties, ship_to)
        return Sale("S5", f"export to {ship_to.name or ship_to.country}")
    if ship_to.country == HOME:
        return Sale("S10", "domestic sale")
    if parties.vat_number:
        number = _business_number(parties, ship_to, vat, vies)
        if number:
            return Sale("S9", "supply to a business in another member state", number)
    _insist_on_number_at_zero(parties)
    return _distance_sale(parties, ship_to, vat)


def _distance_sale(parties: Parties, ship_to: Territory, vat: VatSettings) -> Sale:
    since = vat.destination_since
    if parties.on < since:
        return Sale("S7", f"distance sale below the threshold: sent before {since}")
    if vat.oss:
        kind = "S6-3C" if vat.oss_turnover_in_3c else "S6"
        return Sale(kind, f"distance sale to a consumer in {ship_to.country} (OSS)")
    if ship_to.country in vat.registrations:
        return Sale("S8", f"distance sale to {ship_to.country}, with a registration there")
    raise OrderFault("oss-missing", country=ship_to.country)


def _from_abroad(
    parties: Parties, ship_from: Territory, ship_to: Territory, vat: VatSettings
) -> Sale:
    if not ship_from.in_eu and ship_to.in_eu:
        raise OrderFault("import-sale", country=ship_from.name or ship_from.country)
    _insist_on_registration(ship_from, vat)
    if not ship_to.in_eu:
        _insist_on_untaxed(parties, ship_to)
        return Sale("S5-OUTSIDE", f"export from stock in {ship_from.country}")
    if ship_to.country == ship_from.country:
        return Sale("S3", f"domestic sale from stock in {ship_from.country}")
    if parties.vat_number:
        raise OrderFault("b2b-from-abroad", country=ship_from.country)
    _insist_on_number_at_zero(parties)
    if not vat.oss:
        raise OrderFault("oss-missing", country=ship_to.country)
    return Sale("S4", f"distance sale from stock in {ship_from.country} (OSS)")


def _insist_on_registration(ship_from: Territory, vat: VatSettings) -> None:
    if ship_from.country not in vat.registrations:
        raise OrderFault("registration-missing", country=ship_from.name or ship_from.country)


def _insist_on_untaxed(parties: Parties, ship_to: Territory) -> None:
    if parties.tax_shown == "some":
        raise OrderFault("export-vat-charged", country=ship_to.name or ship_to.country)


def _insist_on_number_at_zero(parties: Parties) -> None:
    """A business that paid no VAT and showed no number: 0 % can't be proved."""
    if parties.is_business and not parties.vat_number and parties.tax_shown == "zero":
        raise OrderFault("b2b-number-missing")


def _business_number(
    parties: Parties, ship_to: Territory, vat: VatSettings, vies: Mapping[str, ViesAnswer]
) -> str:
    """The checked number, "" when the settings say to treat the buyer as a consumer."""
    try:
        return _checked_number(parties, ship_to, vies)
    except OrderFault as fault:
        if fault.code == "vat-number-invalid" and vat.invalid_vat_id == "treat_as_b2c":
            return ""
        raise


def _checked_number(parties: Parties, ship_to: Territory, vies: Mapping[str, ViesAnswer]) -> str:
    number = normal_number(parties.vat_number, ship_to.country)
    if not number:
        raise OrderFault("vat-number-invalid", why="it is not a VAT number of a member state")
    if number_country(number) == HOME:
        raise OrderFault("vat-number-invalid", why="it is of the country the goods left from")
    answer = vies.get(number)
    if answer is None:
        raise OrderFault("vies-unanswered", country=number_country(number))
    if not answer.valid:
        raise OrderFault("vat-number-invalid", why=f"VIES did not know it on {answer.asked_on}")
    if parties.tax_shown == "some":
        raise OrderFault("b2b-vat-charged")
    return number


@lru_cache(maxsize=100_000)
def normal_number(number: str, country: str) -> str:
    """A VAT number with its prefix; "" when it is none of a member state.

    Args:
        number: as shown, without blanks.
        country: of the buyer, for a number without prefix.
    """
    for candidate in (number, _PREFIX.get(country, country) + number):
        if eu_vat.is_valid(candidate):
            return str(eu_vat.compact(candidate))
    return ""


def number_country(number: str) -> str:
    """ISO code of the member state of a VAT number with prefix."""
    return _COUNTRY.get(number[:2], number[:2])
