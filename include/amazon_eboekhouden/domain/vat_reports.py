"""Amazon's VAT reports: what they know of an order that the Orders API does not say.

* VAT Invoice Data (VIDR), of sellers in VCS Lite: shipments with dates, countries of departure, the
  buyer's VAT number.
* VAT transactions, monthly: who collects the VAT, and the numbers of Amazon's own invoices.

Neither moves an amount: what the buyer paid stands in the order. Source: Amazon reference 9.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from amazon_eboekhouden.domain.report_table import Moments, table_of
from amazon_eboekhouden.domain.shipment_reports import ItemIds, Shipments, count_of

INVOICE_DATA = "GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT"
TRANSACTIONS = "GET_VAT_TRANSACTION_DATA"
_INVOICE_REQUIRED = ("order-id", "transaction-type", "shipment-date", "ship-from-country")
_TRANSACTION_REQUIRED = ("transaction-event-id", "transaction-type")
_NOT_PLAIN = re.compile(r"[\s.\-]")
# Amazon once sent the numbers encrypted; a VAT number has at most 14 characters.
_LONGEST_NUMBER = 20


@dataclass(frozen=True, slots=True)
class VatFacts:
    """What VAT reports tell of one order.

    Attributes:
        buyer_vat_number: "" when there is none; None when no report names the order's buyer.
        buyer_company: as Amazon shows it.
        amazon_collects: Amazon is the deemed supplier; None when no report says.
        invoice_number: of the invoice that Amazon issued, "" if it issued none.
    """

    buyer_vat_number: str | None = None
    buyer_company: str = ""
    amazon_collects: bool | None = None
    invoice_number: str = ""

    def and_then(self, other: VatFacts) -> VatFacts:
        """These facts, completed by those of another report."""
        mine, theirs = self.buyer_vat_number, other.buyer_vat_number
        return VatFacts(
            buyer_vat_number=theirs if mine is None else mine or theirs or "",
            buyer_company=self.buyer_company or other.buyer_company,
            amazon_collects=(
                other.amazon_collects if self.amazon_collects is None else self.amazon_collects
            ),
            invoice_number=self.invoice_number or other.invoice_number,
        )


@dataclass(slots=True)
class VatReport:
    """One VAT report, order by order.

    Attributes:
        facts: order id to what is known.
        shipments: when and from where; empty for the monthly transactions, which know days only.
    """

    facts: dict[str, VatFacts] = field(default_factory=dict)
    shipments: Shipments = field(default_factory=Shipments)

    @property
    def item_ids(self) -> ItemIds:
        """Of the items seen."""
        return self.shipments.item_ids

    def tell(self, order_id: str, facts: VatFacts) -> None:
        """One row's facts."""
        known = self.facts.get(order_id)
        self.facts[order_id] = facts if known is None else known.and_then(facts)


def invoice_data(content: bytes, charset: str | None) -> VatReport:
    """Read VAT Invoice Data. Refunds in it are not looked at.

    Raises:
        ReportFault: it is another kind of file.
    """
    table = table_of(content, charset, _INVOICE_REQUIRED)
    moments = Moments(row["shipment-date"] for row in table.rows)
    report = VatReport()
    for row in table.rows:
        order_id, shipped = row["order-id"], moments.utc(row["shipment-date"])
        if row["transaction-type"].upper() != "SHIPMENT" or not order_id:
            continue
        amazons = row.get("is-amazon-invoiced", "").lower() == "true"
        number = row.get("invoice-number", "") if amazons else ""
        report.tell(
            order_id,
            VatFacts(
                _number(row.get("buyer-vat-number", "")),
                row.get("buyer-company-name", ""),
                invoice_number=number,
            ),
        )
        item_id = row.get("order-item-id", "")
        report.item_ids.add(order_id, row.get("sku", ""), item_id)
        if shipped is not None:
            report.shipments.add(
                order_id,
                row.get("shipping-id", ""),
                shipped,
                row["ship-from-country"].upper(),
                postal_code=row.get("ship-from-postal-code", ""),
                item_id=item_id,
                quantity=count_of(row, "quantity-purchased"),
            )
    return report


_COLLECTS = {"MARKETPLACE": True, "SELLER": False}


def transactions(content: bytes, charset: str | None) -> VatReport:
    """Read a month of VAT transactions; only its sales are looked at.

    Raises:
        ReportFault: it is another kind of file.
    """
    table = table_of(content, charset, _TRANSACTION_REQUIRED)
    report = VatReport()
    for row in table.rows:
        order_id = row["transaction-event-id"]
        if row["transaction-type"].upper() != "SALE" or not order_id:
            continue
        collects = row.get("tax-collection-responsibility", "").upper()
        report.tell(
            order_id,
            VatFacts(
                _number(row.get("buyer-vat-number", "")) or None,
                amazon_collects=_COLLECTS.get(collects),
                invoice_number=row.get("vat-inv-number", ""),
            ),
        )
    return report


def _number(text: str) -> str | None:
    number = _NOT_PLAIN.sub("", text).upper()
    return number if len(number) <= _LONGEST_NUMBER else None


def merged_facts(reports: Iterable[VatReport]) -> dict[str, VatFacts]:
    """Facts of several reports by order; the report named first knows best."""
    facts: dict[str, VatFacts] = {}
    for report in reports:
        for order_id, told in report.facts.items():
            facts[order_id] = facts[order_id].and_then(told) if order_id in facts else told
    return facts
