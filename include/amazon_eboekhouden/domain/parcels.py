"""One invoice per shipment: an order divided over the parcels in which it left.

Every amount is divided by the pieces that a parcel holds, counted up from the first parcel to the
last: what earlier parcels were invoiced at never moves when a later one leaves, and all parcels
together are the order to the cent. Source: accounting rules 6 (partial shipment), 8.2 and 8.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.domain.money import round_half_up
from amazon_eboekhouden.domain.proceeds import OrderFault
from amazon_eboekhouden.domain.shipments import Parcel

Line = dict[str, Any]
_GOODS = ("goods", "goods_discount")


@dataclass(frozen=True, slots=True)
class Share:
    """How much of something the parcels up to and including one hold, and those before it."""

    until: int
    before: int
    whole: int

    def of(self, cents: int) -> int:
        """The parcel's part of an amount."""
        return self._counted(cents, self.until) - self._counted(cents, self.before)

    def _counted(self, cents: int, part: int) -> int:
        return round_half_up(Decimal(cents) * part / self.whole) if self.whole else 0


def lines_per_parcel(
    lines: Sequence[Line], parcels: Sequence[Parcel], pieces: Mapping[str, int], *, complete: bool
) -> Iterator[tuple[Parcel, list[Line]]]:
    """Each parcel, in the order in which they left, with its part of the order's lines.

    Args:
        lines: rows of ORDER_LINES of the whole order.
        parcels: what left so far.
        pieces: order item id to the pieces that its lines are for.
        complete: Amazon says that everything left.

    Raises:
        OrderFault: the parcels do not tell what they hold, or hold something else.
    """
    ordered = _with_pieces(parcels, pieces, complete=complete)
    sent: dict[str, int] = dict.fromkeys(pieces, 0)
    goods = _goods(lines)
    for parcel in ordered:
        before = dict(sent)
        for item, count in parcel.pieces.items():
            sent[item] += count
        shares = {item: Share(sent[item], before[item], pieces[item]) for item in pieces}
        # What belongs to no item follows the goods.
        shares[""] = Share(
            sum(shares[item].of(cents) for item, cents in goods.items())
            + (earlier := _earlier(goods, before, pieces)),
            earlier,
            sum(goods.values()),
        )
        yield parcel, list(_part(lines, shares, parcel.pieces))


def _with_pieces(
    parcels: Sequence[Parcel], pieces: Mapping[str, int], *, complete: bool
) -> list[Parcel]:
    """The parcels in their order, after a check that they can be what Amazon says was sent."""
    ordered = sorted(parcels, key=lambda parcel: (parcel.shipped_utc, parcel.shipment_id))
    ids = [parcel.shipment_id for parcel in ordered]
    if len(ordered) == 1 and complete and not ordered[0].pieces:
        return [ordered[0].holding(pieces)]
    sums: dict[str, int] = {}
    for parcel in ordered:
        for item, count in parcel.pieces.items():
            sums[item] = sums.get(item, 0) + count
    known = all(ids) and len(set(ids)) == len(ids) and all(parcel.pieces for parcel in ordered)
    fits = all(item in pieces and count <= pieces[item] for item, count in sums.items())
    whole = not complete or all(sums.get(item, 0) == count for item, count in pieces.items())
    if not (known and fits and whole):
        raise OrderFault("shipments-unclear", parcels=len(ordered))
    return ordered


def _goods(lines: Sequence[Line]) -> dict[str, int]:
    """Order item id to what its goods cost, discounts taken off."""
    sums: dict[str, int] = {}
    for line in lines:
        if line["order_item_id"] and line["component"] in _GOODS:
            item = line["order_item_id"]
            sums[item] = sums.get(item, 0) + line["gross_cents"]
    return sums


def _earlier(goods: Mapping[str, int], sent: Mapping[str, int], pieces: Mapping[str, int]) -> int:
    return sum(Share(sent[item], 0, pieces[item]).of(cents) for item, cents in goods.items())


def _part(
    lines: Sequence[Line], shares: Mapping[str, Share], pieces: Mapping[str, int]
) -> Iterator[Line]:
    position = 0
    for line in lines:
        share = shares[line["order_item_id"]]
        cents = share.of(line["gross_cents"])
        if cents:
            position += 1
            tax = line["tax_cents"]
            yield {
                **line,
                "line": position,
                "pieces": pieces.get(line["order_item_id"], 1) if line["title"] else 1,
                "gross_cents": cents,
                "tax_cents": None if tax is None else share.of(tax),
            }
