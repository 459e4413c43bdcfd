"""The store behind the sandbox: what a page costs, however many orders there are."""

from datetime import UTC, datetime, timedelta

import pytest
from coupling_sandbox.amazon.shelf import ms
from coupling_sandbox.amazon.shop import OrderQuery, Shop

SELLER, ORDERS, PAGE = "A3", 4_000, 50
START = datetime(2026, 9, 1, tzinfo=UTC)
NOW = START + timedelta(days=60)


def order(number: int, step: timedelta, version: int = 0) -> dict[str, object]:
    created = START + number * step
    return {
        "orderId": f"171-{number:07d}-0000000",
        "createdTime": created.isoformat(),
        "lastUpdatedTime": (created + version * timedelta(seconds=1)).isoformat(),
    }


def query(family: str, newest_first: bool) -> OrderQuery:
    bounds = (ms(START), ms(NOW), ms(NOW))
    return OrderQuery(family, *bounds, 0, newest_first=newest_first)


@pytest.mark.parametrize("step", [timedelta(minutes=1), timedelta()], ids=["apart", "at_once"])
@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("family", ["lastUpdated", "created"])
def test_the_last_page_costs_what_the_first_one_does(family, newest_first, step):
    shop = Shop()
    # Orders of one moment have one version each: theirs would stand together, before all others.
    versions = (0, 1) if step else (0,)
    shop.put_orders(SELLER, (order(n, step, v) for n in range(ORDERS) for v in versions), NOW)
    costs, found, position = [], [], None
    while rows := _counted(costs, shop, query(family, newest_first), position):
        found += [order_id for (_, order_id), _ in rows]
        position = rows[-1][0]
    assert found == sorted(found, reverse=newest_first)
    assert len(set(found)) == len(found) == ORDERS
    whole = costs[: ORDERS // PAGE]
    assert max(whole) < 2 * min(whole)


def _counted(costs, shop, asked, position):
    """A page; the steps that SQLite's machine took are added to ``costs``."""
    steps = []
    shop._db.set_progress_handler(lambda: steps.append(1), 10)
    rows = shop.search_orders(SELLER, asked, position, PAGE)
    shop._db.set_progress_handler(None, 0)
    costs.append(len(steps))
    return rows


def test_a_position_outside_the_window_opens_no_door_in_it():
    shop = Shop()
    shop.put_orders(SELLER, (order(n, timedelta(minutes=1)) for n in range(10)), NOW)
    window = (ms(START + timedelta(minutes=3)), ms(START + timedelta(minutes=6)))
    before, after = (ms(START), "171"), (ms(NOW), "171")
    for newest_first, outside, beyond in ((False, before, after), (True, after, before)):
        asked = OrderQuery("created", *window, ms(NOW), 0, newest_first=newest_first)
        assert len(shop.search_orders(SELLER, asked, outside, PAGE)) == 4
        assert shop.search_orders(SELLER, asked, beyond, PAGE) == []


def test_a_replaced_version_leaves_nothing_behind():
    shop = Shop()
    for _ in range(3):
        shop.put_orders(SELLER, (order(n, timedelta(minutes=1)) for n in range(10)), NOW)
    assert shop._one("select count(*) from shown") == (10,)
    shop.reset()
    assert shop._one("select count(*) from shown") == (0,)
