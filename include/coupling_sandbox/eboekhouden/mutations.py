"""Mutations over the wire: from oMut to the books, and from the books to cMutatieList."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from coupling_sandbox.eboekhouden.administrations import Administration
from coupling_sandbox.eboekhouden.books import Books, side_of
from coupling_sandbox.eboekhouden.errors import BooksError
from coupling_sandbox.eboekhouden.options import Options
from coupling_sandbox.eboekhouden.postings import INVOICES, PAYMENTS, Mutation, Row
from coupling_sandbox.eboekhouden.rules import check_amounts
from coupling_sandbox.eboekhouden.vat import (
    VAT_CODES,
    rounded_cents,
    spread,
    vat_in_gross,
    vat_on_net,
)
from coupling_sandbox.eboekhouden.writing import euros

_TEXTS = {
    "account": "Rekening",
    "relation": "RelatieCode",
    "invoice_number": "Factuurnummer",
    "voucher": "Boekstuk",
    "description": "Omschrijving",
    "payment_term": "Betalingstermijn",
    "payment_reference": "Betalingskenmerk",
    "in_ex": "InExBTW",
}


def add_mutation(administration: Administration, options: Options, given: dict[str, Any]) -> int:
    """Check and book oMut; return the number the books gave it. `MutatieNr` is ignored.

    Raises:
        BooksError: the books refuse it; nothing was booked.
    """
    mutation = read_mutation(given, options)
    if options.server_recomputes_vat:
        recompute_vat(mutation)
    if options.comma_joined_invoice_number == "split" and mutation.kind in PAYMENTS:
        _split_payment(mutation, administration.books)
    administration.rules(options).check(mutation)
    administration.books.post(
        mutation, memorial_debits_header=options.memorial_sign == "debit_header"
    )
    return mutation.number


def read_mutation(given: dict[str, Any], options: Options) -> Mutation:
    """A mutation that is not booked yet, from the fields of cMutatie."""
    texts: dict[str, Any] = {n: (given[field] or "").strip() for n, field in _TEXTS.items()}
    texts["in_ex"] = texts["in_ex"].upper()
    tolerance = options.row_sum_tolerance_cents
    rows = [_read_row(row, texts["in_ex"], tolerance) for row in given["MutatieRegels"] or []]
    return Mutation(kind=given["Soort"], date=given["Datum"], rows=rows, **texts)


def _read_row(given: dict[str, Any], in_ex: str, tolerance: int) -> Row:
    entered, net, vat, gross = _amounts(given, in_ex, tolerance)
    return Row(
        account=(given["TegenrekeningCode"] or "").strip(),
        entered=entered,
        net=net,
        vat=vat,
        gross=gross,
        vat_code=(given["BTWCode"] or "").strip() or "GEEN",
        percent=given["BTWPercentage"],
        cost_centre=given["KostenplaatsID"],
    )


def _amounts(given: dict[str, Any], in_ex: str, tolerance: int) -> tuple[int, int, int, int]:
    """The four amounts in cents; those left out (zero, as ASMX reads them) follow from the others.

    Amounts with more than two decimals are rounded; the total and the VAT win over the net amount.
    """
    names = ("BedragInvoer", "BedragExclBTW", "BedragBTW", "BedragInclBTW")
    check_amounts(*(given[name] for name in names))
    entered, net, vat, gross = (given[name] * 100 for name in names)
    if not gross:
        gross = net + vat or (entered + vat if in_ex == "EX" else entered)
    if not net:
        net = gross - vat
    missing = abs(net + vat - gross)
    balanced = missing < 1 or missing <= tolerance
    cents = rounded_cents(gross), rounded_cents(vat)
    rounded_net = cents[0] - cents[1] if balanced else rounded_cents(net)
    return rounded_cents(entered), rounded_net, cents[1], cents[0]


def recompute_vat(mutation: Mutation) -> None:
    """Replace the sent VAT by that on the total per VAT code; the typed side (IN or EX) stands."""
    by_code: dict[str, list[Row]] = {}
    for row in mutation.rows:
        code = VAT_CODES.get(row.vat_code)
        if code is not None and code.category and not (code.reverse or code.free_amount):
            by_code.setdefault(row.vat_code, []).append(row)
    for name, rows in by_code.items():
        percent = VAT_CODES[name].percent_on(mutation.date)
        if mutation.in_ex == "EX":
            weights = [row.net for row in rows]
            total = vat_on_net(sum(weights), percent)
        else:
            weights = [row.gross for row in rows]
            total = vat_in_gross(sum(weights), percent)
        for row, vat in zip(rows, spread(total, weights), strict=True):
            base = row.net if mutation.in_ex == "EX" else row.gross - vat
            row.net, row.vat, row.gross = base, vat, base + vat


def _split_payment(mutation: Mutation, books: Books) -> None:
    """Spread a payment with a comma-joined header over its invoices; the last takes the rest."""
    numbers = [part.strip() for part in mutation.invoice_number.split(",") if part.strip()]
    if len(numbers) < 2 or not mutation.rows:
        return
    first, left = mutation.rows[0], mutation.gross
    rows: list[Row] = []
    for index, number in enumerate(numbers):
        item = books.open_items.get((side_of(mutation.kind), mutation.relation, number))
        if item is None:
            raise BooksError("MUT_115", f"({mutation.relation}, {number})")
        amount = left if index == len(numbers) - 1 else min(left, item.open)
        left -= amount
        rows.append(Row(first.account, amount, amount, 0, amount, "GEEN", Decimal(0), 0, number))
    mutation.rows = rows


def find_mutations(books: Books, options: Options, filters: dict[str, Any]) -> list[Mutation]:
    """What GetMutaties gives: at most the newest 500 (the cap is an option), ascending."""
    cap = options.get_mutaties_cap
    if options.cap_before_filter:
        found = [m for m in islice(books.newest_first(), cap) if _matches(m, filters, options)]
    else:
        candidates = _newest_candidates(books, filters)
        matching = (m for m in candidates if _matches(m, filters, options))
        found = list(islice(matching, cap))
    return found[::-1]


def _newest_candidates(books: Books, filters: dict[str, Any]) -> Iterator[Mutation]:
    """The mutations that an index can tell may match, the last one first."""
    number = filters["MutatieNr"]
    if filters["Factuurnummer"]:
        return reversed(books.of_invoice(filters["Factuurnummer"]))
    if number:
        return books.newest_first(number, number)
    return books.newest_first(filters["MutatieNrVan"] or 0, filters["MutatieNrTm"] or 2**63)


def _matches(mutation: Mutation, filters: dict[str, Any], options: Options) -> bool:
    number, invoice = filters["MutatieNr"], filters["Factuurnummer"]
    last_day = filters["DatumTm"]
    return (
        (not number or mutation.number == number)
        and mutation.number >= (filters["MutatieNrVan"] or 0)
        and mutation.number <= (filters["MutatieNrTm"] or 2**63)
        and (not invoice or invoice in _numbers_of(mutation))
        and mutation.date >= filters["DatumVan"]
        and is_until(mutation.date, last_day, options)
    )


def is_until(date: dt.date, last: dt.date, options: Options) -> bool:
    """Whether a date is not after the last one of a filter; what none means is an option."""
    return date <= last or (last == dt.date.min and options.missing_dates == "no_bound")


def _numbers_of(mutation: Mutation) -> set[str]:
    return {mutation.invoice_number, *(row.invoice_number for row in mutation.rows)}


def render_mutation(mutation: Mutation) -> dict[str, Any]:
    """A mutation as cMutatieList: `Betalingskenmerk` is never given back."""
    texts = {
        field: getattr(mutation, name)
        for name, field in _TEXTS.items()
        if field != "Betalingskenmerk"
    }
    return {
        "MutatieNr": mutation.number,
        "Soort": mutation.kind,
        "Datum": mutation.date,
        **texts,
        "MutatieRegels": [_render_row(mutation, row) for row in mutation.rows],
    }


def _render_row(mutation: Mutation, row: Row) -> dict[str, Any]:
    own = mutation.invoice_number if mutation.kind in INVOICES | PAYMENTS else ""
    return {
        "BedragInvoer": euros(row.entered),
        "BedragExclBTW": euros(row.net),
        "BedragBTW": euros(row.vat),
        "BedragInclBTW": euros(row.gross),
        "BTWCode": row.vat_code,
        "BTWPercentage": row.percent,
        "Factuurnummer": row.invoice_number or own,
        "TegenrekeningCode": row.account,
        "KostenplaatsID": row.cost_centre,
    }
