"""The control verbs: chart, administrations, journal, and a person at the screen."""

from __future__ import annotations

from decimal import Decimal

import pytest

SECOND = {
    "username": "second",
    "security_code_1": "f" * 32,
    "security_code_2": "{22222222-0000-4000-8000-000000000002}",
    "guid": "{22222222-1111-4000-8000-000000000002}",
    "company": "Tweede Webwinkel",
}


def person(books, **action):
    answer = books.http.post("/control/mutations", json=action)
    return answer.json() if answer.status_code == 200 else answer.json()["error"]


def test_the_default_chart_has_every_account_of_the_default_mapping(http):
    chart = {row["code"]: row["category"] for row in http.get("/control/ledgers").json()}
    expected = {
        "FIN": "1000 1010 1020 1090 1091 1092 1093 1094",
        "DEB": "1300",
        "CRED": "1700",
        "AF19": "1630",
        "AF6": "1631",
        "AFOVERIG": "1632",
        "VOOR": "1635",
        "BTWRC": "1650",
        "BAL": "1095 2010 2090 2095 2310 1641 1670 1672 1676 1691 1699",
        "VW": "8000 8005 8010 8015 8020 8025 8030 8035 8040 8050 8060 8100 8110 8120 8130 8190 "
        "8200 4600 4610 4611 4612 4613 4614 4615 4616 4617 4900 4910",
    }
    for category, codes in expected.items():
        assert {code: chart.get(code) for code in codes.split()} == dict.fromkeys(
            codes.split(), category
        )
    assert len([code for code in chart if "1640" <= code <= "1676" and chart[code] == "BAL"]) == 27


def test_accounts_are_removed_added_and_replaced(books):
    changed = {"remove": ["1090"], "add": [{"code": "7000", "category": "VW"}]}
    codes = {row["code"] for row in books.http.post("/control/ledgers", json=changed).json()}
    assert "7000" in codes
    assert "1090" not in codes
    assert books.add(**books.money()) == "SBX_MUT_007"
    chart = [{"code": "1", "category": "FIN", "description": "Kas"}]
    assert len(books.http.put("/control/ledgers", json=chart).json()) == 1
    found = books.call("GetGrootboekrekeningen", {"ID": 0}).Rekeningen.cGrootboekrekening
    assert [(a.Code, a.Categorie) for a in found] == [("1", "FIN")]
    assert len(books.http.put("/control/ledgers", content="null").json()) > 80


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "ledgers", {"remove": ["7777"]}),
        ("POST", "ledgers", {"add": [{"code": "8000", "category": "VW"}]}),
        ("POST", "ledgers", {"add": [{"code": "1", "category": "XXX"}]}),
        ("POST", "ledgers", {"add": [{"category": "VW"}]}),
        ("POST", "ledgers", {"drop": []}),
        ("POST", "administrations", {}),
        ("POST", "administrations", {**SECOND, "colour": "red"}),
        ("POST", "mutations", {"do": "burn"}),
        ("POST", "mutations", {"do": "delete", "number": 99}),
        ("POST", "mutations", {"do": "add", "Colour": "red"}),
        ("GET", "journal?administration=nobody", None),
    ],
)
def test_wrong_use_is_refused_with_the_cause(http, method, path, body):
    answer = http.request(method, f"/control/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_each_administration_has_its_own_books_and_credentials(books):
    books.http.post("/control/administrations", json=SECOND).raise_for_status()
    assert books.http.post("/control/administrations", json=SECOND).status_code == 400
    login = (SECOND["username"], SECOND["security_code_1"], SECOND["security_code_2"])
    session = books.service.OpenSession(*login, "tests").SessionID
    one = books.service.GetAdministraties(session, SECOND["security_code_2"])
    assert [a.Guid for a in one.Administraties.cAdministratie] == [SECOND["guid"]]
    books.service.AddRelatie(session, SECOND["security_code_2"], books.relation_fields())
    result = books.service.AddMutatie(session, SECOND["security_code_2"], books.fields())
    assert result.Mutatienummer == 1
    assert books.journal() == []
    guid = {"administration": SECOND["guid"].strip("{}").lower()}
    assert len(books.http.get("/control/journal", params=guid).json()) == 3
    assert books.error("GetRelaties", {"ID": 0}) == ""


def test_the_journal_has_the_documented_fields(books):
    books.relation()
    books.add(Boekstuk="token", Omschrijving="bestelling")
    assert books.journal()[0] == {
        "date": "2026-03-01",
        "mutation_number": 1,
        "kind": "FactuurVerstuurd",
        "account": "1300",
        "debit": "121.00",
        "credit": "0.00",
        "relation": "R",
        "invoice_number": "A-1",
        "description": "bestelling",
        "voucher": "token",
    }


def test_a_person_pays_several_invoices_at_once(books):
    books.relation()
    books.add(Factuurnummer="760-1")
    books.add(Factuurnummer="760")
    rows = [
        {
            "TegenrekeningCode": "1300",
            "BedragInvoer": "121",
            "BTWCode": "GEEN",
            "Factuurnummer": number,
        }
        for number in ("760-1", "760")
    ]
    done = person(
        books,
        do="add",
        Soort="FactuurbetalingOntvangen",
        Datum="2026-03-05",
        Rekening="1010",
        RelatieCode="R",
        MutatieRegels=rows,
    )
    assert done == [{"do": "add", "number": 3}]
    [found] = books.find(MutatieNr=3)
    assert found.Factuurnummer == "760-1,760"
    assert [r.Factuurnummer for r in found.MutatieRegels.cMutatieListRegel] == ["760-1", "760"]
    assert [m.MutatieNr for m in books.find(Factuurnummer="760")] == [2, 3]
    assert books.open_items() == {}


def test_a_person_changes_an_amount(books):
    books.relation()
    books.add(Boekstuk="token")
    rows = [
        {
            "TegenrekeningCode": "8000",
            "BedragInvoer": "60.50",
            "BedragExclBTW": "50.00",
            "BedragBTW": "10.50",
            "BedragInclBTW": "60.50",
            "BTWCode": "HOOG_VERK_21",
        }
    ]
    assert person(books, do="change", number=1, MutatieRegels=rows) == [
        {"do": "change", "number": 1}
    ]
    [found] = books.find()
    assert (found.Boekstuk, found.Betalingstermijn) == ("token", "30")
    assert books.open_items() == {"A-1": Decimal("60.50")}
    assert books.balances()["1630"] == Decimal("-10.50")


def test_a_change_that_is_refused_leaves_everything_as_it_was(books):
    books.relation()
    books.add()
    before = books.journal()
    assert "SBX_MUT_007" in person(books, do="change", number=1, Rekening="9999")
    assert books.journal() == before
    assert books.open_items() == {"A-1": Decimal("121.00")}


def test_a_person_deletes_and_the_number_never_comes_back(books):
    books.relation()
    books.add()
    books.add(**books.payment("100"))
    person(books, do="delete", number=2)
    assert books.open_items() == {"A-1": Decimal("121.00")}
    person(books, do="delete", number=1)
    assert books.journal() == []
    assert books.open_items() == {}
    assert books.find(Factuurnummer="A-1") == []
    assert books.add() == 3
    person(books, do="delete", number=3)
    assert books.add() == 4


def test_a_payment_survives_the_deletion_of_its_invoice(books):
    books.relation()
    books.add()
    books.add(**books.payment("121"))
    person(books, do="delete", number=1)
    assert books.open_items() == {"A-1": Decimal("-121.00")}
    assert books.balances() == {"1090": Decimal("121.00"), "1300": Decimal("-121.00")}
    assert books.add(**books.payment("1")) == "SBX_MUT_115"


def test_a_person_books_an_invoice_by_hand_in_the_same_series(books):
    books.relation()
    row = {"TegenrekeningCode": "8000", "BedragInvoer": "10", "BTWCode": "GEEN"}
    invoice = {
        "Soort": "FactuurVerstuurd",
        "Datum": "2026-03-01",
        "Rekening": "1300",
        "RelatieCode": "R",
        "Factuurnummer": "A-1",
        "InExBTW": "IN",
        "MutatieRegels": [row],
    }
    person(books, do="add", **invoice)
    assert books.add() == "SBX_MUT_019"
    assert "SBX_MUT_019" in person(books, do="add", **invoice)


def test_reset_empties_everything(books):
    books.relation()
    books.add()
    books.options(negative_payment="refuse")
    books.http.post("/control/administrations", json=SECOND)
    books.http.post("/control/reset")
    assert books.journal() == []
    assert books.http.get("/control/options").json()["negative_payment"] == "accept"
    assert len(books.http.get("/control/administrations").json()) == 1
    assert books.error("GetRelaties", {"ID": 0}) == "E0023"
