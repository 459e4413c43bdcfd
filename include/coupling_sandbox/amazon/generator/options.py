"""What a seed can be asked for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from coupling_sandbox.amazon.generator.rates import EU
from coupling_sandbox.amazon.places import MARKETPLACES
from coupling_sandbox.clock import read_time
from coupling_sandbox.given import check_kind, texts

BASES = ("exclusive", "inclusive", "mixed", "none")
PROFILES = ("nl_month", "year")
CHOICES: dict[str, tuple[Any, ...]] = {
    "profile": PROFILES,
    "proceeds_basis": BASES,
    "settlement_style": ("local", "iso"),
    "discount_sign": (-1, 1),
}
SHARES = ("fba", "cancelled", "pending", "unshipped", "refunded", "business", "mcf", "replaced",
          "special", "late", "failed_transfers")  # fmt: skip
RANGES: dict[str, tuple[int, int]] = {
    "orders": (0, 5_000_000),
    "deferral_days": (0, 60),
    "period_days": (1, 60),
    **dict.fromkeys(SHARES, (0, 1)),
}


@dataclass(frozen=True)
class SeedOptions:
    """The wishes of ``POST /control/seed``; shares are fractions of all orders.

    Attributes:
        seed: same number, same seller.
        orders: how many orders.
        start: orders are made from here (``from`` in JSON).
        end: up to here (``to`` in JSON).
        profile: ``nl_month`` (Dutch consumers on Amazon.nl) or ``year`` (everything).
        proceeds_basis: whether proceeds show tax on top, inside, mixed, or not at all.
        settlement_tax_rows: True: Principal net with Tax rows; False: Principal gross.
        discount_sign: -1 or 1, how DISCOUNT is written in proceeds.
        deferral_days: days after delivery until Amazon releases the money (DD+7).
        period_days: length of a settlement period (``year``: DE and FR weekly whatever this says).
        marketplaces: codes to sell on; empty: NL, or all eleven for ``year``.
        stock: countries with FBA stock (``year``).
        fba, cancelled, pending, unshipped, refunded, business, mcf, replaced, special, late:
            shares of orders; special is of those to countries with special territories.
        buyer_vat_in_orders: whether Orders shows buyers' VAT numbers (unverified for the EU).
        unknown_fees: whether two kinds of fee come that no list knows (``year``).
        failed_transfers: share of payouts that the bank sends back (``year``).
        pending_prices: whether pending orders show proceeds (seen in Japan only).
        settlement_style: ``local`` dates and decimal signs per marketplace, or ``iso`` everywhere
            (all but the German ones are unverified).
        closing_reserve: False leaves the last settlement without a reserve, so that all is paid.
    """

    seed: int = 1
    orders: int = 500
    start: datetime = datetime(2026, 10, 1, tzinfo=UTC)
    end: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    profile: str = "nl_month"
    proceeds_basis: str = "exclusive"
    settlement_tax_rows: bool = True
    discount_sign: int = -1
    deferral_days: int = 7
    period_days: int = 14
    marketplaces: tuple[str, ...] = ()
    stock: tuple[str, ...] = ("NL",)
    fba: float = 0.5
    cancelled: float = 0.03
    pending: float = 0.01
    unshipped: float = 0.02
    refunded: float = 0.06
    business: float = 0.06
    mcf: float = 0.03
    replaced: float = 0.01
    special: float = 0.02
    late: float = 0.01
    buyer_vat_in_orders: bool = True
    unknown_fees: bool = True
    failed_transfers: float = 0.03
    pending_prices: bool = False
    settlement_style: str = "local"
    closing_reserve: bool = False

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "SeedOptions":
        """Read the wishes; raise ValueError naming a wrong one."""
        values = dict(given)
        for name, inside in (("from", "start"), ("to", "end")):
            if name in values:
                values[inside] = read_time(values.pop(name))
        known = {f.name for f in fields(cls)}
        if strange := set(values) - known:
            shown = sorted((known - {"start", "end"}) | {"from", "to"})
            raise ValueError(f"unknown option {sorted(strange)[0]!r}; known: {shown}")
        for name, value in values.items():
            like = getattr(cls, name)
            if isinstance(like, tuple):
                values[name] = texts(name, value)
            elif not isinstance(like, datetime):
                check_kind(name, value, like)
        options = cls(**values)
        options.check()
        return options

    def check(self) -> None:
        """Raise ValueError when the wishes can't be met."""
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(map(str, known))}")
        if strange := set(self.marketplaces) - set(MARKETPLACES):
            raise ValueError(f"unknown marketplace {sorted(strange)[0]!r}")
        if strange := set(self.stock) - EU:
            raise ValueError(f"stock in {sorted(strange)[0]!r} is not in the EU")
        if self.end - self.start < timedelta(days=3):
            raise ValueError("from and to must be at least three days apart")
        for name, (least, most) in RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be between {least} and {most}")
        if not self.stock:
            raise ValueError("stock must name a country")

    def as_json(self) -> dict[str, Any]:
        """Return the wishes as they were read, defaults included."""
        values = asdict(self)
        values["from"] = values.pop("start").isoformat()
        values["to"] = values.pop("end").isoformat()
        return values
