"""Profile ``nl_month``: Dutch consumers on Amazon.nl, goods at 21 and 9 %."""

import math
from datetime import datetime, timedelta
from random import Random

from coupling_sandbox.amazon.generator.catalogue import assortment, buyer
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.sale import Article, Item, Refund, Sale
from coupling_sandbox.amazon.places import MARKETPLACES

ARTICLES = assortment()
DUTCH_RATES = {"standard": 210, "book": 90, "food": 90}
# Long enough before the end for every step of an order's life to fall inside the asked time.
QUIET_END = timedelta(hours=44)


def sale(options: SeedOptions, index: int) -> Sale:
    """Return sale number ``index``; always the same for the same options."""
    rng = Random(f"{options.seed}/{index}")  # noqa: S311
    span = (options.end - options.start - QUIET_END).total_seconds()
    created = options.start + timedelta(seconds=int(rng.random() * span), milliseconds=index % 1000)
    confirmed = created + timedelta(minutes=rng.randrange(20, 90))
    shipped = confirmed + timedelta(hours=3, minutes=rng.randrange(0, 36 * 60))
    fba = rng.random() < options.fba
    person = buyer(rng, "NL")
    made = Sale(
        order_id=order_id(options.seed, index, rng),
        place=MARKETPLACES["NL"],
        created=created,
        confirmed=confirmed,
        shipped=shipped,
        released=released(rng, options, shipped),
        status=status(rng, options),
        fba=fba,
        ship_from="NL",
        buyer=person,
        items=items(rng, fba),
        basis=basis(options, rng),
        shipment_id=f"D{rng.getrandbits(40):010X}",
    )
    if made.status != "SHIPPED":
        made.expected, made.reason = "skipped", made.status.lower()
    elif rng.random() < options.refunded:
        made.refunds.append(_in_time(options, full_refund(rng, made)))
    return made


def status(rng: Random, options: SeedOptions) -> str:
    """Return how far the order gets."""
    chance = rng.random()
    for name, share in (
        ("CANCELLED", options.cancelled),
        ("PENDING", options.pending),
        ("UNSHIPPED", options.unshipped),
    ):
        if chance < share:
            return name
        chance -= share
    return "SHIPPED"


def released(rng: Random, options: SeedOptions, shipped: datetime) -> datetime:
    """Return when Amazon releases the money of a shipment: some days after its delivery."""
    delivered = shipped + timedelta(days=rng.randrange(1, 4), minutes=rng.randrange(0, 600))
    return delivered + timedelta(days=options.deferral_days)


def order_id(seed: int, index: int, rng: Random) -> str:
    """Return an order number, different for every index below ten million."""
    middle = (index * 7_654_321 + seed * 1_234_567) % 10_000_000
    first = rng.choice((171, 302, 303, 305, 306, 402, 404, 407))
    return f"{first}-{middle:07d}-{rng.randrange(10**7):07d}"


def basis(options: SeedOptions, rng: Random) -> str:
    """Return how this order's proceeds show tax."""
    if options.proceeds_basis == "mixed":
        return rng.choice(("exclusive", "inclusive", "none"))
    return options.proceeds_basis


def items(rng: Random, fba: bool) -> list[Item]:
    """Return one to three lines with their shipping, wrapping and discounts."""
    count = rng.choices((1, 2, 3), (80, 15, 5))[0]
    shipping_paid = rng.random() < (0.15 if fba else 0.45)
    made = []
    for article in rng.sample(ARTICLES, count):
        quantity = rng.choices((1, 2, 3), (85, 11, 4))[0]
        made.append(_item(rng, article, quantity, shipping_paid, fba))
    return made


def _item(rng: Random, article: Article, quantity: int, shipping_paid: bool, fba: bool) -> Item:
    goods = article.price * quantity
    parts = {"goods": goods}
    if shipping_paid:
        parts["shipping"] = rng.choice((299, 395, 399, 499))
        if fba and rng.random() < 0.5:
            # Free shipping: charged and given back by a promotion.
            parts["shipping_discount"] = -parts["shipping"]
    if rng.random() < 0.05:
        parts["gift_wrap"] = 250 * quantity
    if rng.random() < 0.10:
        parts["discount"] = -max(1, goods * rng.choice((5, 10, 15)) // 100)
    number = f"{rng.randrange(10**13, 10**14)}"
    return Item(number, article, quantity, DUTCH_RATES[article.kind], parts)


def _in_time(options: SeedOptions, refund: Refund) -> Refund:
    """Keep a refund within the settlements that the month's sales need themselves."""
    length = timedelta(days=options.period_days)
    needed = options.end + timedelta(days=4 + options.deferral_days) - options.start
    last = options.start + length * math.ceil(needed / length)
    refund.posted = min(refund.posted, last - timedelta(minutes=refund.posted.minute + 1))
    return refund


def full_refund(rng: Random, of: Sale) -> Refund:
    """Return a refund of everything, some days after the money was released."""
    posted = of.released + timedelta(days=rng.randrange(1, 9), minutes=rng.randrange(0, 1400))
    everything = {
        position: {part: -gross for part, gross in item.parts.items()}
        for position, item in enumerate(of.items)
    }
    # One refund, two names: Amazon's settlements and its finances number it differently.
    adjustment = f"amzn1:crow:{rng.getrandbits(88):022x}"
    return Refund(f"{rng.getrandbits(60):015x}", adjustment, posted, everything)
