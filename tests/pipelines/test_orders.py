"""The hourly job from the shell, through the real clients, on the sandboxes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.decisions import Choice

from tests.pipelines.conftest import World
from tests.shown_orders import shown_orders

MONTH = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
FROM = f"{MONTH.isoformat()}T00:00:00Z"
TO = f"{(MONTH + timedelta(days=32)).replace(day=1).isoformat()}T00:00:00Z"
WINDOW = ("--from", FROM, "--to", TO)


def test_every_order_is_booked_or_skipped_for_a_named_reason(world: World) -> None:
    truth = world.seed(seed=7, orders=120, **{"from": FROM, "to": TO})
    result = world.run("orders", *WINDOW)
    expected = [order["expected"] for order in truth["orders"]]
    assert result.report["problems"] == []
    assert result.status == 0
    assert result.report["booked"] == expected.count("booked")
    assert result.report["skipped"] == expected.count("skipped")
    assert sum(result.report["skipped_reasons"].values()) == result.report["skipped"]


def test_totals_and_vat_equal_the_truth_to_the_cent(world: World) -> None:
    truth = world.seed(seed=8, orders=150, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    booked = [order for order in truth["orders"] if order["expected"] == "booked"]
    assert world.balance("1300") == sum(order["gross_cents"] for order in booked)
    for rate, account in (("21", "1630"), ("9", "1631")):
        vat = [v["vat_cents"] for o in booked for v in o["vat"] if v["rate_percent"] == rate]
        assert -world.balance(account) == sum(vat), f"{rate} %"


def test_each_order_stands_in_the_books_once_with_its_own_amount_and_day(world: World) -> None:
    truth = world.seed(seed=9, orders=60, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    debtors = [line for line in world.journal() if line["account"] == "1300"]
    found = {line["invoice_number"]: line for line in debtors}
    assert len(found) == len(debtors)
    for order in truth["orders"]:
        if order["expected"] == "booked":
            line = found[f"AMZ-{order['order_id']}"]
            assert round(float(line["debit"]) * 100) == order["gross_cents"]
            assert line["description"].startswith("#az1-")


def test_the_same_window_again_writes_nothing(world: World) -> None:
    world.seed(seed=10, orders=80, **{"from": FROM, "to": TO})
    first = world.run("orders", *WINDOW)
    before = world.calls("books")
    again = world.run("orders", *WINDOW)
    after = world.calls("books")
    assert again.report["booked"] == 0
    assert again.report["already_booked"] == first.report["booked"]
    assert again.status == 0
    for operation in ("AddMutatie", "AddRelatie", "AddFactuur"):
        assert after.get(operation, 0) == before.get(operation, 0)


def test_a_preview_writes_nothing_and_shows_what_would_be_booked(world: World) -> None:
    truth = world.seed(seed=11, orders=20, **{"from": FROM, "to": TO})
    result = world.run("orders", *WINDOW, "--preview")
    shown = [entry for entry in result.report["preview"] if "mutation" in entry]
    assert len(shown) == sum(order["expected"] == "booked" for order in truth["orders"])
    assert all(line["account"] for entry in shown for line in entry["mutation"]["lines"])
    assert world.journal() == []
    assert world.run("orders", *WINDOW).report["booked"] == len(shown)


def test_2000_orders_cost_21_calls_at_amazon_and_one_per_booking(world: World) -> None:
    """Requirement: 20 pages and a token; 1 AddMutatie per order, <= 1 AddRelatie per relation."""
    truth = world.seed(seed=12, orders=2000, **{"from": FROM, "to": TO})
    result = world.run_process("orders", *WINDOW)
    assert result.status == 0, result.report
    amazon = {k: v for k, v in world.calls("amazon").items() if k not in ("document",)}
    assert sum(amazon.values()) <= 21
    books = world.calls("books")
    booked = sum(order["expected"] == "booked" for order in truth["orders"])
    assert books.pop("AddMutatie") == booked
    assert books.pop("AddRelatie", 0) <= booked
    assert sum(count for name, count in books.items() if name.lower() != "wsdl") <= 6


def _broken(orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Three of a hundred: no proceeds, a currency that does not exist, sums that do not close."""
    without, currency, sums = orders[10], orders[20], orders[30]
    for item in without["orderItems"]:
        item.pop("proceeds", None)
    without.pop("proceeds", None)
    for item in currency["orderItems"]:
        for amount in _amounts(item["proceeds"]):
            amount["currencyCode"] = "XQX"
    for amount in _amounts(currency.get("proceeds", {})):
        amount["currencyCode"] = "XQX"
    sums["orderItems"][0]["proceeds"]["proceedsTotal"]["amount"] = "1234.56"
    return [without, currency, sums]


def _amounts(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for entry in value for found in _amounts(entry)]
    if not isinstance(value, dict):
        return []
    if "currencyCode" in value:
        return [value]
    return [found for entry in value.values() for found in _amounts(entry)]


def shipped_orders(world: World, count: int) -> list[dict[str, Any]]:
    """Orders of the generator that would all be booked, as Amazon returns them."""
    truth = world.seed(seed=13, orders=count * 2, **{"from": FROM, "to": TO})
    wanted = {order["order_id"] for order in truth["orders"] if order["expected"] == "booked"}
    found = raw_orders(world)
    return [order for order in found if order["orderId"] in wanted][:count]


def raw_orders(world: World) -> list[dict[str, Any]]:
    return shown_orders(world.amazon, lastUpdatedAfter=FROM, lastUpdatedBefore=TO)


def test_three_malformed_orders_of_a_hundred_do_not_hold_up_the_others(world: World) -> None:
    orders = shipped_orders(world, 100)
    assert len(orders) == 100
    world.post(f"{world.amazon}/control/reset")
    wrong = {order["orderId"] for order in _broken(orders)}
    world.post(f"{world.amazon}/control/orders", orders)
    result = world.run("orders", *WINDOW)
    assert result.status == 1
    assert result.report["booked"] == 97
    assert len(result.report["problems"]) == 3
    for found in result.report["problems"]:
        assert any(order_id in found["row"] for order_id in wrong)
        assert found["cause"]
        assert found["todo"]
    assert len(set(result.codes)) == 3


def test_a_held_order_is_booked_by_itself_when_its_cause_is_mended(world: World) -> None:
    """The next run without a window asks for it again."""
    orders = shipped_orders(world, 5)
    world.post(f"{world.amazon}/control/reset")
    good = orders[0]["orderItems"][0]["proceeds"]["proceedsTotal"]["amount"]
    orders[0]["orderItems"][0]["proceeds"]["proceedsTotal"]["amount"] = "1234.56"
    world.post(f"{world.amazon}/control/orders", orders)
    assert world.run("orders", *WINDOW).report["booked"] == 4
    orders[0]["orderItems"][0]["proceeds"]["proceedsTotal"]["amount"] = good
    world.post(f"{world.amazon}/control/orders", orders[:1])
    assert world.run("orders").report["booked"] == 1
    assert world.run("orders").report["problems"] == []


def test_a_held_order_left_when_it_was_first_held(world: World) -> None:
    """Amazon updates an order for weeks; its VAT belongs to the period in which it left."""
    [held] = shipped_orders(world, 1)
    world.post(f"{world.amazon}/control/reset")
    held["fulfillment"]["fulfilledBy"] = "AMAZON"
    held.pop("packages", None)
    total = held["orderItems"][0]["proceeds"]["proceedsTotal"]
    good, total["amount"] = total["amount"], "1234.56"
    world.post(f"{world.amazon}/control/orders", [held])
    assert world.run("orders", *WINDOW).report["booked"] == 0
    first = datetime.fromisoformat(held["lastUpdatedTime"])
    with world.ledger() as ledger, ledger.store.engine.begin() as connection:
        seen = schema.problem.update().values(first_seen_utc=first + timedelta(minutes=5))
        connection.execute(seen)
    total["amount"] = good
    now = datetime.now(UTC) - timedelta(hours=1)
    held["lastUpdatedTime"] = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    world.post(f"{world.amazon}/control/orders", [held])
    assert world.run("orders").report["booked"] == 1
    left = (first + timedelta(minutes=5)).astimezone(ZoneInfo("Europe/Amsterdam")).date()
    assert {line["date"][:10] for line in world.journal()} == {left.isoformat()}


def test_an_order_that_a_person_passed_over_is_left_out(world: World) -> None:
    orders = shipped_orders(world, 3)
    world.post(f"{world.amazon}/control/reset")
    orders[0]["orderItems"][0]["proceeds"]["proceedsTotal"]["amount"] = "1234.56"
    world.post(f"{world.amazon}/control/orders", orders)
    assert world.run("orders", *WINDOW).status == 1
    with world.ledger() as ledger:
        subject = f"order:demo:{orders[0]['orderId']}"
        ledger.decisions.record(subject, Choice.IGNORE, who="boekhouder", why="proefbestelling")
    again = world.run("orders", *WINDOW)
    assert again.status == 0
    assert again.report["skipped_reasons"] == {"passed_over_by_a_person": 1}
    with world.ledger() as ledger:
        ledger.decisions.record(subject, Choice.RETRY, who="boekhouder", why="toch boeken")
    assert world.run("orders", *WINDOW).status == 1


@pytest.mark.parametrize("arguments", [("--from", FROM), ("--from", TO, "--to", FROM)])
def test_a_window_that_is_none_is_wrong_usage(world: World, arguments: tuple[str, ...]) -> None:
    assert world.run("orders", *arguments).status == 2
    assert world.calls("amazon") == {}


def test_amazons_own_examples_go_through_the_same_doors(world: World) -> None:
    """Input that nobody here made: each order is booked, skipped or listed, and nothing twice."""
    file = Path(__file__).parents[3] / "shared/data/spapi-models/orders_2026-01-01.json"
    if not file.exists():
        pytest.skip("Amazon's model is not on this machine")
    examples = {order["orderId"]: order for order in _orders_in(json.loads(file.read_text()))}
    world.settings(("go_live: 2026-01-01", "go_live: 2024-01-01"))
    # The examples are of 2024 and 2025; Amazon shows two years back.
    world.post(f"{world.amazon}/control/clock", {"now": "2026-01-15T12:00:00Z"})
    world.post(f"{world.amazon}/control/orders", list(examples.values()))
    window = ("--from", "2024-06-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z")
    report = world.run("orders", *window).report
    assert report["booked"] + report["skipped"] + len(report["problems"]) == len(examples) == 8
    assert {found["code"] for found in report["problems"]} == {
        "marketplace-unknown",  # America, Brazil, Japan
        "registration-missing",  # from stock in Reading and Birmingham
    }
    # Turkey: Amazon collects the VAT.
    assert {line["account"] for line in world.journal()} == {"1300", "8050"}


def _orders_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("orderId"), str) and "orderItems" in value:
            yield value
        for inner in value.values():
            yield from _orders_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _orders_in(inner)
