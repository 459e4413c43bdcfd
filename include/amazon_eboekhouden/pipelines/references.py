"""What is public and that bookings need: exchange rates and the validity of VAT numbers.

A service that does not answer holds up only the orders that need it: they are listed with their
reason and asked again by the next run.
"""

from __future__ import annotations

import logging
from datetime import date
from decimal import Decimal

import pandas as pd

from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.domain.questions import rates_to_ask, vat_numbers_to_ask
from amazon_eboekhouden.domain.sale_kinds import ViesAnswer
from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)

EURO = "EUR"
Rates = dict[tuple[str, date], Decimal]


def rates_for_orders(runtime: Runtime, orders: pd.DataFrame, booked: pd.DataFrame) -> Rates:
    """The ECB's rates that these orders need, by currency and day.

    Args:
        runtime: the coupling's runtime.
        orders: ORDERS.
        booked: BOOKED.
    """
    rates: Rates = {}
    for currency, (first, last) in rates_to_ask(orders, booked).items():
        rates |= _between(runtime, currency, first, last)
    return rates


def rates_for_settlement(runtime: Runtime, currency: str, posted: pd.Series) -> Rates:
    """The ECB's rates of the days on which a settlement's rows were posted."""
    if currency == EURO or posted.empty:
        return {}
    return _between(runtime, currency, posted.min().date(), posted.max().date())


def _between(runtime: Runtime, currency: str, first: date, last: date) -> Rates:
    from amazon_eboekhouden.adapters.exchange_rates import ExchangeRates

    history = ExchangeRates(runtime.archive, url=runtime.settings.services.ecb)
    try:
        return history.between([currency], first, last)
    except RemoteError as error:
        log.warning("coupling=%s no exchange rates: %s", runtime.settings.name, error)
        return {}


def vies_answers(
    runtime: Runtime, orders: pd.DataFrame, booked: pd.DataFrame
) -> dict[str, ViesAnswer]:
    """What VIES says of the VAT numbers on which the VAT of an order depends.

    Args:
        runtime: the coupling's runtime.
        orders: ORDERS.
        booked: BOOKED.
    """
    numbers = vat_numbers_to_ask(orders, booked, runtime.settings, runtime.install_key)
    if not numbers:
        return {}
    from amazon_eboekhouden.adapters.vies import Vies

    seller = runtime.settings.seller
    own = seller.vat.registrations.get(seller.established_in, "")
    register = Vies(own, url=runtime.settings.services.vies)
    answers = {}
    for number in numbers:
        try:
            found = register.check(number)
        except RemoteError as error:
            log.warning("coupling=%s VIES did not answer: %s", runtime.settings.name, error)
            continue
        answers[number] = ViesAnswer(
            found.valid, found.checked_utc.date(), found.consultation_number
        )
    return answers
