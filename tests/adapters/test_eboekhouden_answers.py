"""The table of outcomes: answers that no honest service sends, and every known code."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from amazon_eboekhouden.adapters.eboekhouden_codes import (
    DUPLICATE,
    REFUSED_BEFORE_BOOKING,
    SESSION_EXPIRED,
    meaning_of,
)
from amazon_eboekhouden.domain.outcomes import Outcome, OutcomeKind
from coupling_sandbox.eboekhouden.app import create_app
from coupling_sandbox.eboekhouden.errors import ERRORS
from coupling_sandbox.server import serve_in_thread

from tests.adapters.test_eboekhouden import CUSTOMER, INVOICE
from tests.adapters.world import CODE_2, ONCE, Answering, Asked, books_credentials

REST_CODES = (
    Path(__file__).parents[2] / ".." / "shared" / "data" / "eboekhouden" / "rest_error_codes.tsv"
)
NAMESPACE = "http://www.e-boekhouden.nl/soap"


def envelope(inside: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><soap:Envelope '
        'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f"{inside}</soap:Body></soap:Envelope>"
    ).encode()


def booked(error: str = "", number: str = "<Mutatienummer>7</Mutatienummer>") -> str:
    return (
        f'<AddMutatieResponse xmlns="{NAMESPACE}"><AddMutatieResult>{error}{number}'
        "</AddMutatieResult></AddMutatieResponse>"
    )


def error(code: str, text: str = "") -> str:
    return (
        f"<ErrorMsg><LastErrorCode>{code}</LastErrorCode>"
        f"<LastErrorDescription>{text}</LastErrorDescription></ErrorMsg>"
    )


NONE, ZERO = "", "<Mutatienummer>0</Mutatienummer>"
SESSION = (
    f'<OpenSessionResponse xmlns="{NAMESPACE}"><OpenSessionResult>'
    "<SessionID>{S}</SessionID></OpenSessionResult></OpenSessionResponse>"
)


@pytest.fixture(scope="module")
def description() -> bytes:
    with serve_in_thread(create_app()) as url:
        return httpx.get(f"{url}/soap.asmx?wsdl").content


def outcome_of(
    answering: Answering, description: bytes, answer: bytes, status: int = 200
) -> Outcome:
    """What one answer to AddMutatie is taken for."""

    def reply(asked: Asked) -> tuple[int, dict[str, str], bytes]:
        kind = {"Content-Type": "text/xml; charset=utf-8"}
        if asked.method == "GET":
            return 200, kind, description
        if b"OpenSession" in asked.body:
            return 200, kind, envelope(SESSION)
        return status, kind, answer

    answering.answer = reply
    session = EBoekhouden(books_credentials(answering.url), patience=ONCE)
    outcome = session.add(INVOICE, "T1", deadline_s=5)
    session._session._soap.close()
    sent = [asked for asked in answering.asked if b"<ns0:AddMutatie" in asked.body]
    assert len(sent) == 1
    return outcome


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("nothing", b""),
        ("a maintenance page", b"<html><body>Even geduld</body></html>"),
        ("half an envelope", envelope(booked())[:-30]),
        ("an empty body", envelope("")),
        ("no result", envelope(f'<AddMutatieResponse xmlns="{NAMESPACE}"/>')),
        ("an empty result", envelope(booked(number=NONE))),
        ("number zero", envelope(booked(number=ZERO))),
        ("a negative number", envelope(booked(number="<Mutatienummer>-7</Mutatienummer>"))),
        ("a number that is none", envelope(booked(number="<Mutatienummer>x</Mutatienummer>"))),
        ("two numbers", envelope(booked(number="<Mutatienummer>7</Mutatienummer>" * 2))),
        ("two results", envelope(booked() + booked())),
        ("another operation", envelope(booked().replace("AddMutatie", "AddRelatie"))),
        ("another namespace", envelope(booked().replace(NAMESPACE, "urn:else"))),
        ("a foreign element", envelope(booked(number="<Extra/><Mutatienummer>7</Mutatienummer>"))),
        ("a fault with 200", envelope("<soap:Fault><faultcode>x</faultcode></soap:Fault>")),
        ("error and number", envelope(booked(error("MUT_005")))),
        ("text without code", envelope(booked(error("", "Fout"), ZERO))),
        ("an unknown code", envelope(booked(error("E9999", "Onbekend"), ZERO))),
        ("too many calls", envelope(booked(error("CALLS", "Te veel aanroepen"), ZERO))),
        ("a text of 11 MB", envelope(booked(error("MUT_005", "x" * 11_000_000), ZERO))),
        ("a depth of 5,000", envelope("<a>" * 5000 + "</a>" * 5000)),
        (
            "a DTD",
            b'<!DOCTYPE r SYSTEM "file:///etc/passwd">' + envelope(booked()).partition(b"?>")[2],
        ),
    ],
)
def test_what_is_not_certain_is_unknown(answering, description, name, answer):
    assert outcome_of(answering, description, answer).kind is OutcomeKind.UNKNOWN, name


@pytest.mark.parametrize("status", [201, 202, 204, 301, 400, 401, 403, 404, 429, 500, 503])
def test_another_status_is_unknown_whatever_the_body_says(answering, description, status):
    answer = b"" if status == 204 else envelope(booked())
    assert outcome_of(answering, description, answer, status).kind is OutcomeKind.UNKNOWN


@pytest.mark.parametrize(
    ("error_text", "number", "kind", "code"),
    [
        ("", "<Mutatienummer>7</Mutatienummer>", OutcomeKind.CONFIRMED, ""),
        ("<ErrorMsg/>", "<Mutatienummer>7</Mutatienummer>", OutcomeKind.CONFIRMED, ""),
        (error(""), "<Mutatienummer>7</Mutatienummer>", OutcomeKind.CONFIRMED, ""),
        (error("MUT_005"), ZERO, OutcomeKind.REJECTED, "MUT_005"),
        (error("SECURITY_005"), ZERO, OutcomeKind.REJECTED, "SECURITY_005"),
        (error("MUT_019"), ZERO, OutcomeKind.DUPLICATE, "MUT_019"),
        (error("M006"), ZERO, OutcomeKind.DUPLICATE, "M006"),
        (error("E0023"), ZERO, OutcomeKind.SESSION_EXPIRED, "E0023"),
    ],
)
def test_what_is_certain(answering, description, error_text, number, kind, code):
    outcome = outcome_of(answering, description, envelope(booked(error_text, number)))
    assert (outcome.kind, outcome.code) == (kind, code)


def test_the_services_words_are_kept_without_secrets_and_persons(session, books):
    from dataclasses import replace

    session.add(CUSTOMER, "T0", deadline_s=10)
    outcome = session.add(replace(INVOICE, account="9999"), "T1", deadline_s=10)
    assert outcome.kind is OutcomeKind.REJECTED
    assert "grootboekrekening" in outcome.detail.lower()
    spoken = session._without_secrets(
        f"Relatie Zoë Müller\r\nuit Utrecht (z@ex.nl) voor sandbox {CODE_2}", CUSTOMER
    )
    assert "\n" not in spoken
    for private in ("Zoë", "Utrecht", "z@ex.nl", "A1B2C3D4", "sandbox"):
        assert private not in spoken


def test_each_code_of_the_sandbox_falls_in_the_class_of_its_meaning():
    classes: dict[str, Any] = {}
    for key, row in ERRORS.items():
        meaning = meaning_of(row.wire)
        sets = {
            "expired": SESSION_EXPIRED,
            "duplicate": DUPLICATE,
            "refused": REFUSED_BEFORE_BOOKING,
        }
        found = [name for name, codes in sets.items() if meaning in codes]
        assert len(found) <= 1, key
        classes[key] = found[0] if found else "unknown"
    assert classes["SESSION"] == "expired"
    assert classes["REL_049"] == classes["MUT_019"] == classes["MUT_020"] == "duplicate"
    assert classes["MUT_005"] == classes["SECURITY_007"] == classes["REL_002"] == "refused"
    # Names that the vendor's list does not have prove nothing.
    assert classes["CALLS"] == "unknown"


def test_every_reviewed_code_exists_in_the_vendors_list():
    if not REST_CODES.exists():
        pytest.skip("the vendor's list of codes is not here")
    known = {line.split("\t")[0] for line in REST_CODES.read_text().splitlines()}
    assert known >= REFUSED_BEFORE_BOOKING
    assert DUPLICATE - {"CREL001", "M006"} <= known
    assert not REFUSED_BEFORE_BOOKING & (DUPLICATE | SESSION_EXPIRED)
