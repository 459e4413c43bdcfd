"""Invoices as documents: e-Boekhouden makes one from a factuursjabloon and books it itself.

It takes prices per piece without VAT and reckons the VAT once per code over the whole invoice. So
the prices are cut so fine (six decimals) that every line comes back to the cent, and where VAT
carved out of the gross can't be reached from any net, a line of a cent without VAT closes the gap:
the buyer's total, the VAT and the revenue per account are those of the mutation.
Source: accounting rules 6 (the AddFactuur trap); e-Boekhouden reference 10 and 13.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.config.accounts import country_names
from amazon_eboekhouden.config.settings import BooksSettings
from amazon_eboekhouden.config.vat import DUTCH_VAT_CODES, ZERO
from amazon_eboekhouden.domain.booked_invoice import groups_of_facts
from amazon_eboekhouden.domain.bookings import Document, DocumentLine, MutationLine
from amazon_eboekhouden.domain.money import (
    CENT,
    round_half_up,
    split_largest_remainder,
    vat_on_top,
)
from amazon_eboekhouden.domain.vat_lines import (
    NO_VAT,
    OrderLine,
    RateGroup,
    numbered_lines,
)

SIX_DECIMALS = Decimal("0.000001")
# What the buyer reads on a line that is no article.
WORDS = {
    "goods": "Artikel",
    "other": "Overige kosten",
    "shipping": "Verzendkosten",
    "tip": "Fooi",
    "gift_wrap": "Cadeauverpakking",
    "payment_costs": "Betaalkosten",
    "goods_discount": "Korting",
    "shipping_discount": "Korting op verzendkosten",
    "gift_wrap_discount": "Korting op cadeauverpakking",
    "payment_costs_discount": "Korting op betaalkosten",
    "other_discount": "Korting",
}
_ROUNDING = "Afronding"
_LONGEST_TEXT = 200
# A cent closes the gap of an invoice; the last part of a credit may need more.
_WIDEST_GAP = 100


def template_for(books: BooksSettings, *, business: bool) -> str:
    """The factuursjabloon that a sale's invoice is made from; "" when it is booked as a mutation.

    Args:
        books: the coupling's settings.
        business: the buyer is a business.
    """
    kind = (books.document_b2b if business else None) or books.document
    return (books.invoice_template or "") if kind == "invoice" else ""


def document_facts(
    template: str, groups: Sequence[RateGroup], lines: Sequence[OrderLine]
) -> dict[str, Any]:
    """What a document needs beside its amounts: the articles, by their place on the invoice."""
    articles = deque(line for line in lines if line.order_item_id and line.component == "goods")
    goods = {}
    for line in sorted((x for g in groups for x in g.lines), key=lambda x: x.position):
        if line.component == "goods" and articles:
            article = articles.popleft()
            text = article.title or article.sku or WORDS["goods"]
            goods[str(line.position)] = [text[:_LONGEST_TEXT], article.sku, article.pieces]
    return {"template": template, "goods": goods}


def document_of(facts: Mapping[str, Any]) -> tuple[Document, tuple[MutationLine, ...]]:
    """A document, and the lines that the books hold once it is booked.

    Args:
        facts: of an invoice or credit note that is made as a document.
    """
    goods: Mapping[str, Any] = facts["as_document"]["goods"]
    is_credit = "invoice" in facts
    shown, booked = [], []
    for position, group, line in numbered_lines(groups_of_facts(facts)):
        text, code, pieces = goods.get(str(position), (_words(position, group), "", 1))
        shown.append(_line(text, code, 1 if is_credit else pieces, line))
        booked.append(line)
    for vat_code in dict.fromkeys(line.vat_code for line in booked):
        _close_gap(shown, booked, vat_code)
    return Document(facts["as_document"]["template"], tuple(shown)), _as_booked(booked)


def _words(position: int, group: RateGroup) -> str:
    if not position:
        country = country_names().get(group.country, group.country)
        return f"Btw {country} {group.percent:f} %".replace(".", ",")
    component = next(line.component for line in group.lines if line.position == position)
    return WORDS[component]


def _line(text: str, code: str, pieces: int, line: MutationLine) -> DocumentLine:
    """A line whose pieces times price is its net to the cent."""
    net = Decimal(line.net_cents) * CENT
    price = (net / pieces).quantize(SIX_DECIMALS)
    if round_half_up(price * pieces / CENT) != line.net_cents:
        pieces, price = 1, net.quantize(SIX_DECIMALS)
    return DocumentLine(text, code, pieces, price, line.vat_code, line.account)


def _close_gap(shown: list[DocumentLine], booked: list[MutationLine], vat_code: str) -> None:
    """Make the VAT that e-Boekhouden will reckon on the nets of a code the VAT of the mutation."""
    places = [n for n, line in enumerate(booked) if line.vat_code == vat_code]
    percent = DUTCH_VAT_CODES.get(vat_code, ZERO)
    net = sum(booked[n].net_cents for n in places)
    vat = sum(booked[n].vat_cents for n in places)
    for away in range(_WIDEST_GAP):
        for gap in (away, -away):
            if vat_on_top(net + gap, percent) == vat:
                if gap:
                    _move(shown, booked, max(places, key=lambda n: abs(booked[n].net_cents)), gap)
                return


def _move(shown: list[DocumentLine], booked: list[MutationLine], at: int, cents: int) -> None:
    """Put cents more on a line, and take them off again beside it without VAT."""
    line = replace(booked[at], net_cents=booked[at].net_cents + cents)
    booked[at] = line
    shown[at] = _line(shown[at].text, shown[at].code, shown[at].pieces, line)
    rounding = MutationLine(line.account, NO_VAT, ZERO, -cents, 0, -cents)
    booked.append(rounding)
    shown.append(_line(_ROUNDING, "", 1, rounding))


def _as_booked(lines: Sequence[MutationLine]) -> tuple[MutationLine, ...]:
    """The lines with the VAT of each code reckoned on their sum and divided over them."""
    by_code: dict[str, list[int]] = defaultdict(list)
    for n, line in enumerate(lines):
        by_code[line.vat_code].append(n)
    booked = list(lines)
    for vat_code, places in by_code.items():
        nets = [lines[n].net_cents for n in places]
        total = vat_on_top(sum(nets), DUTCH_VAT_CODES.get(vat_code, ZERO))
        for n, net, vat in zip(places, nets, split_largest_remainder(total, nets), strict=True):
            booked[n] = replace(lines[n], vat_cents=vat, gross_cents=net + vat)
    return tuple(booked)
