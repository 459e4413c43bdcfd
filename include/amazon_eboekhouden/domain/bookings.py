"""What the booking ledger is asked to book: values without vendor words.

A `Booking` carries its identity (`natural`, the second half of the operation key), its payload,
and what must be confirmed before it. Source: design section 6; reliability rules 3.2 and 3.5.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

# A header account that is looked up by category in the administration's own chart.
DEBTORS = "category:DEB"
CREDITORS = "category:CRED"


class BookingKind(StrEnum):
    """Kinds of operation; the value is part of the operation key."""

    RELATION = "REL"
    INVOICE = "INV"
    CREDIT_NOTE = "CRN"
    PAYMENT = "PAY"
    FEES = "FEE"
    MONEY = "MNY"
    FEE_INVOICE = "IFE"
    REVERSAL = "REV"


class MutationKind(StrEnum):
    """Kinds of mutation; the adapter knows the vendor's word for each."""

    SALES_INVOICE = "sales_invoice"
    PURCHASE_INVOICE = "purchase_invoice"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_SENT = "payment_sent"
    MONEY_RECEIVED = "money_received"
    MONEY_SPENT = "money_spent"
    GENERAL_JOURNAL = "general_journal"


@dataclass(frozen=True, slots=True)
class MutationLine:
    """One line; amounts in cents, `net_cents + vat_cents == gross_cents`."""

    account: str
    vat_code: str
    vat_percent: Decimal
    net_cents: int
    vat_cents: int
    gross_cents: int


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line of an invoice as the buyer reads it; `unit_price` without VAT, six decimals."""

    text: str
    code: str
    pieces: int
    unit_price: Decimal
    vat_code: str
    account: str


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice that the books make from a template, and book themselves."""

    template: str
    lines: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True)
class Mutation:
    """A journal entry as it will be sent, without our token (the ledger adds that).

    With a `document` the books make the invoice and its mutation from that; the lines are then
    what the mutation must show.
    """

    kind: MutationKind
    date: date
    account: str
    lines: tuple[MutationLine, ...]
    description: str
    in_ex_vat: str
    relation_code: str = ""
    invoice_number: str = ""
    payment_term_days: int = 0
    document: Document | None = None

    @property
    def gross_cents(self) -> int:
        """Total of the lines, in cents."""
        return sum(line.gross_cents for line in self.lines)


@dataclass(frozen=True, slots=True)
class Relation:
    """A customer as it will be sent; empty text means: not known."""

    code: str
    is_business: bool
    company: str
    contact: str = ""
    address: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    email: str = ""
    vat_number: str = ""


Payload = Mutation | Relation


@dataclass(frozen=True, slots=True)
class Booking:
    """One thing to book, with its identity.

    Attributes:
        kind: kind of operation.
        natural: natural part of the key, such as `inv:A1805IZSGTT6HS:405-1234567-1234567:0`.
        payload: what is sent.
        depends_on: natural parts of the operations that must be confirmed first.
        row: how a person names it, such as "order 405-1234567-1234567".
        order_id, settlement_id: where it comes from, "" if not applicable.
        facts: JSON values without personal data that outlive the payload, such as the sale kind
            and the VAT per rate of an invoice: later credit notes and reports read them.
    """

    kind: BookingKind
    natural: str
    payload: Payload
    depends_on: tuple[str, ...] = ()
    row: str = ""
    order_id: str = ""
    settlement_id: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def invoice_number(self) -> str:
        """The invoice number the payload carries, or ""."""
        return self.payload.invoice_number if isinstance(self.payload, Mutation) else ""

    def payload_json(self) -> str:
        """Canonical JSON of the payload: same content, same text."""
        data = fields_of(self.payload)
        if data.get("document", "") is None:
            del data["document"]  # So that a mutation keeps the hash it always had.
        return canonical_json(data)

    def payload_hash(self) -> str:
        """SHA-256 of the canonical payload."""
        return hashlib.sha256(self.payload_json().encode()).hexdigest()


def fields_of(part: Any) -> dict[str, Any]:
    """The fields of a part of a payload by name, as they are: what lies deeper is not copied."""
    return {name: getattr(part, name) for name in part.__dataclass_fields__}


def canonical_json(data: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no blanks; parts of payloads as objects, days and rates as text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    return fields_of(value) if is_dataclass(value) else str(value)


def payload_of(kind: BookingKind, text: str) -> Payload:
    """The payload back from its canonical JSON."""
    data = json.loads(text)
    if kind is BookingKind.RELATION:
        return Relation(**data)
    lines = tuple(
        MutationLine(**{**line, "vat_percent": Decimal(line["vat_percent"])})
        for line in data.pop("lines")
    )
    return Mutation(
        **{
            **data,
            "document": _document_of(data.get("document")),
            "kind": MutationKind(data["kind"]),
            "date": date.fromisoformat(data["date"]),
            "lines": lines,
        }
    )


def _document_of(data: Mapping[str, Any] | None) -> Document | None:
    if data is None:
        return None
    lines = tuple(
        DocumentLine(**{**line, "unit_price": Decimal(line["unit_price"])})
        for line in data["lines"]
    )
    return Document(data["template"], lines)
