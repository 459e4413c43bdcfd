"""What orders share is decided once: an order becomes the same beside others as it does alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.baskets import Baskets
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.invoices import Bookables, invoices
from amazon_eboekhouden.domain.orders import OrdersRead
from amazon_eboekhouden.domain.sale_kinds import ViesAnswer
from amazon_eboekhouden.domain.vat_lines import OrderLine, VatContext

from tests.domain.orders.shop import Json, item, order, row, vat, with_vat_number
from tests.golden.sales import INSTALL_KEY, asked_of_others, read, settings_of
from tests.golden.test_sales_cases import CASES

VIES = {"DE136695976": ViesAnswer(valid=True, asked_on=date(2026, 10, 5), consultation="W1")}
FROM_THE_SIXTH = {"from_date": "2026-10-06", "percent": "9"}
SKUS = (["BOOK"], ["LAMP"], ["BOOK", "LAMP"], ["LAMP", "BOOK"], ["LAMP", "LAMPS"])
RATED = vat(rates_by_sku={"BOOK": {"NL": [FROM_THE_SIXTH], "DE": "7", "BE": "6"}})


def shop() -> tuple[list[Json], Json]:
    """Orders that differ in one thing each, and what Amazon's VAT report tells of some."""
    raw: list[Json] = []
    told: Json = {}
    for to, day, skus, price, tax, count_told in product(
        ("NL", "DE"), (5, 6), SKUS, ("9.99", "10.00"), ("", "0.82"), (0, 1, 2)
    ):
        number = len(raw)
        items = {f"{number}{sku}": [row("ITEM", price)] for sku in skus}
        if tax:
            items = {key: [*rows, row("TAX", tax)] for key, rows in items.items()}
        own = [
            item(price, *rows, item_id=key, sku=key.lstrip("0123456789"))
            for key, rows in items.items()
        ]
        when = f"2026-10-0{day}T11:00:00Z"
        name = f"405-0000000-{number:07}"
        raw.append(order(own, order_id=name, to=to, lastUpdatedTime=when))
        told[name] = {key: {"rate": "9"} for key in list(items)[:count_told]}
    lines = [row("ITEM", "9.99"), row("SHIPPING", "2.95")]
    two = [
        item("9.99", lines[0], item_id="A", sku="LAMP"),
        item("2.95", lines[1], item_id="B", sku="LAMP"),
    ]
    raw.append(order(two, order_id="405-0000001-0000001"))
    raw.append(
        order([item("12.94", *lines, item_id="A", sku="LAMP")], order_id="405-0000001-0000002")
    )
    raw += [
        with_vat_number(one | {"orderId": f"{one['orderId'][:-1]}B"}, "DE136695976")
        for one in raw[-20:]
    ]
    return raw, told


def test_an_order_becomes_what_it_becomes_alone() -> None:
    raw, told = shop()
    found = read({"orders": raw, "item_vat": told}, RATED)
    together = _sold(found, RATED)
    alone = [_sold(one, RATED) for one in _one_by_one(found)]
    assert len(together.mutations) > len(raw) / 2
    assert together.problems
    for rows in (_mutations, _lines, _problems):
        assert rows(together) == [row for one in alone for row in rows(one)]
    assert _relations(together) == {key for one in alone for key in _relations(one)}


def _one_by_one(found: OrdersRead) -> Iterator[OrdersRead]:
    for name in found.orders["order_id"]:
        orders, lines = (x[x["order_id"] == name] for x in (found.orders, found.lines))
        yield OrdersRead(orders, lines, [], found.skipped)


def test_a_rate_stays_as_it_is_written() -> None:
    percents = (Decimal(21), Decimal(9))
    context = VatContext("NL", "NL", percents, amazons_cents=True, on=date(2026, 10, 5))
    baskets = Baskets(RATED)
    rates = [
        baskets.priced([_told(Decimal(rate))], 1090, "S10", context).rate_facts()[0]["rate"]
        for rate in ("9", "9.0")
    ]
    assert rates == ["9", "9.0"]


def _told(rate: Decimal) -> OrderLine:
    return OrderLine("1", "LAMP", "goods", 1090, None, rate_told=rate)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_the_second_order_of_its_kind_becomes_what_it_becomes_alone(case: Path) -> None:
    own = case / "settings.yaml"
    chosen = settings_of(yaml.safe_load(own.read_text()) if own.exists() else {})
    world = json.loads((case / "input.json").read_text())
    found = read(world, chosen)
    second = _renamed(found)
    both = OrdersRead(
        pd.concat([found.orders, second.orders], ignore_index=True),
        pd.concat([found.lines, second.lines], ignore_index=True),
        [],
        found.skipped,
    )
    together, alone = _sold(both, chosen, world), _sold(second, chosen, world)
    for rows in (_mutations, _lines, _problems):
        of_second = [one for one in rows(together) if "second" in str(one)]
        assert of_second == rows(alone)
    assert _relations(together) >= _relations(alone)


def _renamed(found: OrdersRead) -> OrdersRead:
    """The same orders once more, under ids of their own."""
    items = found.lines["order_item_id"]
    lines = found.lines.assign(order_item_id=items.where(items == "", "second " + items))
    both = (found.orders, lines)
    orders, lines = (one.assign(order_id="second " + one["order_id"]) for one in both)
    return OrdersRead(orders, lines, [], found.skipped)


def _sold(
    found: OrdersRead, chosen: CouplingSettings, world: Mapping[str, Any] | None = None
) -> Bookables:
    others = asked_of_others(world or {})
    numbers = others["vcs_numbers"]
    return invoices(
        found.orders,
        found.lines,
        chosen,
        install_key=INSTALL_KEY,
        booked=BOOKED.empty(),
        rates=others["rates"],
        vies=others["vies"] or VIES,
        vcs_numbers=numbers | {f"second {name}": one for name, one in numbers.items()},
    )


def _mutations(found: Bookables) -> list[dict[str, Any]]:
    return found.mutations.to_dict("records")


def _lines(found: Bookables) -> list[dict[str, Any]]:
    return found.mutation_lines.to_dict("records")


def _problems(found: Bookables) -> list[dict[str, Any]]:
    return [one.as_dict() for one in found.problems]


def _relations(found: Bookables) -> set[str]:
    return set(found.relations["booking"])
