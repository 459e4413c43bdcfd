"""What changes about an order after booking: when its invoice is credited whole and made anew.

A booking is never altered; a correction is a credit note over the whole invoice and a new invoice
with its own number. The danger is to take money back twice, for Amazon tells of some changes twice:
the order shows less, *and* a refund event follows. So:

- **The amount changed.** When refund events credited the difference already, nothing is left to do.
  Amazon charges at dispatch: what was cancelled before it was never charged, so no refund event can
  follow, and the invoice is corrected. That is sure while the order has not left, or when fewer
  pieces left than were invoiced, and only if nothing was refunded or paid on the invoice yet.
  Everything else waits: its refund event brings the credit note and closes the problem, or a person
  looks.
- **The VAT number changed.** The sale is judged again, as of the same day, at the same exchange
  rate; only when that comes to another kind of sale, or to another number in the ICP return, the
  invoice is corrected. A number that is missing now says nothing: Amazon stops showing buyers.
  When part of the invoice was refunded, or Amazon changed the amount as well, it is a person's.

The open items of an invoice and of the credit note over it are set off against each other through
the clearing account, which stays at zero. Source: accounting rules 7.1, 8.3, 8.4 and 8.5.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.booked_invoice import (
    NEVER_BOOKED,
    credit_note_key,
    facts_text,
    line_rows,
)
from amazon_eboekhouden.domain.bookings import DEBTORS, BookingKind, MutationKind
from amazon_eboekhouden.domain.exchange import EURO
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.proceeds import OrderFault
from amazon_eboekhouden.domain.settlement.entries import plain_line
from amazon_eboekhouden.domain.vat_lines import OrderLine

Row = Mapping[str, Any]
REASON = "gecorrigeerd"
_NOT_SHIPPED = "created"  # date_source of an order that was invoiced before it left


@dataclass(frozen=True, slots=True)
class Standing:
    """An invoice as it stands in the books, with what came after it.

    Attributes:
        invoice: row of BOOKED.
        facts: its facts.
        credits: rows of its credit notes, without the one that corrects it.
        is_paid: whether a settlement paid something on it.
    """

    invoice: Row
    facts: Mapping[str, Any]
    credits: Sequence[Row]
    is_paid: bool

    @property
    def booked_cents(self) -> int:
        """Its total in the currency of the order."""
        return int(self.facts["currency_gross_cents"])

    @property
    def left_cents(self) -> int:
        """What refund events left of it, in the currency of the order."""
        return self.booked_cents + sum(_currency_cents(row) for row in self.credits)


def _currency_cents(note: Row) -> int:
    facts = json.loads(note["facts"] or "{}")
    return int(facts.get("currency_gross_cents", note["gross_cents"]))


def event_of(invoice: Row) -> str:
    """Event id of the credit note that corrects an invoice."""
    return f"corrected-{str(invoice['booking']).rsplit(':', 1)[-1]}"


def key_of_next(invoice: Row) -> str:
    """Natural key of the invoice that comes in place of one: its own, and a number behind it."""
    key, _, version = str(invoice["booking"]).partition("~")
    return f"{key}~{int(version or 1) + 1}"


def number_of_next(invoice: Row) -> str:
    """Its number, where numbers follow the order: `AMZ-<order>-V2`, then -V3."""
    version = key_of_next(invoice).partition("~")[2]
    first = str(invoice["invoice_number"]).rpartition("-V")
    return (
        f"{first[0] if first[2].isdigit() and first[0] else invoice['invoice_number']}-V{version}"
    )


def standing_of(
    invoice: Row,
    facts: Mapping[str, Any],
    credits: Iterable[Row],
    paid_numbers: Iterable[str],
) -> Standing:
    """An invoice with its credit notes.

    Args:
        invoice: row of BOOKED.
        facts: its facts.
        credits: rows of the order's credit notes that count.
        paid_numbers: invoice numbers on which a settlement paid.
    """
    own = [
        row
        for row in credits
        if json.loads(row["facts"] or "{}").get("invoice", "") in ("", invoice["booking"])
        and row["booking"] != credit_note_key(invoice["order_id"], event_of(invoice))
    ]
    is_paid = invoice["invoice_number"] in set(paid_numbers)
    return Standing(invoice, facts, own, is_paid)


def amount_changed(standing: Standing, order: Row, lines: Sequence[OrderLine]) -> bool:
    """Whether the order's new amount asks for a correction.

    Raises:
        OrderFault: it may, but that is not sure (`order-changed`).
    """
    found = int(order["total_cents"])
    if found in (standing.booked_cents, standing.left_cents):
        return False
    before = standing.facts.get("pieces")
    fewer = before is not None and _fewer(before, pieces_of(lines))
    never_charged = order["date_source"] == _NOT_SHIPPED or fewer
    if never_charged and not standing.credits and not standing.is_paid:
        return True
    raise OrderFault(
        "order-changed",
        booked=euros(standing.left_cents),
        found=euros(found),
        currency=order["currency"],
    )


def pieces_of(lines: Sequence[OrderLine]) -> dict[str, int]:
    """Pieces per order item."""
    found: dict[str, int] = {}
    for line in lines:
        if line.component == "goods" and line.order_item_id:
            found[line.order_item_id] = found.get(line.order_item_id, 0) + line.pieces
    return found


def _fewer(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    return sum(now.values()) < sum(before.values()) and all(
        count <= before.get(item, 0) for item, count in now.items()
    )


def mark_of(install_key: bytes, vat_number: str) -> str:
    """A buyer's VAT number as facts may keep it: recognisable, not readable; "" for none."""
    if not vat_number:
        return ""
    return hmac.digest(install_key, f"vat number {vat_number}".encode(), "sha256").hex()[:16]


def number_changed(standing: Standing, mark: str) -> bool:
    """Whether the order now shows another VAT number than its invoice rests on."""
    return bool(mark) and mark != standing.facts.get("buyer_number", "")


def insist_on_nothing_refunded(standing: Standing) -> None:
    """A VAT number is corrected over the whole sale, or by a person.

    Raises:
        OrderFault: part of the sale was refunded already (`vat-number-changed`).
    """
    if standing.credits:
        number = standing.invoice["invoice_number"]
        left = euros(standing.left_cents)
        raise OrderFault("vat-number-changed", invoice=number, left=left)


def day_of(order_updated: date, invoice: Row, settings: CouplingSettings) -> date:
    """Date of a correction: when Amazon showed the change, never in a closed period."""
    closed = settings.books.closed_through
    days: list[date] = [order_updated, invoice["date"].date()]
    if closed is not None:
        days.append(date.fromordinal(closed.toordinal() + 1))
    return max(days)


def set_off(
    invoice: Row, note: Row, on: date, settings: CouplingSettings
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Two payments that close an open item with the credit note over the same amount.

    Args:
        invoice: BOOKED or MUTATIONS row of an invoice on which nothing was paid.
        note: MUTATIONS row of a credit note over as much.
        on: date of both.
        settings: for the clearing account, which they leave as it was.

    Returns:
        rows of MUTATIONS and of MUTATION_LINES.
    """
    mutations, lines = [], []
    for row in (invoice, note):
        key, cents = f"pay:set-off:{row['invoice_number']}", int(row["gross_cents"])
        mutations.append(
            {
                "booking": key,
                "booking_kind": BookingKind.PAYMENT.value,
                "kind": MutationKind.PAYMENT_RECEIVED.value,
                "date": on,
                "account": settings.accounts.clearing.of(EURO),
                "relation_code": row["relation_code"],
                "invoice_number": row["invoice_number"],
                "description": f"Verrekening order {row['order_id']}",
                "in_ex_vat": "EX",
                "payment_term_days": 0,
                "gross_cents": cents,
                "order_id": row["order_id"],
                "settlement_id": "",
                # Both documents, so that clearing is never left with one half for long.
                "depends_on": f"{invoice['booking']} {note['booking']}",
                "facts": facts_text({"document": row["booking"], **_currency(row)}),
            }
        )
        lines += line_rows(key, [plain_line(DEBTORS, cents)])
    return mutations, lines


def _currency(row: Row) -> dict[str, int]:
    facts = json.loads(row["facts"])
    if facts.get("currency", EURO) == EURO:
        return {}
    return {"currency_cents": int(facts["currency_gross_cents"])}


def in_place_of(invoices: Sequence[Any], paid_here: Iterable[str]) -> list[Any]:
    """The invoices of an order that a settlement may pay: none that was corrected.

    Args:
        invoices: `settlement.known.Document`s of the order.
        paid_here: numbers on which this very settlement pays already; read again, it stays so.
    """
    paid = set(paid_here)
    corrected = {_corrects(one): one for one in invoices if _corrects(one)}
    gone: set[str] = set()
    for one in invoices:
        if one.booking in corrected:
            gone.add(corrected[one.booking].booking if one.invoice_number in paid else one.booking)
    return [one for one in invoices if one.booking not in gone]


def _corrects(invoice: Any) -> str:
    text = invoice.row["facts"]
    return str(json.loads(text)["corrects"]) if '"corrects"' in text else ""


def counts(row: Row | None) -> bool:
    """Whether a booking was asked for and may stand in the books."""
    return row is not None and row["state"] not in NEVER_BOOKED
