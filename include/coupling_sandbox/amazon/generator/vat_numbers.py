"""VAT numbers of invented businesses, with sound check digits."""

from random import Random


def valid(rng: Random, country: str) -> str:
    """Return a well-formed number of ``country`` (BE, DE, FR or IT; others as DE)."""
    maker = {"BE": _be, "FR": _fr, "IT": _it}.get(country, _de)
    return maker(rng)


def invalid(rng: Random, country: str) -> str:
    """Return a number whose last digit is wrong."""
    number = valid(rng, country)
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def _de(rng: Random) -> str:
    digits = f"{rng.randrange(10**7, 10**8)}"
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = 2 * total % 11
    return f"DE{digits}{(11 - product) % 10}"


def _be(rng: Random) -> str:
    base = rng.randrange(2_000_000, 9_999_999)
    return f"BE0{base}{97 - base % 97:02d}"


def _luhn(digits: str) -> int:
    doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits))]
    return -sum(d - 9 if d > 9 else d for d in doubled) % 10


def _fr(rng: Random) -> str:
    base = f"{rng.randrange(10**7, 10**8)}"
    siren = int(f"{base}{_luhn(base)}")
    return f"FR{(12 + 3 * (siren % 97)) % 97:02d}{siren}"


def _it(rng: Random) -> str:
    base = f"{rng.randrange(10**6, 10**7)}{rng.randrange(1, 100):03d}"
    return f"IT{base}{_luhn(base)}"
