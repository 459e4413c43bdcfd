"""Books in memory that fail in every way the real ones may; they share no code with the product's
own reading of them.

A request has an effect once, late, or not at all, and an answer that may be lost. What could not
be verified about the real service is a field of `Variant`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from amazon_eboekhouden.domain.bookings import Mutation, MutationKind, Payload, Relation
from amazon_eboekhouden.domain.books import BookedLine, BookedMutation, BookedRelation
from amazon_eboekhouden.domain.errors import Unreachable
from amazon_eboekhouden.domain.outcomes import Outcome, OutcomeKind

NORMAL_CALL_S = 0.3


class Killed(BaseException):
    """The process ends inside a call; not an error that anything may catch."""


@dataclass(frozen=True)
class Variant:
    """What is not known about the real service.

    `unique_numbers`: a second sales invoice with the same number is refused.
    `cap_first`: only the newest `cap` mutations are searched, instead of the answer being cut.
    `late_s`: how long after a request the service may still apply it.
    """

    unique_numbers: bool = True
    cap_first: bool = False
    late_s: float = 0.0
    cap: int = 500

    def __str__(self) -> str:
        return ",".join(
            filter(
                None,
                [
                    "unique" if self.unique_numbers else "duplicates accepted",
                    "cap before filter" if self.cap_first else "",
                    f"late {self.late_s:g} s",
                ],
            )
        )


# Ways an Add… call can fail: (is it applied, what does the caller see, how long does it take)
ADD_FAULTS = (
    "not_sent",
    "lost_request",
    "lost_reply",
    "error_after",
    "late",
    "session_expired",
    "killed_before",
    "killed_after",
)


@dataclass
class FakeRemote:
    """One administration; `fault` says per call what goes wrong with it ("" nothing)."""

    variant: Variant
    now: Callable[[], float]
    deadline_s: float
    fault: Callable[[str], str] = lambda operation: ""
    rows: dict[int, BookedMutation] = field(default_factory=dict)
    relations: dict[str, BookedRelation] = field(default_factory=dict)
    invoices: set[str] = field(default_factory=set)  # of the invoicing module
    calls: Counter[str] = field(default_factory=Counter)
    applied: Counter[str] = field(default_factory=Counter)  # token or relation code → times
    order: list[str] = field(default_factory=list)  # the same, in order of effect
    by_hand: set[int] = field(default_factory=set)  # mutations that a person made
    took_s: float = 0.0  # how long the last call took
    closed_until: str = ""  # bookings dated up to here are refused (ISO date)
    account_code: str = ""  # every booking is refused with this code
    _late: list[tuple[float, Payload, str]] = field(default_factory=list)
    _number: int = 0

    # --- Remote ------------------------------------------------------------------------------
    def add(self, payload: Payload, token: str, *, deadline_s: float) -> Outcome:
        self._settle_late()
        self.calls["add"] += 1
        self.took_s = NORMAL_CALL_S
        fault = self.fault("add")
        unknown = Outcome(OutcomeKind.UNKNOWN, detail=f"no usable answer ({fault})")
        if fault == "not_sent":
            return Outcome(OutcomeKind.NOT_SENT, detail="connection refused")
        if fault == "killed_before":
            raise Killed
        if fault == "session_expired":
            return Outcome(OutcomeKind.SESSION_EXPIRED, code="E0023")
        if fault == "late":
            delay = min(self.variant.late_s, 10**9)
            self._late.append((self.now() + delay, payload, token))
            self.took_s = min(self.deadline_s, max(delay, NORMAL_CALL_S))
            return unknown
        if fault == "lost_request":
            self.took_s = self.deadline_s
            return unknown
        outcome = self._apply(payload, token)
        if fault == "killed_after":
            raise Killed
        if fault in {"lost_reply", "error_after"}:
            self.took_s = self.deadline_s if fault == "lost_reply" else NORMAL_CALL_S
            return unknown
        return outcome

    def mutations(
        self, *, number_from: int = 0, number_to: int = 0, invoice_number: str = ""
    ) -> list[BookedMutation]:
        self._settle_late()
        self.calls["mutations"] += 1
        self.took_s = NORMAL_CALL_S
        if fault := self.fault("read"):
            if fault == "killed":
                raise Killed
            raise Unreachable("e-Boekhouden", "GetMutaties", fault)
        numbers = sorted(self.rows)
        if self.variant.cap_first:
            numbers = numbers[-self.variant.cap :]
        found = [self.rows[number] for number in numbers]
        if invoice_number:
            found = [row for row in found if _has_number(row, invoice_number)]
        elif number_from or number_to:
            found = [row for row in found if number_from <= row.number <= number_to]
        return found[-self.variant.cap :]

    def relation(self, code: str) -> BookedRelation | None:
        self._settle_late()
        self.calls["relation"] += 1
        self.took_s = NORMAL_CALL_S
        if fault := self.fault("read"):
            if fault == "killed":
                raise Killed
            raise Unreachable("e-Boekhouden", "GetRelaties", fault)
        return self.relations.get(code)

    def has_invoice(self, number: str) -> bool:
        return number in self.invoices

    # --- effects -----------------------------------------------------------------------------
    def _settle_late(self) -> None:
        due = [late for late in self._late if late[0] <= self.now()]
        self._late = [late for late in self._late if late[0] > self.now()]
        for _, payload, token in sorted(due, key=lambda late: late[0]):
            self._apply(payload, token)

    def _apply(self, payload: Payload, token: str) -> Outcome:
        if isinstance(payload, Relation):
            return self._apply_relation(payload)
        if self.account_code:
            return Outcome(OutcomeKind.REJECTED, code=self.account_code, detail="account")
        if payload.date.isoformat() <= self.closed_until:
            return Outcome(OutcomeKind.REJECTED, code="MUT_005", detail="period is closed")
        if self.variant.unique_numbers and self._number_exists(payload):
            return Outcome(OutcomeKind.DUPLICATE, code="MUT_019", detail="number exists")
        number = self.book(payload, f"{token} {payload.description}", token)
        self.applied[token] += 1
        self.order.append(token)
        return Outcome(OutcomeKind.CONFIRMED, remote_id=str(number))

    def _apply_relation(self, payload: Relation) -> Outcome:
        if payload.code in self.relations:
            return Outcome(OutcomeKind.DUPLICATE, code="CREL001")
        self._number += 1
        row = BookedRelation(self._number, payload.code, payload.company, payload.vat_number)
        self.relations[payload.code] = row
        self.applied[payload.code] += 1
        self.order.append(payload.code)
        return Outcome(OutcomeKind.CONFIRMED, remote_id=str(row.id))

    def _number_exists(self, payload: Mutation) -> bool:
        return payload.kind is MutationKind.SALES_INVOICE and any(
            row.invoice_number == payload.invoice_number
            for row in self.rows.values()
            if row.kind is MutationKind.SALES_INVOICE
        )

    # --- a person in the books ---------------------------------------------------------------
    def book(self, payload: Mutation, description: str, voucher: str = "") -> int:
        """Whoever books: a new row with the next number."""
        self._number += 1
        on_lines = payload.kind is not MutationKind.SALES_INVOICE
        lines = tuple(
            BookedLine(
                line.account,
                line.vat_code,
                line.net_cents,
                line.vat_cents,
                line.gross_cents,
                payload.invoice_number if on_lines else "",
            )
            for line in payload.lines
        )
        self.rows[self._number] = BookedMutation(
            number=self._number,
            kind=payload.kind,
            date=payload.date,
            account=payload.account,
            relation_code=payload.relation_code,
            invoice_number="" if on_lines else payload.invoice_number,
            voucher=voucher,
            description=description,
            in_ex_vat=payload.in_ex_vat,
            lines=lines,
        )
        return self._number

    def delete(self, number: int) -> None:
        del self.rows[number]

    def change_amount(self, number: int, cents: int) -> None:
        row = self.rows[number]
        first = row.lines[0]
        changed = dataclasses.replace(
            first,
            net_cents=first.net_cents + cents,
            gross_cents=first.gross_cents + cents,
        )
        self.rows[number] = dataclasses.replace(row, lines=(changed, *row.lines[1:]))

    def copy(self, number: int) -> int:
        self._number += 1
        self.rows[self._number] = dataclasses.replace(self.rows[number], number=self._number)
        self.by_hand.add(self._number)
        return self._number


def _has_number(row: BookedMutation, number: str) -> bool:
    return row.invoice_number == number or any(line.invoice_number == number for line in row.lines)
