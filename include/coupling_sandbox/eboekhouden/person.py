"""A person in the user interface: what programs cannot do through SOAP, for tests and stories.

`POST /control/mutations` takes one object (or a list of them) with `do`:

* `add`: a mutation with the fields of cMutatie; `MutatieRegels` is a plain list, whose rows may
  carry a `Factuurnummer` of their own (a payment of several invoices: the header becomes
  comma-joined).
* `change`: `number` and the fields to change (`MutatieRegels` replaces all rows).
* `delete`: `number`.

The person obeys the same rules as a program, save that rows may name invoices.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from coupling_sandbox.eboekhouden.administrations import Administration
from coupling_sandbox.eboekhouden.errors import BooksError
from coupling_sandbox.eboekhouden.mutations import read_mutation, render_mutation
from coupling_sandbox.eboekhouden.options import Options
from coupling_sandbox.eboekhouden.postings import PAYMENTS, Mutation
from coupling_sandbox.eboekhouden.schema import TYPES

_AMOUNTS = ("BedragInvoer", "BedragExclBTW", "BedragBTW", "BedragInclBTW", "BTWPercentage")


def act(administration: Administration, options: Options, given: Any) -> list[dict[str, Any]]:
    """Carry out one action or a list of them; return `{do, number}` for each.

    Raises:
        BooksError: the books refuse it.
        ValueError: the body is not understood.
        KeyError: there is no mutation with that number.
    """
    actions = given if isinstance(given, list) else [given]
    return [_act(administration, options, action) for action in actions]


def _act(
    administration: Administration, options: Options, action: dict[str, Any]
) -> dict[str, Any]:
    what = action.get("do")
    fields = {name: value for name, value in action.items() if name not in ("do", "number")}
    if what == "add":
        number = _book(administration, options, _mutation(fields, options))
    elif what == "delete":
        number = _existing(administration, action["number"]).number
        administration.books.remove(number)
    elif what == "change":
        number = _change(administration, options, action["number"], fields)
    else:
        raise ValueError(f"do must be add, change or delete, not {what!r}")
    return {"do": what, "number": number}


def _existing(administration: Administration, number: int) -> Mutation:
    try:
        return administration.books.mutations[number]
    except KeyError:
        raise KeyError(f"mutation {number}") from None


def _change(
    administration: Administration, options: Options, number: int, fields: dict[str, Any]
) -> int:
    before = _existing(administration, number)
    shown = render_mutation(before)
    shown["Betalingskenmerk"] = before.payment_reference
    for row, kept in zip(shown["MutatieRegels"], before.rows, strict=True):
        row["Factuurnummer"] = kept.invoice_number
    changed = replace(_mutation({**shown, **fields}, options), number=number)
    administration.books.remove(number)
    try:
        return _book(administration, options, changed)
    except BooksError:
        administration.books.post(before, **_convention(options))
        raise


def _book(administration: Administration, options: Options, mutation: Mutation) -> int:
    administration.rules(options).check(mutation)
    return administration.books.post(mutation, **_convention(options)).number


def _convention(options: Options) -> dict[str, bool]:
    return {"memorial_debits_header": options.memorial_sign == "debit_header"}


def _mutation(given: dict[str, Any], options: Options) -> Mutation:
    known = {field.name for field in TYPES["cMutatie"].fields}
    unknown = set(given) - known
    if unknown:
        raise ValueError(f"unknown field {sorted(unknown)[0]!r}; known: {', '.join(sorted(known))}")
    date = given.get("Datum")
    rows = [dict(row) for row in given.get("MutatieRegels") or []]
    mutation = read_mutation(
        {
            **{name: given.get(name) for name in known},
            "Datum": dt.date.fromisoformat(date) if isinstance(date, str) else date or dt.date.min,
            "MutatieRegels": [_row(row) for row in rows],
        },
        options,
    )
    for row, sent in zip(mutation.rows, rows, strict=True):
        row.invoice_number = str(sent.get("Factuurnummer") or "")
    named = [row.invoice_number for row in mutation.rows if row.invoice_number]
    if mutation.kind in PAYMENTS and len(set(named)) > 1:
        mutation.invoice_number = ",".join(dict.fromkeys(named))
    elif not mutation.invoice_number and named:
        mutation.invoice_number = named[0]
    return mutation


def _row(given: dict[str, Any]) -> dict[str, Any]:
    amounts = {name: Decimal(str(given.get(name, 0))) for name in _AMOUNTS}
    return {
        **amounts,
        "BTWCode": given.get("BTWCode", "GEEN"),
        "TegenrekeningCode": given.get("TegenrekeningCode", ""),
        "KostenplaatsID": int(given.get("KostenplaatsID", 0)),
    }
