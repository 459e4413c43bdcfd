"""Keys and tokens: everything that is derived from the installation's secret key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from amazon_eboekhouden.domain.bookings import (
    Booking,
    BookingKind,
    Mutation,
    Payload,
    canonical_json,
    fields_of,
    payload_of,
)
from amazon_eboekhouden.ledger.states import Draft

TOKEN_MARK = "#az1-"  # noqa: S105 - the mark by which a person recognises our bookings
_TOKEN_CHARACTERS = 12  # 60 bits: no two operations of a seller's lifetime share one


def op_key(administration: str, kind: BookingKind, natural: str) -> str:
    """Our identity of an operation, unique in the store."""
    return f"{administration}:{kind.value}:{natural}"


def content_of(payload: Payload) -> str:
    """What must stand in the books, as canonical JSON without personal data.

    Texts are left out: a description may change without the books changing. A relation is only
    its code: an address that changes between two orders is no reason to doubt a booking.
    """
    if not isinstance(payload, Mutation):
        return json.dumps({"code": payload.code}, separators=(",", ":"))
    data = fields_of(payload)
    del data["description"], data["payment_term_days"]
    # How an invoice is printed is text too; that the books made it tells how its lines compare.
    if data.pop("document"):
        data["as_document"] = True
    return canonical_json(data)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Sub-keys of the install key: one per purpose, so that none can be used for another."""

    token_key: bytes
    hash_key: bytes
    payloads: Fernet

    @classmethod
    def of(cls, install_key: bytes) -> KeyRing:
        """Derive the sub-keys.

        Args:
            install_key: 32 random bytes, made once per installation.
        """

        def derive(purpose: str) -> bytes:
            hkdf = HKDF(SHA256(), length=32, salt=None, info=f"booking-ledger/{purpose}".encode())
            return hkdf.derive(install_key)

        return cls(
            token_key=derive("token"),
            hash_key=derive("payload-hash"),
            payloads=Fernet(base64.urlsafe_b64encode(derive("payload"))),
        )

    def token(self, key: str) -> str:
        """The private token of an operation: deterministic, and says nothing about the buyer."""
        digest = hmac.new(self.token_key, key.encode(), hashlib.sha256).digest()
        return TOKEN_MARK + base64.b32encode(digest)[:_TOKEN_CHARACTERS].decode()

    def draft(self, administration: str, booking: Booking) -> Draft:
        """A booking as the store keeps it: keyed, hashed, its payload encrypted."""
        key = op_key(administration, booking.kind, booking.natural)
        payload = booking.payload
        text = booking.payload_json()
        return Draft(
            op_key=key,
            kind=booking.kind,
            natural=booking.natural,
            token=self.token(key),
            payload_hash=hmac.new(self.hash_key, text.encode(), hashlib.sha256).hexdigest(),
            content=content_of(payload),
            sealed=self.payloads.encrypt(text.encode()).decode(),
            depends_on=booking.depends_on,
            row=booking.row,
            order_id=booking.order_id,
            settlement_id=booking.settlement_id,
            invoice_number=booking.invoice_number,
            relation_code=(
                payload.relation_code if isinstance(payload, Mutation) else payload.code
            ),
            date=payload.date if isinstance(payload, Mutation) else None,
            gross_cents=payload.gross_cents if isinstance(payload, Mutation) else 0,
            facts=json.dumps(dict(booking.facts), sort_keys=True, default=str),
        )

    def open(self, kind: BookingKind, sealed: str) -> Payload:
        """The payload back from the store.

        Raises:
            cryptography.fernet.InvalidToken: sealed with another install key, or damaged.
        """
        return payload_of(kind, self.payloads.decrypt(sealed.encode()).decode())
