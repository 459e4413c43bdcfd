"""Amazon's VAT reports: what they know of an order that the Orders API does not say.

VAT Invoice Data (VIDR), of sellers who use Amazon's VAT service: shipments with dates and countries
of departure, VAT per item, the buyer's VAT number, the number of the invoice that Amazon issued. It
moves no amount: what the buyer paid stands in the order. Source: Amazon reference 9.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from amazon_eboekhouden.domain.item_vat import ItemVat
from amazon_eboekhouden.domain.report_table import Amounts, Moments, Row, table_of
from amazon_eboekhouden.domain.settlement.formats import Unreadable
from amazon_eboekhouden.domain.shipment_reports import ItemIds, Shipments, count_of

INVOICE_DATA = "GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT"
REQUIRED = ("order-id", "transaction-type", "shipment-date", "ship-from-country")
# Component of an order's line to the column of the VAT in it.
_CENTS = {
    "goods": "item-vat-amount",
    "goods_discount": "item-promo-vat-amount",
    "shipping": "shipping-vat-amount",
    "shipping_discount": "shipping-promo-vat-amount",
    "gift_wrap": "gift-wrap-vat-amount",
    "gift_wrap_discount": "gift-promo-vat-amount",
}
_NOT_PLAIN = re.compile(r"[\s.\-]")
# Amazon once sent the numbers encrypted; a VAT number has at most 14 characters.
_LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True)
class VatFacts:
    """What VAT reports tell of one order.

    Attributes:
        buyer_vat_number: "" when there is none; None when no report names the order's buyer.
        buyer_company: as Amazon shows it.
        invoice_number: of the first invoice that Amazon issued, "" if it issued none.
        invoice_numbers: shipment id to the number of its invoice.
    """

    buyer_vat_number: str | None = None
    buyer_company: str = ""
    invoice_number: str = ""
    invoice_numbers: Mapping[str, str] = field(default_factory=dict)

    def and_then(self, other: VatFacts) -> VatFacts:
        """These facts, completed by those of another row or report."""
        mine, theirs = self.buyer_vat_number, other.buyer_vat_number
        return VatFacts(
            buyer_vat_number=theirs if mine is None else mine or theirs or "",
            buyer_company=self.buyer_company or other.buyer_company,
            invoice_number=self.invoice_number or other.invoice_number,
            invoice_numbers={**other.invoice_numbers, **self.invoice_numbers},
        )


@dataclass(slots=True)
class VatReport:
    """VAT Invoice Data, order by order.

    Attributes:
        facts: order id to what is known.
        shipments: when and from where.
    """

    facts: dict[str, VatFacts] = field(default_factory=dict)
    # By order, shipment and item.
    _items: dict[str, dict[str, dict[str, ItemVat]]] = field(default_factory=dict)
    shipments: Shipments = field(default_factory=Shipments)

    @property
    def item_ids(self) -> ItemIds:
        """Of the items seen."""
        return self.shipments.item_ids

    def tell(self, order_id: str, facts: VatFacts) -> None:
        """One row's facts."""
        known = self.facts.get(order_id)
        self.facts[order_id] = facts if known is None else known.and_then(facts)

    def tell_item(self, order_id: str, shipment_id: str, item_id: str, vat: ItemVat) -> None:
        """One row's VAT; an item has a row for each part in which it was sent."""
        items = self._items.setdefault(order_id, {}).setdefault(shipment_id, {})
        items[item_id] = items[item_id].plus(vat) if item_id in items else vat

    def items(self) -> dict[str, dict[str, ItemVat]]:
        """Order id to item id to its VAT, over all shipments."""
        found: dict[str, dict[str, ItemVat]] = {}
        for order_id, shipments in self._items.items():
            own = found[order_id] = {}
            for items in shipments.values():
                for item_id, vat in items.items():
                    own[item_id] = own[item_id].plus(vat) if item_id in own else vat
        return found

    def update(self, other: VatReport) -> None:
        """Take another report in; where they contradict each other, this one knows best."""
        for order_id, told in other.facts.items():
            self.tell(order_id, told)
        for order_id, shipments in other._items.items():
            self._items.setdefault(order_id, {}).update(shipments)
        self.shipments.update(other.shipments)


def invoice_data(content: bytes, charset: str | None) -> VatReport:
    """Read VAT Invoice Data. Refunds in it are not looked at.

    Raises:
        ReportFault: it is another kind of file.
    """
    table = table_of(content, charset, REQUIRED)
    moments = Moments(row["shipment-date"] for row in table.rows)
    amounts = Amounts(row.get(name, "") for row in table.rows for name in _CENTS.values())
    report = VatReport()
    for row in table.rows:
        order_id, shipped = row["order-id"], moments.utc(row["shipment-date"])
        if row["transaction-type"].upper() != "SHIPMENT" or not order_id:
            continue
        shipment_id, item_id = row.get("shipping-id", ""), row.get("order-item-id", "")
        amazons = row.get("is-amazon-invoiced", "").lower() == "true"
        number = row.get("invoice-number", "") if amazons else ""
        report.tell(
            order_id,
            VatFacts(
                _number(row.get("buyer-vat-number", "")),
                row.get("buyer-company-name", ""),
                number,
                {shipment_id: number} if shipment_id and number else {},
            ),
        )
        report.item_ids.add(order_id, row.get("sku", ""), item_id)
        if item_id and (vat := _item_vat(row, amounts)) is not None:
            report.tell_item(order_id, shipment_id, item_id, vat)
        if shipped is not None:
            report.shipments.add(
                order_id,
                shipment_id,
                shipped,
                row["ship-from-country"].upper(),
                postal_code=row.get("ship-from-postal-code", ""),
                item_id=item_id,
                quantity=count_of(row, "quantity-purchased"),
            )
    return report


def _item_vat(row: Row, amounts: Amounts) -> ItemVat | None:
    percent = _percent(row.get("item-vat-rate", ""))
    if percent is None:
        return None
    try:
        cents = {name: amounts.cents(row.get(column, "")) for name, column in _CENTS.items()}
    except Unreadable:
        return ItemVat(percent)
    return ItemVat(percent, {name: value for name, value in cents.items() if value})


def _percent(text: str) -> Decimal | None:
    """19, 19%, 0.19 and 0,19 are all nineteen percent; None for what is no rate."""
    try:
        rate = Decimal(text.rstrip("% ").replace(",", "."))
    except InvalidOperation:
        return None
    is_fraction = "%" not in text and rate < 1
    percent = rate * 100 if is_fraction else rate
    return percent if percent.is_finite() and 0 <= percent < 100 else None


def _number(text: str) -> str | None:
    number = _NOT_PLAIN.sub("", text).upper()
    return number if len(number) <= _LONGEST_NUMBER else None
