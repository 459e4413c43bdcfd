"""What the simulated seller books: orders in two versions, and one settlement over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

from amazon_eboekhouden.domain.bookings import (
    Booking,
    BookingKind,
    Mutation,
    MutationKind,
    MutationLine,
    Payload,
    Relation,
)
from amazon_eboekhouden.ledger.keys import KeyRing, op_key
from amazon_eboekhouden.ledger.states import Draft

ADMIN = "5C1E0E4B-0000-4000-8000-000000000001"
CANARY = "Kanarie de Koper"  # a buyer's name; must never leave the payload
KEYS = KeyRing.of(b"torture" * 4 + b"key!")
LARGEST = 3
_DAY = date(2026, 9, 23)


def _line(account: str, cents: int) -> MutationLine:
    return MutationLine(account, "GEEN", Decimal(0), cents, 0, cents)


def _mutation(
    kind: MutationKind, account: str, natural: str, lines: tuple[MutationLine, ...], **more: str
) -> Mutation:
    return Mutation(kind, _DAY, account, lines, f"<{natural}>", "EX", **more)


def amount(order: int, version: int) -> int:
    return 1000 * (order + 1) + 7 * version


def order_bookings(order: int, version: int) -> list[Booking]:
    """Relation, invoice and payment of an order."""
    number, code = f"AZ-{order}", f"AZ{order:013d}"
    gross = amount(order, version)
    relation = Relation(code, False, f"{CANARY} {order}")
    invoice = _mutation(
        MutationKind.SALES_INVOICE,
        "1300",
        f"inv:{order}",
        (_line("8000", gross - 100), _line("8100", 100)),
        relation_code=code,
        invoice_number=number,
    )
    payment = _mutation(
        MutationKind.PAYMENT_RECEIVED,
        "1090",
        f"pay:{order}",
        (_line("1300", gross),),
        relation_code=code,
        invoice_number=number,
    )
    rel, inv, pay = f"rel:{order}", f"inv:{order}", f"pay:{order}"
    return [
        Booking(BookingKind.RELATION, rel, relation, order_id=str(order)),
        Booking(BookingKind.INVOICE, inv, invoice, (rel,), order_id=str(order)),
        Booking(BookingKind.PAYMENT, pay, payment, (inv,), order_id=str(order)),
    ]


def settlement_bookings(orders: int) -> list[Booking]:
    """Fees and reserve of the settlement; they have no invoice number to be found by."""
    fees = _mutation(MutationKind.MONEY_SPENT, "1090", "fee:1", (_line("4610", 150 * orders),))
    reserve = _mutation(MutationKind.MONEY_SPENT, "1090", "mny:1", (_line("1095", 50),))
    return [
        Booking(BookingKind.FEES, "fee:1", fees, settlement_id="1"),
        Booking(BookingKind.MONEY, "mny:1", reserve, settlement_id="1"),
    ]


def settlement_total(orders: int, versions: dict[int, int]) -> int:
    paid = sum(amount(order, versions.get(order, 0)) for order in range(orders))
    return paid - 150 * orders - 50


@cache
def _draft(order: int, version: int, index: int) -> tuple[Draft, Payload]:
    booking = order_bookings(order, version)[index]
    return KEYS.draft(ADMIN, booking), booking.payload


@cache
def _settlement_draft(orders: int, index: int) -> tuple[Draft, Payload]:
    booking = settlement_bookings(orders)[index]
    return KEYS.draft(ADMIN, booking), booking.payload


@dataclass(frozen=True)
class Universe:
    """The drafts of one schedule, under the administration it runs in."""

    admin: str
    orders: int

    def drafts(self, versions: dict[int, int], orders: list[int] | None = None) -> list[Draft]:
        """All drafts, or those of some orders only."""
        wanted = range(self.orders) if orders is None else orders
        found = [
            _draft(order, versions.get(order, 0), index)[0]
            for order in wanted
            for index in range(3)
        ]
        if orders is None:
            found += [_settlement_draft(self.orders, index)[0] for index in range(2)]
        return [self._under_admin(draft) for draft in found]

    def _under_admin(self, draft: Draft) -> Draft:
        if self.admin == ADMIN:
            return draft
        key = op_key(self.admin, draft.kind, draft.natural)
        return replace(draft, op_key=key, token=KEYS.token(key))


@cache
def payloads() -> dict[str, Payload]:
    """Payload by its hash, and by its sealed text, of everything that is ever handed in."""
    found: dict[str, Payload] = {}
    for order in range(LARGEST):
        for version in (0, 1):
            for index in range(3):
                draft, payload = _draft(order, version, index)
                found[draft.payload_hash] = found[draft.sealed] = payload
    for orders in range(1, LARGEST + 1):
        for index in range(2):
            draft, payload = _settlement_draft(orders, index)
            found[draft.payload_hash] = found[draft.sealed] = payload
    return found


def open_payload(kind: BookingKind, sealed: str) -> Payload:
    return payloads()[sealed]
