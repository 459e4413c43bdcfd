"""History by order report, through the real clients, beside the order path and the truth."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from amazon_eboekhouden.domain.reported_slice import SAMPLE

from tests.pipelines.conftest import World
from tests.shown_orders import shown_orders

MONTH = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
FROM = f"{MONTH.isoformat()}T00:00:00Z"
TO = f"{(MONTH + timedelta(days=32)).replace(day=1).isoformat()}T00:00:00Z"
WINDOW = ("--from", FROM, "--to", TO)
# Late in a quarter, so that few orders cross its end and must be asked for.
YEAR_FROM, YEAR_TO, NOW = "2026-10-02T00:00:00Z", "2026-11-20T00:00:00Z", "2026-12-05T12:00:00Z"


def _per_country(world: World) -> None:
    """Nobody's name is needed, so that no order has to be asked for by itself."""
    world.settings(("per_buyer", "per_country"))


def _mutations(report: dict[str, Any]) -> list[str]:
    """What would be booked; the lines of an invoice in any order, for reports know no item ids."""
    shown = [one["mutation"] for one in _shown(report)]
    return sorted(str({**one, "lines": sorted(map(str, one["lines"]))}) for one in shown)


def _year(world: World, *, orders: int, stock: list[str], **wishes: Any) -> dict[str, Any]:
    world.settings(("stock_in: [NL]", f"stock_in: [{', '.join(stock)}]"))
    world.post(f"{world.amazon}/control/clock", {"now": NOW})
    span = {"from": YEAR_FROM, "to": "2026-11-15T00:00:00Z"}
    return world.seed(seed=31, orders=orders, profile="year", stock=stock, **span, **wishes)


def test_history_by_report_is_booked_as_by_order(world: World) -> None:
    _per_country(world)
    world.seed(seed=21, orders=200, **{"from": FROM, "to": TO})
    hourly = world.run("orders", *WINDOW, "--preview")
    result = world.run("backfill", *WINDOW, "--preview")
    assert result.status == hourly.status == 0
    assert len(_mutations(hourly.report)) > 150
    assert _mutations(result.report) == _mutations(hourly.report)
    assert result.report["skipped_reasons"] == hourly.report["skipped_reasons"]
    assert world.journal() == []
    assert result.report["calls"]["getOrder"] <= 2 * SAMPLE


def test_every_kind_of_sale_is_booked_as_by_order(world: World) -> None:
    _per_country(world)
    _year(world, orders=70, stock=["NL"], business=0.02, special=0.06)
    window = ("--from", YEAR_FROM, "--to", YEAR_TO)
    hourly = world.run("orders", *window, "--preview")
    result = world.run("backfill", *window, "--preview")
    assert len({one["mutation"]["relation_code"] for one in _shown(hourly.report)}) > 8
    assert _mutations(result.report) == _mutations(hourly.report)
    assert _problems(result.report) == _problems(hourly.report)


def _shown(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in report.get("preview", []) if "mutation" in one]


def _problems(report: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["row"], one["code"]) for one in report["problems"]}


def test_stock_in_three_countries_is_told_by_the_report_of_shipments(world: World) -> None:
    """The hours hold what Amazon sent; history knows from where, as the truth does."""
    _per_country(world)
    truth = _year(world, orders=120, stock=["NL", "DE", "PL"], business=0, special=0)
    window = ("--from", YEAR_FROM, "--to", YEAR_TO)
    hourly = world.run("orders", *window)
    assert {one["code"] for one in hourly.report["problems"]} == {"ship-from-unknown"}
    result = world.run("backfill", *window)
    expected = Counter(order["expected"] for order in truth["orders"])
    assert result.report["booked"] + hourly.report["booked"] == expected["booked"]
    assert len(result.report["problems"]) == expected["held"] > 0
    booked = [order for order in truth["orders"] if order["expected"] == "booked"]
    in_euros = sum(order["gross_cents"] for order in booked if order["currency"] == "EUR")
    others = {f"AMZ-{order['order_id']}" for order in booked if order["currency"] != "EUR"}
    debtors = [line for line in world.journal() if line["account"] == "1300"]
    found = [line for line in debtors if line["invoice_number"] not in others]
    assert sum(round(float(line["debit"]) * 100) for line in found) == in_euros


def test_what_was_booked_needs_no_call_and_is_not_written_again(world: World) -> None:
    world.seed(seed=22, orders=60, **{"from": FROM, "to": TO})
    hourly = world.run("orders", *WINDOW)
    before = world.calls("books")
    result = world.run("backfill", *WINDOW)
    after = world.calls("books")
    assert result.status == 0
    assert result.report["booked"] == 0
    assert result.report["already_booked"] == hourly.report["booked"] > 0
    assert "getOrder" not in result.report["calls"]
    assert after["AddMutatie"] == before["AddMutatie"]
    # Two slices of orders, and two reports of the shipments around them.
    assert result.report["calls"]["createReport"] == 4


def test_a_report_that_is_being_made_is_waited_for_and_not_asked_for_twice(world: World) -> None:
    _per_country(world)
    world.seed(seed=23, orders=20, **{"from": FROM, "to": TO})
    world.post(f"{world.amazon}/control/options", {"report_seconds": 3600})
    first = world.run("backfill", *WINDOW, "--wait", "0")
    assert (first.status, first.report["booked"]) == (3, 0)
    assert first.report["retry_after_utc"]
    asked = world.calls("amazon")["createReport"]
    world.post(f"{world.amazon}/control/clock", {"advance_s": 3600})
    second = world.run("backfill", *WINDOW, "--wait", "0")
    assert second.status == 0
    assert second.report["booked"] > 10
    assert world.calls("amazon")["createReport"] == asked


def test_a_run_that_stops_goes_on_with_the_next_window(world: World) -> None:
    _per_country(world)
    world.seed(seed=24, orders=40, **{"from": FROM, "to": TO})
    window = ("--from", FROM, "--to", f"{MONTH + timedelta(days=70)}T00:00:00Z")
    fault = {"operation": "getReport", "kind": "http_403_gateway", "after": 4, "times": None}
    world.post(f"{world.amazon}/control/faults", [fault])
    first = world.run("backfill", *window, "--wait", "0")
    assert first.status == 1
    world.post(f"{world.amazon}/control/faults", [])
    second = world.run("backfill", *window, "--wait", "0")
    assert second.status == 0
    assert second.report["backfill"]["windows_done"] == second.report["backfill"]["windows"] == 3
    assert second.report["backfill"]["orders"] < 40  # The first window was done before.
    third = world.run("backfill", *window, "--wait", "0")
    assert (third.report["booked"], third.status) == (0, 0)


def test_a_window_without_orders_is_empty(world: World) -> None:
    result = world.run("backfill", *WINDOW)
    assert (result.status, result.report["booked"], result.report["problems"]) == (0, 0, [])
    assert result.report["backfill"]["orders"] == 0


def test_a_report_that_fails_is_said_and_books_nothing(world: World) -> None:
    world.seed(seed=25, orders=10, **{"from": FROM, "to": TO})
    world.post(f"{world.amazon}/control/options", {"report_outcome": "FATAL"})
    result = world.run("backfill", *WINDOW)
    assert (result.status, result.codes) == (1, ["amazon-refused"])
    assert world.journal() == []
    world.post(f"{world.amazon}/control/options", {"report_outcome": "DONE"})
    assert world.run("backfill", *WINDOW).status == 0


def test_without_the_role_for_vat_reports_orders_are_booked_all_the_same(world: World) -> None:
    _per_country(world)
    world.settings(("  relations:", "  invoice_source: vcs_upload\n  relations:"))
    world.seed(seed=26, orders=15, **{"from": FROM, "to": TO})
    roles = ["finance_and_accounting", "inventory_and_order_tracking", "tax_remittance"]
    world.post(
        f"{world.amazon}/control/credentials",
        [{"refresh_token": "Atzr|sandbox", "roles": [*roles, "direct_to_consumer_delivery"]}],
    )
    result = world.run("backfill", *WINDOW)
    assert result.status == 0
    assert result.report["booked"] > 5


def test_vat_invoice_data_tells_rates_dates_and_departures(world: World) -> None:
    """Orders that the seller sent need no call where the VAT report tells when they left."""
    world.settings(
        ("per_buyer", "per_country"),
        ("  relations:", "  invoice_source: vcs_upload\n  relations:"),
    )
    truth = world.seed(seed=27, orders=50, **{"from": FROM, "to": TO})
    result = world.run("backfill", *WINDOW)
    assert result.status == 0
    assert "getOrder" not in result.report["calls"]
    booked = [order for order in truth["orders"] if order["expected"] == "booked"]
    assert world.balance("1300") == sum(order["gross_cents"] for order in booked)
    for rate, account in (("21", "1630"), ("9", "1631")):
        vat = [v["vat_cents"] for o in booked for v in o["vat"] if v["rate_percent"] == rate]
        assert -world.balance(account) == sum(vat), f"{rate} %"


def test_orders_that_leave_from_elsewhere_are_asked_for(world: World) -> None:
    """A sample of what the seller sent shows it; then only the packages may decide on VAT."""
    _per_country(world)
    world.seed(
        seed=28, orders=14, fba=0, cancelled=0, pending=0, unshipped=0, **{"from": FROM, "to": TO}
    )
    orders = shown_orders(world.amazon, createdAfter=FROM)
    for order in orders:
        for package in order.get("packages") or ():
            package["shipFromAddress"] = {"countryCode": "BE", "postalCode": "2000"}
    world.post(f"{world.amazon}/control/orders", orders)
    result = world.run("backfill", *WINDOW, "--preview")
    sent = [order for order in orders if order.get("packages")]
    assert result.report["calls"]["getOrder"] == len(sent) > 2 * SAMPLE
    assert {one["code"] for one in result.report["problems"]} == {"registration-missing"}
    assert not _shown(result.report)


def test_a_backfill_leaves_the_hourly_run_its_tokens(world: World) -> None:
    world.seed(seed=29, orders=40, fba=0, **{"from": FROM, "to": TO})
    result = world.run("backfill", *WINDOW, "--wait", "0")
    assert result.status == 3  # Per buyer, every order that the seller sent must be asked for.
    assert world.calls("amazon")["getOrder"] == 20  # Of a burst of 30.
    assert re.search(r"\d+ orders are still to be asked for", result.report["note"])


@pytest.mark.parametrize("arguments", [("--from", FROM), ("--from", TO, "--to", FROM), ()])
def test_a_window_that_is_none_is_wrong_usage(world: World, arguments: tuple[str, ...]) -> None:
    assert world.run("backfill", *arguments).status == 2
