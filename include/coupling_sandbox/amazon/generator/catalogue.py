"""The seller's assortment, and names and addresses of buyers. All invented."""

from random import Random

from coupling_sandbox.amazon.generator.rates import NOT_MAINLAND
from coupling_sandbox.amazon.generator.sale import Article, Buyer

# kind of goods, titles, price range in cents, commission in per mille
_GOODS = (
    ("standard", ("Bamboe snijplank", "LED-bureaulamp", "RVS drinkfles", "Yogamat",
                  "Dekbedovertrek", "Gereedschapsset", "Draadloze muis"),
     (799, 8999), 124),
    ("standard", ("USB-C-kabel 2 m", "Telefoonhoesje", "Screenprotector", "Batterijen AA"),
     (199, 1999), 62),
    ("book", ("Kookboek: Zeeuwse keuken", "Roman: De overkant", "Prentenboek Müsli"),
     (995, 3499), 124),
    ("food", ("Olijfolie extra vierge", "Crème de marrons", "Zwarte thee 250 g"), (450, 2995), 66),
)  # fmt: skip

FIRST = ("Sanne", "Daan", "Zoë", "Jesse", "José", "Fleur", "Björn", "Noor", "Mees", "Chloé",
         "Thijs", "Anouk", "Renée", "Sem", "Maëlle", "Pieter")  # fmt: skip
LAST = ("de Vries", "van den Berg", "Jansen", "'t Hart", "Bakker", "Visser", "Müller",
        "Smit-Peters", "van der Meer", "Özdemir", "Hendriks", "Sørensen", "Kuipers")  # fmt: skip
_STREETS = (
    "Dorpsstraat",
    "Kerklaan",
    "Prins Hendrikkade",
    "Stationsweg",
    "Molenpad",
    "Lange Dreef",
)
_CITIES = {
    "NL": ("Utrecht", "Groningen", "'s-Hertogenbosch", "Zwolle", "Middelburg"),
    "BE": ("Antwerpen", "Gent", "Liège"),
    "DE": ("Köln", "Berlin", "München"),
    "FR": ("Lyon", "Nîmes", "Besançon"),
}


def assortment(size: int = 60) -> list[Article]:
    """Return the same assortment every time; about one article in four at a reduced rate."""
    rng = Random("assortment")  # noqa: S311
    made = []
    for number in range(size):
        kind, titles, (low, high), commission = _GOODS[rng.choices((0, 1, 2, 3), (5, 4, 2, 2))[0]]
        price = rng.randrange(low // 50, high // 50) * 50 + rng.choice((49, 45, 95 - 50, 0))
        title = f"{rng.choice(titles)} #{number:02d}"
        sku = f"{kind[:2].upper()}-{number:04d}"
        made.append(Article(sku, f"B0{number:08d}", title, max(price, 99), kind, commission))
    return made


def buyer(rng: Random, country: str) -> Buyer:
    """Return a person with an address in ``country``."""
    name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    city = rng.choice(_CITIES.get(country, ("Hoofdstad",)))
    street = f"{rng.choice(_STREETS)} {rng.randrange(1, 240)}"
    return Buyer(name, street, city, postal_code(rng, country), country, _email(rng))


def postal_code(rng: Random, country: str) -> str:
    """Return a postal code of the right shape, on the mainland: other places are asked for."""
    elsewhere = NOT_MAINLAND.get(country, ())
    while True:
        code = _postal_code(rng, country)
        if not code.startswith(elsewhere):
            return code


def _postal_code(rng: Random, country: str) -> str:
    if country == "NL":
        return (
            f"{rng.randrange(1011, 9999)} {rng.choice('ABCDEGHJKLNPRTVWXZ')}{rng.choice('ABEGHJK')}"
        )
    if country in ("BE", "AT", "DK", "LU", "HU", "CH"):
        return str(rng.randrange(1000, 9999))
    if country == "PL":
        return f"{rng.randrange(10, 99)}-{rng.randrange(100, 999)}"
    if country == "GB":
        return f"M{rng.randrange(1, 30)} {rng.randrange(1, 9)}AB"
    if country == "PT":
        return f"{rng.randrange(1000, 8999)}-{rng.randrange(100, 999)}"
    if country == "SE":
        return f"{rng.randrange(100, 980)} {rng.randrange(10, 99)}"
    return str(rng.randrange(20000, 89999))


def _email(rng: Random) -> str:
    return f"{rng.getrandbits(60):015x}@marketplace.amazon.nl"
