"""VAT codes: their side, their rate, the account their VAT goes to, and the arithmetic of rounding.

Sources: e-Boekhouden reference, section 9; accounting reference, sections 5.2 and 6.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_ZERO = Decimal(0)
_LOW_RATE_RISE = dt.date(2019, 1, 1)


@dataclass(frozen=True, slots=True)
class VatCode:
    """One VAT code.

    `side` is `sale`, `purchase` or `both`; `percent` the rate of its VAT; `category` the category
    of the account the VAT goes to (empty: the code carries no VAT amount); `reverse` means that the
    sender pays no VAT and the books post it on both sides (boxes 4a/4b and 5b of the return);
    `free_amount` that any VAT amount may be sent.
    """

    code: str
    side: str
    percent: Decimal
    category: str = ""
    reverse: bool = False
    free_amount: bool = False

    def percent_on(self, date: dt.date) -> Decimal:
        """The rate on a day: low codes without a rate in their name rose from 6 to 9 percent."""
        if self.code in ("LAAG_VERK", "LAAG_INK") and date < _LOW_RATE_RISE:
            return Decimal(6)
        return self.percent


def _sale(code: str, percent: int, category: str = "", *, free: bool = False) -> VatCode:
    return VatCode(code, "sale", Decimal(percent), category, free_amount=free)


def _purchase(code: str, percent: int, *, reverse: bool = False, free: bool = False) -> VatCode:
    return VatCode(code, "purchase", Decimal(percent), "VOOR", reverse, free)


VAT_CODES: dict[str, VatCode] = {
    row.code: row
    for row in (
        _sale("HOOG_VERK", 19, "AF19"),
        _sale("HOOG_VERK_21", 21, "AF19"),
        _sale("LAAG_VERK", 9, "AF6"),
        _sale("LAAG_VERK_9", 9, "AF6"),
        _sale("VERL_VERK", 0),
        _sale("VERL_VERK_L9", 0),
        _sale("AFW_VERK", 0, "AFOVERIG", free=True),
        _sale("BU_EU_VERK", 0),
        _sale("BI_EU_VERK", 0),
        _sale("BI_EU_VERK_D", 0),
        _sale("AFST_VERK", 0),
        _purchase("HOOG_INK", 19),
        _purchase("HOOG_INK_21", 21),
        _purchase("LAAG_INK", 9),
        _purchase("LAAG_INK_9", 9),
        _purchase("VERL_INK", 21, reverse=True),
        _purchase("VERL_INK_L", 6, reverse=True),
        _purchase("VERL_INK_L9", 9, reverse=True),
        _purchase("AFW", 0, free=True),
        _purchase("BU_EU_INK", 21, reverse=True),
        _purchase("BI_EU_INK", 21, reverse=True),
        VatCode("GEEN", "both", _ZERO),
    )
}

REVERSE_CHARGE_CATEGORY = "AFOVERIG"
"""Where the payable half of a reverse charge goes (box 4a or 4b)."""


def rounded_cents(amount: Decimal) -> int:
    """An amount in cents, half up on the absolute value, sign kept."""
    return int(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def vat_on_net(net_cents: int, percent: Decimal) -> int:
    """VAT in cents on a net amount."""
    return rounded_cents(Decimal(net_cents) * percent / 100)


def vat_in_gross(gross_cents: int, percent: Decimal) -> int:
    """VAT in cents contained in a gross amount."""
    return rounded_cents(Decimal(gross_cents) * percent / (100 + percent))


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` cents over `weights` by largest remainder.

    Each share is floored (towards minus infinity); the left-over cents go to the largest
    remainders, on an exact tie to the largest weight, then to the lowest row.
    """
    whole = sum(weights)
    if whole == 0:
        return [total, *([0] * (len(weights) - 1))]
    shares = [divmod(total * weight, whole) for weight in weights]
    result = [share for share, _ in shares]
    sign = 1 if whole > 0 else -1
    order = sorted(range(len(weights)), key=lambda i: (-shares[i][1] * sign, -abs(weights[i]), i))
    for index in order[: total - sum(result)]:
        result[index] += 1
    return result
