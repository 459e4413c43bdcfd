"""What is decided of one order: its sale kind, its exchange rate and its VAT per rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.territories import Territory, territory_of
from amazon_eboekhouden.config.vat import rates_apply_of
from amazon_eboekhouden.domain.exchange import Exchange, Rates, exchange_on
from amazon_eboekhouden.domain.sale_kinds import Parties, Sale, ViesAnswer, sale_of
from amazon_eboekhouden.domain.vat_lines import OrderLine, RateGroup, VatContext, rate_groups

Row = Mapping[str, Any]


def decided(
    settings: CouplingSettings,
    vies: Mapping[str, ViesAnswer],
    rates: Rates | None,
    order: Row,
    lines: Sequence[OrderLine],
    on: date,
    exchange: Exchange | None = None,
) -> tuple[Sale, Exchange, tuple[RateGroup, ...]]:
    """Decide an order.

    Args:
        settings: of the coupling.
        vies: VAT number with prefix to VIES's answer.
        rates: (currency, day) to how much of the currency one euro is.
        order: row of ORDERS.
        lines: of the order.
        on: day of the rates.
        exchange: one that was decided before holds.

    Raises:
        OrderFault: the sale kind, a rate or an amount cannot be decided.
    """
    parties = _parties(order, lines, on)
    sale = sale_of(parties, settings, vies)
    area = {"ship_from": parties.ship_from, "ship_to": parties.ship_to}.get(
        rates_apply_of(sale.kind)
    )
    context = VatContext(
        area=area.rates if area else "",
        country=area.country if area else "",
        on=on,
        amazons_cents=settings.books.invoice_source == "vcs_amazon"
        or any(line.rate_told is not None for line in lines),
    )
    exchange = exchange or exchange_on(order["currency"], on, rates)
    total = exchange.euro_cents(order["total_cents"])
    return sale, exchange, rate_groups(lines, total, sale.kind, context, settings)


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
