"""A client that is not Python: npm's `amazon-sp-api`, installed for the test, over loopback."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = "1.2.1"
SCRIPT = Path(__file__).with_name("sp_api_client.js")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    wanted = f"amazon-sp-api@{VERSION}"
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", wanted]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not answer within two minutes")
    if done.returncode:
        pytest.skip(f"npm could not install {wanted}: {done.stderr.decode()[-200:]}")
    return folder / "node_modules"


def test_npm_amazon_sp_api_reads_a_seller(modules, seller):
    seller.control("seed", {"seed": 3, "orders": 60, "from": "2026-10-01", "to": "2026-11-01"})
    done = subprocess.run(
        [shutil.which("node"), SCRIPT, seller.url],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answers = json.loads(done.stdout)
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
