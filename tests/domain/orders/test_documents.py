"""Invoices that the books make: whatever the buyer paid, their arithmetic comes to it.

The arithmetic of the books is worked out here again: a line is pieces times price, rounded to the
cent; VAT is reckoned half up, once per code, on the sum of the lines.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.bookings import Booking, Document, Mutation
from amazon_eboekhouden.domain.books import LedgerAccount
from amazon_eboekhouden.domain.credit_notes import credit_note
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, RELATIONS
from amazon_eboekhouden.domain.handover import bookings
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.orders.shop import booked, item, order, row, with_vat_number
from tests.golden.sales import as_booked, settings_of

RATES = {"HOOG_VERK_21": Decimal(21), "LAAG_VERK_9": Decimal(9)}
CODES = ("1300", "8000", "8010", "8020", "8030", "8040", "8100", "8110", "8120", "8190", "1641")
CHART = [
    LedgerAccount("1300", "Debiteuren", "DEB"),
    LedgerAccount("1700", "Crediteuren", "CRED"),
    *(LedgerAccount(code, code, "VW") for code in CODES[1:]),
]


def invoicing(**books: Any) -> CouplingSettings:
    low = {"seller": {"vat": {"rates_by_sku": {"LOW": {"NL": 9}}}}}
    wanted = {"document": "invoice", "invoice_template": "Amazon", **books}
    return settings_of({**low, "books": wanted})


def handed_over(bookables: Any) -> list[Booking]:
    found, problems = bookings(
        bookables.mutations, bookables.mutation_lines, bookables.relations, CHART
    )
    assert problems == []
    return [one for one in found if isinstance(one.payload, Mutation)]


def paper(booking: Booking) -> Document:
    payload = booking.payload
    assert isinstance(payload, Mutation)
    assert payload.document is not None
    return payload.document


def cents(value: Decimal) -> int:
    return int((value * 100).quantize(Decimal(1), ROUND_HALF_UP))


def as_the_books_do(document: Document) -> tuple[Counter[str], Counter[str]]:
    """Revenue per account and VAT per code."""
    nets, revenue, vat = Counter[str](), Counter[str](), Counter[str]()
    for line in document.lines:
        net = cents(line.unit_price * line.pieces)
        nets[line.vat_code] += net
        revenue[line.account] += net
    for code, net in nets.items():
        vat[code] = cents(Decimal(net) / 100 * RATES.get(code, Decimal(0)) / 100)
    return revenue, vat


def wanted(lines: list[dict[str, Any]]) -> tuple[Counter[str], Counter[str]]:
    revenue, vat = Counter[str](), Counter[str]()
    for line in lines:
        revenue[line["account"]] += int(line["net_cents"])
        vat[line["vat_code"]] += int(line["vat_cents"])
    return revenue, vat


def agree(document: Document, lines: Any) -> None:
    for found, meant in zip(as_the_books_do(document), wanted(lines), strict=True):
        assert +found == +meant
        assert -found == -meant


def test_ten_pieces_come_to_what_the_buyer_paid() -> None:
    """Worked case G30: cut to cents, 16.52 x 10 x 1.21 is 199.89."""
    ten = item("199.90") | {
        "quantityOrdered": 10,
        "fulfillment": {"quantityFulfilled": 10, "quantityUnfulfilled": 0},
    }
    ten["product"] = {"sellerSku": "SKU", "title": "Tien kaarsen"}
    made, lines = booked(order([ten]), settings=invoicing())
    [only] = handed_over(made)
    document = paper(only)
    assert document.template == "Amazon"
    [line] = document.lines
    assert (line.text, line.code, line.pieces) == ("Tien kaarsen", "SKU", 10)
    assert line.unit_price == Decimal("16.521000")
    agree(document, lines)


def test_a_total_that_no_net_reaches_is_reached_all_the_same() -> None:
    """0.03 at 21 %: VAT 0.01 of 0.02 is none, and of 0.03 it makes 0.04."""
    made, lines = booked(order([item("0.03")]), settings=invoicing())
    document = paper(handed_over(made)[0])
    assert [line.text for line in document.lines] == ["SKU", "Afronding"]
    agree(document, lines)


def test_what_is_no_article_is_named() -> None:
    one = item("70.00", row("ITEM", "60.00"), row("SHIPPING", "5.00"), row("GIFT_WRAP", "5.00"))
    made, _ = booked(order([one], to="DE"), settings=invoicing())
    texts = [line.text for line in paper(handed_over(made)[0]).lines]
    assert texts == ["SKU", "Verzendkosten", "Cadeauverpakking", "Btw Duitsland 19 %"]


def test_businesses_alone_may_get_invoices() -> None:
    wishes = invoicing(document="mutation", document_b2b="invoice")
    business = order([item("10.00")], order_id="405-1", programs=["AMAZON_BUSINESS"])
    numbered = with_vat_number(order([item("10.00")], order_id="405-2"), "NL123456782B90")
    consumer = order([item("10.00")], order_id="405-3")
    made, _ = booked(business, numbered, consumer, settings=wishes)
    found = {one.order_id: one.payload for one in handed_over(made)}
    with_paper = {key for key, payload in found.items() if payload.document is not None}
    assert with_paper == {"405-1", "405-2"}


def test_a_business_may_be_left_out() -> None:
    wishes = invoicing(document_b2b="mutation")
    made, _ = booked(order([item("10.00")], programs=["AMAZON_BUSINESS"]), settings=wishes)
    assert handed_over(made)[0].payload.document is None


def test_a_mutation_keeps_the_hash_that_it_had_before_there_were_documents() -> None:
    made, _ = booked(order([item("59.50")]))
    [only] = handed_over(made)
    assert "document" not in json.loads(only.payload_json())


PRICES = st.integers(1, 100_000).map(lambda n: f"{n // 100}.{n % 100:02d}")


@settings(max_examples=60)
@given(
    high=st.lists(PRICES, min_size=1, max_size=4),
    low=st.lists(PRICES, max_size=3),
    shipping=st.one_of(st.none(), PRICES),
    refund=st.integers(1, 100),
)
def test_every_invoice_and_credit_note_comes_out_to_the_cent(
    high: list[str], low: list[str], shipping: str | None, refund: int
) -> None:
    items = [
        item(price, item_id=str(n), sku=sku)
        for n, (price, sku) in enumerate([*((p, "A") for p in high), *((p, "LOW") for p in low)])
    ]
    if shipping:
        paid = Decimal(shipping) + Decimal(high[0])
        items[0] = item(str(paid), row("ITEM", high[0]), row("SHIPPING", shipping), item_id="0")
    made, lines = booked(order(items), settings=invoicing())
    agree(paper(handed_over(made)[0]), lines)
    # The first part of it back, and then the rest: the last part clears every cent.
    [invoice] = as_booked(made.mutations).to_dict("records")
    part = max(1, invoice["gross_cents"] * refund // 100)
    notes: list[dict[str, Any]] = []
    for back in (part, invoice["gross_cents"] - part):
        if back:
            answer = credit_note(
                invoice,
                refunded_cents=back,
                event_id=str(back),
                sequence=len(notes) + 1,
                date=invoice["date"].date(),
                earlier=notes,
            )
            assert isinstance(answer, tuple)
            notes.append(answer[0])
            frames = (MUTATIONS.of([answer[0]]), MUTATION_LINES.of(answer[1]), RELATIONS.empty())
            [booking], _ = bookings(*frames, CHART)
            agree(paper(booking), answer[1])
            assert booking.payload.gross_cents == -back


@pytest.mark.parametrize("number", ["CAMZ-1-1R"])
def test_a_number_that_the_books_cannot_print_stays_a_mutation(number: str) -> None:
    made, _ = booked(order([item("59.50")]), settings=invoicing())
    made.mutations["invoice_number"] = number
    assert handed_over(made)[0].payload.document is None
