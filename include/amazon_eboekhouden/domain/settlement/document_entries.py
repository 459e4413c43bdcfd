"""Payments of invoices, and credit notes with their payment back.

Source: accounting rules 2.2 steps 2 to 4, 7.1, 7.6 and 7.7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.credit_notes import PerItem
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.credit_notes import new_note
from amazon_eboekhouden.domain.settlement.entries import Entries
from amazon_eboekhouden.domain.settlement.exchange import Exchange
from amazon_eboekhouden.domain.settlement.file import SettlementHeader
from amazon_eboekhouden.domain.settlement.groups import cents_per_item, each, spread
from amazon_eboekhouden.domain.settlement.known import Document, Known
from amazon_eboekhouden.domain.settlement.money_entries import (
    STEPS,
    TOLERANCE,
    MoneyEntries,
    natural,
)
from amazon_eboekhouden.domain.settlement.payments import Paid, paid_on
from amazon_eboekhouden.domain.settlement.places import Place


@dataclass
class Desk:
    """What the booking of one settlement needs at hand, and the problems it meets.

    Its rows are those of the file: they name the items, in the order in which they were matched.
    """

    entries: Entries
    money: MoneyEntries
    known: Known
    exchange: Exchange
    settings: CouplingSettings
    header: SettlementHeader
    rows: pd.DataFrame
    excess_cents: int = 0
    still_open_cents: int = 0
    problems: list[Problem] = field(default_factory=list)
    made: list[Document] = field(default_factory=list)

    def report(self, code: str, order_id: str, cents: int, place: Place, **details: Any) -> None:
        """List a problem about an amount of this settlement that waits on an account."""
        role = STEPS[place][1]
        self.problems.append(
            problem(
                code,
                f"order {order_id}" if order_id else f"settlement {self.header.settlement_id}",
                order_id=order_id,
                amount=euros(abs(cents)),
                currency=self.header.currency,
                account=getattr(self.settings.accounts, role),
                **details,
            )
        )

    def number_of(self, order_id: str, booking: str) -> str:
        """Number of an order's invoice."""
        invoices = self.known.invoices.get(order_id, [])
        return next((i.invoice_number for i in invoices if i.booking == booking), "")

    def date_of(self, posted: date) -> date:
        """Date of a payment: the posted date, or the end of the period if the seller chose so."""
        by_end = self.settings.settlement.payment_date == "settlement_end"
        return self.header.end if by_end else posted


def add_documents(desk: Desk, rows: pd.DataFrame) -> pd.Series:
    """Book the rows that pay an invoice or a credit note.

    Args:
        desk: gets mutations, money and problems.
        rows: MATCHED rows with place `invoice` or `credit_note`.

    Returns:
        The natural keys of its bookings per row.
    """
    group = rows.groupby(["place", "order_id", "document", "event"], sort=True).ngroup()
    units = rows.groupby(group).agg(
        place=("place", "first"),
        order_id=("order_id", "first"),
        document=("document", "first"),
        invoice=("invoice", "first"),
        event=("event", "first"),
        posted=("posted", "max"),
        cents=("amount_cents", "sum"),
        line=("line", "min"),
    )
    is_invoice = units["place"] == Place.INVOICE
    keys = {}
    tolerance = _tolerance(desk, units[is_invoice])
    for unit in each(units[is_invoice]):
        invoice = desk.known.invoice(unit.order_id, unit.document)
        keys[unit.Index] = _add_payment(desk, unit, invoice, tolerance)
    per_item = _per_item(desk, rows, group)
    for unit in each(units[~is_invoice].sort_values(["posted", "event"])):
        keys[unit.Index] = _add_refund(desk, unit, per_item[unit.Index])
    return spread([keys[i] for i in range(len(units))], group, rows)


def _tolerance(desk: Desk, units: pd.DataFrame) -> int:
    """Cents by which a payment may differ: 0 when they would add up to more than 1 per row."""
    limit = desk.settings.settlement.tolerance_cents
    tried = (
        _paid(desk, unit, desk.known.invoice(unit.order_id, unit.document), limit)
        for unit in each(units)
    )
    return limit if sum(abs(p.tolerance_cents) for p in tried) <= len(desk.rows) else 0


def _paid(desk: Desk, unit: Any, invoice: Document, tolerance_cents: int) -> Paid:
    return paid_on(
        invoice, int(unit.cents), unit.posted.date(), desk.known, desk.exchange, tolerance_cents
    )


def _add_payment(desk: Desk, unit: Any, invoice: Document, tolerance_cents: int) -> str:
    paid = _paid(desk, unit, invoice, tolerance_cents)
    on = desk.date_of(unit.posted.date())
    row = f"order {unit.order_id}"
    keys = []
    if paid.cents:
        currency_cents = {"currency_cents": paid.currency_cents}
        facts = currency_cents if desk.exchange.currency != "EUR" else {}
        keys.append(desk.entries.add_payment(invoice, paid.cents, on, **facts))
    if paid.tolerance_cents:
        key = desk.money.add(TOLERANCE, paid.tolerance_cents, on)
        keys.append(natural(desk.entries.settlement_id, key))
    if paid.excess_cents:
        desk.excess_cents += paid.excess_cents
        key = desk.money.add(STEPS[Place.HELD], paid.excess_cents, on)
        keys.append(natural(desk.entries.settlement_id, key))
        desk.problems.append(
            problem(
                "settlement-overpaid",
                row,
                order_id=unit.order_id,
                excess=euros(paid.excess_cents),
                invoice=invoice.invoice_number,
                account=desk.settings.accounts.suspense,
            )
        )
    if paid.rest_cents > 0:
        desk.still_open_cents += paid.rest_cents
        desk.problems.append(
            problem(
                "settlement-underpaid",
                row,
                order_id=unit.order_id,
                paid=euros(paid.cents),
                invoice=invoice.invoice_number,
                rest=euros(paid.rest_cents),
            )
        )
    return " ".join(keys)


def _add_refund(desk: Desk, unit: Any, per_item: PerItem) -> str:
    notes = desk.known.credit_notes.get(unit.order_id, [])
    note = next((n for n in notes if n.booking == unit.document), None)
    posted = unit.posted.date()
    keys = []
    if note is None:
        invoice = desk.known.invoice(unit.order_id, unit.invoice)
        answer = new_note(
            desk.entries,
            invoice,
            desk.known,
            unit.event,
            int(unit.cents),
            posted,
            reason=unit.line,
            made=desk.made,
            per_item=per_item,
        )
        if isinstance(answer, Problem):
            return _held_refund(desk, unit, invoice)
        note = answer
        desk.made.append(note)
        keys.append(note.booking)
    facts: dict[str, Any] = {"events": [unit.event]}
    if desk.exchange.currency != "EUR":
        facts["currency_cents"] = int(unit.cents)
    keys.append(desk.entries.add_payment(note, note.gross_cents, desk.date_of(posted), **facts))
    return " ".join(keys)


def _per_item(desk: Desk, rows: pd.DataFrame, group: pd.Series[int]) -> Mapping[int, PerItem]:
    """What the rows of each refund say of each item, looked at once for all of them."""
    is_refund = (rows["place"] == Place.CREDIT_NOTE).to_numpy()
    return cents_per_item(desk.rows.loc[rows.index[is_refund]], group[is_refund].tolist())


def _held_refund(desk: Desk, unit: Any, invoice: Document) -> str:
    """Several refunds of one settlement can together be more than their invoice."""
    cents, on = int(unit.cents), unit.posted.date()
    desk.report(
        "settlement-refund-too-large",
        unit.order_id,
        cents,
        Place.HELD,
        event=unit.event,
        invoice=invoice.invoice_number,
    )
    euro_cents = desk.exchange.euro_cents(cents, on)
    entry = {"place": Place.HELD.value, "eur_cents": euro_cents, "cents": cents, "posted": str(on)}
    desk.excess_cents += euro_cents
    refunds = {f"{unit.order_id}:{unit.event}": entry}
    return natural(
        desk.entries.settlement_id,
        desk.money.add(STEPS[Place.HELD], euro_cents, on, refunds=refunds),
    )
