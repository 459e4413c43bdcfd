"""The text of a payload never changes: its hash stands in every ledger there is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from amazon_eboekhouden.domain.bookings import (
    Booking,
    BookingKind,
    Document,
    DocumentLine,
    Mutation,
    MutationKind,
    MutationLine,
    Payload,
    Relation,
    payload_of,
)
from amazon_eboekhouden.ledger.keys import content_of

LINES = (
    MutationLine("8000", "HOOG_VERK_21", Decimal("21"), 10000, 2100, 12100),
    MutationLine("8020", "GEEN", Decimal("5.5"), 948, 52, 1000),
)
DOCUMENT = Document(
    "Standaard", (DocumentLine("Één mok", "MOK", 2, Decimal("4.739336"), "GEEN", "8020"),)
)
MUTATION = Mutation(
    MutationKind.SALES_INVOICE, date(2026, 3, 1), "1300", LINES, 'Order "x"', "IN", "AZ1", "F1", 14
)
PRINTED = Mutation(
    MutationKind.SALES_INVOICE, date(2026, 3, 1), "1300", LINES, "Order", "IN", document=DOCUMENT
)
BUYER = Relation("AZ1", False, "", "Żaneta", country="PL")

_LINES = (
    '"lines":[{"account":"8000","gross_cents":12100,"net_cents":10000,"vat_cents":2100,'
    '"vat_code":"HOOG_VERK_21","vat_percent":"21"},{"account":"8020","gross_cents":1000,'
    '"net_cents":948,"vat_cents":52,"vat_code":"GEEN","vat_percent":"5.5"}]'
)
CASES: dict[str, tuple[BookingKind, Payload, str, str]] = {
    "mutation": (
        BookingKind.INVOICE,
        MUTATION,
        '{"account":"1300","date":"2026-03-01","description":"Order \\"x\\"","in_ex_vat":"IN",'
        f'"invoice_number":"F1","kind":"sales_invoice",{_LINES},"payment_term_days":14,'
        '"relation_code":"AZ1"}',
        '{"account":"1300","date":"2026-03-01","in_ex_vat":"IN","invoice_number":"F1",'
        f'"kind":"sales_invoice",{_LINES},"relation_code":"AZ1"}}',
    ),
    "document": (
        BookingKind.INVOICE,
        PRINTED,
        '{"account":"1300","date":"2026-03-01","description":"Order","document":{"lines":['
        '{"account":"8020","code":"MOK","pieces":2,"text":"\\u00c9\\u00e9n mok",'
        '"unit_price":"4.739336","vat_code":"GEEN"}],"template":"Standaard"},"in_ex_vat":"IN",'
        f'"invoice_number":"","kind":"sales_invoice",{_LINES},"payment_term_days":0,'
        '"relation_code":""}',
        '{"account":"1300","as_document":true,"date":"2026-03-01","in_ex_vat":"IN",'
        f'"invoice_number":"","kind":"sales_invoice",{_LINES},"relation_code":""}}',
    ),
    "relation": (
        BookingKind.RELATION,
        BUYER,
        '{"address":"","city":"","code":"AZ1","company":"","contact":"\\u017baneta",'
        '"country":"PL","email":"","is_business":false,"postal_code":"","vat_number":""}',
        '{"code":"AZ1"}',
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_text_that_is_hashed_is_that_of_the_first_release(name: str) -> None:
    kind, payload, text, content = CASES[name]
    booking = Booking(kind, "key", payload)
    assert booking.payload_json() == text
    assert content_of(payload) == content
    assert payload_of(kind, text) == payload
