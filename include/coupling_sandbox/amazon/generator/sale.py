"""What one sale is, before it becomes an order's JSON, rows of money and a truth."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from coupling_sandbox.amazon.generator.arithmetic import vat_inside
from coupling_sandbox.amazon.places import Marketplace


@dataclass(frozen=True)
class Article:
    """One thing the seller sells; price in cents incl. VAT, commission in per mille of it."""

    sku: str
    asin: str
    title: str
    price: int
    kind: str
    commission: int


@dataclass
class Item:
    """One line of an order; ``parts`` are cents as the buyer paid them, discounts negative.

    Parts are goods, shipping, gift_wrap, discount and shipping_discount; ``rate`` is the VAT in
    them, in tenths of a percent.
    """

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
    vat_number_valid: bool = False


@dataclass
class Refund:
    """One refund event; ``parts`` are cents by item position, given back negative.

    Parts are those of an item, and goodwill, restocking and return_shipping.
    """

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
    """One order with everything that happens to it.

    Attributes:
        kind: how VAT looks at it: domestic, oss, local_abroad, export, facilitator,
            intra_community, abeu, mcf, replacement.
        released: when the money of the first (or only) shipment is released.
        second: position of the first item of a second shipment, sent and released later.
        expected: booked, skipped or held, and ``reason`` why it is not booked.
    """

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
    kind: str = "domestic"
    special: str = ""
    programs: list[str] = field(default_factory=list)
    original: tuple[str, str] | None = None
    second: int | None = None
    shipped_second: datetime | None = None
    shipment_id_second: str = ""
    refunds: list[Refund] = field(default_factory=list)
    expected: str = "booked"
    reason: str = ""
    nameless: bool = False
    cancelled_late: datetime | None = None
    cash_on_delivery: bool = False
    deferral: str = "DD7"

    @property
    def buyer_paid(self) -> int:
        """What the buyer paid."""
        return sum(item.gross for item in self.items)

    @property
    def gross(self) -> int:
        """What the seller's invoice comes to: without the VAT that Amazon keeps and remits."""
        return self.buyer_paid - self.withheld

    @property
    def withheld(self) -> int:
        """The VAT that Amazon, as deemed supplier, keeps and remits."""
        if self.kind != "facilitator":
            return 0
        return sum(
            vat_inside(part, item.rate) for item in self.items for part in item.parts.values()
        )

    @property
    def vat_country(self) -> str:
        """The country whose VAT the price contains: where the goods go (Monaco is France)."""
        return "FR" if self.buyer.country == "MC" else self.buyer.country

    def shipments(self) -> Iterator[tuple[str, datetime, list[Item]]]:
        """Yield id, time and items of each shipment."""
        cut = len(self.items) if self.second is None else self.second
        yield self.shipment_id, self.shipped, self.items[:cut]
        if self.shipped_second is not None:
            yield self.shipment_id_second, self.shipped_second, self.items[cut:]

    def shipment_of(self, positions: Iterable[int]) -> str:
        """Return the id of the shipment that all these items were in; "" when of several."""
        cut = len(self.items) if self.second is None else self.second
        found = {
            self.shipment_id if position < cut else self.shipment_id_second
            for position in positions
        }
        return found.pop() if len(found) == 1 else ""

    @property
    def complete(self) -> datetime:
        """When the last shipment left."""
        return self.shipped_second or self.shipped
