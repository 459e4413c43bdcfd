"""Orders to invoices: what is booked of each order, with its relation, or why not.

The same orders always give the same bytes: what was booked is repeated from its facts, so that
neither a later update by Amazon nor a changed setting can move a booking that stands in the books.
Source: design sections 6 and 7; accounting rules 5, 6 and 8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.booked_invoice import (
    NEVER_BOOKED,
    NOT_YET_BOOKED,
    facts_text,
    groups_of_facts,
    invoice_key,
    line_rows,
    shipment_of,
)
from amazon_eboekhouden.domain.bookings import DEBTORS, BookingKind, MutationKind, MutationLine
from amazon_eboekhouden.domain.cancelled_orders import cancelled_event, credited_whole
from amazon_eboekhouden.domain.corrected_invoices import (
    Correction,
    Hands,
    Updated,
    again,
    exchange_of,
    for_corrections,
    waits_for,
)
from amazon_eboekhouden.domain.corrections import number_of_next
from amazon_eboekhouden.domain.decided_sales import Decisions
from amazon_eboekhouden.domain.descriptions import invoice_description
from amazon_eboekhouden.domain.documents import document_facts, template_for
from amazon_eboekhouden.domain.exchange import Exchange, Rates
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, RELATIONS, SKIPPED
from amazon_eboekhouden.domain.invoice_facts import invoice_facts
from amazon_eboekhouden.domain.invoice_inputs import booked_rows, lines_by_order, records_of
from amazon_eboekhouden.domain.invoice_numbers import (
    OWN_SOURCES,
    NumberSeries,
    give_numbers,
    next_part_number,
)
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.orders import WHOLE, Skip
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.proceeds import OrderFault
from amazon_eboekhouden.domain.relations import relation_of, tells_more
from amazon_eboekhouden.domain.sale_kinds import ViesAnswer, normal_number
from amazon_eboekhouden.domain.vat_lines import OrderLine, mutation_lines

Row = Mapping[str, Any]
# Kinds whose buyer's VAT number must stand on a relation of its own.
_WITH_NUMBER = ("S9", "S1-ICP")


@dataclass(frozen=True, slots=True)
class Bookables:
    """What orders become.

    Attributes:
        mutations, mutation_lines, relations: for the ledger.
        known_relations: RELATIONS that stand in the books, as new orders show their buyers.
        problems: orders that are held, one problem each.
        skipped: SKIPPED.
    """

    mutations: pd.DataFrame
    mutation_lines: pd.DataFrame
    relations: pd.DataFrame
    problems: list[Problem]
    skipped: pd.DataFrame
    known_relations: pd.DataFrame


@dataclass(slots=True)
class _Desk:
    """What is needed for every order, and what came out so far."""

    settings: CouplingSettings
    decisions: Decisions
    install_key: bytes
    booked: Mapping[str, Row]
    invoiced: Mapping[str, list[Row]]
    credits: Mapping[str, list[Row]]
    payments: Mapping[str, list[Row]]
    vies: Mapping[str, ViesAnswer]
    vcs_numbers: Mapping[str, str]
    mutations: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    relations: dict[str, Row] = field(default_factory=dict)
    known_relations: dict[str, Row] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    updated: Mapping[str, date] = field(default_factory=dict)
    part_numbers: dict[str, set[str]] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)


def invoices(
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    settings: CouplingSettings,
    *,
    install_key: bytes,
    booked: pd.DataFrame,
    rates: Rates | None,
    vies: Mapping[str, ViesAnswer],
    vcs_numbers: Mapping[str, str] | None = None,
    numbers: NumberSeries | None = None,
) -> Bookables:
    """Invoices of shipped orders, and credit notes of orders cancelled after booking.

    Args:
        orders: ORDERS.
        lines: ORDER_LINES.
        settings: of the coupling.
        install_key: secret behind relation codes.
        booked: BOOKED; what concerns these orders is enough.
        rates: (currency, day) to how much of the currency one euro is, as the ECB published.
        vies: VAT number with prefix to VIES's answer; a number that is missing was not asked.
        vcs_numbers: order id (and `<order id>:<shipment id>`, where shipments are invoiced one by
            one) to Amazon's VAT invoice number, where Amazon issues the invoices.
        numbers: issues numbers of the own series, where the seller issues the invoices.

    Raises:
        ValueError: the seller issues invoices and no number series was given.

    Problems:
        every code of the catalogue's section "orders" that is about sale kinds and VAT.
    """
    desk = _Desk(
        settings,
        Decisions(settings, vies, rates),
        install_key,
        *booked_rows(booked, orders),
        vies,
        vcs_numbers or {},
    )
    desk.updated = Updated(orders)
    own_lines = lines_by_order(lines)
    for order in records_of(orders):
        try:
            _handle(desk, order, own_lines.get((order["order_id"], order["shipment_id"]), []))
        except OrderFault as fault:
            order_id = order["order_id"]
            desk.problems.append(
                problem(fault.code, f"order {order_id}", order_id=order_id, **fault.details)
            )
    give_numbers(desk.mutations, numbers)
    return Bookables(
        MUTATIONS.of(desk.mutations),
        MUTATION_LINES.of(desk.lines),
        RELATIONS.of(desk.relations.values()),
        desk.problems,
        SKIPPED.of(desk.skipped),
        RELATIONS.of(desk.known_relations.values()),
    )


def _handle(desk: _Desk, order: Row, lines: Sequence[OrderLine]) -> None:
    key = invoice_key(order["marketplace_id"], order["order_id"], order["shipment_id"])
    before = desk.booked.get(key)
    if order["status"] == "CANCELLED":
        _cancelled(desk, order)
    elif before is None and (others := _in_other_units(desk, order)):
        _again_otherwise(desk, order, others)
    elif before is not None and before["state"] not in NOT_YET_BOOKED and _rates_in(before):
        again(desk, _HANDS, order, lines, before)
    else:
        _new(desk, order, lines, key, before)


def _rates_in(row: Row) -> bool:
    return '"rates"' in row["facts"]


def _in_other_units(desk: _Desk, order: Row) -> list[Row]:
    """Invoices of the order as a whole, when this is a shipment of it, and the other way round."""
    return [
        row
        for row in desk.invoiced.get(order["order_id"], ())
        if row["state"] not in NEVER_BOOKED
        and (shipment_of(row["booking"]) == WHOLE) != (order["shipment_id"] == WHOLE)
    ]


def _again_otherwise(desk: _Desk, order: Row, others: Sequence[Row]) -> None:
    """One sale, one invoice: what was invoiced before `invoice_unit` changed stays as it is.

    Raises:
        OrderFault: some of the order was invoiced by shipment, and not yet all of it.
    """
    facts = [json.loads(row["facts"]) for row in others]
    booked = sum(int(one.get("currency_gross_cents", 0)) for one in facts)
    if order["shipment_id"] == WHOLE and booked != order["total_cents"]:
        raise OrderFault(
            "invoice-unit-changed",
            booked=euros(booked),
            found=euros(int(order["total_cents"])),
            currency=order["currency"],
        )
    for row, one in zip(others, facts, strict=True):
        if row["booking"] not in desk.repeated:  # The next shipment of the order comes here too.
            desk.repeated.add(row["booking"])
            _repeat(desk, order, row, one)


def _new(
    desk: _Desk,
    order: Row,
    lines: Sequence[OrderLine],
    key: str,
    before: Row | None,
    corrects: Correction | None = None,
) -> None:
    # Amazon's last update moves on; the date that was planned first stays.
    on = order["date"] if before is None else before["date"].date()
    on = corrects.on if corrects else on
    _insist_on_open_period(on, desk.settings)
    number = _corrected_number(desk, order, corrects) if corrects else _number(desk, order, before)
    taxed_on = date.fromisoformat(corrects.facts["ship_date"]) if corrects else on
    exchange = exchange_of(corrects.facts) if corrects else None
    sale, exchange, priced = desk.decisions.decide(order, lines, taxed_on, exchange)
    checked = sale.vat_number or normal_number(order["buyer_vat_number"], order["ship_to"])
    relation = relation_of(
        order,
        checked,
        must_be_own=sale.kind in _WITH_NUMBER,
        settings=desk.settings,
        install_key=desk.install_key,
    )
    facts = invoice_facts(
        order,
        sale,
        priced,
        exchange,
        on=taxed_on,
        relation_key=relation.key,
        vies=desk.vies.get(sale.vat_number),
        payment_term_days=desk.settings.books.payment_term_days,
        items={line.order_item_id: line.sku for line in lines if line.order_item_id},
    )
    facts |= for_corrections(desk.install_key, order, lines, corrects)
    business = bool(checked or order["is_business"])
    if template := template_for(desk.settings.books, business=business):
        facts["as_document"] = document_facts(template, priced.groups(), lines)
    depends_on = waits_for(order, facts)
    _add(desk, order, key, number, on, priced.lines, relation.code, depends_on, facts)
    # A relation that stands in the books is never sent again: a person may have mended it. What is
    # still empty there may be filled.
    if not (known := desk.booked.get(relation.key)) or known["state"] in NOT_YET_BOOKED:
        if relation.key not in desk.relations:
            desk.relations[relation.key] = relation.row()
    elif relation.names_buyer and tells_more(row := relation.row(), known["facts"]):
        desk.known_relations[relation.key] = row


def _corrected_number(desk: _Desk, order: Row, corrects: Correction) -> str:
    """Its number; Amazon gives its corrected invoice another one too."""
    if desk.settings.books.invoice_source in OWN_SOURCES:
        return ""
    if desk.settings.books.invoice_source != "vcs_amazon":
        return number_of_next(corrects.invoice)
    number = _number(desk, order, None)
    if number == corrects.invoice["invoice_number"]:
        raise OrderFault("vcs-number-missing")
    return number


def _number(desk: _Desk, order: Row, before: Row | None) -> str:
    """Amazon's number where Amazon issues the invoice: one sale, one invoice.

    A number of the own series is given at the end, to what is really booked: "" until then.
    """
    order_id, part = order["order_id"], order["shipment_id"]
    if desk.settings.books.invoice_source in OWN_SOURCES:
        return ""
    if desk.settings.books.invoice_source == "vcs_amazon":
        number = desk.vcs_numbers.get(f"{order_id}:{part}") or (
            desk.vcs_numbers.get(order_id) if part == WHOLE else None
        )
        if not number:
            raise OrderFault("vcs-number-missing")
        return number
    if part == WHOLE:
        return f"AMZ-{order_id}"
    taken = desk.part_numbers.setdefault(
        order_id, {row["invoice_number"] for row in desk.invoiced.get(order_id, ())}
    )
    number = str(before["invoice_number"]) if before else next_part_number(order_id, taken)
    taken.add(number)
    return number


def _insist_on_open_period(on: date, settings: CouplingSettings) -> None:
    """A VAT return that is filed is not changed by a program."""
    closed = settings.books.closed_through
    if closed is not None and on <= closed:
        raise OrderFault("period-closed", on=on.isoformat(), closed=closed.isoformat())


def _kind(desk: _Desk, order: Row, lines: Sequence[OrderLine], on: date, of: Exchange) -> str:
    """What kind of sale an order is, judged as of a day."""
    return desk.decisions.decide(order, lines, on, of).sale.kind


def _add(
    desk: _Desk,
    order: Row,
    key: str,
    number: str,
    on: date,
    lines: Sequence[MutationLine],
    relation_code: str,
    depends_on: str,
    facts: Mapping[str, Any],
) -> None:
    desk.mutations.append(
        {
            "booking": key,
            "booking_kind": BookingKind.INVOICE.value,
            "kind": MutationKind.SALES_INVOICE.value,
            "date": on,
            "account": DEBTORS,
            "relation_code": relation_code,
            "invoice_number": number,
            "description": invoice_description(
                order["order_id"],
                order["marketplace"],
                order["currency"],
                int(order["total_cents"]),
                Decimal(facts["exchange_rate"]),
            ),
            "in_ex_vat": "IN",
            "payment_term_days": facts["payment_term_days"],
            "gross_cents": sum(line.gross_cents for line in lines),
            "order_id": order["order_id"],
            "settlement_id": "",
            "depends_on": depends_on,
            "facts": facts_text(facts),
        }
    )
    desk.lines += line_rows(key, lines)


def _repeat(desk: _Desk, order: Row, before: Row, facts: Mapping[str, Any]) -> None:
    booked = {**order, "total_cents": facts["currency_gross_cents"]}
    _add(
        desk,
        booked,
        before["booking"],
        before["invoice_number"],
        before["date"].date(),
        mutation_lines(groups_of_facts(facts)),
        before["relation_code"],
        waits_for(order, facts),
        facts,
    )


_HANDS: Hands[_Desk] = Hands(make=_new, repeat=_repeat, kind_of=_kind)


def _cancelled(desk: _Desk, order: Row) -> None:
    """Credit what is left of the invoices whose order was cancelled after booking."""
    order_id = order["order_id"]
    credited = False
    for row in desk.invoiced.get(order_id, ()):
        if row["state"] in NEVER_BOOKED or not _rates_in(row):
            continue
        key, event = cancelled_event(row)
        note = credited_whole(
            row, event, order["date"], desk.booked.get(key), desk.credits.get(order_id, ())
        )
        if note is None:
            continue
        credited = True
        if isinstance(note, Problem):
            desk.problems.append(note)
            continue
        desk.mutations.append(note[0])
        desk.lines += note[1]
    if not credited:
        desk.skipped.append({"order_id": order_id, "reason": Skip.CANCELLED.value})
