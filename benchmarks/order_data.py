"""Shipped orders as searchOrders shows them, with all their data, made by the sandbox's generator.

No two are the same: 40 articles, one to three of them, shipping, wrapping and discounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from coupling_sandbox.amazon.generator import month, year
from coupling_sandbox.amazon.generator.listing import versions
from coupling_sandbox.amazon.generator.options import SeedOptions


def orders(count: int, first: int = 0, *, profile: str = "nl_month") -> Iterator[dict[str, Any]]:
    """The newest version of each order."""
    options = SeedOptions(
        seed=1,
        orders=count,
        start=datetime(2026, 10, 1, tzinfo=UTC),
        end=datetime(2026, 11, 1, tzinfo=UTC),
        profile=profile,
    )
    make = year.sale if profile == "year" else month.sale
    for number in range(first, first + count):
        *_, newest = versions(make(options, number), options)
        yield newest
