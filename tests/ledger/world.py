"""Bookings, a clock that a test moves by hand, and faults in a given order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from amazon_eboekhouden.domain.bookings import (
    Booking,
    BookingKind,
    Mutation,
    MutationKind,
    MutationLine,
    Relation,
)

INSTALL_KEY = bytes(range(32))
ADMIN = "5C1E0E4B-0000-4000-8000-000000000001"
COUPLING = "demo"
SETTLED_S = 30 + 600 + 1


@dataclass
class Hand:
    """A clock that stands still until a test moves it."""

    seconds: float = 1_790_000_000.0

    def now_utc(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Faults:
    """Faults of the coming calls, in order; "" is a call that works."""

    adds: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)

    def __call__(self, operation: str) -> str:
        coming = self.adds if operation == "add" else self.reads
        return coming.pop(0) if coming else ""


def order_id(number: int) -> str:
    return f"405-0000000-{number:07d}"


def natural(number: int) -> str:
    return f"inv:A1805IZSGTT6HS:{order_id(number)}:0"


def line(account: str, gross: int, vat: int = 0) -> MutationLine:
    percent = Decimal(21) if vat else Decimal(0)
    code = "HOOG_VERK_21" if vat else "GEEN"
    return MutationLine(account, code, percent, gross - vat, vat, gross)


def relation(number: int, company: str = "Klant") -> Booking:
    code = f"AZ{number:013d}"
    return Booking(
        BookingKind.RELATION,
        f"rel:{number}",
        Relation(
            code=code, is_business=False, company=f"{company} {number}", email="k@example.org"
        ),
        row=f"order {order_id(number)}",
        order_id=order_id(number),
    )


def invoice(number: int, gross: int = 1210, *, text: str = "", day: int = 1) -> Booking:
    payload = Mutation(
        kind=MutationKind.SALES_INVOICE,
        date=date(2026, 11, day),
        account="1300",
        lines=(line("8000", gross, 210),),
        description=text or f"Amazon {order_id(number)}",
        in_ex_vat="IN",
        relation_code=f"AZ{number:013d}",
        invoice_number=f"AZ{order_id(number)}",
        payment_term_days=30,
    )
    return Booking(
        BookingKind.INVOICE,
        natural(number),
        payload,
        depends_on=(f"rel:{number}",),
        row=f"order {order_id(number)}",
        order_id=order_id(number),
        facts={"sale": "NL consumer"},
    )


def payment(number: int, gross: int = 1210) -> Booking:
    payload = Mutation(
        kind=MutationKind.PAYMENT_RECEIVED,
        date=date(2026, 11, 15),
        account="1090",
        lines=(line("1300", gross),),
        description="Amazon settlement 9",
        in_ex_vat="EX",
        relation_code=f"AZ{number:013d}",
        invoice_number=f"AZ{order_id(number)}",
    )
    return Booking(
        BookingKind.PAYMENT,
        f"pay:9:AZ{order_id(number)}",
        payload,
        depends_on=(natural(number),),
        row=f"order {order_id(number)}",
        order_id=order_id(number),
        settlement_id="9",
    )


def fees(gross: int = 300) -> Booking:
    payload = Mutation(
        kind=MutationKind.MONEY_SPENT,
        date=date(2026, 11, 15),
        account="1090",
        lines=(line("4610", gross),),
        description="Amazon fees 9",
        in_ex_vat="EX",
    )
    return Booking(
        BookingKind.FEES, "fee:9:GEEN:2026-11:-", payload, row="settlement 9", settlement_id="9"
    )


def order(number: int, gross: int = 1210) -> list[Booking]:
    return [relation(number), invoice(number, gross)]
