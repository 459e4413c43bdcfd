"""The wire as strangers use it: raw XML in foreign prefixes and orders, both SOAP versions."""

from __future__ import annotations

import pytest
from lxml import etree

NS = "http://www.e-boekhouden.nl/soap"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
LOGIN = (
    "<{p}Username>sandbox</{p}Username>"
    "<{p}SecurityCode1>0123456789abcdef0123456789abcdef</{p}SecurityCode1>"
    "<{p}SecurityCode2>{{A1B2C3D4-0000-4000-8000-000000000001}}</{p}SecurityCode2>"
)
NO_ERROR = b"<ErrorMsg><LastErrorCode /><LastErrorDescription /></ErrorMsg>"


def envelope(body, soap=SOAP11, declaration=""):
    return f'{declaration}<e:Envelope xmlns:e="{soap}"><e:Body>{body}</e:Body></e:Envelope>'


def post(http, body, **headers):
    sent = {"content-type": "text/xml; charset=utf-8", **headers}
    return http.post("/soap.asmx", content=body.encode(), headers=sent)


def login(prefix="", soap=SOAP11):
    colon = f"{prefix}:" if prefix else ""
    name = f"{colon}OpenSession"
    binding = f"xmlns:{prefix}" if prefix else "xmlns"
    return envelope(f'<{name} {binding}="{NS}">{LOGIN.format(p=colon)}</{name}>', soap)


def called(books, operation, inner, order=("session", "inner")):
    parts = {
        "session": f"<SessionID>{books.session_id}</SessionID>"
        f"<SecurityCode2>{books.code_2}</SecurityCode2>",
        "inner": inner,
    }
    content = "".join(parts[part] for part in order)
    return post(books.http, envelope(f'<{operation} xmlns="{NS}">{content}</{operation}>'))


def texts(answer, name):
    return [e.text for e in etree.fromstring(answer.content).iter(f"{{{NS}}}{name}")]


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "WsDl="])
def test_the_description_is_served_in_any_case(http, query):
    answer = http.get(f"/soap.asmx?{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/xml")
    assert etree.fromstring(answer.content).tag.endswith("definitions")


@pytest.mark.parametrize("page", ["/Soap.asmx", "/SOAP.ASMX"])
def test_the_page_is_found_in_any_case(http, page):
    assert http.get(page, params={"WSDL": ""}).status_code == 200
    answer = http.post(page, content=login(), headers={"content-type": "text/xml"})
    assert NO_ERROR in answer.content
    assert http.get("/control/calls").json()["calls"] == {"OpenSession": 1}


def test_without_query_there_is_a_page_with_the_operations(http):
    assert "AddMutatie" in http.get("/soap.asmx").text


@pytest.mark.parametrize("prefix", ["", "ns0", "web"])
@pytest.mark.parametrize(
    "headers",
    [
        {"soapaction": f'"{NS}/OpenSession"'},
        {"soapaction": f"{NS}/OpenSession"},
        {"soapaction": '""'},
        {},
    ],
    ids=["quoted", "bare", "empty", "none"],
)
def test_any_prefix_and_any_soapaction(http, prefix, headers):
    answer = post(http, login(prefix), **headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert NO_ERROR in answer.content
    assert texts(answer, "SessionID")[0]


@pytest.mark.parametrize("action", [f'; action="{NS}/OpenSession"', ""])
def test_soap12_is_answered_in_soap12(http, action):
    sent = "application/soap+xml; charset=utf-8" + action
    answer = post(http, login(soap=SOAP12), **{"content-type": sent})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert etree.fromstring(answer.content).tag == f"{{{SOAP12}}}Envelope"


def test_the_shape_of_an_answer(http):
    answer = post(http, login())
    assert answer.content.startswith(
        b'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="' + SOAP11.encode()
    )
    assert b'<OpenSessionResponse xmlns="' + NS.encode() + b'"><OpenSessionResult>' in (
        answer.content
    )


def test_close_session_answers_an_empty_response(books):
    answer = post(
        books.http,
        envelope(
            f'<CloseSession xmlns="{NS}"><SessionID>{books.session_id}</SessionID></CloseSession>'
        ),
    )
    assert b'<CloseSessionResponse xmlns="' + NS.encode() + b'"></CloseSessionResponse>' in (
        answer.content
    )
    assert books.error("GetRelaties", {"ID": 0}) == "E0023"


MUTATION = (
    "<oMut><MutatieRegels><cMutatieRegel><TegenrekeningCode>8000</TegenrekeningCode>"
    "<BTWCode>HOOG_VERK_21</BTWCode><BedragInclBTW>12.10</BedragInclBTW><BedragBTW>2.1</BedragBTW>"
    "<BedragExclBTW> 10 </BedragExclBTW><Kleur>rood</Kleur></cMutatieRegel></MutatieRegels>"
    "<Datum>{date}</Datum><Factuurnummer>A-1</Factuurnummer><InExBTW>IN</InExBTW>"
    "<RelatieCode>R</RelatieCode><Rekening>1300</Rekening><Soort>{kind}</Soort>"
    "<Onbekend><diep/></Onbekend></oMut>"
)


@pytest.mark.parametrize("order", [("session", "inner"), ("inner", "session")])
def test_any_order_unknown_elements_and_missing_scalars(books, order):
    books.relation()
    inner = MUTATION.format(date="2026-03-01", kind="FactuurVerstuurd")
    answer = called(books, "AddMutatie", inner, order)
    assert texts(answer, "Mutatienummer") == ["1"]
    assert [line["account"] for line in books.journal()] == ["1300", "8000", "1630"]


@pytest.mark.parametrize(
    ("sent", "booked"),
    [
        ("2026-03-01", "2026-03-01"),
        ("2026-03-01T00:00:00", "2026-03-01"),
        ("2026-03-01+01:00", "2026-03-01"),
        ("2026-03-01T23:30:00.000", "2026-03-01"),
        ("2026-02-28T23:30:00Z", "2026-03-01"),  # Half past midnight in Amsterdam.
        ("2026-03-01T00:30:00+01:00", "2026-03-01"),
    ],
)
def test_dates_as_clients_write_them(books, sent, booked):
    books.relation()
    called(books, "AddMutatie", MUTATION.format(date=sent, kind="FactuurVerstuurd"))
    assert books.journal()[0]["date"] == booked


@pytest.mark.parametrize("amount", ["12.10", "12.1", "+12.1", "12.100000000000001", "12.0999999"])
def test_amounts_are_rounded_to_cents(books, amount):
    books.relation()
    inner = MUTATION.format(date="2026-03-01", kind="FactuurVerstuurd")
    called(books, "AddMutatie", inner.replace("12.10", amount))
    assert books.journal()[0]["debit"] == "12.10"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("FactuurVerstuurd", "Foo"),
        ("2026-03-01", "01-03-2026"),
        ("12.10", "1,234.50"),
        ("12.10", "12,10"),
        ("12.10", "1e3"),
        ("12.10", ""),
        ("12.10", "NaN"),
        ("12.10", "9" * 60),
        ("2026-03-01", "2026-W10-1"),
        ("2026-03-01", "9999-12-31T23:30:00-12:00"),
    ],
)
def test_values_that_cannot_be_read_are_a_fault(books, wrong, right):
    books.relation()
    inner = MUTATION.format(date="2026-03-01", kind="FactuurVerstuurd").replace(wrong, right)
    answer = called(books, "AddMutatie", inner)
    assert answer.status_code == 500
    assert b"<faultcode>soap:Client</faultcode>" in answer.content
    assert books.journal() == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no xml",
        "<a/>",
        login()[:-20],
        envelope(""),
        envelope(f'<Nothing xmlns="{NS}"/>'),
        login().replace("OpenSession", "DeleteMutatie"),
        '<!DOCTYPE x [<!ENTITY a "b">]>' + login(),
    ],
    ids=["empty", "text", "no envelope", "cut", "no body", "unknown", "delete", "dtd"],
)
def test_requests_that_cannot_be_read_are_a_fault(http, body):
    answer = post(http, body)
    assert answer.status_code == 500
    assert etree.fromstring(answer.content).find(f".//{{{SOAP11}}}Fault") is not None


def test_an_action_that_is_not_the_bodys_is_a_fault(http):
    assert post(http, login(), soapaction=f"{NS}/GetMutaties").status_code == 500
    assert post(http, login(), soapaction=f"{NS}/DeleteMutatie").status_code == 500


def test_a_fault_in_soap12(http):
    answer = post(http, envelope("", SOAP12), **{"content-type": "application/soap+xml"})
    assert answer.status_code == 500
    assert b"<soap:Value>soap:Sender</soap:Value>" in answer.content


def test_the_untyped_relation_code_says_its_type(books):
    books.relation()
    document = (
        "<oFact><Relatiecode>R</Relatiecode><Datum>2026-03-01</Datum>"
        "<Factuursjabloon>Amazon</Factuursjabloon><Regels><cFactuurRegel><Aantal>1</Aantal>"
        "<PrijsPerEenheid>1</PrijsPerEenheid><BTWCode>GEEN</BTWCode>"
        "<TegenrekeningCode>8000</TegenrekeningCode></cFactuurRegel></Regels></oFact>"
    )
    assert texts(called(books, "AddFactuur", document), "Factuurnummer") == ["F00001"]
    found = called(books, "GetFacturen", "")
    assert b'<Relatiecode xsi:type="xsd:string">R</Relatiecode>' in found.content


def test_elements_of_another_namespace_are_not_seen(http):
    body = envelope(f'<x:OpenSession xmlns:x="{NS}">{LOGIN.format(p="")}</x:OpenSession>')
    assert texts(post(http, body), "LastErrorCode") == ["SBX_SECURITY_010"]


def test_a_request_above_four_megabytes_is_refused(http):
    assert post(http, login() + " " * 4 * 1024 * 1024).status_code == 500


def test_texts_are_escaped_both_ways(books):
    books.relation("R&D", Bedrijf="<Jansen> & Zn \N{EURO SIGN} \N{PARTY POPPER}")
    [found] = books.call("GetRelaties", {"ID": 0, "Code": "R&D"}).Relaties.cRelatie
    assert found.Bedrijf == "<Jansen> & Zn \N{EURO SIGN} \N{PARTY POPPER}"


def test_a_json_seeded_control_character_does_not_break_an_answer(books):
    books.http.post("/control/relations", json=[{"Code": "X", "Bedrijf": "a\u0001b"}])
    [found] = books.call("GetRelaties", {"ID": 0}).Relaties.cRelatie
    assert found.Bedrijf == "ab"


def test_calls_and_refusals_are_counted_by_operation(books):
    books.relation()
    books.relation()
    calls = books.http.get("/control/calls").json()
    assert calls["calls"] == {"OpenSession": 1, "AddRelatie": 2}
    assert calls["refused"] == {"AddRelatie": 1}
    assert calls["log"][-1]["error_code"] == "CREL001"
