"""VAT reports: VAT Invoice Data (VIDR) and the monthly VAT transactions.

Both tell what the Orders API doesn't: ship-from country, VAT rate and the buyer's VAT number. They
know generated orders only, because only the generator knows these things.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import money
from coupling_sandbox.amazon.order_reports import is_business, sent_in, table, truths, when
from coupling_sandbox.amazon.orders import LAG
from coupling_sandbox.amazon.places import BY_NAME
from coupling_sandbox.amazon.service import Asked
from coupling_sandbox.amazon.shelf import ms
from coupling_sandbox.amazon.shown import Shown, inner, shown_items

SELLER_VAT_NUMBER = "NL001234567B01"
# part → name of its columns
_PARTS = {
    "goods": "item",
    "discount": "item-promo",
    "gift_wrap": "gift-wrap",
    "shipping": "shipping",
    "shipping_discount": "shipping-promo",
}
_INVOICE_FRONT = (
    "marketplace-id", "order-id", "order-item-id", "shipping-id", "transaction-id",
    "transaction-type", "invoice-number", "invoice-status", "invoice-status-description",
    "is-amazon-invoiced", "order-date", "shipment-date", "buyer-vat-number", "seller-vat-number",
    "asin", "sku", "product-name", "quantity-purchased", "currency",
)  # fmt: skip
_INVOICE_BACK = (
    "is-business-order", "price-designation", "purchase-order-number", "recipient-name",
    "ship-service-level", "fulfilled-by", "ship-address-1", "ship-address-2", "ship-address-3",
    "ship-city", "ship-state", "ship-postal-code", "ship-country", "ship-phone-number",
    "ship-from-country", "ship-from-state", "ship-from-city", "ship-from-postal-code",
    "billing-name", "bill-address-1", "bill-address-2", "bill-address-3", "bill-city", "bill-state",
    "bill-postal-code", "bill-country", "billing-phone-number", "buyer-name", "buyer-company-name",
    "legacy-customer-order-item-id", "recommended-invoice-format", "buyer-tax-registration-type",
    "buyer-e-invoice-account-id", "export-outside-eu", "is-invoice-corrected",
    "original-vat-invoice-number", "invoice-correction-details",
)  # fmt: skip
_INVOICE_AMOUNTS = tuple(
    f"{name}-vat-{what}"
    for name in (*_PARTS.values(), "gift-promo")
    for what in ("incl-amount", "amount", "excl-amount", "rate")
)
INVOICE_COLUMNS = (*_INVOICE_FRONT, *_INVOICE_AMOUNTS, *_INVOICE_BACK)

_ACTIVITY = (
    "UNIQUE_ACCOUNT_IDENTIFIER", "ACTIVITY_PERIOD", "SALES_CHANNEL", "MARKETPLACE", "PROGRAM_TYPE",
    "TRANSACTION_TYPE", "TRANSACTION_EVENT_ID", "ACTIVITY_TRANSACTION_ID", "TAX_CALCULATION_DATE",
    "TRANSACTION_DEPART_DATE", "TRANSACTION_ARRIVAL_DATE", "TRANSACTION_COMPLETE_DATE",
    "SELLER_SKU", "ASIN", "ITEM_DESCRIPTION", "ITEM_MANUFACTURE_COUNTRY", "QTY", "ITEM_WEIGHT",
    "TOTAL_ACTIVITY_WEIGHT", "COST_PRICE_OF_ITEMS",
)  # fmt: skip
_GROUPS = ("PRICE_OF_ITEMS", "SHIP_CHARGE", "GIFT_WRAP")
_AFTER = (
    "TRANSACTION_CURRENCY_CODE", "COMMODITY_CODE", "STATISTICAL_CODE_DEPART",
    "STATISTICAL_CODE_ARRIVAL", "COMMODITY_CODE_SUPPLEMENTARY_UNIT",
    "ITEM_QTY_SUPPLEMENTARY_UNIT", "TOTAL_ACTIVITY_SUPPLEMENTARY_UNIT", "PRODUCT_TAX_CODE",
    "DEPATURE_CITY", "DEPARTURE_COUNTRY", "DEPARTURE_POST_CODE", "ARRIVAL_CITY", "ARRIVAL_COUNTRY",
    "ARRIVAL_POST_CODE", "SALE_DEPART_COUNTRY", "SALE_ARRIVAL_COUNTRY", "TRANSPORTATION_MODE",
    "DELIVERY_CONDITIONS", "SELLER_DEPART_VAT_NUMBER_COUNTRY", "SELLER_DEPART_COUNTRY_VAT_NUMBER",
    "SELLER_ARRIVAL_VAT_NUMBER_COUNTRY", "SELLER_ARRIVAL_COUNTRY_VAT_NUMBER",
    "TRANSACTION_SELLER_VAT_NUMBER_COUNTRY", "TRANSACTION_SELLER_VAT_NUMBER",
    "BUYER_VAT_NUMBER_COUNTRY", "BUYER_VAT_NUMBER", "VAT_CALCULATION_IMPUTATION_COUNTRY",
    "TAXABLE_JURISDICTION", "TAXABLE_JURISDICTION_LEVEL", "VAT_INV_NUMBER",
    "VAT_INV_CONVERTED_AMT", "VAT_INV_CURRENCY_CODE", "VAT_INV_EXCHANGE_RATE",
    "VAT_INV_EXCHANGE_RATE_DATE", "EXPORT_OUTSIDE_EU", "INVOICE_URL", "BUYER_NAME",
    "ARRIVAL_ADDRESS", "TAX_REPORTING_SCHEME", "TAX_COLLECTION_RESPONSIBILITY",
)  # fmt: skip


def _amount_columns() -> Iterator[str]:
    for what in ("AMT_VAT_EXCL", "VAT_AMT", "AMT_VAT_INCL"):
        for group in _GROUPS:
            if what == "VAT_AMT":
                yield f"{group}_VAT_RATE_PERCENT"
            yield from (f"{front}{group}_{what}" for front in ("", "PROMO_", "TOTAL_"))
        yield f"TOTAL_ACTIVITY_VALUE_{what}"


TRANSACTION_COLUMNS = (*_ACTIVITY, *_amount_columns(), *_AFTER)


def invoice_data(asked: Asked, start: datetime, end: datetime, body: Mapping[str, Any]) -> str:
    """Write GET_FLAT_FILE_VAT_INVOICE_DATA_REPORT: shipments and refunds to be invoiced."""
    wanted = set(body.get("marketplaceIds") or ())
    rows = [
        _invoice_row(event, shown)
        for event in _events(asked, start, end)
        if event.place_id in wanted
        for shown in event.shown
    ]
    return table(INVOICE_COLUMNS, rows)


def transactions(asked: Asked, start: datetime, end: datetime, _body: Mapping[str, Any]) -> str:
    """Write GET_VAT_TRANSACTION_DATA: a month of sales and refunds, with CRLF as Amazon does."""
    rows = [
        _transaction_row(asked, event, shown)
        for event in _events(asked, start, end)
        for shown in event.shown
    ]
    return table(TRANSACTION_COLUMNS, rows, "\r\n")


class _Event:
    """A shipment or a refund, as VAT reports see it."""

    def __init__(
        self,
        truth: dict[str, Any],
        order: dict[str, Any],
        shown: list[Shown],
        at: str,
        refund: dict[str, Any] | None,
    ) -> None:
        self.truth = truth
        self.order = order
        self.shown = shown
        self.at = at
        self.refund = refund
        self.place_id = BY_NAME[truth["marketplace"]].id
        self.rates = {one["item_id"]: one["rate_percent"] for one in truth["items"]}
        self.transaction = refund["refund_id"] if refund else f"T{truth['order_id']}"
        self.address = inner(order, "recipient", "deliveryAddress")


def _events(asked: Asked, start: datetime, end: datetime) -> Iterator[_Event]:
    """Yield shipments and full refunds whose time lies in the asked span.

    A partial refund has no lines of its own in the order; its amounts stand in the settlement.
    """
    visible = ms(asked.now - LAG)
    for truth in truths(asked):
        if "shipped_utc" not in truth:
            continue
        moments = [(truth["shipped_utc"], None)]
        moments += [
            (refund["posted_utc"], refund)
            for refund in truth["refunds"]
            if refund["gross_cents"] == -truth["gross_cents"]
        ]
        for at, refund in moments:
            if not start <= datetime.fromisoformat(at) < end:
                continue
            order = asked.amazon.shop.order(asked.seller, truth["order_id"], visible)
            if order is not None:
                yield _Event(truth, order, list(shown_items(order)), at, refund)


def _amounts(event: _Event, shown: Shown, part: str) -> tuple[int, int]:
    """Return (incl., VAT) of a part; the generator's rate decides where no tax is shown."""
    gross, tax = shown.gross(part), shown.tax(part)
    if not shown.taxed and gross:
        tenths = round(float(event.rates.get(shown.item.get("orderItemId", ""), "0")) * 10)
        sign = -1 if gross < 0 else 1
        tax = sign * ((2 * abs(gross) * tenths + 1000 + tenths) // (2 * (1000 + tenths)))
    return (-gross, -tax) if event.refund else (gross, tax)


def _invoice_row(event: _Event, shown: Shown) -> dict[str, str]:
    truth, order, item = event.truth, event.order, shown.item
    product = item.get("product") or {}
    rate = event.rates.get(item.get("orderItemId", ""), "0")
    shipment, shipped = sent_in(truth)[item.get("orderItemId", "")]
    row = {
        "marketplace-id": event.place_id,
        "order-id": truth["order_id"],
        "order-item-id": item.get("orderItemId", ""),
        "shipping-id": shipment,
        "transaction-id": event.transaction,
        "transaction-type": "REFUND" if event.refund else "SHIPMENT",
        "invoice-status": "InvoicePending",
        "is-amazon-invoiced": "false",
        "order-date": when(order.get("createdTime")),
        "shipment-date": when(event.at if event.refund else shipped),
        "buyer-vat-number": truth["vat_number"],
        "seller-vat-number": SELLER_VAT_NUMBER,
        "asin": product.get("asin", ""),
        "sku": product.get("sellerSku", ""),
        "product-name": product.get("title", ""),
        "quantity-purchased": str(item.get("quantityOrdered", "")),
        "currency": shown.currency,
        "is-business-order": str(is_business(order)).lower(),
        "fulfilled-by": "Amazon" if truth["fulfilled_by"] == "AMAZON" else "Merchant",
        "ship-city": event.address.get("city", ""),
        "ship-postal-code": event.address.get("postalCode", ""),
        "ship-country": truth["ship_to"],
        "ship-from-country": truth["ship_from"],
        "recipient-name": event.address.get("name", ""),
        "buyer-company-name": inner(order, "buyer").get("buyerCompanyName", ""),
        "export-outside-eu": str(truth["sale_kind"] in ("export", "facilitator")).lower(),
        "is-invoice-corrected": "false",
    }
    for part, name in _PARTS.items():
        incl, tax = _amounts(event, shown, part)
        if incl or part == "goods":
            row[f"{name}-vat-incl-amount"] = money(incl)
            row[f"{name}-vat-amount"] = money(tax)
            row[f"{name}-vat-excl-amount"] = money(incl - tax)
            row[f"{name}-vat-rate"] = _fraction(rate)
    return row


def _fraction(rate_percent: str) -> str:
    """Write 25.5 (percent) as 0.255."""
    tenths = round(float(rate_percent) * 10)
    return f"{tenths / 1000:.3f}".rstrip("0").rstrip(".")


def _transaction_row(asked: Asked, event: _Event, shown: Shown) -> dict[str, str]:
    truth, item = event.truth, shown.item
    product = item.get("product") or {}
    at = datetime.fromisoformat(event.at)
    day = at.strftime("%d-%m-%Y")
    rate = _fraction(event.rates.get(item.get("orderItemId", ""), "0"))
    buyer_vat = truth["vat_number"]
    facilitated = truth["sale_kind"] == "facilitator"
    row = {
        "UNIQUE_ACCOUNT_IDENTIFIER": asked.seller,
        "ACTIVITY_PERIOD": at.strftime("%Y-%b").upper(),
        "SALES_CHANNEL": "AFN" if truth["fulfilled_by"] == "AMAZON" else "MFN",
        "MARKETPLACE": truth["marketplace"].lower(),
        "PROGRAM_TYPE": "REGULAR",
        "TRANSACTION_TYPE": "REFUND" if event.refund else "SALE",
        "TRANSACTION_EVENT_ID": truth["order_id"],
        "ACTIVITY_TRANSACTION_ID": event.transaction,
        "TAX_CALCULATION_DATE": day,
        "TRANSACTION_DEPART_DATE": day,
        "TRANSACTION_ARRIVAL_DATE": day,
        "TRANSACTION_COMPLETE_DATE": day,
        "SELLER_SKU": product.get("sellerSku", ""),
        "ASIN": product.get("asin", ""),
        "ITEM_DESCRIPTION": product.get("title", ""),
        "QTY": str(item.get("quantityOrdered", "")),
        "TRANSACTION_CURRENCY_CODE": shown.currency,
        "DEPARTURE_COUNTRY": truth["ship_from"],
        "ARRIVAL_COUNTRY": truth["ship_to"],
        "ARRIVAL_CITY": event.address.get("city", ""),
        "ARRIVAL_POST_CODE": event.address.get("postalCode", ""),
        "SALE_DEPART_COUNTRY": truth["ship_from"],
        "SALE_ARRIVAL_COUNTRY": truth["ship_to"],
        "TRANSACTION_SELLER_VAT_NUMBER_COUNTRY": "NL",
        "TRANSACTION_SELLER_VAT_NUMBER": SELLER_VAT_NUMBER,
        "BUYER_VAT_NUMBER": buyer_vat,
        "BUYER_VAT_NUMBER_COUNTRY": buyer_vat[:2],
        "TAXABLE_JURISDICTION": truth["ship_to"],
        "TAXABLE_JURISDICTION_LEVEL": "Country",
        "EXPORT_OUTSIDE_EU": "YES" if truth["sale_kind"] in ("export", "facilitator") else "NO",
        "TAX_REPORTING_SCHEME": "UNION-OSS" if truth["sale_kind"] == "oss" else "REGULAR",
        "TAX_COLLECTION_RESPONSIBILITY": "MARKETPLACE" if facilitated else "SELLER",
    }
    return row | _transaction_amounts(event, shown, rate)


def _transaction_amounts(event: _Event, shown: Shown, rate: str) -> dict[str, str]:
    row: dict[str, str] = {}
    total_incl = total_tax = 0
    for group, part, promo in (
        ("PRICE_OF_ITEMS", "goods", "discount"),
        ("SHIP_CHARGE", "shipping", "shipping_discount"),
        ("GIFT_WRAP", "gift_wrap", ""),
    ):
        plain, off = _amounts(event, shown, part), _amounts(event, shown, promo)
        whole = (plain[0] + off[0], plain[1] + off[1])
        for front, (incl, tax) in (("", plain), ("PROMO_", off), ("TOTAL_", whole)):
            row[f"{front}{group}_AMT_VAT_EXCL"] = money(incl - tax)
            row[f"{front}{group}_VAT_AMT"] = money(tax)
            row[f"{front}{group}_AMT_VAT_INCL"] = money(incl)
        row[f"{group}_VAT_RATE_PERCENT"] = rate
        total_incl, total_tax = total_incl + whole[0], total_tax + whole[1]
    row["TOTAL_ACTIVITY_VALUE_AMT_VAT_EXCL"] = money(total_incl - total_tax)
    row["TOTAL_ACTIVITY_VALUE_VAT_AMT"] = money(total_tax)
    row["TOTAL_ACTIVITY_VALUE_AMT_VAT_INCL"] = money(total_incl)
    return row
