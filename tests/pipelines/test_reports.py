"""Reports for the VAT returns: what the ledger tells equals the truth and the books."""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import zeep
from amazon_eboekhouden.cli import _connection
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.pipelines.reports import TaxReport, icp_report, oss_report, vat_report
from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

from tests.pipelines.conftest import World

FROM, TO, NOW = "2026-07-01T00:00:00Z", "2026-09-30T00:00:00Z", "2026-10-20T12:00:00Z"
ACCOUNTS = {"DE": "1641", "FR": "1642", "IT": "1643", "ES": "1644", "BE": "1640", "SE": "1647"}


def runtime_of() -> Runtime:
    environment = environment_of(os.environ)
    return Runtime(read_settings(environment, "demo"), environment, _connection)


def booked_quarter(world: World) -> list[dict[str, Any]]:
    """A summer quarter in the books; the truth of what was booked and shipped in it."""
    world.post(f"{world.amazon}/control/clock", {"now": NOW})
    world.post(f"{world.amazon}/control/options", {"rate_scale": 1000.0})
    wishes = {"seed": 12, "orders": 250, "profile": "year", "business": 0.2, "late": 0.0}
    truth = world.seed(**wishes, **{"from": FROM, "to": TO})
    world.run("orders", "--from", FROM, "--to", "2026-10-10T00:00:00Z")
    booked = {line["invoice_number"] for line in world.journal()}
    return [o for o in truth["orders"] if f"AMZ-{o['order_id']}" in booked and _in_quarter(o)]


def _in_quarter(order: dict[str, Any]) -> bool:
    shipped = datetime.fromisoformat(order["shipped_utc"])
    return shipped.astimezone(ZoneInfo("Europe/Amsterdam")).month < 10


def test_the_returns_of_a_quarter_equal_the_truth_and_the_books(world: World) -> None:
    orders = booked_quarter(world)
    runtime = runtime_of()
    _oss_equals(oss_report(runtime, 2026, 3), orders, world)
    supplies = Counter[str]()
    for order in orders:
        if order["sale_kind"] == "intra_community" and order["currency"] == "EUR":
            supplies[order["vat_number"]] += order["gross_cents"]
    icp = icp_report(runtime, 2026, 3)
    assert icp.problems == []
    assert supplies
    assert Counter({row["vat_number"]: row["net_cents"] for row in icp.rows}) == supplies
    _boxes_equal(vat_report(runtime, 2026, 3), orders, supplies.total())


def _oss_equals(report: TaxReport, orders: list[dict[str, Any]], world: World) -> None:
    assert report.problems == []
    in_euros = [row for row in report.rows if row["currency"] == "EUR"]
    wanted, found = Counter[Any](), Counter[Any]()
    for order in orders:
        if order["sale_kind"] == "oss" and order["currency"] == "EUR":
            for vat in order["vat"]:
                wanted[vat["country"], vat["rate_percent"], "net"] += vat["net_cents"]
                wanted[vat["country"], vat["rate_percent"], "vat"] += vat["vat_cents"]
    for row in in_euros:
        found[row["consumption"], f"{row['rate_percent']:f}", "net"] += row["net_cents"]
        found[row["consumption"], f"{row['rate_percent']:f}", "vat"] += row["vat_cents"]
    assert found == wanted
    assert any(row["currency"] == "SEK" and row["exchange_rate"] for row in report.rows)
    # C9: what stands on the OSS accounts in this quarter is what the report calls booked.
    for country, account in ACCOUNTS.items():
        lines = [
            line
            for line in world.journal()
            if line["account"] == account and "2026-07" <= line["date"][:7] <= "2026-09"
        ]
        booked = sum(r["booked_vat_cents"] for r in report.rows if r["consumption"] == country)
        assert booked == sum(round(float(line["credit"] or 0) * 100) for line in lines), country


def _boxes_equal(report: TaxReport, orders: list[dict[str, Any]], supplies_cents: int) -> None:
    boxes = Counter[str]()
    for row in report.rows:
        boxes[f"{row['box']} vat"] += row["vat_cents"]
        boxes[row["box"]] += row["net_cents"]
    domestic = [v for o in orders if o["sale_kind"] == "domestic" for v in o["vat"]]
    for box, rate in (("1a", "21"), ("1b", "9")):
        own = [v for v in domestic if v["rate_percent"] == rate]
        assert boxes[box] == sum(v["net_cents"] for v in own)
        assert boxes[f"{box} vat"] == sum(v["vat_cents"] for v in own)
    assert boxes["3b"] == supplies_cents
    assert boxes["3a"] > 0


def test_a_report_as_csv_and_as_json(world: World) -> None:
    booked_quarter(world)
    report = oss_report(runtime_of(), 2026, 3)
    heading, *rows = csv.reader(io.StringIO(report.csv()), delimiter=";")
    assert heading[:4] == ["Tijdvak", "Correctie op", "Land van vertrek", "Land van verbruik"]
    assert len(rows) == len(report.rows) > 5
    assert all(row[0] == "2026-Q3" for row in rows)
    plain = report.as_dict()
    assert plain["quarter"] == "2026-Q3"
    assert all(isinstance(row["rate_percent"], str) for row in plain["rows"])


def test_what_keeps_a_report_from_being_complete_is_told(world: World) -> None:
    # The ECB publishes nothing in the first days of October, and one booking is lost.
    days = [f"2026-09-{day}" for day in (29, 30)] + [f"2026-10-{day:02d}" for day in range(1, 9)]
    world.post(f"{world.public}/control/rates", dict.fromkeys(days))
    lost = {"operation": "AddMutatie", "kind": "reset", "after": 20, "times": 1, "when": "before"}
    world.post(f"{world.books}/control/faults", [lost])
    booked_quarter(world)
    runtime = runtime_of()
    oss = oss_report(runtime, 2026, 3)
    assert {found.code for found in oss.problems} == {"report-rate-missing", "report-incomplete"}
    foreign = [row for row in oss.rows if row["currency"] != "EUR"]
    assert foreign
    assert all(row["vat_cents"] is None and row["booked_vat_cents"] for row in foreign)
    _blank_vat_numbers(world)
    codes = [found.code for found in icp_report(runtime, 2026, 3).problems]
    assert "report-number-missing" in codes


def _blank_vat_numbers(world: World) -> None:
    """A person empties the field in e-Boekhouden."""
    service = zeep.Client(f"{world.books}/soap.asmx?wsdl").service
    code_1, code_2 = "0123456789abcdef0123456789abcdef", "{A1B2C3D4-0000-4000-8000-000000000001}"
    session = service.OpenSession("sandbox", code_1, code_2, "test")
    given = {"SessionID": session.SessionID, "SecurityCode2": code_2}
    found = service.GetRelaties(**given, cFilter={"Code": "", "ID": 0, "Trefwoord": ""})
    for relation in found.Relaties.cRelatie:
        if relation.BTWNummer:
            relation.BTWNummer = ""
            service.UpdateRelatie(**given, oRel=relation)


def test_an_empty_ledger_gives_empty_reports(world: World) -> None:
    runtime = runtime_of()
    assert oss_report(runtime, 2026, 3).rows == []
    assert vat_report(runtime, 2026, 3).rows == []
    with pytest.raises(ValueError, match="no quarter"):
        vat_report(runtime, 2026, 0)
