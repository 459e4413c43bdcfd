"""When goods left, and from where: the tax point and half of the place of supply.

Amazon shows packages for orders that the merchant fulfils. For those that Amazon fulfils it shows
neither: a shipment report tells, else the coupling's single stock country and the moment at which
the order was first seen as shipped. Source: accounting rules 8.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.territories import territory_of
from amazon_eboekhouden.domain.proceeds import records

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
BY_AMAZON, BY_MERCHANT = "AMAZON", "MERCHANT"
# Amazon opened its first European shop in 1998; e-Boekhouden takes dates up to 2049.
_YEARS = range(1998, 2050)


@dataclass(frozen=True, slots=True)
class Shipment:
    """What a shipment report tells of an order that Amazon fulfilled."""

    shipped_utc: datetime
    ship_from: str


@dataclass(frozen=True, slots=True)
class Departure:
    """When and from where an order left.

    Attributes:
        on: local date in Amsterdam.
        date_source: "package", "report", "first_seen" (last update of the version read), "created".
        country: ISO code, "" when unknown.
        postal_code: of the place of departure, "" when unknown.
        country_source: "package", "report", "stock", "established", "mixed" or "unknown".
    """

    on: date
    date_source: str
    country: str
    postal_code: str
    country_source: str


def moment_of(text: Any) -> datetime | None:
    """A time in UTC; with or without milliseconds, Z or an offset; None when it is no time."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if moment.year not in _YEARS:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def local_date(moment: datetime) -> date:
    """The booking date of a moment: 31 December 23:30 UTC is 1 January in Amsterdam."""
    return moment.astimezone(AMSTERDAM).date()


def departure(
    raw: Mapping[str, Any],
    updated: datetime,
    fulfilled_by: str,
    settings: CouplingSettings,
    report: Shipment | None,
) -> Departure:
    """When and from where a shipped order left.

    Args:
        raw: the order as Amazon gives it.
        updated: its last update.
        fulfilled_by: AMAZON or MERCHANT.
        settings: for the stock countries.
        report: what a shipment report tells, if one was read.
    """
    if fulfilled_by != BY_AMAZON:
        return _from_packages(records(raw.get("packages")), updated, settings)
    if report is not None:
        return Departure(local_date(report.shipped_utc), "report", report.ship_from, "", "report")
    stock = settings.seller.stock_in
    if len(stock) == 1:
        return Departure(local_date(updated), "first_seen", stock[0], "", "stock")
    return Departure(local_date(updated), "first_seen", "", "", "unknown")


def _from_packages(
    packages: Iterable[Mapping[str, Any]], updated: datetime, settings: CouplingSettings
) -> Departure:
    sent = [package for package in packages if not _is_cancelled(package)]
    times = [t for package in sent if (t := moment_of(package.get("shipTime"))) is not None]
    # One invoice for the whole order: it is complete when the last package leaves.
    on = local_date(max(times) if times else updated)
    date_source = "package" if times else "first_seen"
    places = dict.fromkeys(place for package in sent if (place := _place(package))[0])
    if not places:
        home = settings.seller.established_in
        return Departure(on, date_source, home, "", "established")
    if len({territory_of(*place) for place in places}) > 1:
        return Departure(on, date_source, "", "", "mixed")
    country, postal_code = next(iter(places))
    return Departure(on, date_source, country, postal_code, "package")


def _is_cancelled(package: Mapping[str, Any]) -> bool:
    status = package.get("packageStatus")
    return isinstance(status, Mapping) and status.get("status") == "CANCELLED"


def _place(package: Mapping[str, Any]) -> tuple[str, str]:
    address = package.get("shipFromAddress")
    if not isinstance(address, Mapping):
        return "", ""
    return str(address.get("countryCode") or "").upper(), str(address.get("postalCode") or "")
