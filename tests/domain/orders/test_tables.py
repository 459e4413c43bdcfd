"""The tables of config: complete, and in agreement with the settings and the default chart."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden.config.accounts import (
    account_roles,
    local_vat_account,
    needed,
    oss_vat_account,
)
from amazon_eboekhouden.config.marketplaces import ids_of, marketplaces
from amazon_eboekhouden.config.settings import AccountSettings
from amazon_eboekhouden.config.territories import MEMBER_STATES, territory_of
from amazon_eboekhouden.config.vat import SALES_CODES, rates_in_force, sale_rows, standard_rate
from coupling_sandbox.eboekhouden.chart import default_rows

from tests.golden.sales import book, settings_of

MODEL = Path(__file__).parents[3].parent / "shared" / "data" / "spapi-models"


def test_every_member_state_has_a_standard_rate_and_an_oss_account() -> None:
    on = date(2026, 11, 1)
    codes = {country: oss_vat_account(country, AccountSettings()) for country in MEMBER_STATES}
    assert all(codes.values())
    assert len(set(codes.values())) == 27
    assert all(standard_rate(country, on) for country in MEMBER_STATES)
    assert codes["DE"] == "1641"
    assert codes["FI"] == "1670"


def test_there_is_one_standard_rate_a_day() -> None:
    for country in (*MEMBER_STATES, "GB", "CH", "XI"):
        for year in range(2017, 2028):
            for month in range(1, 13):
                rates = rates_in_force(country, date(year, month, 15))
                assert sum(rate.standard for rate in rates) == (country != "XI" or year > 2020)


def test_settings_override_accounts() -> None:
    accounts = AccountSettings(oss_vat={"DE": "1699"}, local_vat={"DE": "1698"})
    assert oss_vat_account("DE", accounts) == "1699"
    assert local_vat_account("DE", accounts) == "1698"
    assert local_vat_account("FI", accounts) == ""


def test_roles_fit_the_administration_of_the_sandbox() -> None:
    """After a reset the sandbox holds the default chart, so `check` finds nothing missing."""
    registered = {"seller": {"vat": {"registrations": {"DE": "DE136695976"}}}}
    chart = {row["code"]: row["category"] for row in default_rows()}
    for role in account_roles(settings_of(registered)):
        assert chart.get(role.code) == role.category, role
        assert len(role.description) <= 50


def test_roles_name_every_setting() -> None:
    keys = {role.key.split(".")[0] for role in account_roles(settings_of())}
    assert set(AccountSettings.model_fields) - keys - {"oss_vat", "local_vat", "left_over"} == set()


def test_sale_rows_use_known_words() -> None:
    names = set(AccountSettings.model_fields)
    for row in sale_rows():
        assert row.code in SALES_CODES
        assert {row.revenue, row.shipping} <= names
        assert row.vat_row in ("", "oss", "local")
        assert row.rate_of in ("ship_from", "ship_to", "none")


@pytest.mark.parametrize(
    ("country", "postal_code", "taxed_in", "in_eu"),
    [
        ("ES", "35001", "ES", False), ("ES", "28001", "ES", True), ("ES", "52001", "ES", False),
        ("FI", "22100", "FI", False), ("FI", "FI-22100", "FI", False), ("FI", "00100", "FI", True),
        ("DE", "78266", "DE", False), ("DE", "D-27498", "DE", False), ("DE", "78265", "DE", True),
        ("IT", "23041", "IT", False), ("GR", "63086", "GR", False), ("EL", "10431", "GR", True),
        ("FR", "97400", "FR", False), ("FR", "98000", "FR", True), ("MC", "", "FR", True),
        ("RE", "97400", "RE", False), ("GB", "BT1 1AA", "XI", True), ("GB", "B1 1AA", "GB", False),
        ("AX", "", "AX", False), ("PT", "9000-082", "PT", True), ("NL", "1012AB", "NL", True),
        ("CH", "8001", "CH", False), ("AT", "6991", "AT", True), ("UK", "SW1A", "GB", False),
    ],
)  # fmt: skip
def test_territories(country: str, postal_code: str, taxed_in: str, in_eu: bool) -> None:
    area = territory_of(country, postal_code)
    assert (area.country, area.in_eu) == (taxed_in, in_eu)


def test_regions_have_rates_of_their_own() -> None:
    on = date(2026, 11, 1)
    assert standard_rate(territory_of("PT", "9000-082").rates, on) == 22
    assert standard_rate(territory_of("PT", "9500-150").rates, on) == 16
    assert standard_rate(territory_of("AT", "6691").rates, on) == 19
    assert standard_rate("FI", on) == Decimal("25.5")


def test_marketplaces() -> None:
    assert ids_of(["NL", "UK"]) == ["A1805IZSGTT6HS", "A1F83G8C2ARO7P"]
    assert len(marketplaces()) == 11


def test_amazons_own_examples_end_in_one_place_each() -> None:
    """Input that nobody here made goes through the same door."""
    file = MODEL / "orders_2026-01-01.json"
    if not file.exists():
        pytest.skip("Amazon's model is not on this machine")
    examples = list(_examples(json.loads(file.read_text())))
    assert len(examples) >= 8
    rates = {
        "GBP": {"2024-12-24": "0.83", "2024-12-27": "0.83"},
        "TRY": {"2025-03-14": "40.1"},
    }
    settings = settings_of({"books": {"go_live": "2024-01-01"}})
    read, bookables = book({"orders": examples, "rates": rates}, settings)
    places = [
        *read.skipped["order_id"],
        *bookables.mutations["order_id"],
        *(problem.order_id for problem in (*read.problems, *bookables.problems)),
    ]
    assert sorted(places) == sorted(order["orderId"] for order in examples)
    # Turkey: Amazon collects the VAT, so the order is booked at 0 %.
    assert list(bookables.mutations["order_id"]) == ["028-1234567-8901234"]


def _examples(value: Any) -> Any:
    if isinstance(value, dict) and isinstance(value.get("orderId"), str) and "orderItems" in value:
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _examples(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _examples(inner)


def test_accounts_that_a_person_makes_by_hand_are_asked_for_where_they_are_needed() -> None:
    """Marketplaces decide: nobody makes accounts for money that never comes."""
    for sold_at, wanted in (
        (["NL", "DE"], {"bank", "clearing.EUR"}),
        (["NL", "UK", "SE"], {"bank", "clearing.EUR", "clearing.GBP", "clearing.SEK"}),
        (["NL", "PL", "TR"], {"bank", "clearing.EUR", "clearing.PLN", "clearing.other"}),
    ):
        settings = settings_of({"seller": {"marketplaces": sold_at}})
        roles = account_roles(settings)
        by_hand = {r.key for r in roles if r.made_by == "user" and needed(r, settings)}
        assert by_hand == wanted
        assert all(needed(r, settings) for r in roles if r.made_by == "coupling")
