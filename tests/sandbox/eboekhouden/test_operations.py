"""All 20 operations through real zeep, on the SOAP 1.1 and the SOAP 1.2 port."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from coupling_sandbox.eboekhouden.schema import OPERATIONS

GUID = "{E5F6A7B8-0000-4000-8000-00000000BEEF}"
ALL_DATES = {"DatumVan": "1980-01-01", "DatumTm": "2049-12-31"}
INVOICE = {
    "Factuurnummer": "",
    "Relatiecode": "R",
    "Datum": dt.date(2026, 3, 1),
    "Betalingstermijn": 14,
    "Factuursjabloon": "Factuursjabloon",
    "PerEmailVerzenden": False,
    "AutomatischeIncasso": False,
    "IncassoMachtigingDatumOndertekening": dt.date(2026, 1, 1),
    "IncassoMachtigingFirst": False,
    "InBoekhoudingPlaatsen": True,
    "BoekhoudmutatieOmschrijving": "via factuur",
    "Regels": {
        "cFactuurRegel": [
            {
                "Aantal": 2,
                "Eenheid": "stuk",
                "Code": "SKU",
                "Omschrijving": "Boek",
                "PrijsPerEenheid": Decimal("10.00"),
                "BTWCode": "LAAG_VERK_9",
                "TegenrekeningCode": "8010",
                "KostenplaatsID": 0,
            }
        ]
    },
}


@pytest.fixture(params=["soapAppSoap", "soapAppSoap12"])
def books(request, client, http, books):
    return type(books)(client.bind("soapApp", request.param), http)


def call(books, used, operation, *arguments):
    used.add(operation)
    result = books.call(operation, *arguments)
    error = getattr(result, "ErrorMsg", result)
    assert not error.LastErrorCode, error
    return result


def test_all_operations_work(books):
    used = {"OpenSession", "OpenSessionSub", "CloseSession", "AutoLogin"}
    http, service = books.http, books.service
    http.post("/control/cost-centres", json=[{"Omschrijving": "Winkel"}])
    http.post("/control/articles", json=[{"ArtikelCode": "SKU", "VerkoopprijsExclBTW": "9.95"}])
    [own] = call(books, used, "GetAdministraties").Administraties.cAdministratie
    assert (own.Guid, own.Bedrijf) == (GUID, "Sandbox Webwinkel")
    relation_id = call(books, used, "AddRelatie", books.relation_fields(Plaats="Gent")).Rel_ID
    [found] = call(books, used, "GetRelaties", {"ID": relation_id}).Relaties.cRelatie
    assert (found.Code, found.Plaats) == ("R", "Gent")
    changed = books.relation_fields(ID=relation_id, Plaats="", Land="BE")
    call(books, used, "UpdateRelatie", changed)
    number = call(books, used, "AddMutatie", books.fields(MutatieNr=99999)).Mutatienummer
    assert number == 1
    [mutation] = call(books, used, "GetMutaties", {"MutatieNr": 1, **ALL_DATES}).Mutaties[
        "cMutatieList"
    ]
    assert (mutation.Soort, mutation.Datum.date()) == ("FactuurVerstuurd", dt.date(2026, 3, 1))
    invoice = call(books, used, "AddFactuur", INVOICE).Factuurnummer
    assert invoice == "F00001"
    [document] = call(books, used, "GetFacturen", ALL_DATES).Facturen.cFactuurList
    assert (document.Factuurnummer, document.TotaalInclBTW) == ("F00001", 21.8)
    assert len(document.Regels.cFactuurRegel) == 1
    account = {"ID": 0, "Code": "4999", "Omschrijving": "Test", "Categorie": "VW", "Groep": ""}
    account_id = call(books, used, "AddGrootboekrekening", account).Gb_ID
    renamed = {**account, "ID": account_id, "Omschrijving": "Anders"}
    call(books, used, "UpdateGrootboekrekening", renamed)
    filters = {"ID": 0, "Code": "4999"}
    [row] = call(books, used, "GetGrootboekrekeningen", filters).Rekeningen.cGrootboekrekening
    assert (row.ID, row.Omschrijving) == (account_id, "Anders")
    items = call(books, used, "GetOpenPosten", "Debiteuren").Openposten.cOpenPost
    assert {(i.MutFactuur, i.RelBedrijf, i.Openstaand) for i in items} == {
        ("A-1", "Klant R", 121.0),
        ("F00001", "Klant R", 21.8),
    }
    period = {"KostenPlaatsId": 0, "DatumVan": None, "DatumTot": None}
    assert call(books, used, "GetSaldo", {"GbCode": "1300", **period}).Saldo == 142.8
    balances = call(books, used, "GetSaldi", {**period, "Categorie": "DEB"}).Saldi.cSaldo
    assert [(b.Code, b.Saldo) for b in balances] == [("1300", 142.8)]
    [centre] = call(books, used, "GetKostenplaatsen", {}).Kostenplaatsen.cKostenplaats
    assert (centre.KostenplaatsId, centre.Omschrijving) == (1, "Winkel")
    [article] = call(books, used, "GetArtikelen", {"ArtikelCode": "SKU"}).Artikelen.cArtikel
    assert article.VerkoopprijsExclBTW == Decimal("9.95")
    assert service.AutoLogin("sandbox", books.session_id, books.code_2).Token
    assert service.CloseSession(books.session_id) is None
    assert used == set(OPERATIONS)


def test_an_accountant_opens_a_clients_administration(books):
    guid = "{00000000-1111-2222-3333-444444444444}"
    books.http.post(
        "/control/administrations",
        json={
            "username": "second",
            "security_code_1": "1" * 32,
            "security_code_2": "{2}",
            "guid": guid,
            "company": "Tweede",
            "accountant": "sandbox",
        },
    ).raise_for_status()
    seen = books.call("GetAdministraties").Administraties.cAdministratie
    assert [one.Bedrijf for one in seen] == ["Sandbox Webwinkel", "Tweede"]
    login = ("sandbox", "0123456789abcdef0123456789abcdef", books.code_2)
    books.session_id = books.service.OpenSessionSub(*login, "tests", guid).SessionID
    assert [a.Guid for a in books.call("GetAdministraties").Administraties.cAdministratie] == [guid]
    books.relation()
    books.add()
    assert books.journal() == []
    own = books.http.get("/control/journal", params={"administration": guid}).json()
    assert len(own) == 3


def test_update_relation_blanks_what_arrives_empty_and_leaves_what_does_not_arrive(books):
    books.relation(Plaats="Gent", Land="BE", Telefoon="1")
    update = books.relation_fields(Bedrijf="Nieuw", Plaats="")
    assert books.error("UpdateRelatie", update) == ""
    [found] = books.call("GetRelaties", {"ID": 0, "Code": "R"}).Relaties.cRelatie
    assert (found.Bedrijf, found.Plaats, found.Land, found.Telefoon) == ("Nieuw", None, "BE", "1")


@pytest.mark.parametrize(
    ("keyword", "codes"),
    [("jan", ["A"]), ("GENT", ["B"]), ("a", ["A", "B"]), ("nobody", [])],
)
def test_relations_are_found_by_keyword(books, keyword, codes):
    books.relation("A", Bedrijf="Jansen")
    books.relation("B", Bedrijf="Peeters", Plaats="Gent", Email="a@b.example")
    found = books.call("GetRelaties", {"ID": 0, "Trefwoord": keyword}).Relaties
    assert [r.Code for r in found.cRelatie] == codes if found else codes == []


def test_payment_reference_is_kept_but_never_given_back(books):
    books.relation()
    books.add(Betalingskenmerk="8000000012345678", Boekstuk="token")
    [found] = books.find()
    assert found.Boekstuk == "token"
    assert "8000000012345678" not in str(found)


def test_filters_of_get_mutaties(books):
    books.relation()
    books.add()
    books.add(**books.payment())
    books.add(Factuurnummer="A-2", Datum="2026-04-01")
    assert [m.MutatieNr for m in books.find(Factuurnummer="A-1")] == [1, 2]
    assert [m.MutatieNr for m in books.find(MutatieNrVan=2, MutatieNrTm=3)] == [2, 3]
    assert [m.MutatieNr for m in books.find(MutatieNr=2)] == [2]
    assert [m.MutatieNr for m in books.find(DatumVan="2026-04-01")] == [3]
    assert [m.MutatieNr for m in books.find(DatumTm="2026-03-31")] == [1, 2]
    assert books.find(MutatieNr=2, Factuurnummer="A-2") == []
    assert [m.MutatieNr for m in books.find(Factuurnummer="A-1", MutatieNrVan=2)] == [2]
    assert [m.MutatieNr for m in books.find(Factuurnummer="A-1", MutatieNrTm=1)] == [1]


def test_balances_by_date_and_cost_centre(books):
    books.http.post("/control/cost-centres", json=[{"Omschrijving": "A"}, {"Omschrijving": "B"}])
    books.relation()
    books.add(rows=[books.row(KostenplaatsID=1)])
    books.add(Factuurnummer="A-2", Datum="2026-04-01", rows=[books.row(KostenplaatsID=2)])

    def balance(centre=0, first=None, last=None):
        filters = {
            "GbCode": "8000",
            "KostenPlaatsId": centre,
            "DatumVan": first,
            "DatumTot": last,
        }
        return books.call("GetSaldo", filters).Saldo

    assert balance() == -200.0
    assert balance(centre=1) == -100.0
    assert balance(last="2026-03-31") == -100.0
    assert balance(first="2026-04-01", last="2026-04-01", centre=2) == -100.0
    assert balance(first="2026-04-01", last="2026-04-01", centre=1) == 0.0


def test_purchase_invoices_and_their_payments_are_creditors(books):
    books.relation()
    rows = [books.row("4610", "12.10", "2.10", "HOOG_INK_21")]
    books.add(kind="FactuurOntvangen", Rekening="1700", rows=rows)
    assert books.open_items("Crediteuren") == {"A-1": Decimal("12.10")}
    assert books.open_items() == {}
    paid = books.payment(
        kind="FactuurbetalingVerstuurd", rows=[books.row("1700", "12.10", "0", "GEEN")]
    )
    books.add(**paid)
    assert books.open_items("Crediteuren") == {}
    assert books.balances() == {
        "4610": Decimal("10.00"),
        "1635": Decimal("2.10"),
        "1090": Decimal("-12.10"),
    }
