"""What is decided of one order: its sale kind, its exchange rate and its VAT per rate.

What many orders share (where goods leave and arrive, who buys, the day; the articles and their
prices) is decided once per run: each decision is kept by exactly what its rule reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.territories import Territory, territory_of
from amazon_eboekhouden.config.vat import percents_in_force, rates_apply_of
from amazon_eboekhouden.domain.baskets import Baskets, Priced
from amazon_eboekhouden.domain.exchange import Exchange, Rates, exchange_on
from amazon_eboekhouden.domain.sale_kinds import Parties, Sale, ViesAnswer, sale_of
from amazon_eboekhouden.domain.vat_lines import OrderLine, VatContext

Row = Mapping[str, Any]


class Decided(NamedTuple):
    """A decision: the kind of sale, the exchange rate, and what the basket comes to in euros."""

    sale: Sale
    exchange: Exchange
    priced: Priced


class Decisions:
    """Decides the orders of one run.

    Args:
        settings: of the coupling.
        vies: VAT number with prefix to VIES's answer.
        rates: (currency, day) to how much of the currency one euro is.
    """

    def __init__(
        self, settings: CouplingSettings, vies: Mapping[str, ViesAnswer], rates: Rates | None
    ) -> None:
        self._amazons_invoice = settings.books.invoice_source == "vcs_amazon"
        self._baskets = Baskets(settings)
        self._settings, self._vies = settings, vies
        self._judged = cache(self._judge)
        self._exchange = cache(lambda currency, on: exchange_on(currency, on, rates))

    def decide(
        self, order: Row, lines: Sequence[OrderLine], on: date, exchange: Exchange | None = None
    ) -> Decided:
        """Decide an order.

        Args:
            order: row of ORDERS.
            lines: of the order.
            on: day of the rates.
            exchange: one that was decided before holds.

        Raises:
            OrderFault: the sale kind, a rate or an amount cannot be decided.
        """
        amazons_cents = self._amazons_invoice or any(line.rate_told is not None for line in lines)
        sale, context = self._judged(_parties(order, lines, on), amazons_cents)
        exchange = exchange or self._exchange(order["currency"], on)
        total = exchange.euro_cents(order["total_cents"])
        return Decided(sale, exchange, self._baskets.priced(lines, total, sale.kind, context))

    def _judge(self, parties: Parties, amazons_cents: bool) -> tuple[Sale, VatContext]:
        """The kind of sale, and whose rates apply to it."""
        sale = sale_of(parties, self._settings, self._vies)
        place = {"ship_from": parties.ship_from, "ship_to": parties.ship_to}.get(
            rates_apply_of(sale.kind)
        )
        area, country = (place.rates, place.country) if place else ("", "")
        percents = percents_in_force(area, parties.on)
        return sale, VatContext(area, country, percents, amazons_cents, parties.on)


def _parties(order: Row, lines: Sequence[OrderLine], on: date) -> Parties:
    known = [line.tax_cents for line in lines if line.tax_cents is not None]
    return Parties(
        ship_from=_territory(order["ship_from"], order["ship_from_postal_code"]),
        ship_to=_territory(order["ship_to"], order["ship_to_postal_code"]),
        facilitated=order["facilitated"],
        sold_to_amazon=order["sold_to_amazon"],
        is_business=order["is_business"],
        vat_number=order["buyer_vat_number"],
        on=on,
        tax_shown="none" if not known else "some" if any(known) else "zero",
        several_departures=order["ship_from_source"] == "mixed",
    )


def _territory(country: str, postal_code: str) -> Territory | None:
    return territory_of(country, postal_code) if country else None
