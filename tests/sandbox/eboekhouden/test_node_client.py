"""A client that is not Python: npm's `soap`, installed for the test and driven over loopback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.node import modules_of, run_script

SCRIPT = Path(__file__).with_name("soap_client.js")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return modules_of("soap@1.13.0", tmp_path_factory.mktemp("node"))


def test_npm_soap_books_an_invoice(modules, http, address):
    credentials = (
        "sandbox",
        "0123456789abcdef0123456789abcdef",
        "{A1B2C3D4-0000-4000-8000-000000000001}",
    )
    answers = run_script(SCRIPT, modules, address, *credentials)
    assert int(answers["relation"]["AddRelatieResult"]["Rel_ID"]) == 1
    assert int(answers["booked"]["AddMutatieResult"]["Mutatienummer"]) == 1
    [found] = answers["found"]["GetMutatiesResult"]["Mutaties"]["cMutatieList"]
    assert (found["Factuurnummer"], found["Omschrijving"]) == ("N-1", "from Node")
    [item] = answers["open"]["GetOpenPostenResult"]["Openposten"]["cOpenPost"]
    assert (item["RelBedrijf"], float(item["Openstaand"])) == ("Node & Zn", 121.0)
    error = answers["refused"]["AddRelatieResult"]["ErrorMsg"]
    assert error["LastErrorCode"] == "CREL001"
    assert answers["wrong"] == "soap:Client"
    assert [line["account"] for line in http.get("/control/journal").json()] == [
        "1300",
        "8000",
        "1630",
    ]
