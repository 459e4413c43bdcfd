"""`explain`: the whole life of an order, also after the customer was erased from the ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from amazon_eboekhouden.pipelines import explain
from amazon_eboekhouden.pipelines.report import RunReport

from tests.pipelines.conftest import World
from tests.pipelines.test_audit import runtime, settled
from tests.pipelines.test_orders import FROM, TO, WINDOW


def explained(world: World, order_id: str) -> RunReport:
    return explain.run(runtime(world), order_id)


def test_from_the_invoice_to_the_payment_with_every_number(world: World) -> None:
    truth = settled(world, orders=40, seed=22)
    order = next(o for o in truth["orders"] if o["expected"] == "booked" and not o.get("refunds"))
    report = explained(world, order["order_id"])
    told = report.details["order"]
    assert report.exit_status == 0
    by_kind = {booking["kind"]: booking for booking in told["bookings"]}
    assert set(by_kind) == {"REL", "INV", "PAY"}
    lines = {
        line["mutation_number"]: line
        for line in world.journal()
        if line["invoice_number"] == f"AMZ-{order['order_id']}" and line["account"] == "1300"
    }
    assert {by_kind[kind]["mutation_number"] for kind in ("INV", "PAY")} == {
        str(number) for number in lines
    }
    assert by_kind["INV"]["gross"] == f"{order['gross_cents'] / 100:.2f}"
    assert by_kind["INV"]["facts"]["ship_date"]
    steps = [(event["before"], event["after"]) for event in by_kind["INV"]["events"]]
    assert steps[0][1] == "PLANNED"
    assert steps[-1][1] == "CONFIRMED"
    (settlement,) = told["settlements"]
    assert settlement["rows"]
    assert all(row["posted"] for row in settlement["rows"])


def test_a_refund_shows_its_credit_note_and_its_rows(world: World) -> None:
    truth = settled(world, orders=120, seed=22)
    order = next(o for o in truth["orders"] if o.get("refunds"))
    told = explained(world, order["order_id"]).details["order"]
    kinds = [booking["kind"] for booking in told["bookings"]]
    assert kinds.count("CRN") == 1
    assert kinds.count("PAY") == 2
    kinds_of_rows = {row["transaction_type"] for one in told["settlements"] for row in one["rows"]}
    assert {"Order", "Refund"} <= kinds_of_rows


def test_money_that_was_parked_is_found_through_the_settlement(world: World) -> None:
    truth = world.seed(seed=23, orders=15, **{"from": FROM, "to": TO})
    world.run("settlements")
    order = next(o for o in truth["orders"] if o["expected"] == "booked")
    before = explained(world, order["order_id"]).details["order"]
    assert before["bookings"] == []
    assert [one["booking"] for s in before["settlements"] for one in s["also_in"]]
    world.run("orders", *WINDOW)
    world.run("settlements")
    after = explained(world, order["order_id"]).details["order"]
    assert {"INV", "MNY", "PAY"} <= {booking["kind"] for booking in after["bookings"]}


def test_years_later_the_story_stands_and_the_customer_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    truth = settled(world, orders=15)
    order = next(o for o in truth["orders"] if o["expected"] == "booked")
    before = explained(world, order["order_id"]).details
    sealed = httpx.get(f"{world.amazon}/control/calls").json()["calls"]
    assert runtime(world).ledger.purge_payloads(datetime.now(UTC) + timedelta(days=1)) > 0
    monkeypatch.delenv("AIRFLOW_CONN_AMAZON_DEMO")
    monkeypatch.delenv("AIRFLOW_CONN_EBOEKHOUDEN_DEMO")
    subject = replace(runtime(world), connections=lambda _name: None)  # both connections are gone
    after = explain.run(subject, order["order_id"]).details
    assert after == before
    assert httpx.get(f"{world.amazon}/control/calls").json()["calls"] == sealed  # nobody was asked
    text = json.dumps(after)
    assert "#az1-" not in text
    assert before["story"].startswith(f"order {order['order_id']}\n")
    assert "inv:" in before["story"]


def test_a_held_order_shows_why(world: World) -> None:
    world.seed(seed=9, orders=5, **{"from": FROM, "to": TO})
    url = f"{world.amazon}/control/truth"
    order_id = next(
        o["order_id"] for o in httpx.get(url).json()["orders"] if o["expected"] == "booked"
    )
    fault = {"operation": "AddMutatie", "kind": "http_500_html", "times": None}
    world.post(f"{world.books}/control/faults", [fault])
    world.run("orders", *WINDOW)
    report = explained(world, order_id)
    (invoice,) = [b for b in report.details["order"]["bookings"] if b["kind"] == "INV"]
    assert invoice["state"] in ("UNKNOWN", "PLANNED")
    assert invoice["mutation_number"] == ""


def test_an_order_that_nobody_knows_is_said_to_be_unknown(world: World) -> None:
    report = explained(world, "000-0000000-0000000")
    assert [found.code for found in report.problems] == ["order-not-known"]
    assert report.exit_status == 1
