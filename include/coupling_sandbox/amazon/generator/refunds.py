"""How buyers get money back: wholly, partly, as goodwill, by claim or by chargeback."""

from datetime import datetime, timedelta
from random import Random

from coupling_sandbox.amazon.generator.arithmetic import share
from coupling_sandbox.amazon.generator.month import full_refund
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.sale import Refund, Sale


def refunds(rng: Random, options: SeedOptions, sale: Sale) -> list[Refund]:
    """Return the refunds of a shipped sale: mostly none, seldom two."""
    if rng.random() >= options.refunded:
        return []
    first = _refund(rng, sale)
    if first.gross > -sale.buyer_paid // 2 and rng.random() < 0.08:
        # A second part of the same order, later, as an event of its own.
        again = _partial(rng, sale, 25)
        again.posted = first.posted + timedelta(days=rng.randrange(1, 20))
        return [first, again]
    return [first]


def _refund(rng: Random, sale: Sale) -> Refund:
    chance = rng.random()
    if chance < 0.60:
        whole = full_refund(rng, sale)
        if rng.random() < 0.1:
            # The buyer kept it too long: part of the price is withheld as a restocking fee.
            kept = share(sale.items[0].parts["goods"], 20, 100)
            whole.parts[0]["restocking"] = kept
        if rng.random() < 0.05:
            whole.parts[0]["return_shipping"] = -450
        return whole
    if chance < 0.75:
        return _one_item(rng, sale)
    if chance < 0.88:
        return _partial(rng, sale, rng.choice((10, 20, 50)))
    if chance < 0.94:
        goodwill = {0: {"goodwill": -rng.choice((300, 500, 1000))}}
        return _event(rng, sale, goodwill, "Refund")
    whole = full_refund(rng, sale)
    whole.kind = rng.choice(("A-to-z Guarantee Refund", "Chargeback Refund"))
    return whole


def _one_item(rng: Random, sale: Sale) -> Refund:
    position = rng.randrange(len(sale.items))
    parts = {part: -cents for part, cents in sale.items[position].parts.items()}
    return _event(rng, sale, {position: parts}, "Refund")


def _partial(rng: Random, sale: Sale, percent: int) -> Refund:
    goods = sale.items[0].parts["goods"] + sale.items[0].parts.get("discount", 0)
    return _event(rng, sale, {0: {"goods": -share(goods, percent, 100)}}, "Refund")


def _event(rng: Random, sale: Sale, parts: dict[int, dict[str, int]], kind: str) -> Refund:
    return Refund(
        f"{rng.getrandbits(60):015x}",
        f"amzn1:crow:{rng.getrandbits(88):022x}",
        _posted(rng, sale),
        parts,
        kind,
    )


def _posted(rng: Random, sale: Sale) -> datetime:
    # Some come before the money of the sale itself is released.
    early = rng.random() < 0.15
    start = sale.complete + timedelta(days=2) if early else sale.released
    return start + timedelta(days=rng.randrange(0, 28), minutes=rng.randrange(0, 1400))
