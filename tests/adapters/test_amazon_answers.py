"""Answers that look like a success, and what the calls really say on the wire."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from amazon_eboekhouden.adapters.amazon import AmazonSeller
from amazon_eboekhouden.domain.errors import (
    BadAnswer,
    CredentialsRefused,
    NotNow,
    Refused,
    RemoteError,
    Unreachable,
)

from tests.adapters.test_amazon import WINDOW, Budget
from tests.adapters.world import ONCE, QUICK, amazon_credentials

TOKEN = json.dumps(
    {"access_token": "Atza|one", "token_type": "bearer", "expires_in": 3600}
).encode()
GOOD = {"x-amzn-RequestId": "1-2-3", "Content-Type": "application/json"}
PAGE = b'{"orders": []}'


@pytest.fixture
def seller(answering):
    def answer(asked):
        if asked.path == "/auth/o2/token":
            return 200, {"Content-Type": "application/json"}, TOKEN
        return answering.api

    answering.answer = answer
    answering.api = (200, GOOD, PAGE)
    with AmazonSeller(amazon_credentials(answering.url), patience=ONCE) as one:
        yield one


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (200, GOOD, b"", BadAnswer),
        (200, GOOD, b"null", BadAnswer),
        (200, GOOD, b"[]", BadAnswer),
        (200, GOOD, b'[{"orders": []}]', BadAnswer),
        (200, GOOD, b'"orders"', BadAnswer),
        (200, GOOD, b"{}", BadAnswer),
        (200, GOOD, b'{"orders": null}', BadAnswer),
        (200, GOOD, b'{"orders": {}}', BadAnswer),
        (200, GOOD, b'{"orders": [1]}', BadAnswer),
        (200, GOOD, b'{"payload": []}', BadAnswer),
        (200, GOOD, b'{"orders": [], "headers": 1}', BadAnswer),
        (200, GOOD, b'{"orders": [], "lastUpdatedBefore": "soon"}', BadAnswer),
        (200, GOOD, b'{"orders": [{"n": NaN}]}', BadAnswer),
        (200, GOOD, b'{"orders": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", BadAnswer),
        (200, GOOD, b'{"errors": [{"code": "InternalFailure", "message": "x"}]}', BadAnswer),
        (200, GOOD, b"<html>Back soon</html>", BadAnswer),
        (200, {}, PAGE, BadAnswer),
        (302, {"Location": "http://127.0.0.1:1/"}, b"", Unreachable),
        (400, GOOD, b"Bad Request", Unreachable),
        (400, GOOD, b'{"errors": [{"code": "InvalidInput", "message": "x"}]}', Refused),
        (401, {}, b'{"message": "Unauthorized"}', Unreachable),
        (403, {}, b'{"message": "Forbidden"}', Unreachable),
        (403, {}, b'{"code": "Unauthorized", "message": "denied"}', CredentialsRefused),
        (403, {}, b'{"errors": [{"code": "Unauthorized"}]}', CredentialsRefused),
        (404, GOOD, b'{"errors": [{"code": "NotFound", "message": "x"}]}', Refused),
        (429, {}, b'{"message": "Too Many Requests"}', NotNow),
        (429, {}, b"", NotNow),
        (500, {}, b"<html>500</html>", Unreachable),
        (500, GOOD, b'{"errors": [{"code": "InternalFailure", "message": "x"}]}', Unreachable),
        (502, {}, b"", Unreachable),
        (503, {}, b"", Unreachable),
        (504, {}, b'{"errors": 7}', Unreachable),
    ],
)
def test_no_answer_but_a_good_one_passes(seller, answering, status, headers, body, error):
    answering.api = (status, headers, body)
    with pytest.raises(RemoteError) as raised:
        seller.search_orders(**WINDOW)
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"", BadAnswer),
        (200, b"<html>", BadAnswer),
        (200, b"{}", BadAnswer),
        (200, b'{"access_token": 7}', BadAnswer),
        (400, b'{"error": "unsupported_grant_type"}', Refused),
        (400, b'{"error": "invalid_grant"}', CredentialsRefused),
        (401, b'{"error": "invalid_client"}', CredentialsRefused),
        (403, b'{"message": "Forbidden"}', Unreachable),
        (429, b"", NotNow),
        (500, b"<html>", Unreachable),
        (503, b"", Unreachable),
    ],
)
def test_a_login_without_a_token_is_a_typed_error(answering, status, body, error):
    answering.answer = lambda _asked: (status, {}, body)
    with (
        AmazonSeller(amazon_credentials(answering.url), patience=ONCE) as one,
        pytest.raises(RemoteError) as raised,
    ):
        one.search_orders(**WINDOW)
    assert type(raised.value) is error
    assert {asked.path for asked in answering.asked} == {"/auth/o2/token"}


def test_what_a_search_says_on_the_wire(seller, answering):
    page = seller.search_orders(**WINDOW, pagination_token="a+b/c=")
    assert (page.orders, page.next_token) == ([], None)
    assert page.last_updated_before == WINDOW["last_updated_before"]
    asked = answering.asked[-1]
    sent = parse_qs(urlsplit(asked.path).query)
    assert urlsplit(asked.path).path == "/orders/2026-01-01/orders"
    assert sent["marketplaceIds"] == ["A1805IZSGTT6HS,AMEN7PMS3EDWL"]
    assert not {"MarketplaceId", "MarketplaceIds", "marketplace_ids"} & set(sent)
    assert sent["lastUpdatedAfter"] == ["2026-09-01T00:00:00Z"]
    assert sent["lastUpdatedBefore"] == ["2026-11-01T00:00:00Z"]
    assert sent["paginationToken"] == ["a+b/c="]
    assert sent["maxResultsPerPage"] == ["100"]
    assert "PROCEEDS" in sent["includedData"][0]
    assert asked.headers["host"] == urlsplit(answering.url).netloc
    assert asked.headers["x-amz-access-token"] == "Atza|one"


def test_settlements_are_asked_for_without_the_librarys_marketplace(seller, answering):
    answering.api = (200, GOOD, b'{"reports": []}')
    seller.settlement_reports(datetime(2026, 9, 1, tzinfo=UTC))
    sent = parse_qs(urlsplit(answering.asked[-1].path).query)
    assert not [name for name in sent if "arketplace" in name]
    pages = iter([b'{"reports": [], "nextToken": "t"}', b'{"reports": []}'])
    original = answering.answer
    answering.answer = lambda asked: (
        (200, GOOD, next(pages)) if "reports" in asked.path else original(asked)
    )
    seller.settlement_reports(datetime(2026, 9, 1, tzinfo=UTC))
    assert parse_qs(urlsplit(answering.asked[-1].path).query) == {"nextToken": ["t"]}


def test_the_rate_of_the_header_counts_for_the_wait(answering):
    budget = Budget()
    headers = {**GOOD, "x-amzn-RateLimit-Limit": "0.1"}
    answers = iter([(200, headers, PAGE), (429, {}, b"")])
    answering.answer = lambda asked: (
        (200, {}, TOKEN) if asked.path == "/auth/o2/token" else next(answers)
    )
    with AmazonSeller(amazon_credentials(answering.url), budget=budget, patience=ONCE) as one:
        one.search_orders(**WINDOW)
        before = datetime.now(UTC)
        with pytest.raises(NotNow) as later:
            one.search_orders(**WINDOW)
    assert budget.learnt == {"searchOrders": 0.1}
    assert 9 < (later.value.retry_at_utc - before).total_seconds() < 12


@pytest.mark.parametrize(("retry_after", "least"), [("600", 599), ("soon", 178)])
def test_a_longer_wait_that_amazon_names_counts(seller, answering, retry_after, least):
    answering.api = (429, {"Retry-After": retry_after}, b"")
    before = datetime.now(UTC)
    with pytest.raises(NotNow) as later:
        seller.search_orders(**WINDOW)
    wait = (later.value.retry_at_utc - before).total_seconds()
    assert least <= wait < least + 5


def test_a_compression_that_is_not_known_is_refused(seller, answering):
    body = {"reportDocumentId": "d", "url": "https://x", "compressionAlgorithm": "BROTLI"}
    answering.api = (200, GOOD, json.dumps(body).encode())
    with pytest.raises(BadAnswer, match="compression"):
        seller.report_document("d")


def test_a_message_of_amazon_cannot_forge_a_line_of_a_log(seller, answering):
    body = {"errors": [{"code": "InvalidInput", "message": "x\n2026 INFO all booked \u2028 y"}]}
    answering.api = (400, GOOD, json.dumps(body).encode())
    with pytest.raises(Refused) as refused:
        seller.search_orders(**WINDOW)
    assert len(str(refused.value).splitlines()) == 1


def test_a_token_of_no_stated_life_is_not_kept(answering):
    token = json.dumps({"access_token": "Atza|short", "expires_in": "?"}).encode()
    answering.answer = lambda asked: (
        (200, {}, token) if asked.path == "/auth/o2/token" else (200, GOOD, PAGE)
    )
    with AmazonSeller(amazon_credentials(answering.url), patience=QUICK) as one:
        one.search_orders(**WINDOW)
        one.search_orders(**WINDOW)
        assert one.calls["token"] == 2
