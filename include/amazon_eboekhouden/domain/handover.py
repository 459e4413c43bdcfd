"""From frames to bookings: what the pipelines hand to the ledger."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.bookings import (
    CREDITORS,
    DEBTORS,
    Booking,
    BookingKind,
    Mutation,
    MutationKind,
    MutationLine,
    Relation,
)
from amazon_eboekhouden.domain.books import LedgerAccount
from amazon_eboekhouden.domain.documents import document_of
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.relations import lacking

BY_CATEGORY = {DEBTORS: "DEB", CREDITORS: "CRED"}


def resolve_accounts(chart: list[LedgerAccount]) -> tuple[dict[str, str], list[Problem]]:
    """Codes of the accounts that are found by category.

    Returns:
        symbolic account to code, and a problem per category that has none or several.
    """
    codes: dict[str, str] = {}
    problems = []
    for symbol, category in BY_CATEGORY.items():
        found = [account.code for account in chart if account.category == category]
        if len(found) == 1:
            codes[symbol] = found[0]
        else:
            problems.append(
                problem(
                    "account-ambiguous", "chart of accounts", count=len(found), category=category
                )
            )
    return codes, problems


def bookings(
    mutations: pd.DataFrame,
    lines: pd.DataFrame,
    relations: pd.DataFrame,
    chart: list[LedgerAccount],
) -> tuple[list[Booking], list[Problem]]:
    """Bookings with accounts resolved, in an order in which each comes after what it needs.

    Args:
        mutations: MUTATIONS.
        lines: MUTATION_LINES.
        relations: RELATIONS.
        chart: the administration's ledger accounts.

    Problems:
        account-missing for a mutation that names an account the chart does not have;
        account-ambiguous when debtors cannot be found by category.
    """
    symbols, problems = resolve_accounts(chart)
    known = {account.code for account in chart}
    result = [_relation_booking(row) for row in relations.to_dict("records")]
    by_booking: dict[str, list[MutationLine]] = defaultdict(list)
    for row in lines.sort_values(["booking", "line"]).to_dict("records"):
        by_booking[row["booking"]].append(
            MutationLine(
                account=symbols.get(row["account"], row["account"]),
                vat_code=row["vat_code"],
                vat_percent=row["vat_percent"],
                net_cents=int(row["net_cents"]),
                vat_cents=int(row["vat_cents"]),
                gross_cents=int(row["gross_cents"]),
            )
        )
    for row in mutations.to_dict("records"):
        booking = _mutation_booking(row, tuple(by_booking[row["booking"]]), symbols)
        missing = _missing_accounts(booking, known)
        if missing:
            problems += [
                problem(
                    "account-missing",
                    booking.row,
                    order_id=booking.order_id,
                    account=account,
                    role="accounts",
                    category="BAL or VW",
                )
                for account in missing
            ]
        else:
            result.append(booking)
    return result, problems


def _missing_accounts(booking: Booking, known: set[str]) -> list[str]:
    payload = booking.payload
    assert isinstance(payload, Mutation)  # noqa: S101 - only mutations reach this
    return sorted({payload.account, *(line.account for line in payload.lines)} - known)


def relation_of_row(row: Mapping[Hashable, Any]) -> Relation:
    """The relation of a row of RELATIONS."""
    fields = ("company", "contact", "address", "postal_code", "city", "country", "email")
    return Relation(
        code=str(row["relation_code"]),
        is_business=bool(row["is_business"]),
        vat_number=str(row["vat_number"]),
        **{name: str(row[name]) for name in fields},
    )


def _relation_booking(row: Mapping[Hashable, Any]) -> Booking:
    return Booking(
        kind=BookingKind.RELATION,
        natural=str(row["booking"]),
        payload=relation_of_row(row),
        row=f"relation {row['relation_code']} of order {row['order_id']}",
        order_id=str(row["order_id"]),
        facts={"lacks": lacking(row)},
    )


def _mutation_booking(
    row: Mapping[Hashable, Any], lines: tuple[MutationLine, ...], symbols: Mapping[str, str]
) -> Booking:
    account = str(row["account"])
    order_id, settlement_id = str(row["order_id"]), str(row["settlement_id"])
    facts = json.loads(str(row["facts"]) or "{}")
    name = f"order {order_id}" if order_id else f"settlement {settlement_id}"
    if not order_id and not settlement_id:
        name = f"fee invoice {row['invoice_number']}"
    return Booking(
        kind=BookingKind(str(row["booking_kind"])),
        natural=str(row["booking"]),
        payload=_as_document(
            Mutation(
                kind=MutationKind(str(row["kind"])),
                date=pd.Timestamp(str(row["date"])).date(),
                account=symbols.get(account, account),
                lines=lines,
                description=str(row["description"]),
                in_ex_vat=str(row["in_ex_vat"]),
                relation_code=str(row["relation_code"]),
                invoice_number=str(row["invoice_number"]),
                payment_term_days=int(str(row["payment_term_days"])),
            ),
            facts,
        ),
        depends_on=tuple(str(row["depends_on"]).split()),
        row=name,
        order_id=order_id,
        settlement_id=settlement_id,
        facts=facts,
    )


def _as_document(mutation: Mutation, facts: Mapping[str, Any]) -> Mutation:
    """The same as an invoice that the books make, where the settings ask for one.

    A claim that was decided for the seller has a number that ends in a letter, which the books'
    invoices can't have: it stays a mutation.
    """
    if "as_document" not in facts or not mutation.invoice_number[-1:].isdigit():
        return mutation
    document, lines = document_of(facts)
    return replace(mutation, document=document, lines=lines, in_ex_vat="EX")
