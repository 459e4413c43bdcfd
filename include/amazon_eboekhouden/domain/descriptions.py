"""What stands in the books beside an amount: Dutch, and the order number within 50 characters.

The ledger puts a token of 18 characters in front; e-Boekhouden takes 200 characters and some of
its screens and interfaces show 50. Source: e-Boekhouden reference 11.
"""

from __future__ import annotations

from decimal import Decimal

from amazon_eboekhouden.config.marketplaces import marketplaces
from amazon_eboekhouden.domain.money import euros

# 200 less the token and a blank.
MOST = 180


def invoice_description(
    order_id: str, marketplace: str, currency: str, cents: int, rate: Decimal
) -> str:
    """Such as `Bestelling 405-1234567-1234567 Amazon.nl`."""
    name = marketplaces()[marketplace].name
    text = f"Bestelling {order_id} {name}"
    if currency != "EUR":
        text += f" ({_dutch(euros(cents))} {currency}, koers {_dutch(rate)})"
    return text[:MOST]


def credit_description(order_id: str, invoice_number: str, reason: str) -> str:
    """Such as `Creditnota 405-1234567-1234567 op AMZ-405-1234567-1234567`."""
    text = f"Creditnota {order_id} op {invoice_number}"
    return (f"{text} {reason}" if reason else text)[:MOST]


def _dutch(number: Decimal) -> str:
    return f"{number:f}".replace(".", ",")
