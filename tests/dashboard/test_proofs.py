"""The proof of a settlement, downloaded from its page."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from amazon_eboekhouden.pipelines import settlement_files
from amazon_eboekhouden.pipelines.runtime import Runtime

from tests.dashboard.conftest import AIRFLOW_WARNINGS, Browser
from tests.domain.settlement.writing import file_of, row

pytestmark = AIRFLOW_WARNINGS
BASE = "/koppeling/demo/afrekeningen"
FEE = "other-transaction/other-transaction/Subscription Fee"


@pytest.fixture
def settlement(sources: Any) -> str:
    """A settlement that was found and not yet booked."""
    runtime = Runtime(sources.settings("demo"), sources.environment, sources.connections)
    content = file_of([row(FEE, "-47.19")])
    try:
        return settlement_files.archive(runtime, content, "")
    finally:
        runtime.ledger.close()


def test_the_page_links_to_both_and_both_come_down_as_files(
    admin: Browser, settlement: str
) -> None:
    shown = admin.get(f"{BASE}/{settlement}").text
    for ending, media in (("html", "text/html"), ("csv", "text/csv")):
        path = f"{BASE}/{settlement}/bewijs.{ending}"
        assert f'href="{path}"' in shown
        answer = admin.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(media)
        named = f'attachment; filename="afrekening-{settlement}.{ending}"'
        assert answer.headers["content-disposition"] == named
    lines = admin.get(f"{BASE}/{settlement}/bewijs.csv").content.decode("utf-8-sig").splitlines()
    rows = list(csv.DictReader(lines, delimiter=";"))
    assert [r["Bij Amazon EUR"] for r in rows if r["Deel"] in ("Totaal", "Rij")] == [
        "-47,19",
        "-47,19",
    ]


def test_an_unknown_settlement_and_a_missing_file_are_told(
    admin: Browser, sources: Any, settlement: str
) -> None:
    assert admin.get(f"{BASE}/123/bewijs.html").status_code == 404
    assert admin.get(f"/koppeling/none/afrekeningen/{settlement}/bewijs.csv").status_code == 404
    sources.ledger.settlements.record(sources.state("demo").seller, settlement, file_hash="0" * 64)
    assert admin.get(f"{BASE}/{settlement}/bewijs.html").status_code == 409


def test_nobody_reads_it_without_a_login(browser_of: Any, settlement: str) -> None:
    assert browser_of(None).get(f"{BASE}/{settlement}/bewijs.csv").status_code == 401
