"""Reports: listing, documents with a short life, and reports made on request."""

import gzip
import threading

import pytest
from coupling_sandbox.amazon import reports

SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
ALL_ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
SHIPMENTS = "GET_AMAZON_FULFILLED_SHIPMENTS_DATA_GENERAL"
VIDR = "GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT"
VAT = "GET_VAT_TRANSACTION_DATA"
PATH = "/reports/2021-06-30/reports"
FILE = (
    "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\t"
    "currency\n123\t01.11.2026 00:00:00 UTC\t15.11.2026 00:00:00 UTC\t17.11.2026 00:00:00 UTC\t"
    "1.234,56\tEUR\n"
).encode("cp1252")
OCTOBER = ("2026-10-01T00:00:00Z", "2026-10-31T00:00:00Z")


def publish(seller, body=FILE, /, **params):
    answer = seller.http.post("/control/settlements", content=body, params=params)
    assert answer.status_code == 200
    return answer.json()


def listed(seller, **params):
    answer = seller.get(PATH, **({"reportTypes": SETTLEMENTS} | params))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def october(seller):
    seller.control(
        "seed", {"seed": 3, "orders": 60, "from": "2026-10-01", "to": "2026-11-01", "fba": 0.6}
    )
    return seller


def test_a_settlement_is_listed_and_comes_back_byte_for_byte(seller):
    body = FILE + "306\té\n".encode("cp1252") + b"\n"
    made = publish(seller, body)
    report = listed(seller)["reports"][0]
    assert report["reportId"] == made["reportId"]
    assert report["processingStatus"] == "DONE"
    assert report["dataStartTime"] == "2026-11-01T00:00:00.000Z"
    got = seller.document(report["reportDocumentId"])
    assert got.content == body
    assert got.headers["content-type"] == "text/plain; charset=Cp1252"
    assert got.headers["content-encoding"] == "identity"
    assert seller.get(f"{PATH}/{made['reportId']}").json() == report


def test_the_marketplace_filter_does_not_separate_settlements(seller):
    publish(seller)
    seller.http.post("/control/reports", params={"reportType": ALL_ORDERS}, content=b"x")
    assert len(listed(seller, marketplaceIds="A1PA6795UKMFR9")["reports"]) == 1
    others = listed(seller, reportTypes=ALL_ORDERS, marketplaceIds="A1PA6795UKMFR9")
    assert others["reports"] == []
    seller.control("options", {"duplicate_settlements": True})
    publish(seller)
    assert len(listed(seller)["reports"]) == 3


@pytest.mark.parametrize(
    "params",
    [
        {"reportTypes": ""},
        {"reportTypes": ",".join("ABCDEFGHIJK")},
        {"marketplaceIds": ",".join("ABCDEFGHIJK")},
        {"processingStatuses": "READY"},
        {"pageSize": "101"},
        {"pageSize": "0"},
        {"createdSince": "soon"},
        {"nextToken": "x", "pageSize": "10"},
        {"nextToken": "x"},
    ],
)
def test_refused_listings(seller, params):
    asked = {"reportTypes": SETTLEMENTS} | params
    if params == {"nextToken": "x"}:
        del asked["reportTypes"]
    answer = seller.get(PATH, **asked)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidInput"


def test_pages_of_the_listing_and_their_faults(seller):
    made = [publish(seller)["reportId"] for _ in range(3)]
    first = listed(seller, pageSize=2)
    rest = seller.get(PATH, nextToken=first["nextToken"]).json()
    shown = [one["reportId"] for one in first["reports"] + rest["reports"]]
    assert sorted(shown) == sorted(made)
    assert "nextToken" not in rest
    seller.control("faults", [{"operation": "getReports", "kind": "repeated_page"}])
    again = listed(seller, pageSize=2)
    repeated = seller.get(PATH, nextToken=again["nextToken"]).json()
    assert repeated["reports"] == again["reports"]
    seller.control("faults", [{"operation": "getReports", "kind": "empty_page"}])
    empty = listed(seller, pageSize=2)
    assert empty["reports"] == []
    assert len(seller.get(PATH, nextToken=empty["nextToken"]).json()["reports"]) == 2


def test_reports_vanish_after_ninety_days(seller):
    made = publish(seller)
    seller.clock(advance_s=89 * 86400)
    seller._token = None
    assert len(listed(seller)["reports"]) == 1
    seller.clock(advance_s=2 * 86400)
    seller._token = None
    assert listed(seller)["reports"] == []
    gone = seller.get(f"{PATH}/{made['reportId']}")
    assert gone.status_code == 404
    assert "ReportRequestIds" in gone.json()["errors"][0]["message"]


def test_a_documents_address_lives_five_minutes(seller):
    document = publish(seller)["reportDocumentId"]
    url = seller.get(f"/reports/2021-06-30/documents/{document}").json()["url"]
    assert url.startswith(f"{seller.url}/documents/")
    assert seller.http.get(url).status_code == 200
    assert seller.http.get(url[:-1] + "0").status_code in (200, 403)
    seller.clock(advance_s=301)
    expired = seller.http.get(url)
    assert expired.status_code == 403
    assert expired.headers["content-type"] == "application/xml"
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in expired.text
    forged = seller.http.get(url.replace("X-Amz-Expires=300", "X-Amz-Expires=9000"))
    assert "<Code>SignatureDoesNotMatch</Code>" in forged.text
    assert seller.calls()["calls"]["document"] == 4


def test_an_expired_address_as_a_fault(seller):
    document = publish(seller)["reportDocumentId"]
    seller.control("faults", [{"operation": "getReportDocument", "kind": "expired_url"}])
    assert "Request has expired" in seller.document(document).text
    assert seller.document(document).status_code == 200
    seller.control("faults", [{"operation": "document", "kind": "expired_url"}])
    assert seller.document(document).status_code == 403


def test_gzip_and_charsets(seller):
    document = publish(seller, gzip="true", charset="UTF-8")["reportDocumentId"]
    found = seller.get(f"/reports/2021-06-30/documents/{document}").json()
    assert found["compressionAlgorithm"] == "GZIP"
    plain = seller.http.get(found["url"])
    assert plain.headers["content-encoding"] == "identity"
    assert gzip.decompress(plain.content) == FILE
    encoded = seller.document(document, enableContentEncodingUrlHeader="true")
    assert encoded.headers["content-encoding"] == "gzip"
    assert encoded.content == FILE
    bare = seller.document(publish(seller, charset="")["reportDocumentId"])
    assert bare.headers["content-type"] == "text/plain"
    seller.control("options", {"document_gzip": True, "document_charset": "iso-8859-1"})
    document = publish(seller)["reportDocumentId"]
    got = seller.document(document)
    assert got.headers["content-type"] == "text/plain; charset=iso-8859-1"
    assert gzip.decompress(got.content) == FILE


def test_another_sellers_documents_are_not_found(seller):
    document = publish(seller, seller="OTHER")["reportDocumentId"]
    assert seller.get(f"/reports/2021-06-30/documents/{document}").status_code == 404


@pytest.mark.parametrize("answer", ["400", "FATAL"])
def test_settlements_cannot_be_requested(seller, answer):
    seller.control("options", {"createreport_settlement": answer})
    made = seller.report(SETTLEMENTS, *OCTOBER)
    if answer == "400":
        assert made.status_code == 400
        assert "1118" in made.json()["errors"][0]["message"]
    else:
        assert made["processingStatus"] == "FATAL"


def test_wrong_requests(seller):
    assert seller.report("GET_NONSENSE", *OCTOBER).status_code == 400
    assert seller.report(ALL_ORDERS, "monday", OCTOBER[1]).status_code == 400
    assert seller.report(VAT, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z").status_code == 400
    assert seller.report(ALL_ORDERS, *OCTOBER, marketplaceIds=[]).status_code == 400
    assert seller.post(PATH, {"reportType": ALL_ORDERS}).status_code == 400
    assert seller.report(5, *OCTOBER).status_code == 400
    assert seller.report(ALL_ORDERS, *OCTOBER, marketplaceIds=[5]).status_code == 400
    assert seller.report(ALL_ORDERS, *OCTOBER, reportOptions="all").status_code == 400
    assert seller.report(ALL_ORDERS, *OCTOBER, reportOptions={"all": True}).status_code == 400


def test_statuses_while_a_report_is_made(october):
    october.control("options", {"report_seconds": 60})
    made = october.report(ALL_ORDERS, *OCTOBER)
    assert made["processingStatus"] == "IN_QUEUE"
    path = f"{PATH}/{made['reportId']}"
    october.clock(advance_s=40)
    assert october.get(path).json()["processingStatus"] == "IN_PROGRESS"
    october.clock(advance_s=40)
    done = october.get(path).json()
    assert done["processingStatus"] == "DONE"
    assert "reportDocumentId" in done
    late = october.http.delete(path, headers=october.headers)
    assert late.status_code == 400


def test_a_queued_report_can_be_cancelled(october):
    october.control("options", {"report_seconds": 60})
    made = october.report(ALL_ORDERS, *OCTOBER)
    path = f"{PATH}/{made['reportId']}"
    assert october.http.delete(path, headers=october.headers).status_code == 200
    assert october.get(path).json()["processingStatus"] == "CANCELLED"


@pytest.mark.parametrize("outcome", ["FATAL", "CANCELLED"])
def test_an_outcome_can_be_forced(october, outcome):
    october.control("options", {"report_outcome": outcome})
    made = october.report(ALL_ORDERS, *OCTOBER)
    assert made["processingStatus"] == outcome
    assert ("reportDocumentId" in made) == (outcome == "FATAL")


def test_no_data_is_cancelled_and_a_long_window_is_fatal(seller):
    assert seller.report(ALL_ORDERS, *OCTOBER)["processingStatus"] == "CANCELLED"
    long = seller.report(ALL_ORDERS, "2026-09-01T00:00:00Z", "2026-10-15T00:00:00Z")
    assert long["processingStatus"] == "FATAL"
    seller.control("options", {"order_report_days": 60})
    long = seller.report(ALL_ORDERS, "2026-09-01T00:00:00Z", "2026-10-15T00:00:00Z")
    assert long["processingStatus"] == "CANCELLED"


def test_the_vat_report_comes_on_the_third(seller):
    seller.control("seed", {"seed": 3, "orders": 20, "from": "2026-11-01", "to": "2026-12-01"})
    window = ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z")
    seller.clock(now="2026-12-02T12:00:00Z")
    seller._token = None
    assert seller.report(VAT, *window)["processingStatus"] == "FATAL"
    seller.clock(now="2026-12-03T00:01:00Z")
    seller._token = None
    made = seller.report(VAT, *window)
    assert made["processingStatus"] == "DONE"
    assert seller.document(made["reportDocumentId"]).text.count("\r\n") > 10


def test_a_large_report_is_in_progress_until_it_is_written(october, monkeypatch):
    monkeypatch.setattr(reports, "WRITTEN_AT_ONCE_S", 0.0)
    body = {"reportType": ALL_ORDERS, "marketplaceIds": ["A1805IZSGTT6HS"],
            "dataStartTime": OCTOBER[0], "dataEndTime": OCTOBER[1]}  # fmt: skip
    made = october.post(PATH, body).json()["reportId"]
    report = october.made(made)
    assert report["processingStatus"] == "DONE"
    assert october.rows(report)
    refused = october.post(PATH, body | {"reportType": "GET_NOTHING"})
    assert refused.status_code == 400


def test_a_report_that_was_begun_before_a_reset_never_comes(october, monkeypatch):
    begun, go_on = threading.Event(), threading.Event()

    def wait(*_):
        begun.set()
        go_on.wait(20)
        return "DONE", "text"

    monkeypatch.setattr(reports, "WRITTEN_AT_ONCE_S", 0.0)
    monkeypatch.setattr(reports, "requested_report", wait)
    body = {"reportType": ALL_ORDERS, "marketplaceIds": ["A1805IZSGTT6HS"]}
    made = october.post(PATH, body).json()["reportId"]
    assert begun.wait(20)
    assert october.get(f"{PATH}/{made}").json()["processingStatus"] == "IN_PROGRESS"
    october.http.post("/control/reset")
    go_on.set()
    october._token = None
    assert october.get(f"{PATH}/{made}").status_code == 404
    assert listed(october, reportTypes=ALL_ORDERS)["reports"] == []
