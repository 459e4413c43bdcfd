"""The vendor manual's method `open_items_to_costs`, as a proposal that a person must approve.

The deposit pays as many invoices as it covers, the last one in part; of what is left, as much as
Amazon withheld in fees is written off to one cost account. Refunds and reserve are no costs: what
they withheld stays open. The fees carry no VAT code, so their input VAT is lost; the proposal says
how much. Source: accounting rule 4 (worked case G26).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.bookings import SETTLED
from amazon_eboekhouden.domain.settlement.entries import Entries, dates_of, plain_line
from amazon_eboekhouden.domain.settlement.exchange import Exchange
from amazon_eboekhouden.domain.settlement.fee_entries import add_fees
from amazon_eboekhouden.domain.settlement.file import SettlementFile
from amazon_eboekhouden.domain.settlement.groups import codes_of, each, texts_of, words
from amazon_eboekhouden.domain.settlement.known import Document, known_of
from amazon_eboekhouden.domain.settlement.places import Place

# What the facts of a payment say it is: written off on the cost account, or by way of clearing.
COSTS, COSTS_VIA = "costs", "costs-via-clearing"


def must_go_via_clearing(booked: pd.DataFrame) -> bool:
    """Whether this administration refused a payment on a cost account, now or before.

    Args:
        booked: BOOKED.
    """
    payments = booked[
        (booked["booking_kind"] == BookingKind.PAYMENT.value)
        & booked["facts"].str.contains('"part"', regex=False)
    ]
    parts = [json.loads(facts)["part"] for facts in payments["facts"]]
    return COSTS_VIA in parts or (COSTS, "REJECTED") in zip(parts, payments["state"], strict=True)


@dataclass(frozen=True, slots=True)
class LeftOverProposal:
    """What the manual's method would book, beside what it loses.

    Attributes:
        mutations, mutation_lines: MUTATIONS and MUTATION_LINES, for after the approval.
        rows: SETTLED, the rows of paid invoices with the payments they belong to.
        problems: one that asks for the approval, or why there is nothing to approve.
        to_look_at: what a person must know of the money that is in no mutation.
        deposit_cents: what Amazon paid.
        paid_cents: booked on invoices against the bank.
        left_over_cents: written off to costs.
        fees_cents: what Amazon withheld in fees, VAT included.
        vat_lost_cents: VAT in those fees, by the fee rules, that is not deducted.
        still_open_cents: what stays open on the invoices of this settlement.
        unplaced_cents: of the deposit, for want of open invoices to book it on.
    """

    mutations: pd.DataFrame
    mutation_lines: pd.DataFrame
    rows: pd.DataFrame
    problems: tuple[Problem, ...]
    to_look_at: tuple[Problem, ...]
    deposit_cents: int
    paid_cents: int
    left_over_cents: int
    fees_cents: int
    vat_lost_cents: int
    still_open_cents: int
    unplaced_cents: int

    @property
    def amounts(self) -> dict[str, int]:
        """The comparison that is always shown: what was withheld beside what is booked."""
        return {
            "deposit_cents": self.deposit_cents,
            "paid_cents": self.paid_cents,
            "left_over_cents": self.left_over_cents,
            "fees_cents": self.fees_cents,
            "vat_lost_cents": self.vat_lost_cents,
            "still_open_cents": self.still_open_cents,
            "unplaced_cents": self.unplaced_cents,
        }


def propose_left_over(
    settlement: SettlementFile,
    matched: pd.DataFrame,
    booked: pd.DataFrame,
    settings: CouplingSettings,
    *,
    via_clearing: bool = False,
) -> LeftOverProposal:
    """The proposal for a settlement; only for one in euros.

    Args:
        settlement: a settlement that adds up.
        matched: MATCHED.
        booked: BOOKED.
        settings: the coupling's.
        via_clearing: for an administration that refuses a payment on a cost account: pay the
            left-over invoices on clearing and book clearing to costs.
    """
    header = settlement.header
    if header.currency != "EUR":
        return _nothing(settlement, matched)
    on = header.deposit or header.end
    closed, dated = settings.books.closed_through, dates_of(booked, header.settlement_id)
    bank = Entries(header.settlement_id, settings.accounts.bank, closed, dated)
    costs = Entries(
        header.settlement_id,
        settings.accounts.clearing.of(header.currency)
        if via_clearing
        else settings.accounts.left_over,
        closed,
        dated,
    )
    fees_cents = -int(matched.loc[matched["place"] == Place.FEE, "amount_cents"].sum())
    deposit, write_off = max(header.total_cents, 0), max(fees_cents, 0)
    still_open = 0
    for invoice, open_cents in _open_invoices(settlement, matched, booked):
        paid = min(open_cents, deposit)
        written = min(open_cents - paid, write_off)
        deposit, write_off = deposit - paid, write_off - written
        still_open += open_cents - paid - written
        if paid:
            bank.add_payment(invoice, paid, on)
        if written:
            costs.add_payment(invoice, written, on, part=COSTS_VIA if via_clearing else COSTS)
    left_over = max(fees_cents, 0) - write_off
    if via_clearing and left_over:
        _clearing_to_costs(costs, left_over, on, settings)
    paid_cents = max(header.total_cents, 0) - deposit
    vat_lost = _vat_inside(matched, settings)
    mutations, lines = _together(bank, costs)
    row = f"settlement {header.settlement_id}"
    asked = problem(
        "settlement-needs-approval",
        row,
        paid=euros(paid_cents),
        left_over=euros(left_over),
        account=settings.accounts.left_over,
        vat=euros(vat_lost),
    )
    return LeftOverProposal(
        mutations,
        lines,
        _settled(matched, mutations),
        (asked,),
        tuple(_not_placed(matched, deposit, row)),
        deposit_cents=header.total_cents,
        paid_cents=paid_cents,
        left_over_cents=left_over,
        fees_cents=fees_cents,
        vat_lost_cents=vat_lost,
        still_open_cents=still_open,
        unplaced_cents=deposit,
    )


def _nothing(settlement: SettlementFile, matched: pd.DataFrame) -> LeftOverProposal:
    header = settlement.header
    row = f"settlement {header.settlement_id}"
    found = problem("settlement-method-only-euros", row, currency=header.currency)
    mutations, lines = Entries("", "").frames()
    rows = _settled(matched, mutations)
    return LeftOverProposal(
        mutations, lines, rows, (found,), (), header.total_cents, 0, 0, 0, 0, 0, 0
    )


def _not_placed(matched: pd.DataFrame, unplaced: int, row: str) -> list[Problem]:
    """Money that this method has no mutation for: it only pays invoices and writes off fees."""
    problems = []
    if unplaced:
        problems.append(problem("settlement-deposit-not-placed", row, amount=euros(unplaced)))
    unknown = matched[matched["problem"] == "settlement-row-unknown"]
    sums = unknown.groupby("kind", observed=True).agg(
        rows=("row", "size"), cents=("amount_cents", "sum")
    )
    for kind in each(sums):
        amount = euros(int(kind.cents))
        problems.append(
            problem(
                "settlement-row-not-placed",
                f"{row}, {kind.Index}",
                count=int(kind.rows),
                amount=amount,
                line=kind.Index,
            )
        )
    return problems


def _settled(matched: pd.DataFrame, mutations: pd.DataFrame) -> pd.DataFrame:
    """SETTLED: rows of an invoice with the natural keys of its payments, others with none."""
    keys: dict[str, list[str]] = {}
    for made in each(mutations):
        document = json.loads(made.facts).get("document", "")
        keys.setdefault(document, []).append(made.booking)
    documents = texts_of(matched["document"])
    joined = [" ".join(keys.get(document, ())) for document in documents]
    is_invoice = (matched["place"] == Place.INVOICE).to_numpy()
    code = np.where(is_invoice, codes_of(matched["document"]), len(joined))
    bookings = words([*joined, ""], code).set_axis(matched.index)
    return SETTLED.check(matched.assign(bookings=bookings))


def _open_invoices(
    settlement: SettlementFile, matched: pd.DataFrame, booked: pd.DataFrame
) -> list[tuple[Document, int]]:
    """The invoices that this settlement pays and what is open on them, oldest payment first."""
    rows = matched[matched["place"] == Place.INVOICE]
    known = known_of(booked, settlement.header.settlement_id, rows["order_id"].unique())
    posted = rows.groupby(["document", "order_id"]).agg(posted=("posted", "max")).reset_index()
    found = []
    for row in each(posted.sort_values(["posted", "document"])):
        invoice = known.invoice(row.order_id, row.document)
        open_cents = invoice.gross_cents - known.paid_by_others(invoice.invoice_number)[0]
        if open_cents > 0:
            found.append((invoice, open_cents))
    return found


def _clearing_to_costs(
    costs: Entries, left_over: int, on: date, settings: CouplingSettings
) -> None:
    costs.add_money(
        f"mny:{costs.settlement_id}:left-over-:GEEN:{on:%Y-%m}",
        [plain_line(settings.accounts.left_over, left_over)],
        on,
        "ingehouden kosten",
        is_received=False,
    )


def _vat_inside(matched: pd.DataFrame, settings: CouplingSettings) -> int:
    """VAT that method `clearing` would deduct on the same fees."""
    chosen = settings.settlement.model_copy(
        update={"fee_vat": "by_rule", "advertising_vat": "by_rule"}
    )
    scratch = Entries("", "")
    fees = matched[matched["place"] == Place.FEE]
    add_fees(scratch, fees, Exchange("EUR", {}), settings.model_copy(update={"settlement": chosen}))
    spent = {m["booking"]: -1 if m["kind"] == "money_received" else 1 for m in scratch.mutations}
    return sum(line["vat_cents"] * spent[line["booking"]] for line in scratch.lines)


def _together(bank: Entries, costs: Entries) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both halves in one; an invoice paid in part and written off in part has two payments."""
    whole = Entries(bank.settlement_id, bank.clearing)
    taken = {m["booking"] for m in bank.mutations}
    whole.mutations = list(bank.mutations)
    whole.lines = list(bank.lines)
    for rows, kept in ((costs.mutations, whole.mutations), (costs.lines, whole.lines)):
        for row in rows:
            is_second = row["booking"] in taken
            kept.append({**row, "booking": f"{row['booking']}:costs"} if is_second else row)
    return whole.frames()
