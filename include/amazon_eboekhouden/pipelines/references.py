"""What is public and that bookings need: exchange rates and the validity of VAT numbers.

A service that does not answer holds up only the orders that need it: they are listed with their
reason and asked again by the next run.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

import pandas as pd

from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.domain.sale_kinds import ViesAnswer, normal_number
from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)

EURO = "EUR"


def rates_of(
    runtime: Runtime, currencies: Iterable[str], dates: pd.Series
) -> dict[tuple[str, date], Decimal]:
    """The ECB's rates around some dates, by currency and day; none when everything is in euros."""
    foreign = sorted(set(currencies) - {EURO, ""})
    if not foreign or dates.empty:
        return {}
    from amazon_eboekhouden.adapters.exchange_rates import ExchangeRates

    history = ExchangeRates(runtime.archive, url=runtime.settings.services.ecb)
    try:
        return history.between(foreign, dates.min().date(), dates.max().date())
    except RemoteError as error:
        log.warning("coupling=%s no exchange rates: %s", runtime.settings.name, error)
        return {}


def vies_answers(
    runtime: Runtime, orders: pd.DataFrame, booked: pd.DataFrame
) -> dict[str, ViesAnswer]:
    """What VIES says of the buyers' VAT numbers of orders that are not booked yet.

    Args:
        runtime: the coupling's runtime.
        orders: ORDERS.
        booked: BOOKED.
    """
    done = set(booked.loc[booked["booking_kind"] == "INV", "order_id"])
    open_orders = orders[(orders["buyer_vat_number"] != "") & ~orders["order_id"].isin(done)]
    numbers = {
        normal_number(number, country)
        for number, country in zip(
            open_orders["buyer_vat_number"], open_orders["ship_to"], strict=True
        )
    } - {""}
    if not numbers:
        return {}
    from amazon_eboekhouden.adapters.vies import Vies

    seller = runtime.settings.seller
    own = seller.vat.registrations.get(seller.established_in, "")
    register = Vies(own, url=runtime.settings.services.vies)
    answers = {}
    for number in sorted(numbers):
        try:
            found = register.check(number)
        except RemoteError as error:
            log.warning("coupling=%s VIES did not answer: %s", runtime.settings.name, error)
            continue
        answers[number] = ViesAnswer(
            found.valid, found.checked_utc.date(), found.consultation_number
        )
    return answers
