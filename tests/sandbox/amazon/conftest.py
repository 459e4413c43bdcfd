"""An Amazon sandbox over HTTP and a client that is logged in to it."""

import json
import time
from itertools import zip_longest
from pathlib import Path

import httpx
import pytest
from coupling_sandbox.amazon.app import create_app
from coupling_sandbox.server import serve_in_thread

SHARED = Path(__file__).parents[3] / ".." / "shared" / "data"
ALL_DATA = (
    "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"
)
NOW = "2026-11-20T12:00:00Z"


class Seller:
    """One seller's calls to a sandbox."""

    def __init__(self, url, refresh_token="Atzr|sandbox"):
        self.url = url
        self.http = httpx.Client(base_url=url, timeout=60)
        self.refresh_token = refresh_token
        self._token = None

    def login(self, **changes):
        form = {
            "grant_type": "refresh_token",
            "client_id": "sandbox-client",
            "client_secret": "sandbox-secret",
            "refresh_token": self.refresh_token,
        } | changes
        form = {name: value for name, value in form.items() if value is not None}
        return self.http.post("/auth/o2/token", data=form)

    @property
    def headers(self):
        if self._token is None:
            self._token = self.login().json()["access_token"]
        return {"x-amz-access-token": self._token}

    def get(self, path, **params):
        return self.http.get(path, params=params, headers=self.headers)

    def post(self, path, body):
        return self.http.post(path, json=body, headers=self.headers)

    def search(self, **params):
        return self.get("/orders/2026-01-01/orders", **params)

    def control(self, verb, body, **params):
        answer = self.http.post(f"/control/{verb}", json=body, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def clock(self, **body):
        return self.control("clock", body)

    def calls(self):
        return self.http.get("/control/calls").json()

    def truth(self, **params):
        return self.http.get("/control/truth", params=params).json()

    def report(self, kind, start, end, **extra):
        body = {
            "reportType": kind,
            "marketplaceIds": ["A1805IZSGTT6HS"],
            "dataStartTime": start,
            "dataEndTime": end,
        } | extra
        made = self.post("/reports/2021-06-30/reports", body)
        if made.status_code != 202:
            return made
        return self.made(made.json()["reportId"])

    def made(self, report_id):
        """Return a report when it is written, which a large one is not at once."""
        deadline = time.monotonic() + 60
        while True:
            found = self.get(f"/reports/2021-06-30/reports/{report_id}").json()
            if found["processingStatus"] != "IN_PROGRESS" or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def document(self, document_id, **params):
        found = self.get(f"/reports/2021-06-30/documents/{document_id}", **params).json()
        return self.http.get(found["url"])

    def rows(self, report):
        """Return a report's rows; VAT transactions leave empty fields at the end of a row out."""
        lines = self.document(report["reportDocumentId"]).text.splitlines()
        names = lines[0].split("\t")
        ragged = report["reportType"] == "GET_VAT_TRANSACTION_DATA"
        cells = [line.split("\t") for line in lines[1:]]
        assert ragged or all(len(row) == len(names) for row in cells)
        return [dict(zip_longest(names, row, fillvalue="")) for row in cells]


def make_order(number, updated, status="SHIPPED", marketplace="A1805IZSGTT6HS", **changes):
    money = {"amount": "10.00", "currencyCode": "EUR"}
    return {
        "orderId": f"302-0000000-{number:07d}",
        "createdTime": changes.pop("created", updated),
        "lastUpdatedTime": updated,
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": marketplace},
        "buyer": {"buyerName": "Zoë"},
        "recipient": {"deliveryAddress": {"countryCode": "NL"}},
        "tax": {"taxRegistrations": []},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": "MERCHANT"},
        "orderItems": [
            {
                "orderItemId": str(number),
                "quantityOrdered": 1,
                "product": {"sellerSku": "A"},
                "proceeds": {
                    "proceedsTotal": money,
                    "breakdowns": [{"type": "ITEM", "subtotal": money}],
                },
            }
        ],
        **changes,
    }


@pytest.fixture
def seller(served):
    client = Seller(served(create_app()))
    client.clock(now=NOW)
    yield client
    client.http.close()


@pytest.fixture(scope="module")
def shared_seller():
    """Return a seller for tests that only look, one for all tests of a module."""
    with serve_in_thread(create_app()) as url:
        client = Seller(url)
        yield client
        client.http.close()


@pytest.fixture
def order():
    return make_order


@pytest.fixture(scope="session")
def model():
    """Return a function that gives one of Amazon's models, or skips."""

    def load(name):
        path = SHARED / "spapi-models" / f"{name}.json"
        if not path.exists():
            pytest.skip("Amazon's models are not here")
        return json.loads(path.read_text())

    return load
