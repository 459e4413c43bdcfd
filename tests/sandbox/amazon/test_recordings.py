"""Answers, header for header, against recorded answers of the real service."""

import base64
import json
import re
from pathlib import Path

import pytest

RECORDINGS = (
    Path(__file__).parents[3] / ".." / "shared" / "data" / "spapi-recordings"
) / "peddler_vcr_responses.json"
# Of the connection, or of Amazon's own proxies: no business of a client.
IGNORED = {"server", "date", "connection", "transfer-encoding", "content-length"}


@pytest.fixture(scope="module")
def recorded():
    if not RECORDINGS.exists():
        pytest.skip("the recordings are not here")
    cassettes = json.loads(RECORDINGS.read_text())

    def find(name, host):
        return next(one for one in cassettes[name] if host in one["uri"])

    return find


def same(answer, recording, beyond=frozenset()):
    """Compare status, names of headers, and the body's shape."""
    assert answer.status_code == recording["status"]
    real = {name.lower() for name in recording["headers"]} - IGNORED
    own = {name.lower() for name in answer.headers} - IGNORED
    assert own - beyond == real - beyond
    if "content-type" in real:
        declared = {name.lower(): text for name, text in recording["headers"].items()}
        assert answer.headers["content-type"].lower() == declared["content-type"].lower()


def test_login_refused(seller, recorded):
    recording = recorded("LWATest/test_bad_LWAToken", "api.amazon.com")
    answer = seller.login(grant_type="nonsense")
    same(answer, recording)
    real = json.loads(recording["body"])
    assert set(answer.json()) == set(real)
    for name in ("error", "error_description"):
        assert answer.json()[name] == real[name]
    assert answer.headers["x-amzn-errortype"] == recording["headers"]["X-Amzn-Errortype"]


def test_login_granted(seller, recorded):
    recording = recorded("LWATest/test_request", "api.amazon.com")
    answer = seller.login()
    same(answer, recording)
    assert list(answer.json()) == list(json.loads(recording["body"]))


def test_throttled(seller, recorded):
    name = "Errors/QuotaExceededTest/test_quota_exceeded"
    recording = recorded(name, "sellingpartnerapi")
    for _ in range(21):
        answer = seller.search(lastUpdatedAfter="2026-11-01T00:00:00Z")
    same(answer, recording)
    assert answer.content.decode() == recording["body"]
    assert answer.headers["x-amzn-errortype"] == recording["headers"]["X-Amzn-Errortype"]


def test_throttled_by_a_fault_looks_the_same(seller, recorded):
    recording = recorded("Errors/QuotaExceededTest/test_quota_exceeded", "sellingpartnerapi")
    seller.control("faults", [{"operation": "searchOrders", "kind": "http_429"}])
    answer = seller.search(lastUpdatedAfter="2026-11-01T00:00:00Z")
    same(answer, recording)
    assert answer.content.decode() == recording["body"]


def test_unauthorised(seller, recorded):
    recording = recorded("APITest/test_client_error", "sellingpartnerapi")
    answer = seller.http.get("/orders/2026-01-01/orders")
    same(answer, recording)
    assert answer.content.decode() == recording["body"]


def test_unknown_report(seller, recorded):
    recording = recorded("Errors/NotFoundTest/test_not_found", "sellingpartnerapi")
    answer = seller.get("/reports/2021-06-30/reports/1234567")
    same(answer, recording)
    assert answer.content.decode() == recording["body"]
    assert answer.headers["x-amzn-ratelimit-limit"] == "2.0"


def test_a_good_answer(seller, recorded):
    recording = recorded("APIs/SellersV1Test/test_get_marketplace_participations", "sellingpartner")
    answer = seller.get("/sellers/v1/marketplaceParticipations")
    same(answer, recording)
    assert answer.headers["x-amzn-ratelimit-limit"] == "0.016"


def test_a_report_made_on_request(seller, recorded):
    recording = recorded("APIs/Reports20210630Test/test_create_report", "sellingpartnerapi")
    seller.control("orders", [])
    body = {
        "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
        "marketplaceIds": ["A1805IZSGTT6HS"],
    }
    answer = seller.post("/reports/2021-06-30/reports", body)
    same(answer, recording)
    assert set(answer.json()) == {"reportId"}


def test_a_document_and_its_expired_address(seller, recorded):
    folder = "Helpers/Reports20210630Test"
    made = seller.http.post("/control/settlements", content=b"a\tb\n").json()
    path = f"/reports/2021-06-30/documents/{made['reportDocumentId']}"
    url = seller.get(path).json()["url"]
    # Which key S3 encrypts with, and which version it keeps, says nothing to a client.
    beyond = {
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-version-id",
    }
    recording = recorded(f"{folder}/test_download_report_document_with_url", "tortuga")
    same(seller.http.get(url), recording, beyond)
    seller.clock(advance_s=301)
    recording = recorded(f"{folder}/test_download_report_document_client_error", "tortuga")
    expired = seller.http.get(url)
    same(expired, recording)
    text = re.match("base64:([A-Za-z0-9+/]*)", recording["body"])[1]
    begin = base64.b64decode(text[: len(text) // 4 * 4])
    assert expired.content.startswith(begin)
