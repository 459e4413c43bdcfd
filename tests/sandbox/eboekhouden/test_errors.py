"""Every error code of the table is provoked by something a program can do."""

from __future__ import annotations

import pytest
from coupling_sandbox.eboekhouden.errors import ERRORS, TOO_LONG_RELATION_FIELDS
from coupling_sandbox.eboekhouden.relations import LENGTHS

CODE_1 = "0123456789abcdef0123456789abcdef"
CODE_2 = "{A1B2C3D4-0000-4000-8000-000000000001}"


def opened(books, username="sandbox", code_1=CODE_1, code_2=CODE_2, source="tests"):
    return books.service.OpenSession(username, code_1, code_2, source).ErrorMsg.LastErrorCode


def expired(books):
    books.http.post("/control/clock", json={"advance_s": 21 * 60})
    return books.error("GetAdministraties")


def with_options(call, **options):
    def provoke(books):
        books.options(**options)
        return call(books)

    return provoke


def invoice(books, **fields):
    line = {
        "Aantal": 1,
        "PrijsPerEenheid": 10,
        "BTWCode": "HOOG_VERK_21",
        "TegenrekeningCode": "8000",
        "Code": "A",
        "KostenplaatsID": 0,
        **fields.pop("line", {}),
    }
    given = {
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
        "Regels": {"cFactuurRegel": [line]},
        **fields,
    }
    return books.error("AddFactuur", given)


def account(books, operation="AddGrootboekrekening", **fields):
    given = {"ID": 0, "Code": "4999", "Omschrijving": "Test", "Categorie": "VW", **fields}
    return books.error(operation, given)


def renamed_used_account(books):
    books.add()
    return account(books, "UpdateGrootboekrekening", Code="8000", Categorie="BAL")


def update_relation(books, **fields):
    return books.error("UpdateRelatie", books.relation_fields(**fields))


def paid(books, gross, **fields):
    books.add()
    return books.add(**books.payment(gross, **fields))


def without_vat_account(books):
    books.http.post("/control/ledgers", json={"remove": ["1630"]}).raise_for_status()
    return books.add()


def purchase(books, **fields):
    rows = fields.pop("rows", [books.row("4610", "12.10", "2.10", "HOOG_INK_21")])
    return books.add(kind="FactuurOntvangen", Rekening="1700", rows=rows, **fields)


def add_without_scalars(books):
    """A mutation of which zeep leaves out required elements, as one known client sends it."""
    zeep = pytest.importorskip("zeep")
    return books.add(Datum=zeep.xsd.SkipValue)


def incasso(books, **fields):
    return invoice(books, AutomatischeIncasso=True, **fields)


def twice(call):
    def provoke(books):
        call(books)
        return call(books)

    return provoke


LONG = "x" * 300


def long_relation_field(name):
    if name == "Code":
        return lambda b: b.relation(LONG, Bedrijf="x")
    return lambda b: b.relation("X", **{name: LONG})


LONG_INVOICE_FIELDS = {
    "FACT_SJAB_002": "Factuursjabloon",
    "FACT_INCASSO_004": "IncassoMachtigingID",
    "FACT_INCASSO_009": "IncassoIBAN",
    "FACT_INCASSO_011": "IncassoTnv",
    "FACT_INCASSO_012": "IncassoPlaats",
    "FACT_INCASSO_013": "IncassoOmschrijvingRegel1",
    "FACT_INCASSO_014": "IncassoOmschrijvingRegel2",
    "FACT_INCASSO_015": "IncassoOmschrijvingRegel3",
    "FACT_VERWERK_002": "BoekhoudmutatieOmschrijving",
}


def long_invoice_field(name):
    return lambda b: invoice(b, **{name: LONG})


PROVOKED = {
    "SESSION": expired,
    "SECURITY_010": lambda b: opened(b, code_1="wrong"),
    "SOURCE": with_options(lambda b: opened(b, source=""), missing_source="refuse"),
    "SECURITY_003": lambda b: (
        b.service.OpenSessionSub(
            "sandbox", CODE_1, CODE_2, "tests", "{00000000-0000-0000-0000-000000000000}"
        ).ErrorMsg.LastErrorCode
    ),
    "SECURITY_004": with_options(opened, account_state="not_activated"),
    "SECURITY_005": with_options(opened, account_state="overdue"),
    "SECURITY_007": with_options(lambda b: b.add(), account_state="closed_by_accountant"),
    "MODULE_001": with_options(invoice, account_state="trial_limit"),
    "CALLS": with_options(
        twice(
            lambda b: b.error(
                "GetMutaties", {"MutatieNr": 1, "DatumVan": "2026-01-01", "DatumTm": "2026-12-31"}
            )
        ),
        get_mutaties_calls_per_month=1,
    ),
    "LENGTH": lambda b: b.add(Omschrijving=LONG),
    "DESCRIPTION": with_options(lambda b: b.add(Omschrijving=""), missing_description="refuse"),
    "MUT_001": lambda b: b.add(kind="OpeningsSaldo"),
    "MUT_002": lambda b: b.add(Factuurnummer=""),
    "MUT_003": add_without_scalars,
    "MUT_004": lambda b: b.add(Datum="2050-01-01"),
    "MUT_005": with_options(lambda b: b.add(), closed_through="2026-03-01"),
    "MUT_007": lambda b: b.add(Rekening="9999"),
    "MUT_009": lambda b: b.add(**b.money(Rekening="1300")),
    "MUT_010": lambda b: purchase(b) and b.add(kind="FactuurOntvangen", Rekening="1300"),
    "MUT_011": lambda b: b.add(Rekening="1090"),
    "MUT_012": lambda b: b.add(RelatieCode=""),
    "MUT_013": lambda b: b.add(RelatieCode="nobody"),
    "MUT_014": lambda b: b.add(**b.money(RelatieCode="R")),
    "MUT_015": lambda b: b.add(Betalingstermijn="soon"),
    "MUT_016": with_options(
        lambda b: b.add(**b.money(Betalingstermijn="30")), payment_term_elsewhere="refuse"
    ),
    "MUT_017": lambda b: b.add(InExBTW="BOTH"),
    "MUT_018": lambda b: b.add(Factuurnummer="1" * 51),
    "MUT_019": twice(lambda b: b.add()),
    "MUT_020": twice(purchase),
    "MUT_022": with_options(lambda b: b.add(), opening_balance_date="2026-03-01"),
    "MUT_026": lambda b: purchase(b, rows=[b.row("4610", "11", "0", "BI_EU_INK")]),
    "MUT_100": lambda b: b.add(rows=[]),
    "MUT_101": with_options(lambda b: b.add(rows=[b.row(), b.row()]), mutation_rows_limit=1),
    "MUT_104": lambda b: b.add(rows=[b.row("7777")]),
    "MUT_106": lambda b: b.add(rows=[b.row("1090")]),
    "MUT_107": lambda b: (
        purchase(b) and b.add(**b.payment("12.10", kind="FactuurbetalingVerstuurd"))
    ),
    "MUT_108": lambda b: paid(b, "121", rows=[b.row("8000", "121", "0", "GEEN")]),
    "MUT_109": lambda b: b.add(rows=[b.row(code="HIGH")]),
    "MUT_110": lambda b: purchase(b, rows=[b.row("4610")]),
    "MUT_111": lambda b: b.add(rows=[b.row(code="HOOG_INK_21")]),
    "MUT_115": lambda b: b.add(**b.payment()),
    "MUT_116": lambda b: b.add(**b.money(Factuurnummer="A-1")),
    "MUT_117": lambda b: b.add(rows=[b.row(KostenplaatsID=7)]),
    "MUT_118": lambda b: b.add(rows=[b.row(BedragInclBTW="120.00")]),
    "MUTA_003": lambda b: b.add(rows=[b.row(code="GEEN")]),
    "VAT_AMOUNT": with_options(
        lambda b: b.add(rows=[b.row(vat="9.99")]), vat_amount_mismatch="refuse"
    ),
    "PAYMENT_NEGATIVE": with_options(lambda b: paid(b, "-1"), negative_payment="refuse"),
    "PAYMENT_PARTIAL": with_options(lambda b: paid(b, "1"), partial_payment="refuse"),
    "PAYMENT_OVER": with_options(lambda b: paid(b, "122"), over_payment="refuse"),
    "ZERO_TOTAL": with_options(
        lambda b: purchase(b, rows=[b.row("2310", "0", "0", "GEEN")]),
        zero_total_purchase_invoice="refuse",
    ),
    "AMOUNT": lambda b: b.add(rows=[b.row(gross="1" + "0" * 14, vat="0")]),
    "LEDG_001": lambda b: account(b, Code=""),
    "LEDG_002": lambda b: account(b, Code="1" * 11),
    "LEDG_004": lambda b: account(b, Omschrijving=LONG),
    "LEDG_003": lambda b: account(b, Omschrijving=""),
    "LEDG_011": lambda b: account(b, "UpdateGrootboekrekening", ID=99999),
    "LEDG_013": lambda b: account(b, Code="8000"),
    "LEDG_014": renamed_used_account,
    "LEDG_016": without_vat_account,
    "LEDG_018": lambda b: account(b, Categorie="FIN"),
    "REL_049": lambda b: b.relation(),
    "REL_001": lambda b: b.relation("X", BP="Z"),
    "REL_002": lambda b: b.relation("X", Bedrijf=""),
    "REL_004": lambda b: b.relation("X", Geslacht="f"),
    "REL_005": lambda b: b.relation(""),
    "REL_048": lambda b: b.relation("X", Gb_ID=99999),
    "REL_055": lambda b: update_relation(b, code="nobody"),
    "FACT_002": lambda b: invoice(b, Relatiecode="nobody"),
    "FACT_007": lambda b: invoice(b, Factuurnummer="1" * 51),
    "FACT_009": lambda b: invoice(b, Factuurnummer="F1a"),
    "FACT_013": lambda b: invoice(b, Datum="1979-12-31"),
    "FACT_016": lambda b: invoice(b, Betalingstermijn=-1),
    "FACT_018": lambda b: invoice(b, Factuursjabloon="Other"),
    "FACT_019": lambda b: invoice(b, Regels={"cFactuurRegel": []}),
    "FACT_101": twice(invoice),
    "FACT_EMAIL_001": lambda b: invoice(b, PerEmailVerzenden=True),
    "FACT_INCASSO_002": lambda b: incasso(b, IncassoMachtigingSoort="X"),
    "FACT_INCASSO_003": lambda b: incasso(b, IncassoMachtigingSoort="E"),
    "FACT_INCASSO_008": lambda b: incasso(b, IncassoMachtigingSoort="D", IncassoMachtigingID="M1"),
    "FACT_ITEM_CODE": with_options(
        lambda b: invoice(b, line={"Code": ""}), missing_invoice_row_code="refuse"
    ),
    "FACT_ITEM_006": lambda b: invoice(b, line={"BTWCode": ""}),
    "FACT_ITEM_007": lambda b: invoice(b, line={"TegenrekeningCode": ""}),
    "FACT_ITEM_010": lambda b: invoice(b, line={"Eenheid": "barrel"}),
    "FACT_ITEM_012": lambda b: invoice(b, line={"TegenrekeningCode": "7777"}),
    "FACT_ITEM_014": lambda b: invoice(b, line={"BTWCode": "HOOG_INK_21"}),
    "FACT_ITEM_003": lambda b: invoice(b, line={"Code": LONG}),
    **{key: long_invoice_field(name) for key, name in LONG_INVOICE_FIELDS.items()},
    **{
        f"REL_{number:03d}": long_relation_field(name)
        for number, name in TOO_LONG_RELATION_FIELDS.items()
    },
    "FACT_VERWERK_001": with_options(invoice, closed_through="2026-12-31"),
}


@pytest.mark.parametrize("key", ERRORS)
def test_every_error_code_is_provoked_and_changes_nothing(books, key):
    books.relation()
    provoke = PROVOKED[key]
    assert provoke(books) == ERRORS[key].wire


def test_codes_are_unique_and_say_where_they_come_from():
    wires = [row.wire for row in ERRORS.values()]
    assert len(set(wires)) == len(wires)
    assigned = {wire for wire in wires if wire.startswith("SBX_")}
    assert set(wires) - assigned == {"E0023", "CREL001"}


def test_a_refusal_books_nothing_and_uses_no_number(books):
    books.relation()
    first = books.add()
    before = books.journal()
    assert books.add() == "SBX_MUT_019"
    assert books.add(Factuurnummer="A-2", rows=[books.row("7777")]) == "SBX_MUT_104"
    assert books.journal() == before
    assert books.add(Factuurnummer="A-2") == first + 1


def test_the_second_code_is_checked_on_every_call(books):
    books.relation()
    books.code_2 = "{00000000-0000-0000-0000-000000000000}"
    assert books.add() == "SBX_SECURITY_010"
    assert books.journal() == []


def test_a_purchase_invoice_number_is_unique_per_relation_only(books):
    books.relation()
    books.relation("S")
    assert purchase(books) == 1
    assert purchase(books, RelatieCode="S") == 2


@pytest.mark.parametrize("gross", ["121.00", "-12.10"])
def test_an_exact_payment_is_neither_partial_nor_over(books, gross):
    books.relation()
    books.options(partial_payment="refuse", over_payment="refuse")
    books.add(rows=[books.row(gross=gross, vat="0.00")])
    assert books.add(**books.payment(gross)) == 2
    assert books.open_items() == {}


def test_the_invoice_of_a_payment_must_be_of_that_relation(books):
    books.relation()
    books.relation("S")
    books.add()
    assert books.add(**books.payment(RelatieCode="S")) == "SBX_MUT_115"


@pytest.mark.parametrize(
    ("field", "limit", "code"),
    [
        ("Boekstuk", 50, "SBX_LENGTH"),
        ("Omschrijving", 200, "SBX_LENGTH"),
        ("Betalingskenmerk", 50, "SBX_LENGTH"),
        ("Factuurnummer", 50, "SBX_MUT_018"),
        ("Betalingstermijn", 4, "SBX_MUT_015"),
    ],
)
def test_a_field_is_accepted_up_to_its_limit(books, field, limit, code):
    books.relation()
    assert books.add(**{field: "1" * (limit + 1)}) == code
    assert books.add(**{field: "1" * limit}) == 1


@pytest.mark.parametrize(("field", "limit"), sorted(LENGTHS.items()))
def test_a_relations_field_is_accepted_up_to_its_limit(books, field, limit):
    fields = {"code": "X", "code" if field == "Code" else field: "1" * limit}
    assert books.relation(**fields) == 1
