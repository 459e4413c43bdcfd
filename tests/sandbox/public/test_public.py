"""The third sandbox over real HTTP: ECB rates and VIES."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from decimal import Decimal

import httpx
import pytest
from coupling_sandbox.clock import Clock
from coupling_sandbox.fault_list import REPLACING, SPOILING
from coupling_sandbox.public.app import create_app
from coupling_sandbox.public.rates import easter_sunday, is_working_day
from coupling_sandbox.server import serve_in_thread

VALID = {"countryCode": "NL", "vatNumber": "004495445B01"}
ASKER = {"requesterMemberStateCode": "NL", "requesterNumber": "004495445B01"}


@pytest.fixture(scope="module")
def client():
    with (
        serve_in_thread(create_app(clock=Clock())) as url,
        httpx.Client(base_url=url, timeout=10) as opened,
    ):
        yield opened


@pytest.fixture(autouse=True)
def fresh(client):
    client.post("/control/reset").raise_for_status()
    client.post("/control/clock", json={"now": "2026-11-24T12:00:00+00:00"}).raise_for_status()


def rows(client):
    answer = client.get("/ecb/eurofxref-hist.csv")
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_file_has_the_ecbs_layout_newest_first_and_working_days_only(client):
    found = rows(client)
    assert client.get("/ecb/eurofxref-hist.csv").text.startswith("Date,USD,JPY,BGN,CYP,CZK,")
    days = [dt.date.fromisoformat(row["Date"]) for row in found]
    assert days == sorted(days, reverse=True)
    assert all(is_working_day(day) for day in days)
    assert days[-1] == dt.date(2024, 1, 2)
    assert dt.date(2026, 4, 3) not in days  # Good Friday
    assert dt.date(2026, 12, 25) not in days


def test_every_quoted_currency_has_a_rate_and_the_others_say_so(client):
    newest = rows(client)[0]
    quoted = {c for c, rate in newest.items() if c not in ("", "Date") and rate != "N/A"}
    assert {"USD", "GBP", "SEK", "PLN", "TRY", "CZK", "DKK"} <= quoted
    assert newest["HRK"] == newest["BGN"] == newest["CYP"] == "N/A"
    assert all(Decimal(newest[currency]) > 0 for currency in quoted)


def test_a_day_appears_in_the_afternoon(client):
    assert rows(client)[0]["Date"] == "2026-11-23"
    client.post("/control/clock", json={"advance_s": 4 * 3600})
    assert rows(client)[0]["Date"] == "2026-11-24"


def test_rates_can_be_set_and_days_taken_away(client):
    changes = {"2026-03-02": {"SEK": "11.0345", "GBP": None}, "2026-03-03": None}
    assert client.post("/control/rates", json=changes).json() == changes
    by_day = {row["Date"]: row for row in rows(client)}
    assert by_day["2026-03-02"]["SEK"] == "11.0345"
    assert by_day["2026-03-02"]["GBP"] == "N/A"
    assert "2026-03-03" not in by_day


@pytest.mark.parametrize(
    "body", [{"yesterday": {}}, {"2026-03-02": {"XXX": "1"}}, {"2026-03-02": {"SEK": "-1"}}, [1]]
)
def test_rates_that_cannot_be_are_refused(client, body):
    assert client.post("/control/rates", json=body).status_code == 400


def test_the_rates_are_the_same_after_a_reset(client):
    before = client.get("/ecb/eurofxref-hist.csv").text
    client.post("/control/rates", json={"2026-03-02": {"SEK": "1"}})
    client.post("/control/reset")
    client.post("/control/clock", json={"now": "2026-11-24T12:00:00+00:00"})
    assert client.get("/ecb/eurofxref-hist.csv").text == before


@pytest.mark.parametrize(
    ("year", "day"), [(2024, "2024-03-31"), (2025, "2025-04-20"), (2026, "2026-04-05")]
)
def test_easter(year, day):
    assert easter_sunday(year).isoformat() == day


def check(client, **given):
    return client.post("/vies/rest-api/check-vat-number", json=given)


def test_a_number_with_right_check_digits_is_valid_and_has_a_name(client):
    answer = check(client, **VALID).json()
    assert answer["valid"] is True
    assert answer["name"] == "Bedrijf NL004495445B01"
    assert answer["requestIdentifier"] == ""
    assert answer["requestDate"].startswith("2026-11-24T12:00")


def test_a_consultation_number_comes_when_the_asker_names_itself(client):
    numbers = {check(client, **VALID, **ASKER).json()["requestIdentifier"] for _ in range(3)}
    assert len(numbers) == 3
    assert all(number.startswith("WAPIAAAA") for number in numbers)


def test_germany_gives_no_names(client):
    answer = check(client, countryCode="DE", vatNumber="136695976").json()
    assert (answer["valid"], answer["name"]) == (True, "---")


def test_wrong_check_digits_are_invalid(client):
    assert check(client, countryCode="DE", vatNumber="136695970").json()["valid"] is False


def test_numbers_can_be_set_either_way(client):
    given = {"DE136695970": {"valid": True, "name": "Muster GmbH"}, "NL004495445B01": False}
    assert client.post("/control/vat-numbers", json=given).status_code == 200
    answer = check(client, countryCode="DE", vatNumber="136695970").json()
    assert (answer["valid"], answer["name"]) == (True, "Muster GmbH")
    assert check(client, **VALID).json()["valid"] is False


def test_a_member_state_can_be_unavailable_and_mended(client):
    client.post("/control/vat-numbers", json={"NL": {"error": "MS_UNAVAILABLE"}})
    answer = check(client, **VALID)
    assert answer.status_code == 500
    assert answer.json()["errorWrappers"] == [{"error": "MS_UNAVAILABLE"}]
    short = client.get("/vies/rest-api/ms/NL/vat/004495445B01").json()
    assert (short["isValid"], short["userError"]) == (False, "MS_UNAVAILABLE")
    client.post("/control/vat-numbers", json={"NL": None})
    assert check(client, **VALID).json()["valid"] is True


@pytest.mark.parametrize("given", [{}, {"countryCode": "ZZ", "vatNumber": "1"}])
def test_input_that_cannot_be_is_refused(client, given):
    answer = check(client, **given)
    assert (answer.status_code, answer.json()["errorWrappers"][0]["error"]) == (
        400,
        "INVALID_INPUT",
    )


@pytest.mark.parametrize(
    "body", [{"QQ1": True}, {"NL": {"error": "x"}}, {"NL1": {"colour": 1}}, [1]]
)
def test_numbers_that_cannot_be_set_are_refused(client, body):
    assert client.post("/control/vat-numbers", json=body).status_code == 400


def test_the_short_way(client):
    answer = client.get("/vies/rest-api/ms/NL/vat/NL-004495445B01", params=ASKER).json()
    assert answer["userError"] == "INVALID"
    answer = client.get("/vies/rest-api/ms/NL/vat/0044.95445B01", params=ASKER).json()
    assert (answer["isValid"], answer["userError"]) == (True, "VALID")
    assert answer["vatNumber"] == "004495445B01"
    assert answer["requestIdentifier"].startswith("WAPI")


def test_faults_strike_both_services(client):
    faults = [
        {"operation": "ecb", "kind": "http_503_empty"},
        {"operation": "ecb", "kind": "empty_page"},
        {"operation": "vies", "kind": "http_429"},
    ]
    client.post("/control/faults", json=faults).raise_for_status()
    assert client.get("/ecb/eurofxref-hist.csv").status_code == 503
    assert rows(client) == []
    assert check(client, **VALID).status_code == 429
    assert client.get("/control/calls").json()["calls"] == {"ecb": 2, "vies": 1}


# soap_fault, session_expired, repeated_page and expired_url mean nothing here, and an answer about
# one number has no pages.
STRIKING = [
    (operation, kind)
    for operation in ("ecb", "vies")
    for kind in (*REPLACING, "slow", *SPOILING, "empty_page")
    if (operation, kind) != ("vies", "empty_page")
]


def outcome(client, operation):
    """Status and text without the time of the answer, or the name of the error."""
    try:
        if operation == "ecb":
            answer = client.get("/ecb/eurofxref-hist.csv", timeout=2.5)
        else:
            answer = client.post("/vies/rest-api/check-vat-number", json=VALID, timeout=2.5)
    except httpx.HTTPError as error:
        return type(error).__name__, ""
    return answer.status_code, re.sub(r'"requestDate":"[^"]*"', "", answer.text)


@pytest.mark.parametrize(("operation", "kind"), STRIKING)
def test_every_kind_of_fault_strikes_once(client, operation, kind):
    sound = outcome(client, operation)
    assert sound == outcome(client, operation)
    fault = {"operation": operation, "kind": kind, "seconds": 5, "size_bytes": 1 << 20}
    client.post("/control/faults", json=[fault]).raise_for_status()
    assert outcome(client, operation) != sound
    assert outcome(client, operation) == sound
    assert client.get("/control/faults").json()["faults"][0]["done"] == 1
