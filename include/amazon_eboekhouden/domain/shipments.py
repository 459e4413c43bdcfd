"""When goods left, and from where: the tax point and half of the place of supply.

Amazon shows packages for orders that the merchant fulfils. For those that Amazon fulfils it shows
neither: a shipment report tells, else the coupling's single stock country and the moment at which
the order was first seen as shipped. Source: accounting rules 8.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
class Parcel:
    """Goods of one order that left together.

    Attributes:
        shipment_id: Amazon's; in settlements and reports the same.
        shipped_utc: when it left.
        ship_from: ISO country, "" when unknown.
        postal_code: of the place of departure, "" when unknown.
        pieces: order item id to the number of pieces in it; empty when Amazon does not tell.
        date_source: of `Departure`.
    """

    shipment_id: str
    shipped_utc: datetime
    ship_from: str
    postal_code: str = ""
    pieces: Mapping[str, int] = field(default_factory=dict)
    date_source: str = "report"

    def holding(self, pieces: Mapping[str, int]) -> Parcel:
        """The same parcel with these pieces in it."""
        return replace(self, pieces=dict(pieces))


@dataclass(frozen=True, slots=True)
class Shipment:
    """What a shipment report tells of an order that Amazon fulfilled.

    Attributes:
        shipped_utc: when its last parcel left.
        ship_from: ISO country that all of it left from; not asked when there are parcels.
        parcels: its shipments one by one, where the report tells them apart.
    """

    shipped_utc: datetime
    ship_from: str
    parcels: tuple[Parcel, ...] = ()


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
        return _from_report(report)
    stock = settings.seller.stock_in
    if len(stock) == 1:
        return Departure(local_date(updated), "first_seen", stock[0], "", "stock")
    return Departure(local_date(updated), "first_seen", "", "", "unknown")


def parcels_of(
    raw: Mapping[str, Any], updated: datetime, report: Shipment | None
) -> tuple[Parcel, ...]:
    """What of an order left, parcel by parcel: by the report, else by Amazon's packages.

    Args:
        raw: the order as Amazon gives it.
        updated: its last update, for a package whose time of leaving is not told.
        report: what a shipment report tells, if one was read.
    """
    if report is not None and report.parcels:
        return report.parcels
    return tuple(
        _parcel(package, updated) for package in records(raw.get("packages")) if _has_left(package)
    )


def departure_of(parcel: Parcel, whole: Departure) -> Departure:
    """When and from where one parcel left; what it does not tell is as for the whole order."""
    on = local_date(parcel.shipped_utc)
    source = "package" if parcel.date_source != "report" else "report"
    if parcel.ship_from:
        return Departure(on, parcel.date_source, parcel.ship_from, parcel.postal_code, source)
    return replace(whole, on=on, date_source=parcel.date_source)


def _parcel(package: Mapping[str, Any], updated: datetime) -> Parcel:
    left = moment_of(package.get("shipTime"))
    country, postal_code = _place(package)
    pieces: dict[str, int] = {}
    for one in records(package.get("packageItems")):
        item, count = one.get("orderItemId"), one.get("quantity")
        if isinstance(item, str) and isinstance(count, int) and count > 0:
            pieces[item.strip()] = pieces.get(item.strip(), 0) + count
    return Parcel(
        shipment_id=str(package.get("packageReferenceId") or "").strip(),
        shipped_utc=left or updated,
        ship_from=country,
        postal_code=postal_code,
        pieces=pieces,
        date_source="package" if left else "first_seen",
    )


def _has_left(package: Mapping[str, Any]) -> bool:
    if _is_cancelled(package):
        return False
    status = package.get("packageStatus")
    waits = isinstance(status, Mapping) and status.get("status") == "PENDING"
    return not waits or moment_of(package.get("shipTime")) is not None


def _from_report(report: Shipment) -> Departure:
    # One invoice for the whole order: it is complete when the last parcel leaves.
    parcels: Sequence[Parcel] = report.parcels
    on = local_date(max([report.shipped_utc, *(parcel.shipped_utc for parcel in parcels)]))
    countries = {parcel.ship_from for parcel in parcels} or {report.ship_from}
    if len(countries) > 1:
        return Departure(on, "report", "", "", "mixed")
    country = next(iter(countries))
    return Departure(on, "report", country, "", "report" if country else "unknown")


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
