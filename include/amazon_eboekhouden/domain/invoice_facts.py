"""What is kept of an invoice for ever: why it was booked so, and enough to credit it.

No names, no addresses, no numbers of persons: the payload that holds those is erased.
Source: accounting rules 9.4 (what an inspector asks); design section 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from amazon_eboekhouden.config.territories import territory_of
from amazon_eboekhouden.domain.baskets import Priced
from amazon_eboekhouden.domain.exchange import Exchange
from amazon_eboekhouden.domain.orders import WHOLE
from amazon_eboekhouden.domain.sale_kinds import Sale, ViesAnswer


def invoice_facts(
    order: Mapping[str, Any],
    sale: Sale,
    priced: Priced,
    exchange: Exchange,
    *,
    on: date,
    relation_key: str,
    vies: ViesAnswer | None,
    payment_term_days: int,
    items: Mapping[str, str],
) -> dict[str, Any]:
    """The facts of an invoice.

    Args:
        order: row of ORDERS.
        sale: the kind of sale and why.
        priced: the invoice per rate, in euro cents.
        exchange: the rate of the order's currency.
        on: booking date.
        relation_key: natural key of the relation.
        vies: the answer that the kind of sale rests on, if it does.
        payment_term_days: as sent.
        items: order item id to SKU; settlements refer to both.
    """
    arrival = territory_of(order["ship_to"], order["ship_to_postal_code"])
    facts: dict[str, Any] = {
        "sale_kind": priced.sale_kind if priced.sale_kind == "S11" else sale.kind,
        "sale_kind_why": sale.why,
        "ship_from": order["ship_from"],
        "ship_from_source": order["ship_from_source"],
        "ship_to": arrival.country,
        "territory": arrival.name,
        "marketplace": order["marketplace"],
        "ship_date": on.isoformat(),
        "ship_date_source": order["date_source"],
        "currency": order["currency"],
        "currency_gross_cents": int(order["total_cents"]),
        "exchange_rate": f"{exchange.rate:f}",
        "exchange_date": exchange.published.isoformat(),
        "payment_term_days": payment_term_days,
        "relation": relation_key,
        "items": [{"order_item_id": item, "sku": sku} for item, sku in items.items()],
        "rates": priced.rate_facts(),
    }
    if order["shipment_id"] != WHOLE:
        facts["shipment"] = order["shipment_id"]
    if vies is not None:
        facts["vies"] = {
            "asked_on": vies.asked_on.isoformat(),
            "consultation": vies.consultation,
        }
    return facts
