"""Amazon through the real python-amazon-sp-api, against the sandbox."""

import ssl
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
from amazon_eboekhouden.adapters import amazon_client
from amazon_eboekhouden.adapters.amazon import AmazonSeller
from amazon_eboekhouden.domain.errors import (
    BadAnswer,
    NotNow,
    Refused,
    RemoteError,
    Unreachable,
)
from amazon_eboekhouden.domain.settlement.finance_totals import NetProceeds
from sp_api.api import Reports

from tests.adapters.world import BE, NL, ONCE, QUICK, WINDOW, all_pages, amazon_credentials, order


def test_two_thousand_orders_cost_twenty_calls_and_one_token(seller, amazon):
    amazon.control("orders", [order(n, (NL, BE)[n % 2]) for n in range(2000)])
    assert len({one["orderId"] for one in all_pages(seller)}) == 2000
    assert amazon.calls() == {"token": 1, "searchOrders": 20}
    assert seller.calls == {"token": 1, "searchOrders": 20}


def test_an_answer_is_read_once_and_whom_to_trust_is_looked_up_once(amazon, monkeypatch):
    amazon.control("orders", [order(n) for n in range(250)])
    read, looked_up = [], []
    plain, context = amazon_client.parsed, ssl.create_default_context
    monkeypatch.setattr(amazon_client, "parsed", lambda text: read.append(1) or plain(text))
    monkeypatch.setattr(
        ssl, "create_default_context", lambda **kw: looked_up.append(1) or context(**kw)
    )
    with AmazonSeller(amazon_credentials(amazon.url), patience=QUICK) as one:
        assert len(all_pages(one)) == 250
        calls = sum(one.calls.values())
    assert calls == 3 + one.calls["token"]
    assert len(read) == calls
    assert len(looked_up) <= 1


def test_marketplaces_are_those_that_were_asked_for(seller, amazon, monkeypatch):
    amazon.control("orders", [order(1, NL), order(2, BE), order(3, "A1PA6795UKMFR9")])
    assert len(all_pages(seller)) == 2


def test_the_marketplace_of_the_environment_is_ignored(amazon, monkeypatch):
    amazon.control("orders", [order(1, NL)])
    monkeypatch.setenv("SP_API_DEFAULT_MARKETPLACE", "JP")
    with AmazonSeller(amazon_credentials(amazon.url), patience=QUICK) as one:
        assert len(all_pages(one)) == 1
        assert one.settlement_reports(datetime(2026, 9, 1, tzinfo=UTC)) == []
        assert str(one._api.client(Reports).endpoint) == amazon.url
    monkeypatch.setenv("SP_API_DEFAULT_MARKETPLACE", "NOWHERE")
    with AmazonSeller(amazon_credentials(amazon.url), patience=QUICK) as one:
        assert len(all_pages(one)) == 1


def test_one_order_and_one_that_is_not_there(seller, amazon):
    amazon.control("orders", [order(1)])
    found = seller.get_order("405-0000000-0000001")
    assert found is not None
    assert found["proceeds"]["grandTotal"]["amount"] == "12.10"
    assert seller.get_order("405-9999999-9999999") is None


def test_settlements_are_listed_once_each_over_all_pages(seller, amazon):
    amazon.control("options", {"duplicate_settlements": True})
    amazon.control("seed", {"seed": 3, "orders": 60, "from": "2026-09-01", "to": "2026-10-31"})
    listed = seller.settlement_reports(datetime(2026, 9, 1, tzinfo=UTC))
    assert len(listed) >= 3
    assert len({one.document_id for one in listed}) == len(listed)
    assert [one.created_utc for one in listed] == sorted(one.created_utc for one in listed)
    document = seller.fetch_document(listed[0].document_id)
    assert document.content.startswith(b"settlement-id\t")
    assert document.rows == len(document.content.splitlines())


def test_amounts_that_are_numbers_come_exact(seller, amazon):
    amazon.control("seed", {"seed": 3, "orders": 30, "from": "2026-09-01", "to": "2026-09-30"})
    found = list(
        seller.list_transactions(
            posted_after=datetime(2026, 9, 1, tzinfo=UTC),
            posted_before=datetime(2026, 10, 15, tzinfo=UTC),
        )
    )
    amounts = [one["totalAmount"]["currencyAmount"] for one in found]
    assert len(amounts) > 20
    assert all(isinstance(amount, Decimal | int) for amount in amounts)


def test_a_window_that_amazon_would_answer_with_nothing_is_asked_in_parts(seller, amazon):
    amazon.control("seed", {"seed": 3, "orders": 30, "from": "2026-09-01", "to": "2026-09-30"})
    until = datetime(2026, 10, 15, tzinfo=UTC)
    since = {days: until - timedelta(days=days) for days in (60, 400)}
    found = {
        days: [one["transactionId"] for one in _listed(seller, since[days], until)]
        for days in since
    }
    assert found[60] == found[400]
    assert len(found[60]) == len(set(found[60])) > 20
    assert seller.calls["listTransactions"] == 1 + 3


def _listed(seller, since, until):
    return seller.list_transactions(posted_after=since, posted_before=until)


def test_the_transactions_of_one_order_come_whatever_their_age(seller, amazon):
    amazon.control("seed", {"seed": 3, "orders": 30, "from": "2026-09-01", "to": "2026-09-30"})
    every = list(
        _listed(seller, datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 15, tzinfo=UTC))
    )
    order_id = next(
        one["relatedIdentifierValue"]
        for transaction in every
        for one in transaction["relatedIdentifiers"]
        if one["relatedIdentifierName"] == "ORDER_ID"
    )
    own = [one for one in every if order_id in str(one["relatedIdentifiers"])]
    assert list(seller.transactions_of(order_id)) == own


def test_what_finances_say_of_a_settlement_comes_in_cents(seller, amazon):
    seed = {"seed": 3, "orders": 60, "from": "2026-09-01", "to": "2026-10-31"}
    amazon.control("seed", {**seed, "profile": "year", "marketplaces": ["NL", "SE"]})
    truth = httpx.get(f"{amazon.url}/control/truth").json()["settlements"]
    assert {one["currency"] for one in truth} == {"EUR", "SEK"}
    for one in truth[:3] + truth[-3:]:
        own = NetProceeds(one["currency"], one["total_cents"])
        assert seller.settlement_summary(one["settlement_id"]) == [own]
    assert seller.settlement_summary("1") == []
    groups = seller.event_groups(datetime(2026, 8, 1, tzinfo=UTC))
    assert len(groups) == len(truth)
    told = {(one.total, one.converted) for one in groups}
    assert told == {
        (
            NetProceeds(one["currency"], one["total_cents"]),
            one["converted_eur_cents"] and NetProceeds("EUR", one["converted_eur_cents"]),
        )
        for one in truth
    }
    now = datetime.fromisoformat(httpx.get(f"{amazon.url}/control/clock").json()["now"])
    assert seller.event_groups(now - timedelta(minutes=3)) == []


def test_a_report_is_made_and_followed(seller):
    report_id = seller.create_report(
        "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
        data_start=datetime(2026, 9, 1, tzinfo=UTC),
        data_end=datetime(2026, 9, 30, tzinfo=UTC),
        marketplace_ids=[NL],
    )
    assert seller.report(report_id).status in ("DONE", "CANCELLED", "IN_QUEUE", "IN_PROGRESS")


def test_a_settlement_report_cannot_be_asked_for(seller, amazon):
    with pytest.raises(Refused) as refused:
        seller.create_report(
            "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2",
            data_start=datetime(2026, 9, 1, tzinfo=UTC),
            data_end=datetime(2026, 9, 30, tzinfo=UTC),
            marketplace_ids=[NL],
        )
    assert not refused.value.should_retry
    assert amazon.calls()["createReport"] == 1


# --- tokens in the bucket -------------------------------------------------------------------------


class Budget:
    """A budget that notes what it is asked."""

    def __init__(self) -> None:
        self.back: datetime | None = None
        self.taken: list[tuple[str, float, float]] = []
        self.learnt: dict[str, float] = {}
        self.emptied: list[str] = []

    def take(self, operation: str, rate: float, burst: float) -> datetime | None:
        self.taken.append((operation, rate, burst))
        return self.back

    def learn(self, operation: str, rate: float) -> None:
        self.learnt[operation] = rate

    def empty(self, operation: str) -> None:
        self.emptied.append(operation)


def test_the_shared_bucket_is_asked_before_each_call_and_told_the_rate(amazon):
    budget = Budget()
    with AmazonSeller(amazon_credentials(amazon.url), budget=budget, patience=QUICK) as one:
        all_pages(one)
        assert budget.taken == [("searchOrders", 0.0056, 20)]
        assert budget.learnt == {"searchOrders": 0.0056}
        budget.back = datetime(2030, 1, 1, tzinfo=UTC)
        with pytest.raises(NotNow) as later:
            all_pages(one)
        assert later.value.retry_at_utc == budget.back
    assert amazon.calls()["searchOrders"] == 1


def test_an_empty_bucket_at_amazon_says_when_to_come_back(amazon):
    budget = Budget()
    with AmazonSeller(amazon_credentials(amazon.url), budget=budget, patience=QUICK) as one:
        amazon.fault("searchOrders", "http_429")
        before = datetime.now(UTC)
        with pytest.raises(NotNow) as later:
            all_pages(one)
        wait = (later.value.retry_at_utc - before).total_seconds()
    assert 178 < wait < 182
    assert budget.emptied == ["searchOrders"]
    assert amazon.calls()["searchOrders"] == 1


def test_a_token_that_is_nearly_back_is_waited_for(amazon):
    amazon.control("orders", [order(1)])
    with AmazonSeller(amazon_credentials(amazon.url)) as one:
        amazon.fault("getOrder", "http_429")
        assert one.get_order("405-0000000-0000001") is not None
    assert amazon.calls()["getOrder"] == 2


# --- faults ---------------------------------------------------------------------------------------

GONE = [
    *("http_500_html", "http_503_empty", "http_403_gateway", "reset", "reset_mid_body"),
    *("malformed", "truncated_gzip"),
]
LARGE = 40 * 1024 * 1024
CLASS = {
    "malformed": BadAnswer,
    "truncated_gzip": BadAnswer,
    "dtd": BadAnswer,
    "gzip_bomb": BadAnswer,
    "oversized": BadAnswer,
    "wrong_charset": BadAnswer,
}


@pytest.mark.parametrize("kind", GONE)
@pytest.mark.parametrize("operation", ["searchOrders", "token"])
def test_a_read_is_tried_again(seller, amazon, kind, operation):
    amazon.control("orders", [order(1)])
    amazon.fault(operation, kind)
    assert len(all_pages(seller)) == 1
    assert amazon.calls()["searchOrders"] <= 2


@pytest.mark.parametrize("kind", [*GONE, "dtd", "gzip_bomb", "oversized", "wrong_charset"])
def test_what_goes_on_failing_ends_in_a_typed_error_and_never_in_an_empty_success(
    seller, amazon, kind
):
    amazon.control("orders", [order(1)])
    size = {"size_bytes": LARGE} if kind in ("gzip_bomb", "oversized") else {}
    amazon.fault("searchOrders", kind, times=None, **size)
    with pytest.raises(RemoteError) as raised:
        all_pages(seller)
    assert type(raised.value) is CLASS.get(kind, Unreachable)
    assert amazon.calls()["searchOrders"] <= QUICK.attempts


def test_an_answer_slower_than_five_seconds_is_waited_for(seller, amazon):
    amazon.control("orders", [order(1)])
    amazon.fault("searchOrders", "slow", seconds=5.6)
    assert len(all_pages(seller)) == 1
    assert amazon.calls()["searchOrders"] == 1


@pytest.mark.parametrize("operation", ["searchOrders", "token"])
def test_a_hanging_service_is_left_at_the_deadline(amazon, operation):
    credentials = amazon_credentials(amazon.url)
    with AmazonSeller(credentials, call_deadline_s=1, patience=ONCE) as one:
        amazon.fault(operation, "hang")
        started = time.monotonic()
        with pytest.raises(Unreachable):
            all_pages(one)
        assert time.monotonic() - started < 20  # Without it: the default of 30 seconds.


def test_an_unexplained_400_is_worth_trying_later_and_an_explained_one_is_not(seller, amazon):
    until = datetime.now(UTC) + timedelta(hours=1)
    amazon.control("options", {"transient_400_until": until.isoformat()})
    with pytest.raises(Refused) as refused:
        all_pages(seller)
    assert (refused.value.code, refused.value.should_retry) == ("InvalidInput", True)
    assert amazon.calls()["searchOrders"] == 1
    amazon.control("options", {"transient_400_until": ""})
    with pytest.raises(Refused) as refused:
        seller.search_orders(**WINDOW, pagination_token="none-of-yours")
    assert not refused.value.should_retry
    assert "paginationToken" in refused.value.cause


def test_pages_without_an_end_are_cut(seller, amazon):
    amazon.control("seed", {"seed": 3, "orders": 30, "from": "2026-09-01", "to": "2026-09-30"})
    amazon.fault("getReports", "empty_page", times=None)
    with pytest.raises(BadAnswer, match="no end"):
        seller.settlement_reports(datetime(2026, 9, 1, tzinfo=UTC))
    assert amazon.calls()["getReports"] <= 3
