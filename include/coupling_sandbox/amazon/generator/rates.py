"""VAT rates and territories as the generator knows them, in tenths of a percent.

Rates of November 2026 as published; the reduced ones only for books and food the seller sells.
"""

STANDARD = {
    "AT": 200, "BE": 210, "CZ": 210, "DE": 190, "DK": 250, "ES": 210, "FI": 255, "FR": 200,
    "GB": 200, "IE": 230, "IT": 220, "LU": 170, "NL": 210, "PL": 230, "PT": 230, "SE": 250,
    "GR": 240, "HU": 270, "CH": 81, "MC": 200, "TR": 200,
}  # fmt: skip
REDUCED = {
    ("NL", "book"): 90, ("NL", "food"): 90, ("DE", "book"): 70, ("DE", "food"): 70,
    ("FR", "book"): 55, ("FR", "food"): 55, ("MC", "book"): 55, ("MC", "food"): 55,
    ("BE", "book"): 60, ("BE", "food"): 60, ("AT", "book"): 100, ("AT", "food"): 100,
    ("IT", "book"): 40, ("IT", "food"): 100, ("ES", "book"): 40, ("ES", "food"): 100,
    ("PL", "book"): 50, ("PL", "food"): 50, ("GB", "food"): 200, ("SE", "book"): 60,
}  # fmt: skip
EU = frozenset(STANDARD) - {"GB", "CH", "TR"}

# What a price in euro becomes in the marketplace's currency, in hundredths.
PRICE_FACTOR = {"EUR": 100, "GBP": 88, "SEK": 1120, "PLN": 430, "TRY": 4800}

# Inside a member state's ISO code but outside the VAT territory: (country, postal code, place).
SPECIAL = (
    ("ES", "35001", "Las Palmas de Gran Canaria"),
    ("ES", "38001", "Santa Cruz de Tenerife"),
    ("ES", "51001", "Ceuta"),
    ("ES", "52001", "Melilla"),
    ("IT", "23041", "Livigno"),
    ("DE", "78266", "Büsingen am Hochrhein"),
    ("DE", "27498", "Helgoland"),
    ("FR", "97110", "Pointe-à-Pitre"),
    ("FR", "97400", "Saint-Denis"),
    ("FI", "22100", "Mariehamn"),
    ("GR", "63086", "Karyes"),
)


# How postal codes of such places, and of those with a rate of their own, begin.
NOT_MAINLAND = {
    "ES": ("35", "38", "51", "52"),
    "FI": ("22",),
    "IT": ("22061", "23041", "4789"),
    "DK": ("39",),
    "DE": ("27498", "78266"),
    "GR": ("63086", "63087"),
    "AT": ("6691", "6991", "6992", "6993"),
    "FR": ("97", "98"),
    "PT": ("9",),
    "GB": ("BT",),
}


def rate(country: str, kind: str) -> int:
    """Return the rate on goods of a kind in a country."""
    return REDUCED.get((country, kind), STANDARD[country])
