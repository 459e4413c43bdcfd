"""Invoice numbers: of the order, of Amazon, or of an own series without gaps.

Dutch law asks compulsory invoices for a sequential number per series (article 35a Wet OB); an
Amazon order id is none. The ledger issues the numbers: a booking keeps the one it got, whatever
happens to it, so asking again changes nothing. Source: accounting rules 8.2 and 8.3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from amazon_eboekhouden.domain.bookings import BookingKind

# (series, natural keys) to a number per key, as `BookingLedger.invoice_numbers` gives them.
NumberSeries = Callable[[str, Sequence[str]], Mapping[str, int]]

OWN_SOURCES = ("own", "vcs_upload")


def next_part_number(order_id: str, taken: Collection[str]) -> str:
    """Number of the next shipment of an order: `AMZ-<order>-1`, then -2, never one twice."""
    part = 1
    while f"AMZ-{order_id}-{part}" in taken:
        part += 1
    return f"AMZ-{order_id}-{part}"


def series_of(on: date) -> str:
    """The series of a year, such as A26."""
    return f"A{on:%y}"


def give_numbers(mutations: Sequence[dict[str, Any]], numbers: NumberSeries | None) -> None:
    """Number the invoices that have no number yet, oldest first.

    Args:
        mutations: rows of MUTATIONS; those of invoices without a number get one.
        numbers: issues them.

    Raises:
        ValueError: an invoice needs a number of the own series and nobody issues them.
    """
    waiting = [
        row
        for row in mutations
        if row["booking_kind"] == BookingKind.INVOICE and not row["invoice_number"]
    ]
    if not waiting:
        return
    if numbers is None:
        raise ValueError("invoices with own numbers need a number series")
    by_series: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(waiting, key=lambda row: (row["date"], row["booking"])):
        by_series.setdefault(series_of(row["date"]), []).append(row)
    for series, rows in by_series.items():
        issued = numbers(series, [row["booking"] for row in rows])
        for row in rows:
            row["invoice_number"] = f"{series}-{issued[row['booking']]:06d}"
