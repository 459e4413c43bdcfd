"""python-amazon-sp-api, unchanged, sync and async, over HTTP."""

import asyncio
from contextlib import ExitStack

import httpx
import pytest
from sp_api.api import Finances, Orders, Reports, Sellers
from sp_api.asyncio.api import Orders as AsyncOrders
from sp_api.asyncio.api import Reports as AsyncReports
from sp_api.asyncio.auth import AccessTokenClient as AsyncAccessTokenClient
from sp_api.auth import AccessTokenClient
from sp_api.auth.exceptions import AuthorizationError
from sp_api.base import SellingApiBadRequestException, SellingApiRequestThrottledException
from sp_api.base.exceptions import SellingApiForbiddenException, SellingApiNotFoundException

CREDENTIALS = {
    "lwa_app_id": "sandbox-client",
    "lwa_client_secret": "sandbox-secret",
    "refresh_token": "Atzr|sandbox",
}
NL, DE = "A1805IZSGTT6HS", "A1PA6795UKMFR9"
SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"


class Place:
    """What the library wants to know of a marketplace, pointing at the sandbox."""

    def __init__(self, url):
        self.endpoint = url
        self.marketplace_id = NL
        self.region = "eu-west-1"


@pytest.fixture
def make(seller, monkeypatch):
    monkeypatch.delenv("SP_API_DEFAULT_MARKETPLACE", raising=False)
    address = seller.url.removeprefix("http://")
    # A refresh token of its own for each test: the library caches access tokens by it.
    token = f"Atzr|{address}"
    seller.control("credentials", [{"refresh_token": token}])
    stack = ExitStack()
    where = {"scheme": "http://", "host": address}

    class Login(AccessTokenClient):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            stack.callback(self._transport.close)  # The library leaves its login connection open.

    def client(kind, login=Login, **changes):
        made = kind(
            marketplace=Place(seller.url),
            credentials=CREDENTIALS | {"refresh_token": token} | changes.pop("credentials", {}),
            auth_token_client_class=type("Here", (login,), where),
            **changes,
        )
        if hasattr(made, "close"):
            stack.callback(made.close)
        return made

    with stack:
        yield client


@pytest.fixture
def october(seller):
    seller.control("seed", {"seed": 9, "orders": 130, "from": "2026-10-01", "to": "2026-11-01"})
    return seller


WINDOW = {
    "lastUpdatedAfter": "2026-10-01T00:00:00Z",
    "lastUpdatedBefore": "2026-11-01T00:00:00Z",
    "marketplaceIds": [NL, DE],
}


def test_orders_in_pages(october, make):
    orders = make(Orders, version="2026-01-01")
    first = orders.search_orders(**WINDOW, includedData=["PROCEEDS", "FULFILLMENT"])
    assert len(first.payload["orders"]) == 100
    rest = orders.search_orders(
        **WINDOW, includedData=["PROCEEDS", "FULFILLMENT"], paginationToken=first.next_token
    )
    assert len(rest.payload["orders"]) == 30
    assert rest.next_token is None
    order_id = first.payload["orders"][0]["orderId"]
    assert orders.get_order(order_id=order_id).payload["order"]["orderId"] == order_id
    assert october.calls()["calls"] == {"token": 1, "searchOrders": 2, "getOrder": 1}


def test_settlements_are_listed_and_downloaded(october, make):
    october.control("options", {"document_gzip": True})
    october.control("seed", {"seed": 10, "orders": 20, "from": "2026-10-01", "to": "2026-11-01"})
    reports = make(Reports)
    listed = reports.get_reports(reportTypes=[SETTLEMENTS], marketplaceIds=[NL], pageSize=100)
    assert len(listed.payload["reports"]) == 6
    for one in listed.payload["reports"]:
        got = reports.get_report_document(one["reportDocumentId"], download=True)
        assert got.payload["document"].startswith("settlement-id\t")
        assert reports.get_report(one["reportId"]).payload["reportType"] == SETTLEMENTS


def test_a_report_on_request(october, make):
    reports = make(Reports)
    made = reports.create_report(
        reportType="GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
        marketplaceIds=[NL],
        dataStartTime="2026-10-05T00:00:00Z",
        dataEndTime="2026-10-25T00:00:00Z",
    )
    report = reports.get_report(made.payload["reportId"]).payload
    assert report["processingStatus"] == "DONE"
    with pytest.raises(SellingApiBadRequestException, match="1118"):
        reports.create_report(reportType=SETTLEMENTS, marketplaceIds=[NL])


def test_participations_and_finances(october, make):
    assert len(make(Sellers).get_marketplace_participation().payload) == 11
    finances = make(Finances, version="2024-06-19")
    listed = finances.list_transactions(postedAfter="2026-10-01T00:00:00Z")
    assert len(listed.payload["transactions"]) == 100


def test_the_older_orders(october, make):
    orders = make(Orders, version="v0")
    listed = orders.get_orders(LastUpdatedAfter="2026-10-01T00:00:00Z", MarketplaceIds=[NL])
    order_id = listed.payload["Orders"][0]["AmazonOrderId"]
    items = orders.get_order_items(order_id)
    assert items.payload["AmazonOrderId"] == order_id


def test_refusals_reach_the_caller(seller, make):
    orders = make(Orders, version="2026-01-01")
    with pytest.raises(SellingApiBadRequestException):
        orders.search_orders(marketplaceIds=[NL])
    with pytest.raises(SellingApiNotFoundException):
        orders.get_order(order_id="1-2-3")
    for _ in range(19):
        orders.search_orders(**WINDOW)
    with pytest.raises(SellingApiRequestThrottledException):
        orders.search_orders(**WINDOW)
    seller.clock(advance_s=3601)
    with pytest.raises(SellingApiForbiddenException):
        orders.search_orders(**WINDOW)
    with pytest.raises(AuthorizationError) as refused:
        make(Orders, credentials={"refresh_token": "Atzr|strange"}).get_order(order_id="1-2-3")
    assert refused.value.error_code == "invalid_grant"


@pytest.mark.parametrize("kind", ["http_500_html", "http_503_empty", "http_403_gateway"])
def test_the_librarys_traps_can_be_provoked(seller, make, kind):
    # Without an `errors` key the library takes a failure for an empty success.
    orders = make(Orders, version="2026-01-01")
    seller.control("faults", [{"operation": "searchOrders", "kind": kind}])
    answer = orders.search_orders(**WINDOW)
    assert "orders" not in answer.payload


def test_slow_and_cut_answers(seller, make):
    orders = make(Orders, version="2026-01-01", timeout=0.3)
    seller.control("faults", [{"operation": "searchOrders", "kind": "slow", "seconds": 0.8}])
    with pytest.raises(httpx.ReadTimeout):
        orders.search_orders(**WINDOW)
    seller.control("faults", [{"operation": "searchOrders", "kind": "reset"}])
    with pytest.raises(httpx.TransportError):
        orders.search_orders(**WINDOW)


def test_async_clients(october, make):
    async def both():
        async with make(AsyncOrders, AsyncAccessTokenClient, version="2026-01-01") as orders:
            found = await orders.search_orders(**WINDOW)
            await orders._auth._transport.aclose()  # The library leaves it open.
        async with make(AsyncReports, AsyncAccessTokenClient) as reports:
            listed = await reports.get_reports(reportTypes=[SETTLEMENTS], marketplaceIds=[NL])
            document = listed.payload["reports"][0]["reportDocumentId"]
            got = await reports.get_report_document(document, download=True)
            await reports._auth._transport.aclose()
        return found, got

    found, got = asyncio.run(both())
    assert len(found.payload["orders"]) == 100
    assert got.payload["document"].startswith("settlement-id\t")
