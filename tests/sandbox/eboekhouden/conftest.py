"""The sandbox over real HTTP, and the books through real zeep."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import httpx
import pytest
import zeep
from coupling_sandbox.clock import Clock
from coupling_sandbox.eboekhouden.app import create_app
from coupling_sandbox.server import serve_in_thread

USERNAME = "sandbox"
CODE_1 = "0123456789abcdef0123456789abcdef"
CODE_2 = "{A1B2C3D4-0000-4000-8000-000000000001}"
GUID = "{E5F6A7B8-0000-4000-8000-00000000BEEF}"
ALL_DATES = {"DatumVan": "1980-01-01", "DatumTm": "2049-12-31"}


@pytest.fixture(scope="session")
def address():
    with serve_in_thread(create_app(clock=Clock())) as url:
        yield url


@pytest.fixture(scope="session")
def http(address):
    with httpx.Client(base_url=address, timeout=10) as client:
        yield client


@pytest.fixture(autouse=True)
def fresh_books(request):
    if "http" in request.fixturenames or "books" in request.fixturenames:
        request.getfixturevalue("http").post("/control/reset").raise_for_status()


@pytest.fixture(scope="session")
def client(address):
    found = zeep.Client(f"{address}/soap.asmx?wsdl")
    yield found
    found.transport.session.close()


def relation(code="R", **fields):
    blank = {
        "ID": 0,
        "AddDatum": "2026-01-01",
        "Gb_ID": 0,
        "GeenEmail": 0,
        "NieuwsbriefgroepenCount": 0,
    }
    return {**blank, "Code": code, "Bedrijf": f"Klant {code}", **fields}


def row(account="8000", gross="121.00", vat="21.00", code="HOOG_VERK_21", **fields):
    gross, vat = Decimal(gross), Decimal(vat)
    return {
        "BedragInvoer": gross,
        "BedragExclBTW": gross - vat,
        "BedragBTW": vat,
        "BedragInclBTW": gross,
        "BTWCode": code,
        "BTWPercentage": 0,
        "TegenrekeningCode": account,
        "KostenplaatsID": 0,
        **fields,
    }


def mutation(kind="FactuurVerstuurd", rows=None, **fields):
    """A valid sales invoice unless fields say otherwise; a field set to None is left out."""
    given = {
        "MutatieNr": 0,
        "Soort": kind,
        "Datum": dt.date(2026, 3, 1),
        "Rekening": "1300",
        "RelatieCode": "R",
        "Factuurnummer": "A-1",
        "Omschrijving": "test",
        "Betalingstermijn": "30",
        "InExBTW": "IN",
        "MutatieRegels": {"cMutatieRegel": [row()] if rows is None else rows},
        **fields,
    }
    return {name: value for name, value in given.items() if value is not None}


def payment(gross="121.00", **fields):
    """The fields of a payment of invoice A-1."""
    return {
        "kind": "FactuurbetalingOntvangen",
        "Rekening": "1090",
        "InExBTW": "EX",
        "Betalingstermijn": None,
        "rows": [row("1300", gross, "0", "GEEN")],
        **fields,
    }


def money(gross="12.10", account="4610", code="HOOG_INK_21", vat="2.10", **fields):
    """The fields of money spent from the clearing account."""
    return {
        "kind": "GeldUitgegeven",
        "Rekening": "1090",
        "RelatieCode": None,
        "Factuurnummer": None,
        "Betalingstermijn": None,
        "rows": [row(account, gross, vat, code)],
        **fields,
    }


class Books:
    """The books as a program sees them: one session, refusals as codes.

    The helpers ride along, because a test module cannot import from a conftest.
    """

    row = staticmethod(row)
    fields = staticmethod(mutation)
    payment = staticmethod(payment)
    money = staticmethod(money)
    relation_fields = staticmethod(relation)

    def __init__(self, service, http, code_2=CODE_2):
        self.service = service
        self.http = http
        self.code_2 = code_2
        opened = service.OpenSession(USERNAME, CODE_1, code_2, "tests")
        assert not opened.ErrorMsg.LastErrorCode
        self.session_id = opened.SessionID

    def call(self, operation, *arguments, **named):
        return self.service[operation](self.session_id, self.code_2, *arguments, **named)

    def options(self, **changes):
        answer = self.http.post("/control/options", json=changes)
        assert answer.status_code == 200, answer.text

    def relation(self, code="R", **fields):
        result = self.call("AddRelatie", relation(code, **fields))
        return result.ErrorMsg.LastErrorCode or result.Rel_ID

    def add(self, **fields):
        """Book a mutation; its number, or the error code."""
        result = self.call("AddMutatie", mutation(**fields))
        if result.ErrorMsg.LastErrorCode:
            assert result.Mutatienummer == 0
        return result.ErrorMsg.LastErrorCode or result.Mutatienummer

    def find(self, **filters):
        result = self.call("GetMutaties", {"MutatieNr": 0, **ALL_DATES, **filters})
        assert not result.ErrorMsg.LastErrorCode
        return result.Mutaties.cMutatieList if result.Mutaties else []

    def error(self, operation, *arguments):
        """The error code of a call; empty when it was accepted."""
        result = self.call(operation, *arguments)
        error = getattr(result, "ErrorMsg", result)
        return error.LastErrorCode or ""

    def open_items(self, side="Debiteuren"):
        found = self.call("GetOpenPosten", side).Openposten
        items = found.cOpenPost if found else []
        return {item.MutFactuur: Decimal(str(item.Openstaand)) for item in items}

    def journal(self):
        return self.http.get("/control/journal").json()

    def balances(self):
        totals = {}
        for line in self.journal():
            amount = Decimal(line["debit"]) - Decimal(line["credit"])
            totals[line["account"]] = totals.get(line["account"], Decimal(0)) + amount
        return {account: amount for account, amount in totals.items() if amount}


@pytest.fixture
def books(client, http):
    return Books(client.service, http)
