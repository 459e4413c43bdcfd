"""Login with Amazon, access tokens and who may do what."""

import pytest

GOOD = {"refresh_token": "Atzr|other", "seller_id": "A2OTHER"}


def test_a_token_opens_the_api_for_an_hour(seller, order):
    answer = seller.login()
    body = answer.json()
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3600
    assert body["access_token"].startswith("Atza|")
    assert seller.search(lastUpdatedAfter="2026-11-01T00:00:00Z").status_code == 200
    seller.clock(advance_s=3601)
    refused = seller.search(lastUpdatedAfter="2026-11-01T00:00:00Z")
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["code"] == "Unauthorized"
    assert refused.json()["errors"][0]["details"] == ""


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"refresh_token": "Atzr|strange"}, 400, "invalid_grant"),
        ({"refresh_token": None}, 400, "invalid_request"),
        ({"client_id": None}, 400, "invalid_request"),
    ],
)
def test_refused_logins(seller, changes, status, error):
    answer = seller.login(**changes)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert set(answer.json()) == {"error", "error_description", "error_index", "request_id"}
    assert "x-amzn-errortype" in answer.headers
    assert seller.calls()["refused"] == {"token": 1}


def test_a_revoked_grant_closes_login_and_token(seller):
    assert seller.search(lastUpdatedAfter="2026-11-01T00:00:00Z").status_code == 200
    seller.control("credentials", [{"refresh_token": "Atzr|sandbox", "revoked": True}])
    assert seller.search(lastUpdatedAfter="2026-11-01T00:00:00Z").status_code == 403
    assert seller.login().json()["error"] == "invalid_grant"


def test_no_token_and_a_strange_token(seller):
    path = "/orders/2026-01-01/orders"
    assert seller.http.get(path).status_code == 403
    assert seller.http.get(path, headers={"x-amz-access-token": "Atza|x"}).status_code == 403


def test_sellers_have_their_own_shop_and_buckets(seller, order):
    seller.control("credentials", {"sellers": [GOOD]})
    seller.control("orders", [order(1, "2026-11-10T00:00:00Z")], seller="A2OTHER")
    other = type(seller)(seller.url, "Atzr|other")
    since = {"lastUpdatedAfter": "2026-11-01T00:00:00Z"}
    assert seller.search(**since).json()["orders"] == []
    assert len(other.search(**since).json()["orders"]) == 1
    for _ in range(19):
        assert seller.search(**since).status_code == 200
    assert seller.search(**since).status_code == 429
    assert other.search(**since).status_code == 200
    other.http.close()


def test_wrong_credentials_bodies_are_refused(seller):
    answer = seller.http.post("/control/credentials", json=[{"rolls": []}])
    assert answer.status_code == 400
    answer = seller.http.post("/control/credentials", json=[{"roles": ["king"]}])
    assert answer.status_code == 400


@pytest.mark.parametrize("behaviour", ["absent", "403"])
def test_a_missing_role_hides_fields_or_refuses(seller, order, behaviour):
    seller.control("orders", [order(1, "2026-11-10T00:00:00Z")])
    grant = {"refresh_token": "Atzr|sandbox", "roles": ["inventory_and_order_tracking"]}
    seller.control("credentials", [grant])
    seller.control("options", {"missing_role": behaviour})
    since = {"lastUpdatedAfter": "2026-11-01T00:00:00Z"}
    answer = seller.search(**since, includedData="BUYER,RECIPIENT,PROCEEDS")
    if behaviour == "403":
        assert answer.status_code == 403
    else:
        shown = answer.json()["orders"][0]
        assert "buyer" not in shown
        assert "recipient" not in shown
    assert seller.search(**since, includedData="PROCEEDS").status_code == 200
    finances = seller.get("/finances/2024-06-19/summary")
    assert finances.status_code == 403
    settlements = seller.get(
        "/reports/2021-06-30/reports", reportTypes="GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
    )
    assert settlements.status_code == 403
    order_report = seller.report(
        "GET_VAT_TRANSACTION_DATA", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"
    )
    assert order_report.status_code == 403


def test_the_text_of_an_expired_token_is_an_option(seller):
    seller.login()
    assert seller.headers
    seller.control(
        "options", {"expired_token_details": "The access token you provided has expired."}
    )
    seller.clock(advance_s=3700)
    answer = seller.get("/sellers/v1/marketplaceParticipations")
    assert answer.json()["errors"][0]["details"] == "The access token you provided has expired."


def test_a_login_may_come_as_json(seller):
    fields = {
        "grant_type": "refresh_token",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "refresh_token": "Atzr|sandbox",
    }
    assert seller.http.post("/auth/o2/token", json=fields).json()["token_type"] == "bearer"
    wrong = seller.http.post("/auth/o2/token", json=fields | {"refresh_token": 5})
    assert wrong.json()["error"] == "invalid_request"
    for body in ("[]", "{", "\xff"):
        headers = {"content-type": "application/json"}
        answer = seller.http.post("/auth/o2/token", content=body.encode("latin-1"), headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
