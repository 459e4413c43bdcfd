"""What is wrong is named before anything is written: the field or account, and what to do."""

from __future__ import annotations

import httpx
import pytest

from tests.pipelines.conftest import World, amazon_connection, books_connection

WRITES = ("AddMutatie", "AddRelatie", "AddFactuur", "AddGrootboekrekening")


def nothing_written(world: World) -> bool:
    return world.journal() == [] and not set(WRITES) & set(world.calls("books"))


def test_the_demo_is_ready(world: World) -> None:
    result = world.run("check")
    assert result.report["problems"] == []
    assert result.status == 0
    assert nothing_written(world)


def test_wrong_settings_are_named_with_their_line(world: World) -> None:
    world.settings(("oss: true", "oss: maybe"))
    result = world.run("check")
    assert result.status == 2
    (found,) = result.report["problems"]
    assert "seller.vat.oss" in found["cause"]
    assert "line" in found["todo"]
    assert world.calls("amazon") == {}


def test_a_wrong_security_code_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = books_connection(world.books, code_2="{00000000-0000-0000-0000-000000000000}")
    monkeypatch.setenv("AIRFLOW_CONN_EBOEKHOUDEN_DEMO", wrong)
    result = world.run("check")
    assert result.status in (1, 2)
    assert result.codes == ["credentials-refused"]
    (found,) = result.report["problems"]
    assert "Beveiligingscode" in found["todo"] or "Gebruikersnaam" in found["todo"]
    assert "eboekhouden_demo" in found["todo"]
    assert nothing_written(world)


def test_a_revoked_token_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    revoked = amazon_connection(world.amazon, refresh_token="Atzr|revoked")
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_DEMO", revoked)
    result = world.run("check")
    assert result.status in (1, 2)
    assert result.codes == ["credentials-refused"]
    assert "refresh token" in result.report["problems"][0]["todo"].lower()
    assert nothing_written(world)


def test_a_missing_connection_is_named(world: World) -> None:
    file = world.home / "couplings" / "demo.yaml"
    (world.home / "couplings" / "shop.yaml").write_text(
        file.read_text().replace("name: demo", "name: shop").replace("_demo", "_shop")
    )
    result = world.run("check", "--coupling", "shop")
    assert result.status == 2
    assert result.codes == ["connection-missing"]
    assert "AIRFLOW_CONN_AMAZON_SHOP" in result.report["problems"][0]["todo"]


def without_account(world: World, code: str) -> None:
    chart = httpx.get(f"{world.books}/control/ledgers").json()
    kept = [account for account in chart if account["code"] != code]
    assert len(kept) == len(chart) - 1
    httpx.put(f"{world.books}/control/ledgers", json=kept).raise_for_status()


def test_a_missing_ledger_account_is_named(world: World) -> None:
    without_account(world, "1090")
    result = world.run("check")
    assert result.status == 1
    (found,) = result.report["problems"]
    assert found["code"] == "account-missing"
    assert "1090" in found["cause"]
    assert "FIN" in found["todo"]
    assert nothing_written(world)


def test_missing_accounts_that_may_be_created_are_created_on_request(world: World) -> None:
    without_account(world, "4613")
    assert world.run("check").status == 1
    assert world.run("check", "--create-accounts").report["created_accounts"] == ["4613"]
    assert world.run("check").status == 0


def test_an_account_of_the_wrong_category_is_named(world: World) -> None:
    world.settings(more='accounts: {clearing: "4610"}\n')
    result = world.run("check")
    assert "account-category" in result.codes
    assert result.status == 1


def test_two_debtor_accounts_are_one_too_many(world: World) -> None:
    chart = httpx.get(f"{world.books}/control/ledgers").json()
    extra = {"code": "1310", "description": "Debiteuren 2", "category": "DEB"}
    httpx.put(f"{world.books}/control/ledgers", json=[*chart, extra]).raise_for_status()
    result = world.run("check")
    assert "account-ambiguous" in result.codes


def chart_with(world: World, **descriptions: str) -> None:
    """The chart of the sandbox with other names for these accounts."""
    chart = httpx.get(f"{world.books}/control/ledgers").json()
    for account in chart:
        account["description"] = descriptions.get(f"a{account['code']}", account["description"])
    httpx.put(f"{world.books}/control/ledgers", json=chart).raise_for_status()


def test_the_accounts_that_would_be_used_are_shown_by_their_own_names(world: World) -> None:
    chart_with(world, a8000="Omzet webwinkel")
    shown = {one["role"]: one for one in world.run("check").report["mapping"]}
    assert shown["revenue"] == {
        "role": "revenue", "account": "8000", "category": "VW", "description": "Omzet webwinkel",
    }  # fmt: skip
    assert shown["oss_vat.DE"]["account"] == "1641"


def test_a_vat_account_that_is_somebody_elses_is_named(world: World) -> None:
    chart_with(world, a1641="Loonheffing")
    result = world.run("check")
    assert result.codes == ["account-other-use"]
    assert "Loonheffing" in result.report["problems"][0]["cause"]
    # 1642 to 1649 are other countries', 1650 is VAT of the administration: the next free one.
    assert "accounts.oss_vat.DE, such as 1651" in result.report["problems"][0]["todo"]
    world.settings(more='accounts: {oss_vat: {DE: "1651"}}\n')
    assert world.run("check", "--create-accounts").report["created_accounts"] == ["1651"]
    assert world.run("check").status == 0


@pytest.mark.parametrize(
    ("more", "code", "named"),
    [
        ('accounts: {suspense: "2010"}', "account-shared", "transit, suspense"),
        ('accounts: {oss_vat: {DE: "1640"}}', "account-shared", "oss_vat.BE, oss_vat.DE"),
        (
            'vat: [{sale_kind: S10, code: HOOG_VERK_21, account: "8999"}]',
            "account-override",
            "vat.0.account",
        ),
        ('fees: [{fee_kind: fba, account: "1010"}]', "account-override", "FIN"),
    ],
)
def test_a_mapping_that_cannot_be_is_named(world: World, more: str, code: str, named: str) -> None:
    world.settings(more=f"{more}\n")
    result = world.run("check")
    found = [p for p in result.report["problems"] if p["code"] == code]
    assert [named in p["cause"] for p in found] == [True], result.report["problems"]
    assert nothing_written(world)


def test_a_vat_category_without_an_account_is_named(world: World) -> None:
    without_account(world, "1635")
    result = world.run("check")
    assert result.codes == ["account-ambiguous"]
    assert "VOOR" in result.report["problems"][0]["cause"]


def test_a_service_that_is_down_is_named_and_the_other_one_still_checked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_DEMO", amazon_connection("http://127.0.0.1:9"))
    result = world.run("check")
    assert result.codes == ["service-unreachable"]
    assert result.report["calls"].get("OpenSession") == 1


@pytest.mark.parametrize("value", ["neither json nor uri", '{"conn_type":'])
def test_a_connection_that_cannot_be_read_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_EBOEKHOUDEN_DEMO", value)
    result = world.run("check")
    assert (result.status, result.codes) == (2, ["connection-unreadable"])
    assert "AIRFLOW_CONN_EBOEKHOUDEN_DEMO" in result.report["problems"][0]["todo"]
    assert nothing_written(world)


def test_a_registration_without_an_account_for_its_vat_is_named(world: World) -> None:
    world.settings(("registrations: {}", "registrations: {FI: FI20774740}"))
    result = world.run("check")
    assert (result.status, result.codes) == (1, ["vat-account-missing"])
    assert "accounts.local_vat.FI" in result.report["problems"][0]["todo"]
