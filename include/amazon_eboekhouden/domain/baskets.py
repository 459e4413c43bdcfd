"""Baskets: what of an order its rates, lines and cents depend on.

A shop sells the same few articles at the same few prices, so most orders of a run hold a basket
that another one held before. Each is worked out once; the orders differ in the ids of their items.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.booked_invoice import groups_as_facts, groups_of_facts
from amazon_eboekhouden.domain.bookings import MutationLine
from amazon_eboekhouden.domain.vat_lines import (
    OrderLine,
    RateGroup,
    VatContext,
    mutation_lines,
    rate_groups,
)


@dataclass(frozen=True, slots=True)
class _Basket:
    """A basket as it was worked out for the first order that held it.

    Attributes:
        facts: the invoice per rate, as facts keep it, without the items.
        places: per rate, which of the basket's items it holds.
        lines: as they are booked.
    """

    facts: tuple[Mapping[str, Any], ...]
    places: tuple[tuple[int, ...], ...]
    lines: tuple[MutationLine, ...]


@dataclass(frozen=True, slots=True)
class Priced:
    """The basket of one order, with what it comes to.

    Attributes:
        basket: shared with the other orders that hold it.
        items: ids of the order items, in the order of the basket.
    """

    basket: _Basket
    items: tuple[str, ...]

    @property
    def lines(self) -> tuple[MutationLine, ...]:
        """The lines as they are booked, in euro cents."""
        return self.basket.lines

    @property
    def sale_kind(self) -> str:
        """The kind of sale of its first rate."""
        return str(self.basket.facts[0]["sale_kind"])

    def groups(self) -> tuple[RateGroup, ...]:
        """The invoice per rate."""
        return groups_of_facts({"rates": self.rate_facts()})

    def rate_facts(self) -> list[Mapping[str, Any]]:
        """`groups_as_facts` of its groups."""
        return [
            {**facts, "items": self._at(places)} if places else facts
            for facts, places in zip(self.basket.facts, self.basket.places, strict=True)
        ]

    def _at(self, places: tuple[int, ...]) -> tuple[str, ...]:
        return tuple([self.items[place] for place in places])


class Baskets:
    """The baskets of one run, by everything that `rate_groups` reads of them.

    An order that is held for its basket is held for an item of its own: only what can be invoiced
    is kept.
    """

    def __init__(self, settings: CouplingSettings) -> None:
        self._settings = settings
        self._known: dict[Hashable, _Basket] = {}

    def priced(
        self, lines: Sequence[OrderLine], total_cents: int, sale_kind: str, context: VatContext
    ) -> Priced:
        """What the basket of an order comes to; arguments and errors are those of `rate_groups`."""
        numbers: dict[str, int] = {"": 0}
        content = [
            (
                numbers.setdefault(line.order_item_id, len(numbers)),
                line.sku,
                line.component,
                line.gross_cents,
                line.tax_cents,
                # Facts keep it as it is written: 9.0 is another text than 9.
                line.rate_told if line.rate_told is None else str(line.rate_told),
            )
            for line in lines
        ]
        # Without rates of single articles the day says nothing beside the rates in force on it.
        on = context.on if self._settings.seller.vat.rates_by_sku else None
        key = (total_cents, sale_kind, *context[:-1], on, *content)
        basket = self._known.get(key)
        if basket is None:
            groups = rate_groups(lines, total_cents, sale_kind, context, self._settings)
            basket = self._known[key] = _basket(groups, numbers)
        return Priced(basket, tuple(numbers)[1:])


def _basket(groups: tuple[RateGroup, ...], numbers: Mapping[str, int]) -> _Basket:
    facts = groups_as_facts(groups)
    places = tuple(tuple([numbers[item] - 1 for item in one.pop("items", ())]) for one in facts)
    return _Basket(tuple(facts), places, tuple(mutation_lines(groups)))
