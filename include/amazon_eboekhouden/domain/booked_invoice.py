"""An invoice as its facts keep it: enough to repeat it, to credit it and to report it.

Facts outlive the payload, which holds personal data and is erased. They hold none themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from amazon_eboekhouden.domain.bookings import BookingKind, MutationLine
from amazon_eboekhouden.domain.vat_lines import InvoiceLine, RateGroup

# A booking in one of these states never reached the books.
NEVER_BOOKED = ("REJECTED", "SUPERSEDED")
# These did not reach them yet: what is planned may still change.
NOT_YET_BOOKED = ("PLANNED", *NEVER_BOOKED)
_CANONICAL = msgspec.json.Encoder(order="sorted")


def facts_text(facts: Mapping[str, Any]) -> str:
    """Facts as canonical JSON: same content, same text.

    Args:
        facts: JSON values without fractions; amounts are whole cents, rates are text.
    """
    return _CANONICAL.encode(facts).decode()


def groups_as_facts(groups: Iterable[RateGroup]) -> list[dict[str, Any]]:
    """Rate groups as JSON values."""
    return [
        {
            "sale_kind": group.sale_kind,
            "rate": f"{group.percent:f}",
            "code": group.code,
            "country": group.country,
            "vat_account": group.vat_account,
            "why": group.why,
            "gross_cents": group.gross_cents,
            "net_cents": group.net_cents,
            "vat_cents": group.vat_cents,
            "lines": [
                {
                    "n": line.position,
                    "component": line.component,
                    "account": line.account,
                    "gross_cents": line.gross_cents,
                    "net_cents": line.net_cents,
                }
                for line in group.lines
            ],
            **({"items": list(group.items)} if group.items else {}),
        }
        for group in groups
    ]


def groups_of_facts(facts: Mapping[str, Any]) -> tuple[RateGroup, ...]:
    """Rate groups back from the facts of an invoice or credit note; () when it has none."""
    return tuple(
        RateGroup(
            sale_kind=group["sale_kind"],
            percent=Decimal(group["rate"]),
            code=group["code"],
            country=group["country"],
            vat_account=group["vat_account"],
            why=group["why"],
            lines=tuple(
                InvoiceLine(
                    line["n"],
                    line["component"],
                    line["account"],
                    line["gross_cents"],
                    line["net_cents"],
                )
                for line in group["lines"]
            ),
            items=tuple(group.get("items", ())),
        )
        for group in facts.get("rates", ())
    )


def invoice_key(marketplace_id: str, order_id: str, shipment_id: str = "0") -> str:
    """Natural key of an invoice."""
    return f"inv:{marketplace_id}:{order_id}:{shipment_id}"


def shipment_of(booking: str) -> str:
    """The shipment part of an invoice's natural key, whichever version of the invoice it is."""
    return booking.rsplit(":", 1)[-1].partition("~")[0]


def credit_note_key(order_id: str, event_id: str) -> str:
    """Natural key of a credit note."""
    return f"crn:{order_id}:{event_id}"


def is_booked_credit(row: Mapping[str, Any]) -> bool:
    """Whether a BOOKED row is a credit note that counts."""
    return row["booking_kind"] == BookingKind.CREDIT_NOTE and row["state"] not in NEVER_BOOKED


def line_rows(booking: str, lines: Iterable[MutationLine]) -> list[dict[str, Any]]:
    """Rows of MUTATION_LINES."""
    return [
        {
            "booking": booking,
            "line": n,
            "account": line.account,
            "vat_code": line.vat_code,
            "vat_percent": line.vat_percent,
            "net_cents": line.net_cents,
            "vat_cents": line.vat_cents,
            "gross_cents": line.gross_cents,
        }
        for n, line in enumerate(lines, start=1)
    ]
