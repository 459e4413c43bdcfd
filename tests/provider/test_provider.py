"""What Airflow sees: two connection types with their forms, and a Test that names the field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from amazon_eboekhouden.config.connections import (
    AMAZON,
    EBOEKHOUDEN,
    SANDBOX_CONNECTIONS,
    SECRET_EXTRAS,
)
from amazon_eboekhouden.provider import get_provider_info

from tests.pipelines.conftest import World, amazon_connection, books_connection

pytestmark = pytest.mark.filterwarnings("ignore")


def forms() -> dict[str, dict[str, Any]]:
    return {kind["connection-type"]: kind for kind in get_provider_info()["connection-types"]}


def test_airflow_lists_both_connection_types() -> None:
    from airflow.providers_manager import ProvidersManager

    hooks = ProvidersManager().hooks
    for name in (AMAZON, EBOEKHOUDEN):
        assert hooks[name] is not None
        assert hooks[name].hook_name == forms()[name]["hook-name"]


def test_the_forms_speak_the_manuals_dutch() -> None:
    books = forms()[EBOEKHOUDEN]
    labels = books["ui-field-behaviour"]["relabeling"]
    assert labels["login"] == "Gebruikersnaam"
    assert labels["password"] == "Beveiligingscode 1"
    assert books["conn-fields"]["security_code_2_secret"]["label"] == "Beveiligingscode 2"


def test_every_secret_field_is_masked_by_its_name() -> None:
    """Airflow masks extras by name, whatever the form says."""
    from airflow._shared.secrets_masker import should_hide_value_for_key

    passwords = {
        name
        for kind in forms().values()
        for name, field in kind["conn-fields"].items()
        if field["schema"].get("format") == "password"
    }
    assert passwords == set(SECRET_EXTRAS)
    for name in passwords:
        assert should_hide_value_for_key(name), name


@pytest.mark.parametrize("conn_id", SANDBOX_CONNECTIONS)
def test_airflows_rest_answers_hold_no_secret(conn_id: str) -> None:
    """Read back as the form and the REST interface do: each secret is three stars."""
    from airflow.api_fastapi.core_api.datamodels.connections import ConnectionResponse
    from airflow.models.connection import Connection

    known = SANDBOX_CONNECTIONS[conn_id]
    kind = AMAZON if conn_id.startswith("amazon") else EBOEKHOUDEN
    extra = json.dumps(dict(known.extra))
    stored = Connection(conn_id, kind, login=known.login, password=known.password, extra=extra)
    shown = ConnectionResponse.model_validate(stored, from_attributes=True).model_dump()
    assert shown["password"] == "***"
    secrets = [known.password, *(str(known.extra.get(name) or "") for name in SECRET_EXTRAS)]
    assert len([secret for secret in secrets if secret]) == 2
    assert [secret for secret in secrets if secret and secret in str(shown)] == []


def test_the_test_button_accepts_what_is_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amazon_eboekhouden.provider.hooks import AmazonSellingPartnerHook, EBoekhoudenHook

    assert AmazonSellingPartnerHook("amazon_demo").test_connection()[0]
    accepted, text = EBoekhoudenHook("eboekhouden_demo").test_connection()
    assert accepted
    assert "administratie" in text


def test_the_test_button_names_the_field_that_is_wrong(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amazon_eboekhouden.provider.hooks import AmazonSellingPartnerHook, EBoekhoudenHook

    wrong = books_connection(world.books, code_2="{00000000-0000-0000-0000-000000000000}")
    monkeypatch.setenv("AIRFLOW_CONN_EBOEKHOUDEN_DEMO", wrong)
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_DEMO", amazon_connection(world.amazon, "Atzr|revoked"))
    accepted, text = EBoekhoudenHook("eboekhouden_demo").test_connection()
    assert not accepted
    assert "Beveiligingscode 2" in text
    accepted, text = AmazonSellingPartnerHook("amazon_demo").test_connection()
    assert not accepted
    assert "Refresh token" in text
    nameless = amazon_connection(world.amazon, seller_id="")
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_DEMO", nameless)
    accepted, text = AmazonSellingPartnerHook("amazon_demo").test_connection()
    assert not accepted
    assert "Verkopers-ID" in text


def test_a_hook_shows_no_secret(world: World) -> None:
    from amazon_eboekhouden.provider.hooks import EBoekhoudenHook

    shown = repr(EBoekhoudenHook("eboekhouden_demo").get_conn())
    assert "0123456789abcdef" not in shown
    assert "A1B2C3D4" not in shown


def test_a_missing_connection_says_what_to_do() -> None:
    from amazon_eboekhouden.provider.hooks import EBoekhoudenHook

    with pytest.raises(ValueError, match="AIRFLOW_CONN_NOWHERE"):
        EBoekhoudenHook("nowhere").get_conn()


def test_the_provider_description_is_plain_data() -> None:
    assert json.loads(json.dumps(get_provider_info())) == get_provider_info()
