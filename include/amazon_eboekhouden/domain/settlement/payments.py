"""How much of an invoice a settlement pays, and what to do with cents and excess.

Source: accounting rules 7.6 and 7.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from amazon_eboekhouden.domain.settlement.exchange import Exchange, at_rate_of
from amazon_eboekhouden.domain.settlement.known import Document, Known


@dataclass(frozen=True, slots=True)
class Paid:
    """What a settlement pays on one invoice.

    Attributes:
        cents: EUR booked on the invoice's open item.
        currency_cents: the same in the settlement's currency.
        tolerance_cents: EUR that goes to differences; above zero when Amazon paid too much.
        excess_cents: EUR paid beyond the open item, for suspense.
        rest_cents: EUR that stays open.
    """

    cents: int
    currency_cents: int
    tolerance_cents: int = 0
    excess_cents: int = 0
    rest_cents: int = 0


def paid_on(
    invoice: Document,
    received_cents: int,
    on: date,
    known: Known,
    exchange: Exchange,
    tolerance_cents: int,
) -> Paid:
    """What is paid on an invoice.

    Args:
        invoice: the invoice.
        received_cents: what the settlement pays for it, in the settlement's currency.
        on: posted date, for the rate of an excess.
        known: payments by other settlements, and an earlier plan of this one.
        exchange: to euros.
        tolerance_cents: how far payment and open item may differ.
    """
    others = known.paid_by_others(invoice.invoice_number)
    own = known.own_payment(invoice.invoice_number)
    open_cents = invoice.gross_cents - others[0]
    if exchange.currency == "EUR" == invoice.currency:
        return _in_euros(
            received_cents, open_cents, own.gross_cents if own else None, tolerance_cents
        )
    if invoice.currency == exchange.currency:
        received, still_open = received_cents, invoice.currency_cents - others[1]
    else:  # An invoice that does not know the settlement's currency: at the rate of its own date.
        received, still_open = exchange.euro_cents(received_cents, invoice.on), open_cents
    if own:
        cents = own.gross_cents
    elif still_open <= 0:
        cents = 0
    elif received >= still_open - tolerance_cents:
        cents = open_cents
    else:
        cents = at_rate_of(invoice, received)
    excess = received - max(still_open, 0)
    if excess <= tolerance_cents and cents:  # Cents vanish in the exchange difference.
        return Paid(cents, received_cents, rest_cents=open_cents - cents)
    in_euros = exchange.euro_cents(excess, on) if invoice.currency == exchange.currency else excess
    return Paid(cents, received_cents, excess_cents=in_euros, rest_cents=open_cents - cents)


def _in_euros(received: int, open_cents: int, own: int | None, tolerance: int) -> Paid:
    if own is not None:
        cents = own
    elif open_cents <= 0:
        cents = 0
    elif abs(received - open_cents) <= tolerance:
        cents = open_cents
    else:
        cents = min(received, open_cents)
    beyond = received - cents
    rest = max(open_cents - cents, 0)
    if cents and abs(beyond) <= tolerance:
        return Paid(cents, received, tolerance_cents=beyond, rest_cents=rest)
    return Paid(cents, received, excess_cents=beyond, rest_cents=rest)
