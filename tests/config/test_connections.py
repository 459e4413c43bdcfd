"""Connections outside Airflow come from the same variables, and show no secret."""

from __future__ import annotations

import json

import pytest
from amazon_eboekhouden.config.connections import from_environment


def test_json_with_extra_as_text_or_object() -> None:
    for extra in ({"seller_id": "A1"}, json.dumps({"seller_id": "A1"})):
        value = json.dumps({"login": "id", "password": "geheim", "extra": extra})
        found = from_environment("shop", {"AIRFLOW_CONN_SHOP": value})
        assert found is not None
        assert (found.login, found.password, found.text("seller_id")) == ("id", "geheim", "A1")


def test_a_uri_with_query() -> None:
    found = from_environment(
        "shop",
        {"AIRFLOW_CONN_SHOP": "eboekhouden://user:p%40ss@h.example:81/?administration_guid=g"},
    )
    assert found is not None
    assert (found.login, found.password, found.host) == ("user", "p@ss", "h.example:81")
    assert found.text("administration_guid") == "g"


def test_without_a_variable_only_the_demo_has_a_connection() -> None:
    assert from_environment("shop", {}) is None
    demo = from_environment("amazon_demo", {})
    assert demo is not None
    assert demo.host == "http://127.0.0.1:8101"


@pytest.mark.parametrize("value", ["{not json", "no-uri"])
def test_nonsense_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(ValueError, match="AIRFLOW_CONN_SHOP") as caught:
        from_environment("shop", {"AIRFLOW_CONN_SHOP": value})
    assert value not in str(caught.value)


def test_the_repr_shows_no_secret() -> None:
    value = json.dumps({"login": "id", "password": "geheim", "extra": {"refresh": "geheimer"}})
    assert "geheim" not in repr(from_environment("shop", {"AIRFLOW_CONN_SHOP": value}))
