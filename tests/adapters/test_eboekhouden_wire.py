"""What is checked before anything is sent."""

import unicodedata
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from amazon_eboekhouden.adapters.eboekhouden_wire import (
    NotSendable,
    cents,
    clean,
    cut,
    mutation_fields,
    relation_fields,
)
from amazon_eboekhouden.domain.bookings import MutationKind
from amazon_eboekhouden.domain.outcomes import OutcomeKind
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.test_eboekhouden import CUSTOMER, INVOICE, LINE, PAYMENT

TODAY = date(2026, 11, 24)


def changed_line(**values):
    return replace(INVOICE, lines=(replace(LINE, **values),))


@pytest.mark.parametrize(
    ("mutation", "code"),
    [
        (replace(INVOICE, account="12345678901"), "local-length"),
        (replace(INVOICE, account="category:DEB"), "local-length"),
        (replace(INVOICE, relation_code="x" * 16), "local-length"),
        (replace(INVOICE, invoice_number="x" * 51), "local-length"),
        (replace(INVOICE, payment_term_days=12345), "local-length"),
        (changed_line(account="12345678901"), "local-length"),
        (replace(INVOICE, account=""), "local-missing"),
        (replace(INVOICE, relation_code=""), "local-missing"),
        (replace(PAYMENT, invoice_number=""), "local-missing"),
        (replace(INVOICE, lines=()), "local-missing"),
        (changed_line(account=""), "local-missing"),
        (replace(INVOICE, in_ex_vat=""), "local-value"),
        (replace(INVOICE, in_ex_vat="INCL"), "local-value"),
        (changed_line(vat_code="HOOG"), "local-value"),
        (changed_line(vat_cents=2_101), "local-amounts"),
        (replace(INVOICE, date=date(1979, 12, 31)), "local-date"),
        (replace(INVOICE, date=date(2050, 1, 1)), "local-date"),
    ],
)
def test_what_the_wire_cannot_carry_is_refused_here(mutation, code):
    with pytest.raises(NotSendable) as refused:
        mutation_fields(mutation, "T", 200)
    assert refused.value.code == code


def test_what_is_refused_here_costs_no_call(session, books):
    outcome = session.add(replace(CUSTOMER, company="x" * 101), "T", deadline_s=5)
    assert (outcome.kind, outcome.code) == (OutcomeKind.REJECTED, "local-length")
    assert "Bedrijf has 101 characters, 100 are allowed" in outcome.detail
    assert books.calls() == {}


@pytest.mark.parametrize(
    ("relation", "code"),
    [
        (replace(CUSTOMER, code="x" * 16), "local-length"),
        (replace(CUSTOMER, city="x" * 51), "local-length"),
        (replace(CUSTOMER, company="\U0001f600" * 51), "local-length"),
        (replace(CUSTOMER, company=" \t"), "local-missing"),
        (replace(CUSTOMER, code=""), "local-missing"),
    ],
)
def test_a_relation_is_never_truncated(relation, code):
    with pytest.raises(NotSendable) as refused:
        relation_fields(relation, TODAY)
    assert refused.value.code == code


def test_the_description_alone_is_cut_and_the_token_stays_whole():
    fields = mutation_fields(replace(INVOICE, description="ü" * 500), "AZB-token", 200)
    assert fields["Omschrijving"].startswith("AZB-token ü")
    assert len(fields["Omschrijving"]) == 200
    assert fields["Boekstuk"] == "AZB-token"


def test_a_cut_never_leaves_half_a_character():
    assert cut("ab\U0001f600", 3) == "ab"
    assert cut("ab\U0001f600", 4) == "ab\U0001f600"


def test_amounts_go_out_exact_with_two_decimals():
    (line, _) = mutation_fields(INVOICE, "T", 200)["MutatieRegels"]["cMutatieRegel"]
    sent = {name: str(value) for name, value in line.items()}
    assert sent["BedragInvoer"] == sent["BedragInclBTW"] == "121.00"
    assert (sent["BedragExclBTW"], sent["BedragBTW"]) == ("100.00", "21.00")
    (line, _) = mutation_fields(replace(INVOICE, in_ex_vat="EX"), "T", 200)["MutatieRegels"][
        "cMutatieRegel"
    ]
    assert str(line["BedragInvoer"]) == "100.00"


def test_the_term_stands_on_invoices_only():
    assert mutation_fields(INVOICE, "T", 200)["Betalingstermijn"] == "30"
    assert "Betalingstermijn" not in mutation_fields(PAYMENT, "T", 200)


def test_empty_fields_are_left_out_because_an_empty_one_would_blank():
    fields = relation_fields(replace(CUSTOMER, email=""), TODAY)
    assert "Email" not in fields
    assert (fields["BP"], fields["AddDatum"]) == ("P", "2026-11-24")


@pytest.mark.parametrize("kind", list(MutationKind))
def test_every_kind_has_a_word(kind):
    assert mutation_fields(replace(INVOICE, kind=kind), "T", 200)["Soort"]


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("Jose\u0301", "Jos\u00e9"),
        ("Jose\ud800\u0301", "Jos\u00e9"),
        ("a\x00b\x0bc\r\nd", "a b c d"),
        ("x\ud800y", "xy"),
        ("x\ufffey\U0001ffff", "xy"),
        ("  twee   spaties ", "twee spaties"),
        ("שלום \U0001f600 <&>", "שלום \U0001f600 <&>"),
    ],
)
def test_text_is_made_fit_for_xml(raw, wanted):
    assert clean(raw) == wanted


@given(st.text())
def test_cleaning_twice_changes_nothing_and_xml_takes_the_result(text):
    from lxml import etree

    once = clean(text)
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
    element = etree.Element("a")
    element.text = once
    assert (etree.fromstring(etree.tostring(element)).text or "") == once


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [(0.1 + 0.2, 30), (-12.1, -1210), (Decimal("12.1000"), 1210), (1234567.89, 123456789)],
)
def test_a_double_from_the_wire_is_the_amount_that_the_books_hold(raw, wanted):
    assert cents(raw) == wanted
