"""Profile ``year``: every marketplace, every kind of sale, every way an order can go."""

from datetime import datetime, timedelta
from random import Random

from coupling_sandbox.amazon.generator import month
from coupling_sandbox.amazon.generator.arithmetic import share
from coupling_sandbox.amazon.generator.catalogue import buyer
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.rates import EU, PRICE_FACTOR, REDUCED, SPECIAL, rate
from coupling_sandbox.amazon.generator.refunds import refunds
from coupling_sandbox.amazon.generator.sale import Buyer, Item, Sale
from coupling_sandbox.amazon.generator.vat_numbers import invalid, valid
from coupling_sandbox.amazon.places import MARKETPLACES

WEIGHTS = {"DE": 35, "NL": 25, "FR": 12, "BE": 8, "IT": 6, "ES": 6, "UK": 3, "SE": 2, "PL": 2,
           "IE": 1, "TR": 0.6}  # fmt: skip
# Where a marketplace's orders go besides its own country: (country, share in percent).
ELSEWHERE = {
    "DE": (("AT", 12), ("LU", 1), ("CZ", 1), ("DK", 1), ("FI", 1), ("CH", 2), ("GR", 0.3)),
    "FR": (("BE", 4), ("MC", 1), ("CH", 1)),
    "NL": (("BE", 5),),
    "IT": (("GR", 1),),
    "ES": (("PT", 6),),
}
LOOK_BACK = 40
FACILITATED = {"GB": 0.95, "CH": 0.8}


def sale(options: SeedOptions, index: int, look_back: bool = True) -> Sale:
    """Return sale number ``index``; always the same for the same options.

    ``look_back`` False leaves open which order a replacement replaces.
    """
    rng = Random(f"{options.seed}/year/{index}")  # noqa: S311
    codes = options.marketplaces or tuple(WEIGHTS)
    code = rng.choices(codes, [WEIGHTS[one] for one in codes])[0]
    place = MARKETPLACES[code]
    fba = rng.random() < options.fba
    ship_from = rng.choice(options.stock) if fba else "NL"
    country = _destination(rng, place.country, code)
    created = _created(rng, options, index)
    confirmed = created + timedelta(minutes=rng.randrange(20, 90))
    late = timedelta(days=rng.randrange(5, 20)) if rng.random() < options.late else timedelta()
    shipped = confirmed + timedelta(hours=3, minutes=rng.randrange(0, 36 * 60)) + late
    made = Sale(
        order_id=month.order_id(options.seed, index, rng),
        place=place,
        created=created,
        confirmed=confirmed,
        shipped=shipped,
        released=month.released(rng, options, shipped),
        status=month.status(rng, options),
        fba=fba,
        ship_from=ship_from,
        buyer=buyer(rng, country),
        items=[],
        basis=month.basis(options, rng),
        shipment_id=f"D{rng.getrandbits(40):010X}",
        programs=["PRIME"] if fba and rng.random() < 0.6 else [],
        nameless=rng.random() < 0.02,
    )
    _decide_kind(rng, options, made)
    if made.original and look_back:
        made.original = (_replaced(options, index, made) or made.original[0], made.original[1])
    made.items = _items(rng, made)
    if made.status == "CANCELLED" and rng.random() < 0.5:
        # Confirmed, perhaps booked by an eager seller, and then cancelled after all.
        made.cancelled_late = made.confirmed + timedelta(hours=rng.randrange(6, 40))
    if made.kind == "facilitator" or (made.kind == "intra_community" and made.basis == "none"):
        made.basis = "exclusive"  # Amazon shows the VAT it will keep, and the VAT it left off.
    if made.place.code == "IT" and not made.fba and rng.random() < 0.05:
        made.cash_on_delivery = True
    if made.buyer.company and rng.random() < 0.5:
        made.deferral = "B2B"  # An invoiced buyer pays later, and so does Amazon.
        made.released = made.shipped + timedelta(days=rng.randrange(30, 45))
    _judge(made)
    _split(rng, made)
    if made.status == "SHIPPED" and made.kind not in ("mcf", "replacement"):
        made.refunds = refunds(rng, options, made)
    return made


def _created(rng: Random, options: SeedOptions, index: int) -> datetime:
    span = (options.end - options.start - month.QUIET_END).total_seconds()
    moment = options.start + timedelta(seconds=int(rng.random() * span), milliseconds=index % 1000)
    # Christmas: in November and December the shop sells about twice as much.
    if moment.month not in (11, 12) and rng.random() < 0.12:
        christmas = moment.replace(month=rng.choice((11, 12)), day=min(moment.day, 30))
        if options.start <= christmas < options.end - month.QUIET_END:
            return christmas
    return moment


def _destination(rng: Random, home: str, code: str) -> str:
    chance = rng.random() * 100
    for country, percent in ELSEWHERE.get(code, ()):
        if chance < percent:
            return country
        chance -= percent
    return home


def _decide_kind(rng: Random, options: SeedOptions, made: Sale) -> None:
    """Settle what kind of sale it is, and change buyer and programs to match."""
    chance = rng.random()
    if made.fba and chance < options.mcf:
        made.kind = "mcf"
    elif chance > 1 - options.replaced:
        made.kind = "replacement"
        kind = rng.choice(("REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"))
        made.original = (f"305-{rng.randrange(10**7):07d}-{rng.randrange(10**7):07d}", kind)
    else:
        _special_territory(rng, options, made)
        made.kind = _taxed_as(rng, made)
        if made.kind in ("domestic", "oss", "local_abroad") and rng.random() < options.business:
            _business(rng, made)


def _replaced(options: SeedOptions, index: int, made: Sale) -> str:
    """Return the number of an earlier sale that this order may replace; "" when none is near."""
    for earlier in range(index - 1, max(index - LOOK_BACK, -1), -1):
        other = sale(options, earlier, look_back=False)
        ordinary = other.kind not in ("mcf", "replacement", "abeu")
        if ordinary and other.status == "SHIPPED" and other.complete < made.created:
            return other.order_id
    return ""


def _special_territory(rng: Random, options: SeedOptions, made: Sale) -> None:
    fitting = [one for one in SPECIAL if one[0] == made.buyer.country]
    if fitting and rng.random() < options.special * 5:
        _, made.buyer.postal_code, made.buyer.city = rng.choice(fitting)
        made.special = made.buyer.city


def _taxed_as(rng: Random, made: Sale) -> str:
    country = made.buyer.country
    if made.special or country not in EU:
        facilitated = not made.special and rng.random() < FACILITATED.get(country, 0)
        return "facilitator" if facilitated else "export"
    if country == made.ship_from:
        return "domestic" if country == "NL" else "local_abroad"
    return "oss"


def _business(rng: Random, made: Sale) -> None:
    person, chance = made.buyer, rng.random()
    made.programs = [*made.programs, "AMAZON_BUSINESS"]
    person.company = f"{person.name.split()[-1]} Handel {rng.randrange(100)}"
    if chance < 0.08:
        made.kind = "abeu"
        made.programs.append("INVOICE_BY_AMAZON")
    elif chance < 0.70:
        person.vat_number, person.vat_number_valid = valid(rng, person.country), True
    elif chance < 0.85:
        person.vat_number = invalid(rng, person.country)
    if made.kind == "oss" and not made.programs[-1].startswith("INVOICE"):
        # Amazon charges no VAT to a business abroad that showed a number, sound or not.
        made.kind = "intra_community" if person.vat_number or chance > 0.95 else "oss"


def _items(rng: Random, made: Sale) -> list[Item]:
    lines = month.items(rng, made.fba)
    factor, country = PRICE_FACTOR[made.place.currency], made.buyer.country
    for line in lines:
        if line.article.kind != "standard" and (country, line.article.kind) not in REDUCED:
            line.article = next(one for one in month.ARTICLES if one.kind == "standard")
        untaxed = made.kind in ("export", "intra_community")
        line.rate = 0 if untaxed else rate(country, line.article.kind)
        line.parts = {part: share(cents, factor, 100) for part, cents in line.parts.items()}
        if made.kind in ("mcf", "replacement"):
            line.parts = {"goods": 0}
    return lines


def _judge(made: Sale) -> None:
    """Say what a Dutch seller with OSS and no registration abroad should do with it."""
    if made.kind in ("mcf", "replacement"):
        made.expected, made.reason = "skipped", made.kind
    elif made.status != "SHIPPED":
        made.expected, made.reason = "skipped", made.status.lower()
    else:
        made.reason = _held_because(made)
        made.expected = "held" if made.reason else "booked"


def _held_because(made: Sale) -> str:
    person: Buyer = made.buyer
    if made.kind == "abeu":
        return "sold_to_amazon_business_eu"
    if made.ship_from != "NL":
        # Stock abroad needs a registration there, whatever leaves it and wherever it goes.
        return "no_registration_where_stock_is"
    if made.kind == "intra_community" and not person.vat_number_valid:
        return "vat_number_invalid" if person.vat_number else "vat_number_missing"
    return ""


def _split(rng: Random, made: Sale) -> None:
    """Send some orders of several lines in two shipments."""
    if made.status == "SHIPPED" and len(made.items) > 1 and rng.random() < 0.25:
        made.second = 1
        made.shipped_second = made.shipped + timedelta(hours=rng.randrange(20, 120))
        made.shipment_id_second = f"D{rng.getrandbits(40):010X}"
