"""What one sale is, before it becomes an order's JSON, rows of money and a truth."""

from dataclasses import dataclass, field
from datetime import datetime

from coupling_sandbox.amazon.places import Marketplace

# Kinds of amount on an item; discounts are negative.
PARTS = ("goods", "shipping", "gift_wrap", "discount", "shipping_discount")


@dataclass(frozen=True)
class Article:
    """One thing the seller sells; price in cents incl. Dutch VAT."""

    sku: str
    asin: str
    title: str
    price: int
    kind: str
    commission: int  # per mille of the gross, without VAT on the fee


@dataclass
class Item:
    """One line of an order: what it cost by part, in cents as the buyer paid them."""

    item_id: str
    article: Article
    quantity: int
    rate: int
    parts: dict[str, int]

    @property
    def gross(self) -> int:
        """What the buyer paid for this item in all."""
        return sum(self.parts.values())


@dataclass
class Buyer:
    """Who bought, and where it goes."""

    name: str
    street: str
    city: str
    postal_code: str
    country: str
    email: str
    company: str = ""
    vat_number: str = ""


@dataclass
class Refund:
    """One refund event; ``parts`` (negative cents) per item position."""

    refund_id: str
    adjustment_id: str
    posted: datetime
    parts: dict[int, dict[str, int]]
    kind: str = "Refund"

    @property
    def gross(self) -> int:
        """What goes back to the buyer (negative)."""
        return sum(sum(parts.values()) for parts in self.parts.values())


@dataclass
class Sale:
    """One order with everything that happens to it."""

    order_id: str
    place: Marketplace
    created: datetime
    confirmed: datetime
    shipped: datetime
    released: datetime
    status: str
    fba: bool
    ship_from: str
    buyer: Buyer
    items: list[Item]
    basis: str
    shipment_id: str = ""
    collection: str = "seller"
    channel: str = "AMAZON"
    programs: list[str] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    expected: str = "booked"
    reason: str = ""

    @property
    def gross(self) -> int:
        """What the buyer paid."""
        return sum(item.gross for item in self.items)

    @property
    def vat_country(self) -> str:
        """The country whose VAT the price contains: where the goods go."""
        return self.buyer.country
