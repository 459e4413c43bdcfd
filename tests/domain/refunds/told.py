"""A refund as Amazon's finances tell it, and the books before it, in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.finances import refund_events
from amazon_eboekhouden.domain.frames import BOOKED, MUTATIONS
from amazon_eboekhouden.domain.refunds import RefundBookables, refund_bookables

from tests.domain.settlement.writing import invoice, settings

ORDER = "402-0000001-0000001"
Json = dict[str, Any]
__all__ = ["ORDER", "Json", "books", "credited", "invoice", "notes", "refund", "settings"]


def refund(
    parts: Mapping[str, str],
    *,
    order: str = ORDER,
    number: str = "T1",
    refund_id: str = "R1",
    status: str = "RELEASED",
    on: str = "2026-03-10T10:00:00Z",
    kind: str = "Refund",
    fees: Mapping[str, str] | None = None,
    **more: str,
) -> Json:
    """A transaction with the names that Amazon uses: parts of the price, and fees around them.

    Args:
        parts: such as `{"OurPricePrincipal": "-10.00"}`.
        order: of the refund.
        number: transaction id.
        refund_id: "" for none.
        status: DEFERRED, DEFERRED_RELEASED or RELEASED.
        on: posted date.
        kind: transaction type.
        fees: such as `{"Commission": "1.50"}`.
        more: further related identifiers, and `currency`, `description`, `total`.
    """
    currency = more.pop("currency", "EUR")
    description = more.pop("description", "Refund Order")
    total = more.pop("total", str(_sum(parts) + _sum(fees or {})))
    ids = {"ORDER_ID": order, "REFUND_ID": refund_id, **more}
    breakdowns = [_part("ProductCharges", parts, currency)]
    if fees:
        breakdowns.append(_part("AmazonFees", fees, currency))
    return {
        "transactionId": number,
        "transactionType": kind,
        "transactionStatus": status,
        "description": description,
        "postedDate": on,
        "totalAmount": {"currencyAmount": _number(total), "currencyCode": currency},
        "relatedIdentifiers": [
            {"relatedIdentifierName": name, "relatedIdentifierValue": value}
            for name, value in ids.items()
            if value
        ],
        "items": [{"breakdowns": breakdowns, "contexts": []}],
        "breakdowns": [],
    }


def _part(name: str, inner: Mapping[str, str], currency: str) -> Json:
    return {
        "breakdownType": name,
        "breakdownAmount": {"currencyAmount": _number(_sum(inner)), "currencyCode": currency},
        "breakdowns": [
            {
                "breakdownType": one,
                "breakdownAmount": {"currencyAmount": _number(amount), "currencyCode": currency},
                "breakdowns": None,
            }
            for one, amount in inner.items()
        ],
    }


def _sum(amounts: Mapping[str, str]) -> Any:
    return sum((Decimal(amount) for amount in amounts.values()), Decimal(0))


def _number(amount: Any) -> Any:
    return Decimal(str(amount))


def books(*rows: Json) -> pd.DataFrame:
    """BOOKED with these rows; one invoice of 121.00 when none is given."""
    return BOOKED.of(rows or [invoice(ORDER, "121.00")])


def credited(
    transactions: Sequence[Json],
    booked: pd.DataFrame | None = None,
    *,
    with_settings: CouplingSettings | None = None,
    **more: Any,
) -> RefundBookables:
    """What transactions become after these books."""
    events, problems = refund_events(transactions)
    made = refund_bookables(
        events,
        books() if booked is None else booked,
        more.pop("planned", MUTATIONS.empty()),
        with_settings or settings(),
        aliases=more.pop("aliases", {}),
        **more,
    )
    made.problems[:0] = problems
    return made


def notes(made: RefundBookables) -> list[tuple[str, str, int]]:
    """Number, date and cents of the credit notes that were made."""
    rows = made.mutations.to_dict("records")
    return [(r["invoice_number"], f"{r['date']:%Y-%m-%d}", int(r["gross_cents"])) for r in rows]
