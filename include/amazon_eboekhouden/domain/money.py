"""Money is whole cents. One door in, one door out; nothing else turns amounts into cents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
_DUTCH = str.maketrans(",.-", ".,\N{MINUS SIGN}")
# Decimal itself also takes 1_250 and the digits of other scripts.
_AMOUNT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def cents_of(amount: Decimal | str | int | float) -> int:
    """Whole cents of an amount in units of the currency.

    Args:
        amount: a decimal text, Decimal or whole number, or a float that came off the wire as
            xs:double.

    Returns:
        The amount in cents.

    Raises:
        ValueError: the amount is no number or holds parts of a cent.
    """
    text = str(amount).strip()
    if not _AMOUNT.fullmatch(text):
        raise ValueError(f"{amount!r} is not an amount of money")
    try:
        value = Decimal(text)
        cents = value / CENT
    except InvalidOperation as error:
        raise ValueError(f"{amount!r} is not an amount of money") from error
    if not value.is_finite() or cents != cents.to_integral_value():
        raise ValueError(f"{amount!r} is not a whole number of cents")
    return int(cents)


def euros(cents: int) -> Decimal:
    """The amount in units of the currency, always with two decimals (the one door out)."""
    return (Decimal(cents) * CENT).quantize(CENT)


def in_dutch(number: Decimal) -> str:
    """Such as `1.234,56`, for a Dutch reader; the books and files have ways of their own."""
    return f"{number:,f}".translate(_DUTCH)


def round_half_up(value: Decimal) -> int:
    """Nearest whole number, halves away from zero, so that +x and -x mirror each other."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def vat_inside(gross_cents: int, rate_percent: Decimal) -> int:
    """VAT contained in a gross amount, in cents, half up on the absolute value.

    Source: CJEU C-484/06; accounting rule "once per invoice per rate".
    """
    rate, parts = rate_percent.as_integer_ratio()
    return _half_up(gross_cents * rate, 100 * parts + rate)


def vat_on_top(net_cents: int, rate_percent: Decimal) -> int:
    """VAT on a net amount, in cents, half up on the absolute value."""
    rate, parts = rate_percent.as_integer_ratio()
    return _half_up(net_cents * rate, 100 * parts)


def _half_up(dividend: int, divisor: int) -> int:
    """`round_half_up` of a quotient, in whole numbers; the divisor is above zero."""
    rounded = (2 * abs(dividend) + divisor) // (2 * divisor)
    return rounded if dividend >= 0 else -rounded


def split_largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` over `weights` in whole cents; the parts add up to `total` exactly.

    Each part is floored (negative ones towards minus infinity); the left-over cents go to the
    largest remainders. On an exact tie the largest weight takes the cent, then the lowest index.
    When the weights add up to zero the first one takes everything.

    Source: accounting rule "split over the lines by largest remainder".
    """
    whole = sum(weights)
    if whole == 0:
        return [total if index == 0 else 0 for index in range(len(weights))]
    if whole == total:
        return list(weights)  # Nothing is left over, whatever the signs.
    if whole < 0:  # A credit note mirrors its invoice to the cent.
        return [-part for part in split_largest_remainder(-total, [-w for w in weights])]
    floors = [total * weight // whole for weight in weights]
    missing = total - sum(floors)
    if missing:
        left_over = [total * weight % whole for weight in weights]
        order = sorted(range(len(weights)), key=lambda i: (-left_over[i], -weights[i], i))
        for index in order[:missing]:
            floors[index] += 1
    return floors
