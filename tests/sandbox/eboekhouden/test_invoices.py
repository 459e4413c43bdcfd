"""AddFactuur: prices without VAT, one rounding per VAT code, and what lands in the books."""

from __future__ import annotations

from decimal import Decimal

import pytest

ALL_DATES = {"DatumVan": "1980-01-01", "DatumTm": "2049-12-31"}


def line(price, quantity=1, code="HOOG_VERK_21", **fields):
    return {
        "Aantal": quantity,
        "Code": "SKU",
        "Omschrijving": "Artikel",
        "PrijsPerEenheid": Decimal(price),
        "BTWCode": code,
        "TegenrekeningCode": "8000",
        "KostenplaatsID": 0,
        **fields,
    }


def invoice(lines, **fields):
    return {
        "Factuurnummer": "F1",
        "Relatiecode": "R",
        "Datum": "2026-03-01",
        "Betalingstermijn": 14,
        "Factuursjabloon": "Amazon",
        "PerEmailVerzenden": False,
        "AutomatischeIncasso": False,
        "IncassoMachtigingDatumOndertekening": "2026-01-01",
        "IncassoMachtigingFirst": False,
        "InBoekhoudingPlaatsen": True,
        "BoekhoudmutatieOmschrijving": "bestelling",
        "Regels": {"cFactuurRegel": lines},
        **fields,
    }


@pytest.fixture
def books(books):
    books.relation(Email="r@example.com")
    return books


def add(books, lines, **fields):
    result = books.call("AddFactuur", invoice(lines, **fields))
    return result.ErrorMsg.LastErrorCode or result.Factuurnummer


def total(books):
    [found] = books.call("GetFacturen", ALL_DATES).Facturen.cFactuurList
    return Decimal(str(found.TotaalInclBTW))


def test_a_unit_price_cut_to_cents_misses_the_gross(books):
    assert add(books, [line("16.52", 10)]) == "F1"
    assert total(books) == Decimal("199.89")


def test_a_precise_unit_price_hits_the_gross(books):
    add(books, [line("16.520661", 10)])
    assert total(books) == Decimal("199.90")
    assert books.balances() == {
        "1300": Decimal("199.90"),
        "8000": Decimal("-165.21"),
        "1630": Decimal("-34.69"),
    }


def test_round_unit_price(books):
    books.options(round_unit_price=True)
    add(books, [line("16.520661", 10)])
    assert total(books) == Decimal("199.89")


def test_vat_is_rounded_once_per_code(books):
    add(books, [line("1.645") for _ in range(3)])
    assert books.balances()["1630"] == Decimal("-1.04")


def test_a_document_that_is_not_booked_leaves_the_books_alone(books):
    add(books, [line("10")], InBoekhoudingPlaatsen=False)
    assert books.journal() == []
    [found] = books.call("GetFacturen", ALL_DATES).Facturen.cFactuurList
    assert found.TotaalOpenstaand == 12.1


def test_payments_show_on_the_document(books):
    add(books, [line("100")])
    books.add(**books.payment("21.00", Factuurnummer="F1"))
    [found] = books.call("GetFacturen", ALL_DATES).Facturen.cFactuurList
    assert (found.TotaalInclBTW, found.TotaalOpenstaand) == (121.0, 100.0)


@pytest.mark.parametrize(
    ("option", "description"), [("as_sent", "bestelling"), ("invoice_number", "Factuur F1")]
)
def test_invoice_mutation_description(books, option, description):
    books.options(invoice_mutation_description=option)
    add(books, [line("10")])
    assert {entry["description"] for entry in books.journal()} == {description}


def test_invoice_templates(books):
    assert add(books, [line("10")], Factuursjabloon="Mijn sjabloon") == "SBX_FACT_018"
    books.options(invoice_templates=["Mijn sjabloon"])
    assert add(books, [line("10")], Factuursjabloon="Mijn sjabloon") == "F1"
    assert add(books, [line("10")], Factuurnummer="F2") == "SBX_FACT_018"


def test_numbers_are_made_when_left_empty_and_skip_those_in_use(books):
    books.add(Factuurnummer="F00002")
    made = [add(books, [line("1")], Factuurnummer="") for _ in range(2)]
    assert made == ["F00001", "F00003"]


def test_a_number_of_a_booked_mutation_is_in_use(books):
    books.add(Factuurnummer="F1")
    assert add(books, [line("1")]) == "SBX_FACT_101"
    add(books, [line("1")], Factuurnummer="F2")
    assert books.add(Factuurnummer="F2") == "SBX_MUT_019"


def test_filters_of_get_facturen(books):
    books.relation("S")
    add(books, [line("1")])
    add(books, [line("1")], Factuurnummer="F2", Relatiecode="S", Datum="2026-04-01")

    def numbers(**filters):
        found = books.call("GetFacturen", {**ALL_DATES, **filters}).Facturen
        return [f.Factuurnummer for f in found.cFactuurList] if found else []

    assert numbers() == ["F1", "F2"]
    assert numbers(Relatiecode="S") == ["F2"]
    assert numbers(Factuurnummer="F1") == ["F1"]
    assert numbers(DatumVan="2026-03-02") == ["F2"]
    assert numbers(Relatiecode="nobody") == []


def test_the_link_leads_to_a_pdf(books):
    add(books, [line("10", Omschrijving="Boek (nieuw)")])
    [found] = books.call("GetFacturen", ALL_DATES).Facturen.cFactuurList
    answer = books.http.get(found.URLPDFBestand)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.4")
    assert b"Boek \\(nieuw\\)" in answer.content
    assert books.http.get(found.URLPDFBestand.replace("F1", "F9")).status_code == 404


def test_the_untyped_relation_code_is_a_string(books):
    add(books, [line("10")])
    [found] = books.call("GetFacturen", ALL_DATES).Facturen.cFactuurList
    assert found.Relatiecode == "R"


def test_a_direct_debit_with_all_it_needs_is_accepted(books):
    debit = {
        "AutomatischeIncasso": True,
        "IncassoMachtigingSoort": "E",
        "IncassoMachtigingID": "M1",
        "IncassoIBAN": "NL91ABNA0417164300",
    }
    assert add(books, [line("10")], PerEmailVerzenden=True, **debit) == "F1"


def test_a_vat_amount_that_the_chart_cannot_place_keeps_nothing(books):
    books.http.post("/control/ledgers", json={"remove": ["1630"]})
    assert add(books, [line("10")]) == "SBX_LEDG_016"
    assert books.call("GetFacturen", ALL_DATES).Facturen is None
    assert books.journal() == []


@pytest.mark.parametrize(("position", "code"), [("accept", ""), ("refuse", "SBX_FACT_ITEM_CODE")])
def test_a_row_without_code(books, position, code):
    books.relation()
    books.options(missing_invoice_row_code=position)
    assert books.error("AddFactuur", invoice([line("10", Code=None)])) == code
    assert books.error("AddFactuur", invoice([line("10")], Factuurnummer="F2")) == ""
