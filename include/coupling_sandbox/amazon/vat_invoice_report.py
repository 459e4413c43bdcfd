"""VAT Invoice Data (VIDR): every shipment and refund that needs an invoice or a credit note.

Columns and options: Amazon's documentation of the report.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import fraction, money
from coupling_sandbox.amazon.order_reports import is_business, table, when
from coupling_sandbox.amazon.service import Asked
from coupling_sandbox.amazon.shown import inner
from coupling_sandbox.amazon.vat_events import (
    SELLER_VAT_NUMBER,
    Event,
    Line,
    events_of_orders,
    shown_vat_number,
)

PENDING_SINCE = timedelta(days=90)
LONGEST = timedelta(days=30)
_FRONT = (
    "marketplace-id", "order-id", "order-item-id", "shipping-id", "transaction-id",
    "transaction-type", "invoice-number", "invoice-status", "invoice-status-description",
    "is-amazon-invoiced", "order-date", "shipment-date", "buyer-vat-number", "seller-vat-number",
    "asin", "sku", "product-name", "quantity-purchased", "currency",
)  # fmt: skip
_BACK = (
    "is-business-order", "price-designation", "purchase-order-number", "recipient-name",
    "ship-service-level", "fulfilled-by", "ship-address-1", "ship-address-2", "ship-address-3",
    "ship-city", "ship-state", "ship-postal-code", "ship-country", "ship-phone-number",
    "ship-from-country", "ship-from-state", "ship-from-city", "ship-from-postal-code",
    "billing-name", "bill-address-1", "bill-address-2", "bill-address-3", "bill-city", "bill-state",
    "bill-postal-code", "bill-country", "billing-phone-number", "buyer-name", "buyer-company-name",
    "legacy-customer-order-item-id", "recommended-invoice-format", "buyer-tax-registration-type",
    "buyer-e-invoice-account-id", "is-buyer-physically-present", "is-seller-physically-present",
    "citation-es", "citation-it", "citation-fr", "citation-de", "citation-en", "export-outside-eu",
    "is-invoice-corrected", "original-vat-invoice-number", "invoice-correction-details",
)  # fmt: skip
# part → beginning of its columns
_PARTS = {
    "goods": "item",
    "discount": "item-promo",
    "gift_wrap": "gift-wrap",
    "shipping": "shipping",
    "shipping_discount": "shipping-promo",
}
_PLAIN, _PROMOTION = ("incl-amount", "amount", "excl-amount", "rate"), ("incl-amount",
    "excl-amount", "amount", "rate")  # fmt: skip
INVOICE_COLUMNS = (
    *_FRONT,
    *(f"item-vat-{what}" for what in _PLAIN),
    *(f"item-promo-vat-{what}" for what in _PROMOTION),
    "item-promotion-id",
    *(f"gift-wrap-vat-{what}" for what in _PLAIN),
    *(f"gift-promo-vat-{what}" for what in _PROMOTION),
    "gift-promotion-id",
    *(f"shipping-vat-{what}" for what in _PLAIN),
    *(f"shipping-promo-vat-{what}" for what in _PROMOTION),
    "ship-promotion-id",
    *_BACK,
)


def wants_all(body: Mapping[str, Any]) -> bool:
    """Say whether ``reportOptions`` asks for every invoice status: ``ReportOption=All``."""
    given = body.get("reportOptions")
    options = given if isinstance(given, dict) else {}
    names = {str(name).lower().removeprefix("reportoption="): value for name, value in
             options.items()}  # fmt: skip
    return str(names.get("all", "")).lower() == "true"


def too_long(body: Mapping[str, Any], start: datetime, end: datetime) -> bool:
    """Say whether all invoices are asked for without a window, or with one beyond 30 days."""
    named = body.get("dataStartTime") and body.get("dataEndTime")
    return wants_all(body) and (not named or end - start > LONGEST)


def invoice_data(asked: Asked, start: datetime, end: datetime, body: Mapping[str, Any]) -> str:
    """Write GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT.

    All of the orders placed in the window, or, as by default, what is still to be invoiced of the
    orders of the last 90 days, whatever the window.
    """
    if not wants_all(body):
        if asked.amazon.options.vat_invoices == "amazon":
            return ""  # Amazon has invoiced everything.
        start, end = asked.now - PENDING_SINCE, asked.now
    wanted = set(body.get("marketplaceIds") or ())
    rows = (
        _row(asked, event, line)
        for event in events_of_orders(asked, start, end)
        if event.marketplace_id in wanted
        for line in event.lines
    )
    return table(INVOICE_COLUMNS, rows)


def _row(asked: Asked, event: Event, line: Line) -> dict[str, str]:
    truth, order, product = event.truth, event.order, inner(line.item, "product")
    number = shown_vat_number(asked, truth)
    row = {
        "marketplace-id": event.marketplace_id,
        "order-id": truth["order_id"],
        "order-item-id": line.item.get("orderItemId", ""),
        "shipping-id": event.shipment_id,
        "transaction-id": event.transaction_id,
        "transaction-type": "REFUND" if event.refund else "SHIPMENT",
        **_invoiced(asked, event),
        "order-date": when(order.get("createdTime")),
        "shipment-date": when(event.at.isoformat()),
        "buyer-vat-number": number,
        "seller-vat-number": SELLER_VAT_NUMBER,
        "asin": product.get("asin", ""),
        "sku": product.get("sellerSku", ""),
        "product-name": product.get("title", ""),
        "quantity-purchased": str(line.item.get("quantityOrdered", "")),
        "currency": line.currency,
        "is-business-order": str(is_business(order)).lower(),
        "price-designation": inner(product, "price").get("priceDesignation") or "",
        "purchase-order-number": inner(order, "buyer").get("buyerPurchaseOrderNumber") or "",
        "ship-service-level": "Standard",
        "fulfilled-by": "Amazon" if truth["fulfilled_by"] == "AMAZON" else "Merchant",
        "recipient-name": event.address.get("name", ""),
        "ship-address-1": event.address.get("addressLine1", ""),
        "ship-city": event.address.get("city", ""),
        "ship-postal-code": event.address.get("postalCode", ""),
        "ship-country": truth["ship_to"],
        "ship-from-country": truth["ship_from"],
        "bill-country": truth["ship_to"],
        "buyer-name": inner(order, "buyer").get("buyerName", ""),
        "buyer-company-name": inner(order, "buyer").get("buyerCompanyName", ""),
        "buyer-tax-registration-type": "VAT" if number else "",
        "export-outside-eu": str(event.exported).lower(),
        "is-invoice-corrected": "false",
    }
    for part, name in _PARTS.items():
        incl, tax = line.amounts(part)
        if incl or part == "goods":
            row[f"{name}-vat-incl-amount"] = money(incl)
            row[f"{name}-vat-amount"] = money(tax)
            row[f"{name}-vat-excl-amount"] = money(incl - tax)
            row[f"{name}-vat-rate"] = fraction(line.rate_percent)
    promotions = inner(line.item, "promotion").get("breakdowns") or [{}]
    for part, name in (("discount", "item"), ("shipping_discount", "ship")):
        if line.gross.get(part):
            row[f"{name}-promotion-id"] = promotions[0].get("promotionId", "")
    return row


def _invoiced(asked: Asked, event: Event) -> dict[str, str]:
    if asked.amazon.options.vat_invoices == "amazon":
        return {
            "invoice-number": event.invoice_number(),
            "invoice-status": "InvoiceUploaded",
            "is-amazon-invoiced": "true",
        }
    return {"invoice-status": "InvoicePending", "is-amazon-invoiced": "false"}
