"""Refunds from Amazon's finances: credit notes before the settlement comes, and never twice."""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from amazon_eboekhouden.config.connections import from_environment
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.windows import Window
from amazon_eboekhouden.pipelines import orders
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

from tests.pipelines.conftest import World
from tests.pipelines.test_orders import FROM, TO, WINDOW, raw_orders, shipped_orders

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
START = datetime.fromisoformat(FROM)
# By then every refund of the month has been posted, and every settlement is out.
END = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)


@contextmanager
def runtime_of(world: World) -> Iterator[Runtime]:
    environment = environment_of(os.environ)
    runtime = Runtime(
        read_settings(environment, "demo"),
        environment,
        lambda conn_id: from_environment(conn_id, os.environ),
    )
    try:
        yield runtime
    finally:
        runtime.ledger.close()


def hourly(world: World, start: datetime = START, end: datetime = END) -> RunReport:
    """A scheduled run that goes on from `start`."""
    with runtime_of(world) as runtime:
        return orders.run(runtime, Window(start, end, moves_watermark=True))


def refunding_month(world: World) -> dict[str, Any]:
    """A month in which every third order is refunded."""
    return world.seed(seed=22, orders=40, refunded=0.33, **{"from": FROM, "to": TO})


def refunds_of(truth: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Order, local day and cents of every refund that belongs to a booked order."""
    return sorted(
        (
            order["order_id"],
            datetime.fromisoformat(refund["posted_utc"]).astimezone(AMSTERDAM).date().isoformat(),
            refund["gross_cents"],
        )
        for order in truth["orders"]
        if order["expected"] == "booked"
        for refund in order["refunds"]
        if datetime.fromisoformat(refund["posted_utc"]) < END
    )


def notes_of(world: World) -> list[tuple[str, str, int]]:
    """The credit notes in the books, in the same form."""
    return sorted(
        (
            line["invoice_number"].removeprefix("CAMZ-").rsplit("-", 1)[0],
            line["date"],
            round(float(line["debit"] or 0) * 100) - round(float(line["credit"] or 0) * 100),
        )
        for line in world.journal()
        if line["account"] == "1300"
        and line["kind"] == "FactuurVerstuurd"
        and line["invoice_number"].startswith("C")
    )


def test_every_refund_is_a_credit_note_of_its_day_before_amazon_settles(world: World) -> None:
    truth = refunding_month(world)
    report = hourly(world)
    assert report.problems == []
    refunds = refunds_of(truth)
    assert len(refunds) > 3
    assert notes_of(world) == refunds
    booked = [order for order in truth["orders"] if order["expected"] == "booked"]
    assert report.booked == len(booked) + len(refunds)
    vat = [part["vat_cents"] for order in booked for part in order["vat"]]
    vat += [p["vat_cents"] for order in booked for r in order["refunds"] for p in r["vat"]]
    assert -world.balance("1630") - world.balance("1631") == sum(vat)


def test_a_refund_of_both_sources_is_credited_once_and_paid_off(world: World) -> None:
    truth = refunding_month(world)
    hourly(world)
    result = world.run("settlements")
    assert result.report["problems"] == []
    assert notes_of(world) == refunds_of(truth)
    for account in ("1090", "2090", "2095", "1300"):
        assert world.balance(account) == 0, account


def test_a_refund_that_was_settled_first_is_not_credited_again(world: World) -> None:
    """Mistake 17: what follows an order comes too, from the settlement when finances are silent."""
    truth = refunding_month(world)
    assert world.run("orders", *WINDOW).report["problems"] == []
    assert notes_of(world) == []
    assert world.run("settlements").report["problems"] == []
    assert notes_of(world) == refunds_of(truth)
    before = world.journal()
    report = hourly(world, END - timedelta(hours=1))
    assert report.problems == []
    whole = world.run("refunds", "--from", FROM, "--to", END.isoformat())
    assert whole.report["problems"] == []
    assert whole.report["booked"] == 0
    assert world.journal() == before


def test_the_same_refunds_again_write_nothing(world: World) -> None:
    world.seed(seed=24, orders=30, refunded=0.3, **{"from": FROM, "to": TO})
    first = hourly(world)
    before = world.journal()
    listed = world.calls("amazon")["listTransactions"]
    again = hourly(world)
    assert again.booked == 0
    assert world.journal() == before
    # A finished hour costs no call of finances: its refunds were read up to its end.
    assert world.calls("amazon")["listTransactions"] == listed
    whole = world.run("refunds", "--from", FROM, "--to", END.isoformat())
    assert whole.report["booked"] == 0
    assert whole.report["already_booked"] > 0
    assert first.booked > whole.report["already_booked"]


def test_orders_are_booked_while_finances_are_silent_and_refunds_follow(world: World) -> None:
    truth = world.seed(seed=25, orders=30, refunded=0.3, **{"from": FROM, "to": TO})
    fault = {"operation": "listTransactions", "kind": "http_403_gateway", "times": 50}
    world.post(f"{world.amazon}/control/faults", [fault])
    silent = hourly(world)
    booked = [order for order in truth["orders"] if order["expected"] == "booked"]
    assert silent.problems == []
    assert silent.booked == len(booked)
    assert notes_of(world) == []
    world.post(f"{world.amazon}/control/faults", [])
    # The next hour goes on from the watermark, but finances where they stopped.
    hourly(world)
    assert notes_of(world) == refunds_of(truth)


def test_a_day_without_finances_is_a_problem_until_they_answer(world: World) -> None:
    world.seed(seed=25, orders=5, **{"from": FROM, "to": TO})
    hourly(world, START, END - timedelta(hours=30))
    fault = {"operation": "listTransactions", "kind": "http_403_gateway", "times": 50}
    world.post(f"{world.amazon}/control/faults", [fault])
    assert [found.code for found in hourly(world, END - timedelta(hours=1)).problems] == [
        "refunds-not-read"
    ]
    assert [one.problem.code for one in world.open_problems()] == ["refunds-not-read"]
    world.post(f"{world.amazon}/control/faults", [])
    assert hourly(world, END - timedelta(hours=1)).problems == []
    assert world.open_problems() == []


def test_a_role_that_is_missing_is_said_at_once_and_holds_up_no_order(world: World) -> None:
    roles = ["inventory_and_order_tracking", "tax_invoicing", "direct_to_consumer_delivery"]
    changed = {"refresh_token": "Atzr|sandbox", "roles": roles}
    truth = world.seed(seed=25, orders=10, **{"from": FROM, "to": TO})
    world.post(f"{world.amazon}/control/credentials", [changed])
    report = hourly(world)
    assert [found.code for found in report.problems] == ["refunds-not-read"]
    assert report.booked == [order["expected"] for order in truth["orders"]].count("booked")


def test_a_refund_waits_for_its_order_and_is_credited_when_that_is_mended(world: World) -> None:
    truth = refunding_month(world)
    shown = {raw["orderId"]: raw for raw in raw_orders(world)}
    order_id, _, cents = next(one for one in refunds_of(truth) if one[0] in shown)
    order = shown[order_id]
    total = order["orderItems"][0]["proceeds"]["proceedsTotal"]
    good, total["amount"] = total["amount"], "1234.56"
    world.post(f"{world.amazon}/control/orders", [order])
    held = hourly(world)
    assert {p.code for p in held.problems if p.order_id == order_id} >= {"refund-waits-for-invoice"}
    assert order_id not in {found for found, _, _ in notes_of(world)}
    total["amount"] = good
    world.post(f"{world.amazon}/control/orders", [order])
    # The hour of the refund is long read: it is asked for by its order.
    mended = hourly(world, END - timedelta(hours=1), END + timedelta(minutes=1))
    assert mended.problems == []
    assert notes_of(world) == refunds_of(truth)
    assert (order_id, cents) in {(found, amount) for found, _, amount in notes_of(world)}


def test_a_preview_of_refunds_leaves_no_trace(world: World) -> None:
    world.seed(seed=26, orders=30, refunded=0.3, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    before = world.journal()
    window = ("--from", FROM, "--to", END.isoformat())
    shown = world.run("refunds", *window, "--preview")
    assert world.journal() == before
    done = world.run("refunds", *window)
    assert done.report["booked"] == len(shown.report["preview"]) > 0


def test_refunds_of_a_chosen_window_of_orders_are_left_to_the_hourly_run(world: World) -> None:
    world.seed(seed=26, orders=30, refunded=0.3, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    assert "listTransactions" not in world.calls("amazon")
    assert notes_of(world) == []


@pytest.mark.parametrize("first", ["finances", "settlements"])
def test_a_refund_that_waited_on_suspense_is_credited_once(world: World, first: str) -> None:
    """Settled before it was invoiced: whichever source comes next, one credit note is made."""
    truth = refunding_month(world)
    world.run("settlements")
    assert world.balance("2090") != 0
    if first == "finances":
        hourly(world)
    else:
        world.run("orders", *WINDOW)
        world.run("settlements")
        hourly(world)
    # A refund whose order was in another settlement waits until that one has paid the invoice.
    for _ in range(2):
        world.run("settlements")
    assert Counter(notes_of(world)) == Counter(refunds_of(truth))
    assert [world.balance(account) for account in ("1090", "2090", "2095")] == [0, 0, 0]


def test_a_quantity_cancelled_before_shipping_leaves_clean_books(world: World) -> None:
    """Invoiced when ordered, one article cancelled, shipped: open is what Amazon will pay."""
    world.settings(("invoice_on: shipped", "invoice_on: unshipped"))
    raw = shipped_orders(world, 1)[0]
    world.post(f"{world.amazon}/control/reset")
    second = copy.deepcopy(raw["orderItems"][0]) | {"orderItemId": "40000000000002"}
    raw["orderItems"] = [raw["orderItems"][0], second]
    raw.pop("proceeds", None)
    status = raw["fulfillment"]["fulfillmentStatus"]
    raw["fulfillment"]["fulfillmentStatus"] = "UNSHIPPED"
    _show(world, raw, days=-3)
    assert hourly(world).problems == []
    whole = world.balance("1300")
    raw["orderItems"] = raw["orderItems"][:1]
    _show(world, raw, days=-2)
    corrected = hourly(world, END - timedelta(hours=72), END)
    assert corrected.problems == []
    assert world.balance("1300") * 2 == whole
    assert world.balance("1090") == 0
    raw["fulfillment"]["fulfillmentStatus"] = status
    _show(world, raw, days=-1)
    before = world.journal()
    assert hourly(world, END - timedelta(hours=72), END).problems == []
    assert world.journal() == before
    numbers = {line["invoice_number"] for line in before if line["kind"] == "FactuurVerstuurd"}
    first = f"AMZ-{raw['orderId']}"
    assert numbers == {first, f"C{first}-1", f"{first}-V2"}
    # Nothing is open but what Amazon will pay; it is an old order, so that it is late by now.
    [late] = world.run("audit").report["problems"]
    assert late["code"] == "open-item-old"
    assert f"{first}-V2" in late["cause"]


def _show(world: World, raw: dict[str, Any], *, days: int) -> None:
    updated = END + timedelta(days=days)
    raw["lastUpdatedTime"] = updated.isoformat().replace("+00:00", "Z")
    world.post(f"{world.amazon}/control/orders", [raw])
