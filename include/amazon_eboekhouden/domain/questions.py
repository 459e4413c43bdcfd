"""What must be asked elsewhere before orders can become invoices: VIES and the ECB.

Nothing is asked for an order that stands in the books already: its facts hold the answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.territories import territory_of
from amazon_eboekhouden.domain.booked_invoice import NOT_YET_BOOKED, invoice_key
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.corrections import mark_of
from amazon_eboekhouden.domain.exchange import DAYS_BACK, EURO
from amazon_eboekhouden.domain.sale_kinds import HOME, normal_number


def _open(orders: pd.DataFrame, booked: pd.DataFrame) -> pd.DataFrame:
    """Shipped orders, or shipments, that are not in the books."""
    invoices = booked[booked["booking_kind"] == BookingKind.INVOICE]
    known = invoices.loc[~invoices["state"].isin(NOT_YET_BOOKED), "booking"]
    names = ("marketplace_id", "order_id", "shipment_id")
    columns = (orders[name].to_numpy(dtype=object) for name in names)
    keys = [invoice_key(*values) for values in zip(*columns, strict=True)]
    is_known = pd.Series(keys, index=orders.index, dtype="str").isin(known)
    return orders[~is_known & (orders["status"] != "CANCELLED")]


def _with_another_number(
    orders: pd.DataFrame, booked: pd.DataFrame, install_key: bytes
) -> pd.DataFrame:
    """Orders in the books that show a VAT number on which their invoice does not rest."""
    shown = orders[orders["buyer_vat_number"] != ""]
    own = booked[booked["order_id"].isin(shown["order_id"])]
    own = own[own["booking_kind"] == BookingKind.INVOICE]
    rests_on: dict[str, set[str]] = {}
    for order_id, text in zip(own["order_id"], own["facts"], strict=True):
        mark = json.loads(text or "{}").get("buyer_number", "")
        rests_on.setdefault(order_id, set()).add(mark)
    is_new = [
        mark_of(install_key, number) not in rests_on.get(order_id, ())
        for order_id, number in zip(shown["order_id"], shown["buyer_vat_number"], strict=True)
    ]
    return shown[pd.Series(is_new, index=shown.index, dtype=bool)]


def vat_numbers_to_ask(
    orders: pd.DataFrame,
    booked: pd.DataFrame,
    settings: CouplingSettings,
    install_key: bytes | None = None,
) -> list[str]:
    """VAT numbers, with prefix, on which the VAT of an order depends; sorted.

    Args:
        orders: ORDERS.
        booked: BOOKED.
        settings: of the coupling; a small-business seller (KOR) asks nothing.
        install_key: with it, a number that changed after booking is asked for too.
    """
    if settings.seller.vat.scheme == "kor":
        return []
    found = _open(orders, booked)
    found = found[found["buyer_vat_number"] != ""]
    if install_key is not None:
        changed = _with_another_number(orders, booked, install_key)
        found = pd.concat([found, changed]) if len(changed) else found
    columns = ("buyer_vat_number", "ship_from", "ship_to", "ship_to_postal_code")
    rows = zip(*(found[name].to_numpy(dtype=object) for name in columns), strict=True)
    numbers = set()
    for number, ship_from, ship_to, postal_code in rows:
        arrival = territory_of(ship_to, postal_code)
        if ship_from == HOME and arrival.in_eu and arrival.country != HOME:
            numbers.add(normal_number(number, arrival.country))
    return sorted(numbers - {""})


def rates_to_ask(orders: pd.DataFrame, booked: pd.DataFrame) -> Mapping[str, tuple[date, date]]:
    """Currency to the first and last day of the ECB rates that these orders need.

    Args:
        orders: ORDERS.
        booked: BOOKED; an order that was planned keeps its date, so its days count as well.
    """
    found = _open(orders, booked)
    found = found[found["currency"] != EURO]
    planned = booked[booked["order_id"].isin(found["order_id"])]
    days: dict[str, list[Any]] = {}
    for currency, day in zip(found["currency"], found["date"].dt.date, strict=True):
        days.setdefault(currency, [day, *planned["date"].dt.date]).append(day)
    back = timedelta(days=DAYS_BACK)
    return {currency: (min(own) - back, max(own)) for currency, own in days.items()}
