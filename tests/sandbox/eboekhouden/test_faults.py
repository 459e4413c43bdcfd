"""Faults over the wire, before and after the effect: what a duplicate test stands on."""

from __future__ import annotations

import httpx
import pytest
import requests
import zeep
from coupling_sandbox.fault_list import KINDS

# What zeep, left to itself, makes of each kind that strikes AddMutatie.
BROKEN = {
    "http_429": zeep.exceptions.TransportError,
    "http_500_html": zeep.exceptions.Fault,
    "http_503_empty": zeep.exceptions.TransportError,
    "http_403_gateway": zeep.exceptions.TransportError,
    "reset": requests.exceptions.ConnectionError,
    "reset_mid_body": requests.exceptions.RequestException,
    "malformed": zeep.exceptions.TransportError,
    "dtd": Exception,
    "soap_fault": zeep.exceptions.Fault,
}
# What does not break AddMutatie as such, or needs another patience; each has its own test.
APART = {
    "slow",
    "hang",
    "truncated_gzip",
    "gzip_bomb",
    "oversized",
    "wrong_charset",
    "session_expired",
    "repeated_page",
    "empty_page",
    "expired_url",
}


def strike(books, kind, **fault):
    given = {"operation": "AddMutatie", "kind": kind, **fault}
    books.http.post("/control/faults", json=[given]).raise_for_status()


def test_every_kind_is_tested():
    assert set(BROKEN) | APART == set(KINDS)


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize(("when", "booked"), [("before", 0), ("after", 1)])
def test_an_answer_is_lost_before_or_after_the_booking(books, kind, when, booked):
    books.relation()
    strike(books, kind, when=when)
    with pytest.raises(BROKEN[kind]):
        books.add()
    assert len(books.find()) == booked
    assert books.add(Factuurnummer="A-2") == booked + 1


def test_a_503_with_a_page_is_a_fault_to_zeep(books):
    books.relation()
    strike(books, "http_500_html", status=503, when="after")
    with pytest.raises(zeep.exceptions.Fault, match="Unknown fault"):
        books.add()
    assert books.http.get("/control/calls").json()["log"][-1]["status"] == 503
    assert len(books.find()) == 1
    wrong = [{"kind": "slow", "status": 503}, {"kind": "http_500_html", "status": 200}]
    for fault in wrong:
        assert books.http.post("/control/faults", json=[fault]).status_code == 400


@pytest.mark.parametrize(("when", "booked"), [("before", 0), ("after", 1)])
def test_the_session_expires_before_or_after_the_booking(books, when, booked):
    books.relation()
    strike(books, "session_expired", when=when)
    assert books.add() == "E0023"
    assert books.add() == "E0023"
    again = type(books)(books.service, books.http)
    assert len(again.find()) == booked


@pytest.mark.parametrize("port", ["soapAppSoap", "soapAppSoap12"])
@pytest.mark.parametrize("kind", ["soap_fault", "session_expired"])
def test_own_faults_speak_the_version_of_the_request(client, http, books, port, kind):
    books = type(books)(client.bind("soapApp", port), http)
    strike(books, kind)
    if kind == "soap_fault":
        with pytest.raises(zeep.exceptions.Fault, match="Timeout expired"):
            books.add()
    else:
        assert books.add() == "E0023"


def test_slow_answers_late_and_books_once(books):
    books.relation()
    strike(books, "slow", seconds=0.3)
    assert books.add() == 1
    assert books.http.get("/control/calls").json()["log"][-1]["fault"] == "slow"


def test_hang_never_answers_but_may_have_booked(books):
    books.relation()
    strike(books, "hang", when="after", seconds=30)
    message = books.service._binding_options["address"]
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(message, content=envelope(books), headers=XML, timeout=0.3)
    assert len(books.find()) == 1


XML = {"content-type": "text/xml", "soapaction": "http://www.e-boekhouden.nl/soap/AddMutatie"}


def envelope(books):
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><AddMutatie '
        'xmlns="http://www.e-boekhouden.nl/soap">'
        f"<SessionID>{books.session_id}</SessionID><SecurityCode2>{books.code_2}</SecurityCode2>"
        "<oMut><Soort>GeldUitgegeven</Soort><Datum>2026-03-01</Datum><Rekening>1090</Rekening>"
        "<MutatieRegels><cMutatieRegel><BedragInvoer>1</BedragInvoer><BTWCode>GEEN</BTWCode>"
        "<TegenrekeningCode>2010</TegenrekeningCode></cMutatieRegel></MutatieRegels></oMut>"
        "</AddMutatie></s:Body></s:Envelope>"
    )


def test_truncated_gzip_breaks_after_the_booking(books):
    books.relation()
    strike(books, "truncated_gzip", when="after")
    with pytest.raises(Exception):  # noqa: B017, PT011 - zeep's own choice differs per version
        books.add()
    assert len(books.find()) == 1


def test_an_answer_in_another_charset_than_it_says(books):
    # With a byte order mark libxml2 reads it all the same; a strict reader must not.
    strike(books, "wrong_charset", when="after")
    answer = books.http.post("/soap.asmx", content=envelope(books), headers=XML)
    assert answer.headers["content-type"].endswith("charset=utf-8")
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()
    assert len(books.find()) == 1


@pytest.mark.parametrize("kind", ["gzip_bomb", "oversized"])
def test_big_answers_are_as_big_as_asked(books, kind):
    strike(books, kind, when="after", size_bytes=2 * 1024 * 1024)
    answer = books.http.post("/soap.asmx", content=envelope(books), headers=XML)
    assert len(answer.content) >= 2 * 1024 * 1024
    assert len(books.find()) == 1


def test_pages_that_repeat_or_are_empty(books):
    books.relation()
    books.add()
    books.add(Factuurnummer="A-2")
    faults = [
        {"operation": "GetMutaties", "kind": "repeated_page", "after": 1},
        {"operation": "GetMutaties", "kind": "empty_page", "after": 1},
    ]
    books.http.post("/control/faults", json=faults).raise_for_status()
    assert [m.MutatieNr for m in books.find(MutatieNr=1)] == [1]
    assert [m.MutatieNr for m in books.find(MutatieNr=2)] == [1]
    assert books.find(MutatieNr=2) == []
    assert [m.MutatieNr for m in books.find(MutatieNr=2)] == [2]


def test_an_expired_link_to_an_invoice(books):
    faults = [{"operation": "pdf", "kind": "expired_url"}]
    books.http.post("/control/faults", json=faults).raise_for_status()
    assert books.http.get("/pdf/any/F1.pdf").status_code == 403
    assert books.http.get("/pdf/any/F1.pdf").status_code == 404
