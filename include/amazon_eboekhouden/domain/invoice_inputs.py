"""Orders, their lines and what is booked of them, from frames to the rows that invoicing reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import is_booked_credit
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.corrections import counts
from amazon_eboekhouden.domain.orders import ORDERS
from amazon_eboekhouden.domain.vat_lines import OrderLine

Row = Mapping[str, Any]


def booked_rows(
    booked: pd.DataFrame, orders: pd.DataFrame
) -> tuple[dict[str, Row], dict[str, list[Row]], dict[str, list[Row]], dict[str, list[Row]]]:
    """What is booked of these orders, and all relations.

    Args:
        booked: BOOKED.
        orders: ORDERS.

    Returns:
        rows by natural key; by order its invoices, rejected ones too, its credit notes, and what
        settlements paid on them.
    """
    if booked.empty:
        return {}, {}, {}, {}
    relations = booked["booking_kind"] == BookingKind.RELATION
    own = booked[booked["order_id"].isin(orders["order_id"]) | relations]
    rows: list[Row] = own.sort_values(["date", "booking"]).to_dict("records")  # type: ignore[assignment]
    invoiced: dict[str, list[Row]] = {}
    credits: dict[str, list[Row]] = {}
    payments: dict[str, list[Row]] = {}
    for row in rows:
        if row["booking_kind"] == BookingKind.INVOICE:
            invoiced.setdefault(row["order_id"], []).append(row)
        elif is_booked_credit(row):
            credits.setdefault(row["order_id"], []).append(row)
        elif row["booking_kind"] == BookingKind.PAYMENT and row["settlement_id"] and counts(row):
            payments.setdefault(row["order_id"], []).append(row)
    return {row["booking"]: row for row in rows}, invoiced, credits, payments


def records_of(orders: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Orders as plain values, without the times that booking does not need."""
    names = [name for name, kind in ORDERS.columns.items() if kind not in ("utc", "date")]
    columns = [orders[name].to_numpy(dtype=object) for name in names]
    for day, *values in zip(orders["date"].dt.date, *columns, strict=True):
        yield {"date": day, **dict(zip(names, values, strict=True))}


def lines_by_order(lines: pd.DataFrame) -> dict[tuple[str, str], list[OrderLine]]:
    """Lines by order and shipment."""
    found: dict[tuple[str, str], list[OrderLine]] = {}
    taxes = [None if hole else int(tax) for tax, hole in _with_holes(lines["tax_cents"])]
    names = (
        "order_id", "shipment_id", "order_item_id", "sku", "component", "title", "pieces",
        "rate_told",
    )  # fmt: skip
    columns = (lines[name].to_numpy(dtype=object) for name in names)
    gross = lines["gross_cents"].tolist()
    for order, part, item, sku, component, title, pieces, told, cents, tax in zip(
        *columns, gross, taxes, strict=True
    ):
        rate = Decimal(told) if told else None
        line = OrderLine(item, sku, component, cents, tax, title, int(pieces), rate)
        found.setdefault((order, part), []).append(line)
    return found


def _with_holes(column: pd.Series[Any]) -> Iterator[tuple[Any, bool]]:
    return zip(column.tolist(), column.isna().tolist(), strict=True)
