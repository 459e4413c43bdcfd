"""Collecting the mutations of a settlement, and writing down what they have in common."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from amazon_eboekhouden.config.fees import NO_VAT
from amazon_eboekhouden.domain.bookings import DEBTORS, BookingKind, MutationKind, MutationLine
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.known import FOREIGN, Document


@dataclass
class Entries:
    """Mutations of one settlement on its clearing account.

    Attributes:
        settlement_id: whose they are.
        clearing: the clearing account.
        closed_through: nothing is dated on or before this day; it moves to the day after.
        dated: date per booking that was planned before: it keeps it, whatever was closed since.
        mutations, lines: rows of MUTATIONS and MUTATION_LINES.
        moved: those that would lie in the closed period.
    """

    settlement_id: str
    clearing: str
    closed_through: date | None = None
    dated: Mapping[str, date] = field(default_factory=dict)
    mutations: list[Mapping[str, Any]] = field(default_factory=list)
    lines: list[Mapping[str, Any]] = field(default_factory=list)
    moved: list[Mapping[str, Any]] = field(default_factory=list)

    def add_raw(self, mutation: Mapping[str, Any], lines: Iterable[Mapping[str, Any]]) -> None:
        """A mutation that was made elsewhere, such as a credit note."""
        self.mutations.append(self._in_open_period(mutation))
        self.lines.extend(lines)

    def _in_open_period(self, mutation: Mapping[str, Any]) -> Mapping[str, Any]:
        closed, on = self.closed_through, pd.Timestamp(mutation["date"]).date()
        if closed is None or on > closed:
            return mutation
        self.moved.append(mutation)
        before = self.dated.get(mutation["booking"])
        return {**mutation, "date": pd.Timestamp(before or closed + timedelta(days=1))}

    def add_payment(self, document: Document, cents: int, on: date, **facts: Any) -> str:
        """An order paid, or a refund paid back (cents below zero); returns its natural key."""
        booking = f"pay:{self.settlement_id}:{document.invoice_number}"
        if document.booking.startswith(FOREIGN):
            # Once it is paid the books no longer show it as open: a second reading finds it here.
            facts |= {"open_cents": document.gross_cents, "invoiced_on": document.on.isoformat()}
        self.add_raw(
            self._mutation(
                booking,
                BookingKind.PAYMENT,
                MutationKind.PAYMENT_RECEIVED,
                on,
                cents,
                f"Amazon {self.settlement_id} order {document.order_id}",
                in_ex_vat="EX",
                relation_code=document.relation_code,
                invoice_number=document.invoice_number,
                order_id=document.order_id,
                depends_on=document.depends_on,
                facts={"document": document.booking, **facts},
            ),
            _numbered(booking, [plain_line(DEBTORS, cents)]),
        )
        return booking

    def add_money(
        self,
        booking: str,
        lines: Sequence[MutationLine],
        on: date,
        description: str,
        *,
        kind: BookingKind = BookingKind.MONEY,
        is_received: bool,
        in_ex_vat: str = "IN",
        order_id: str = "",
        depends_on: str = "",
        facts: Mapping[str, Any] | None = None,
    ) -> str:
        """Money received on or spent from the clearing account; returns the natural key."""
        self.add_raw(
            self._mutation(
                booking,
                kind,
                MutationKind.MONEY_RECEIVED if is_received else MutationKind.MONEY_SPENT,
                on,
                sum(line.gross_cents for line in lines),
                f"Amazon {self.settlement_id} {description}",
                in_ex_vat=in_ex_vat,
                order_id=order_id,
                depends_on=depends_on,
                facts=facts or {},
            ),
            _numbered(booking, lines),
        )
        return booking

    def clearing_cents(self) -> int:
        """What these mutations leave on the clearing account; control sum C2 wants 0."""
        signs = {MutationKind.MONEY_SPENT: -1}
        return sum(
            signs.get(m["kind"], 1) * int(m["gross_cents"])
            for m in self.mutations
            if m["account"] == self.clearing
        )

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """MUTATIONS and MUTATION_LINES, in an order that does not depend on that of the rows."""
        mutations = MUTATIONS.of(sorted(self.mutations, key=lambda m: m["booking"]))
        lines = MUTATION_LINES.of(sorted(self.lines, key=lambda e: (e["booking"], e["line"])))
        return mutations, lines

    def _mutation(
        self,
        booking: str,
        booking_kind: BookingKind,
        kind: MutationKind,
        on: date,
        gross_cents: int,
        description: str,
        *,
        in_ex_vat: str,
        facts: Mapping[str, Any],
        relation_code: str = "",
        invoice_number: str = "",
        order_id: str = "",
        depends_on: str = "",
    ) -> dict[str, Any]:
        return {
            "booking": booking,
            "booking_kind": booking_kind.value,
            "kind": kind.value,
            "date": pd.Timestamp(on),
            "account": self.clearing,
            "relation_code": relation_code,
            "invoice_number": invoice_number,
            "description": description,
            "in_ex_vat": in_ex_vat,
            "payment_term_days": 0,
            "gross_cents": gross_cents,
            "order_id": order_id,
            "settlement_id": self.settlement_id,
            "depends_on": depends_on,
            "facts": json.dumps(facts, sort_keys=True, separators=(",", ":")),
        }


def dates_of(booked: pd.DataFrame, settlement_id: str) -> dict[str, date]:
    """Date per booking of a settlement that was planned before.

    Args:
        booked: BOOKED.
        settlement_id: whose.
    """
    own = booked[booked["settlement_id"] == settlement_id]
    return {booking: on.date() for booking, on in zip(own["booking"], own["date"], strict=True)}


def closed_period_problems(entries: Entries) -> list[Problem]:
    """What a person must know of bookings that left a closed period."""
    if not entries.moved or entries.closed_through is None:
        return []
    return [
        problem(
            "settlement-closed-period",
            f"settlement {entries.settlement_id}",
            count=len(entries.moved),
            amount=euros(sum(abs(int(m["gross_cents"])) for m in entries.moved)),
            closed=entries.closed_through,
            day=entries.closed_through + timedelta(days=1),
        )
    ]


def plain_line(account: str, cents: int) -> MutationLine:
    """A line without VAT."""
    return MutationLine(account, NO_VAT, Decimal(0), cents, 0, cents)


def _numbered(booking: str, lines: Sequence[MutationLine]) -> list[dict[str, Any]]:
    return [
        {
            "booking": booking,
            "line": number,
            "account": line.account,
            "vat_code": line.vat_code,
            "vat_percent": line.vat_percent,
            "net_cents": line.net_cents,
            "vat_cents": line.vat_cents,
            "gross_cents": line.gross_cents,
        }
        for number, line in enumerate(lines, start=1)
    ]
