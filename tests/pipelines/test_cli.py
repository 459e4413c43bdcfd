"""What a person at a terminal reads, and the exit status a script acts on."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from amazon_eboekhouden import cli
from amazon_eboekhouden.domain.returns import Quarter

from tests.pipelines.conftest import World
from tests.pipelines.test_orders import FROM, MONTH, TO, WINDOW


def said(world: World, *arguments: str) -> str:
    world.capsys.readouterr()
    cli.main(list(arguments))
    return world.capsys.readouterr().out


def test_a_settlement_is_shown_line_by_line(world: World) -> None:
    world.seed(seed=51, orders=10, **{"from": FROM, "to": TO})
    assert "booked" in said(world, "orders", *WINDOW)
    text = said(world, "settlements")
    assert "Facturen betaald" in text
    assert "total according to Amazon, EUR" in text
    assert "{" not in text
    # The audit gives a count under the same name.
    assert re.search(r"^  settlements: [1-9]$", said(world, "audit"), re.MULTILINE)
    report = said(world, "report", "vat", "--quarter", f"{Quarter.of(MONTH)}")
    assert report.splitlines()[2].split()[:3] == ["quarter", "box", "sale_kind"]
    assert len(report.splitlines()) > 3
    assert "{" not in report


def test_json_is_one_object_on_the_last_line_with_the_promised_keys(world: World) -> None:
    report = world.run("orders", *WINDOW).report
    promised = {"booked", "already_booked", "skipped", "unknown", "problems", "calls"}
    assert promised | {"retry_after_utc"} <= set(report)


def test_without_tokens_a_run_says_when_to_come_back(world: World) -> None:
    """Exit status 3; what was fetched is kept, and the next run goes on from there."""
    world.seed(seed=52, orders=250, **{"from": FROM, "to": TO})
    world.post(f"{world.amazon}/control/options", {"bucket_fill": 0.1})
    first = world.run_process("orders", *WINDOW)
    assert first.status == 3
    assert first.report["retry_after_utc"].endswith("Z")
    assert first.report["booked"] == 0


def test_a_second_writer_is_told_to_come_back(world: World) -> None:
    """The lease is held by another: exit status 3, and nothing is written."""
    from amazon_eboekhouden.adapters.install_key import load_or_create
    from amazon_eboekhouden.config.environment import environment_of
    from amazon_eboekhouden.ledger import open_ledger

    world.seed(seed=53, orders=5, **{"from": FROM, "to": TO})
    environment = environment_of(os.environ)
    ledger = open_ledger(environment.ledger_url, install_key=load_or_create(environment.key_file))
    guid = "{E5F6A7B8-0000-4000-8000-00000000BEEF}"
    ledger.store.acquire(guid, "somebody else")
    world.monkeypatch.setattr("amazon_eboekhouden.pipelines.booking.LEASE_PATIENCE_S", 0.0)
    result = world.run("orders", *WINDOW)
    ledger.close()
    assert result.status == 3
    assert world.journal() == []


@pytest.mark.parametrize(
    "arguments",
    [["orders", "--from", "gisteren"], ["unheard-of"], [], ["settlements", "--deposit-eur", "1"]],
)
def test_wrong_usage_has_status_2(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "amazon_eboekhouden.cli", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage" in done.stderr


def test_an_inactive_coupling_does_nothing(world: World) -> None:
    world.settings(("active: true", "active: false"))
    result = world.run("orders", *WINDOW)
    assert result.status == 0
    assert "not active" in json.dumps(result.report)
    assert world.calls("amazon") == {}


def test_the_command_line_imports_no_airflow() -> None:
    loaded = "[m for m in sys.modules if m.startswith('airflow')]"
    code = f"import amazon_eboekhouden.cli, sys; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_report_of_a_quarter_and_its_spreadsheet(world: World) -> None:
    world.seed(seed=54, orders=12, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    quarter = f"{FROM[:4]}-Q{(int(FROM[5:7]) + 2) // 3}"
    shown = world.run("report", "vat", "--quarter", quarter)
    assert shown.status == 0
    assert shown.report["rows"]
    path = world.home / "vat.csv"
    world.run("report", "vat", "--quarter", quarter, "--csv", str(path))
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == len(shown.report["rows"]) + 1


def test_own_invoice_numbers_follow_without_gaps(world: World) -> None:
    own = "invoice_on: shipped\n  invoice_source: own"
    world.settings(("invoice_on: shipped", own))
    world.seed(seed=55, orders=12, **{"from": FROM, "to": TO})
    booked = world.run("orders", *WINDOW).report["booked"]
    again = world.run("orders", *WINDOW).report
    assert (again["booked"], again["already_booked"]) == (0, booked)
    numbers = {x["invoice_number"] for x in world.journal() if x["account"] == "1300"}
    assert sorted(int(number.rsplit("-", 1)[1]) for number in numbers) == list(range(1, booked + 1))
