"""Amazon's fee invoice: compared with what was booked, and booked where fees wait for it.

What was entered is kept in the archive, so that the nightly audit can compare it again when a late
settlement brings more fees of the month. Source: accounting rules 3.2 and 9.3, C7.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED, facts_text
from amazon_eboekhouden.domain.bookings import CREDITORS, BookingKind, MutationKind
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, RELATIONS
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.fee_invoices import (
    Covers,
    FeeCheck,
    FeeInvoice,
    booked_fees,
    compare,
    part_that_waited,
)
from amazon_eboekhouden.domain.settlement.fee_purchases import (
    Purchase,
    RateUnclear,
    purchase,
    waiting,
)
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.expectations.gate import check as gate
from amazon_eboekhouden.pipelines.booking import book
from amazon_eboekhouden.pipelines.fee_invoice_entry import entered, keep
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime

# The supplier of every fee; purchase invoices need a relation.
SUPPLIER_KEY, SUPPLIER = "rel:amazon-fees", "AMZ-FEES"


def run(
    runtime: Runtime, invoices: Sequence[FeeInvoice], *, accept_difference: bool = False
) -> RunReport:
    """Compare invoices with what was booked, and book those whose fees waited for them.

    Args:
        runtime: the coupling's runtime; in a preview nothing is kept and nothing is booked.
        invoices: as a person entered them.
        accept_difference: book an invoice that differs from what waits; the rest keeps waiting.

    Raises:
        domain.errors.RemoteError: the books cannot be asked.
    """
    report = RunReport(details={"fee_invoices": []})
    for invoice in invoices:
        known = [one for one in entered(runtime) if one.number != invoice.number]
        if not runtime.preview:
            keep(runtime, [*known, invoice])
        one = _run(runtime, invoice, known, accept_difference=accept_difference)
        shown = [*report.details["fee_invoices"], *one.details["fee_invoices"]]
        report.add(one)
        report.details["fee_invoices"] = shown
        if not runtime.preview:
            scope = f"fee-invoice:{invoice.number}"
            runtime.ledger.record_problems(runtime.settings.name, scope, one.problems)
    return report


def _run(
    runtime: Runtime, invoice: FeeInvoice, known: Sequence[FeeInvoice], *, accept_difference: bool
) -> RunReport:
    booked = runtime.booked()
    before = _purchases(booked)
    own = before.pop(invoice.number, None)
    if own is not None:  # What was booked stays booked; a late settlement may have brought more.
        report = RunReport(already_booked=1)
        report.details["fee_invoices"] = [{"number": invoice.number, "month": invoice.month}]
        return report
    check, left = _compared(invoice, known, booked, before)
    report = RunReport(details={"fee_invoices": [_shown(invoice, check)]})
    if not check.agrees and not (accept_difference and check.covers is not Covers.BY_RULE):
        report.problems = [_differs(invoice, check)]
        return report
    if check.covers is Covers.BY_RULE:
        return report
    return _booked(runtime, invoice, check, left, report, accept_difference=accept_difference)


def _compared(
    invoice: FeeInvoice,
    known: Sequence[FeeInvoice],
    booked: pd.DataFrame,
    before: Mapping[str, Mapping[str, Any]],
) -> tuple[FeeCheck, dict[str, int]]:
    fees = booked_fees(booked, invoice.month)
    of_month = [facts["reversed"] for facts in before.values() if facts["month"] == invoice.month]
    left = waiting(invoice, fees, of_month)
    others = [
        one
        for one in known
        if one.month == invoice.month and one.number not in before and one.covers & invoice.covers
    ]
    return compare(invoice, others, fees, left), left


def _booked(
    runtime: Runtime,
    invoice: FeeInvoice,
    check: FeeCheck,
    left: Mapping[str, int],
    report: RunReport,
    *,
    accept_difference: bool,
) -> RunReport:
    part = part_that_waited(invoice, check)
    try:
        made = purchase(part, left, runtime.settings, accept_difference=accept_difference)
    except RateUnclear:
        net, vat = euros(part.net_cents), euros(part.vat_cents)
        row = f"fee invoice {invoice.number}"
        report.problems.append(problem("fee-invoice-rate-unclear", row, net=net, vat=vat))
        return report
    if made is None:
        report.problems.append(_differs(invoice, check))
        return report
    mutations, lines, relations = _frames(invoice, made, runtime)
    checked = gate(mutations, lines, relations)
    report.add(book(runtime, checked.mutations, checked.mutation_lines, checked.relations))
    report.problems += checked.problems
    report.details["fee_invoices"][0]["booking"] = f"ife:{invoice.number}"
    return report


def _differs(invoice: FeeInvoice, check: FeeCheck) -> Problem:
    booked = sum(
        kind.booked_net_cents + kind.booked_vat_cents + kind.accrued_cents for kind in check.kinds
    )
    return problem(
        "fee-invoice-differs",
        f"fee invoice {invoice.number}",
        month=check.month,
        invoiced=euros(booked + check.difference_cents),
        booked=euros(booked),
        difference=euros(check.difference_cents),
        vat=euros(check.vat_difference_cents),
    )


def audited(runtime: Runtime) -> list[Problem]:
    """C7, for the nightly audit: every entered invoice beside what is booked by now.

    An invoice that waits for a person's VAT code keeps its problem.
    """
    booked, known = runtime.booked(), entered(runtime)
    before = _purchases(booked)
    found = []
    for invoice in known:
        if invoice.number in before:
            continue
        others = [one for one in known if one.number != invoice.number]
        check, _ = _compared(invoice, others, booked, before)
        if check.agrees and check.covers is not Covers.BY_RULE:
            continue
        problems = [] if check.agrees else [_differs(invoice, check)]
        found += problems
        if not runtime.preview:
            scope = f"fee-invoice:{invoice.number}"
            runtime.ledger.record_problems(runtime.settings.name, scope, problems)
    return found


def _purchases(booked: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Facts of the purchase invoices that were booked, by Amazon's number."""
    mine = booked[
        (booked["booking_kind"] == BookingKind.FEE_INVOICE.value)
        & ~booked["state"].isin(NEVER_BOOKED)
    ]
    return {row.booking.removeprefix("ife:"): json.loads(row.facts) for row in each(mine)}


def _frames(
    invoice: FeeInvoice, made: Purchase, runtime: Runtime
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    booking, closed = f"ife:{invoice.number}", runtime.settings.books.closed_through
    on = max(invoice.on, closed + timedelta(days=1)) if closed else invoice.on
    facts = {
        "month": invoice.month,
        "reversed": dict(made.reversed_cents),
        "vat": _per_code(made),
    }
    mutation = {
        "booking": booking,
        "booking_kind": BookingKind.FEE_INVOICE.value,
        "kind": MutationKind.PURCHASE_INVOICE.value,
        "date": pd.Timestamp(on),
        "account": CREDITORS,
        "relation_code": SUPPLIER,
        "invoice_number": invoice.number,
        "description": f"Amazon kostenfactuur {invoice.month}",
        "in_ex_vat": "EX",
        "payment_term_days": 0,
        "gross_cents": 0,
        "order_id": "",
        "settlement_id": "",
        "depends_on": SUPPLIER_KEY,
        "facts": facts_text(facts),
    }
    lines = [
        {
            "booking": booking,
            "line": number,
            **asdict(line),
            "gross_cents": line.net_cents + line.vat_cents,
        }
        for number, line in enumerate(made.lines, start=1)
    ]
    return MUTATIONS.of([mutation]), MUTATION_LINES.of(lines), RELATIONS.of([_supplier()])


def _per_code(made: Purchase) -> dict[str, list[int]]:
    """Net and VAT per VAT code, for the VAT return."""
    sums: dict[str, list[int]] = {}
    for line in made.lines:
        found = sums.setdefault(line.vat_code, [0, 0])
        found[0] += line.net_cents
        found[1] += line.vat_cents
    return sums


def _supplier() -> dict[str, Any]:
    texts = ("contact", "address", "postal_code", "city", "country", "email", "vat_number")
    return {
        "booking": SUPPLIER_KEY,
        "relation_code": SUPPLIER,
        "is_business": True,
        "company": "Amazon (verkoopkosten)",
        "order_id": "",
        **dict.fromkeys(texts, ""),
    }


def _shown(invoice: FeeInvoice, check: FeeCheck) -> dict[str, Any]:
    return {
        "number": invoice.number,
        "month": check.month,
        "covers": check.covers.value,
        "kinds": [
            {
                "kind": kind.kind,
                "booked_net_cents": kind.booked_net_cents,
                "booked_vat_cents": kind.booked_vat_cents,
                "accrued_cents": kind.accrued_cents,
                "invoiced_net_cents": kind.invoiced_net_cents,
                "invoiced_vat_cents": kind.invoiced_vat_cents,
                "difference_cents": kind.difference_cents,
            }
            for kind in check.kinds
        ],
        "difference_cents": check.difference_cents,
        "vat_difference_cents": check.vat_difference_cents,
        "agrees": check.agrees,
    }
