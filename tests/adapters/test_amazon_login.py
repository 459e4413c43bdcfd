"""Signing in to Amazon: tokens, credentials and who is named when one is refused."""

import pytest
from amazon_eboekhouden.adapters.amazon import AmazonSeller
from amazon_eboekhouden.domain.errors import CredentialsRefused

from tests.adapters.world import NL, QUICK, all_pages, amazon_credentials, order


@pytest.mark.parametrize(
    ("field", "named"),
    [
        ("lwa_client_id", "lwa_client_id"),
        ("lwa_client_secret", "lwa_client_secret"),
        ("refresh_token", "refresh_token"),
    ],
)
def test_a_wrong_credential_is_named(amazon, field, named):
    wrong = amazon_credentials(amazon.url, **{field: "Atzr|wrong-value"})
    with (
        AmazonSeller(wrong, patience=QUICK) as one,
        pytest.raises(CredentialsRefused) as refused,
    ):
        one.check_credentials()
    assert named in refused.value.field
    assert "wrong-value" not in str(refused.value)
    assert amazon.calls() == {"token": 1}


def test_checking_signs_in_anew_and_uses_the_token(seller, amazon):
    assert seller.check_credentials()[0]["marketplace"]["id"] == NL
    assert seller.check_credentials()
    assert amazon.calls() == {"token": 2, "getMarketplaceParticipations": 2}


def test_a_token_that_was_revoked_or_has_expired_is_replaced_once(seller, amazon):
    amazon.control("orders", [order(1)])
    assert len(all_pages(seller)) == 1
    amazon.control("clock", {"advance_s": 4000})
    assert len(all_pages(seller)) == 1
    assert amazon.calls() == {"token": 2, "searchOrders": 3}


def test_a_withdrawn_authorisation_names_the_refresh_token_and_stops(seller, amazon):
    all_pages(seller)
    amazon.control("credentials", [{"refresh_token": "Atzr|sandbox", "revoked": True}])
    with pytest.raises(CredentialsRefused) as refused:
        all_pages(seller)
    assert refused.value.field == "refresh_token"
    assert amazon.calls() == {"token": 2, "searchOrders": 2}


def test_a_missing_role_is_told_apart_from_an_old_token_with_one_new_login(seller, amazon):
    all_pages(seller)
    amazon.control("credentials", [{"refresh_token": "Atzr|sandbox", "roles": []}])
    with pytest.raises(CredentialsRefused, match="role"):
        all_pages(seller)
    assert amazon.calls()["token"] == 2


def test_more_sellers_than_the_librarys_cache_holds_sign_in_once_each(amazon):
    tokens = [f"Atzr|{n}" for n in range(14)]
    amazon.control(
        "credentials", [{"refresh_token": t, "seller_id": f"A{n}"} for n, t in enumerate(tokens)]
    )
    for _ in range(2):
        for token in tokens:
            with AmazonSeller(amazon_credentials(amazon.url, refresh_token=token)) as one:
                all_pages(one)
    assert amazon.calls()["token"] == 14


def test_missing_credentials_are_not_looked_for_elsewhere(amazon, monkeypatch):
    monkeypatch.setenv("LWA_APP_ID", "sandbox-client")
    monkeypatch.setenv("LWA_CLIENT_SECRET", "sandbox-secret")
    monkeypatch.setenv("SP_API_REFRESH_TOKEN", "Atzr|sandbox")
    empty = amazon_credentials(amazon.url, lwa_client_id="", lwa_client_secret="")
    with AmazonSeller(empty, patience=QUICK) as one, pytest.raises(CredentialsRefused):
        one.check_credentials()
    assert "searchOrders" not in amazon.calls()
