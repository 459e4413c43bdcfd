"""A client that is not Python: npm's `amazon-sp-api`, installed for the test, over loopback."""

from pathlib import Path

import pytest

from tests.sandbox.node import modules_of, run_script

SCRIPT = Path(__file__).with_name("sp_api_client.js")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    return modules_of("amazon-sp-api@1.2.1", tmp_path_factory.mktemp("node"))


def test_npm_amazon_sp_api_reads_a_seller(modules, seller):
    seller.control("seed", {"seed": 3, "orders": 60, "from": "2026-10-01", "to": "2026-11-01"})
    answers = run_script(SCRIPT, modules, seller.url)
    truth = seller.truth()
    assert len(answers["places"]) == 11
    expected = {one["order_id"] for one in truth["orders"]}
    assert {one["orderId"] for one in answers["orders"]} == expected
    assert {row["amazon-order-id"] for row in answers["report"]} <= expected
    assert answers["settlement"][0]["settlement-id"] in {
        one["settlement_id"] for one in truth["settlements"]
    }
    assert len(answers["transactions"]["transactions"]) == 100
    assert answers["refused"] == "InvalidInput"
    assert answers["stranger"] == "invalid_grant"
    calls = seller.calls()
    assert calls["calls"]["searchOrders"] == 3
    assert calls["refused"]["token"] == 1
