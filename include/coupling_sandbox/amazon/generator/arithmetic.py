"""The generator's own arithmetic, so that it can't share a mistake with the product.

Amounts are whole cents (int). A VAT rate is in tenths of a percent (int): 210 means
21 %, 255 means 25.5 %.
"""

from collections.abc import Sequence


def share(amount: int, part: int, whole: int) -> int:
    """Return ``amount * part / whole`` rounded half up on the absolute value."""
    sign = -1 if amount < 0 else 1
    return sign * ((2 * abs(amount) * part + whole) // (2 * whole))


def vat_inside(gross: int, rate: int) -> int:
    """Return the VAT contained in ``gross``."""
    return share(gross, rate, 1000 + rate)


def vat_on_top(net: int, rate: int) -> int:
    """Return the VAT that comes on top of ``net``."""
    return share(net, rate, 1000)


def split_net(grosses: Sequence[int], rate: int) -> list[int]:
    """Split the net of a whole invoice at one rate over its lines, by largest remainder.

    Each line's net is floored; the cents that are left go to the largest remainders, on a tie to
    the largest amount, then to the first line.
    """
    total = sum(grosses)
    if total == 0:
        return [gross - vat_inside(gross, rate) for gross in grosses]
    net = total - vat_inside(total, rate)
    floors, rests = zip(*(_floor(gross * net, total) for gross in grosses), strict=True)
    left = net - sum(floors)
    order = sorted(range(len(grosses)), key=lambda i: (-rests[i], -grosses[i], i))
    return [floor + (1 if i in order[:left] else 0) for i, floor in enumerate(floors)]


def _floor(dividend: int, divisor: int) -> tuple[int, int]:
    if divisor < 0:
        dividend, divisor = -dividend, -divisor
    return divmod(dividend, divisor)


def money(cents: int, comma: bool = False) -> str:
    """Write cents as a decimal text."""
    sign = "-" if cents < 0 else ""
    text = f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    return text.replace(".", ",") if comma else text


def percent(rate: int) -> str:
    """Write a rate as a decimal text: 210 as ``21``, 255 as ``25.5``."""
    return str(rate // 10) if rate % 10 == 0 else f"{rate // 10}.{rate % 10}"


def tenths(rate_percent: str) -> int:
    """Read what ``percent`` wrote."""
    whole, _, part = rate_percent.partition(".")
    return int(whole) * 10 + int(part or "0")


def fraction(rate_percent: str) -> str:
    """Write 25.5 (percent) as 0.255, the way VAT reports do."""
    return f"{tenths(rate_percent) / 1000:.3f}".rstrip("0").rstrip(".")
