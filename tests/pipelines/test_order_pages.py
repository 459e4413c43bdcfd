"""Pages of orders that repeat, come empty, or whose token no longer holds: no order is lost."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.pipelines.conftest import World
from tests.pipelines.test_orders import FROM, TO, WINDOW

ORDERS = 230  # three pages; none of them is shipped, so that they cost nothing
PREVIEW = ("orders", *WINDOW, "--preview")


@pytest.fixture
def seeded(world: World) -> World:
    world.seed(seed=61, orders=ORDERS, unshipped=1, cancelled=0, **{"from": FROM, "to": TO})
    return world


def _fault(world: World, kind: str, **more: Any) -> None:
    fault = {"operation": "searchOrders", "kind": kind, "after": 1, **more}
    world.post(f"{world.amazon}/control/faults", [fault])


@pytest.mark.parametrize("kind", ["repeated_page", "empty_page"])
def test_a_page_that_leads_to_itself_is_asked_again(seeded: World, kind: str) -> None:
    _fault(seeded, kind)
    result = seeded.run(*PREVIEW)
    assert (result.status, result.report["skipped"]) == (0, ORDERS)
    assert seeded.calls("amazon")["searchOrders"] == 4


@pytest.mark.parametrize("kind", ["repeated_page", "empty_page"])
def test_pages_without_an_end_fail_the_run_and_the_next_one_reads_all(
    seeded: World, kind: str
) -> None:
    _fault(seeded, kind, times=None)
    result = seeded.run(*PREVIEW)
    assert (result.status, result.codes) == (1, ["amazon-refused"])
    assert "no end" in result.report["problems"][0]["cause"]
    assert seeded.calls("amazon")["searchOrders"] < 8
    seeded.post(f"{seeded.amazon}/control/faults", [])
    assert seeded.run(*PREVIEW).report["skipped"] == ORDERS


def test_a_token_that_no_longer_holds_costs_the_pages_and_not_the_window(seeded: World) -> None:
    _fault(seeded, "http_500_html", times=9)
    assert seeded.run(*PREVIEW).status == 1
    seeded.post(f"{seeded.amazon}/control/faults", [])
    httpx.post(f"{seeded.amazon}/control/clock", json={"advance_s": 25 * 3600})
    result = seeded.run(*PREVIEW)
    assert (result.status, result.report["skipped"]) == (0, ORDERS)
