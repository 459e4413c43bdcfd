"""VAT transactions: a month of sales, refunds, returns and moves between warehouses.

Columns: a file of 2022 (95, the typing error DEPATURE_CITY among them). Rows without values at
their end are short, lines end in CRLF, as seen.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import permutations
from json import loads
from random import Random
from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import fraction, money
from coupling_sandbox.amazon.generator.month import ARTICLES
from coupling_sandbox.amazon.order_reports import table
from coupling_sandbox.amazon.service import Asked
from coupling_sandbox.amazon.shown import inner
from coupling_sandbox.amazon.vat_events import (
    SELLER_VAT_NUMBER,
    Event,
    Line,
    events_between,
    shown_vat_number,
)

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
    "ARRIVAL_ADDRESS", "SUPPLIER_NAME", "SUPPLIER_VAT_NUMBER", "TAX_REPORTING_SCHEME",
    "TAX_COLLECTION_RESPONSIBILITY",
)  # fmt: skip
_COUNTRIES = {
    "AT": "AUSTRIA", "BE": "BELGIUM", "CH": "SWITZERLAND", "CZ": "CZECHIA", "DE": "GERMANY",
    "DK": "DENMARK", "ES": "SPAIN", "FI": "FINLAND", "FR": "FRANCE", "GB": "UNITED KINGDOM",
    "GR": "GREECE", "HU": "HUNGARY", "IE": "IRELAND", "IT": "ITALY", "LU": "LUXEMBOURG",
    "MC": "FRANCE", "NL": "NETHERLANDS", "PL": "POLAND", "PT": "PORTUGAL", "SE": "SWEDEN",
    "TR": "TURKEY",
}  # fmt: skip
_FACILITATED = {"GB": "UK_VOEC-IMPORT", "CH": "CH_VOEC"}
MOVES_A_MONTH = 3


def _amount_columns() -> Iterator[str]:
    for what in ("AMT_VAT_EXCL", "VAT_AMT", "AMT_VAT_INCL"):
        for group in _GROUPS:
            if what == "VAT_AMT":
                yield f"{group}_VAT_RATE_PERCENT"
            yield from (f"{front}{group}_{what}" for front in ("", "PROMO_", "TOTAL_"))
        yield f"TOTAL_ACTIVITY_VALUE_{what}"


TRANSACTION_COLUMNS = (*_ACTIVITY, *_amount_columns(), *_AFTER)


def transactions(asked: Asked, start: datetime, end: datetime, _body: Mapping[str, Any]) -> str:
    """Write GET_VAT_TRANSACTION_DATA."""
    return table(TRANSACTION_COLUMNS, _rows(asked, start, end), "\r\n", ragged=True)


def _rows(asked: Asked, start: datetime, end: datetime) -> Iterator[dict[str, str]]:
    for event in events_between(asked, start, end):
        for line in event.lines:
            yield _event_row(asked, event, line) | _amounts(line)
            if event.refund and line.is_whole:
                # The goods come back, too: a return of its own, without amounts.
                yield _event_row(asked, event, line) | _RETURN
    yield from _moves(asked, start, end)


_RETURN = dict.fromkeys(
    ("TAX_CALCULATION_DATE", "TRANSACTION_CURRENCY_CODE", "TAXABLE_JURISDICTION",
     "TAXABLE_JURISDICTION_LEVEL", "VAT_INV_NUMBER", "EXPORT_OUTSIDE_EU", "TAX_REPORTING_SCHEME",
     "TAX_COLLECTION_RESPONSIBILITY", "BUYER_VAT_NUMBER", "BUYER_VAT_NUMBER_COUNTRY"), ""
) | {"TRANSACTION_TYPE": "RETURN"}  # fmt: skip


def _event_row(asked: Asked, event: Event, line: Line) -> dict[str, str]:
    truth, product = event.truth, inner(line.item, "product")
    day = event.at.strftime("%d-%m-%Y")
    buyer = shown_vat_number(asked, truth)
    invoiced = asked.amazon.options.vat_invoices == "amazon"
    country, kind = truth["ship_to"], truth["sale_kind"]
    scheme = {"oss": "UNION-OSS", "facilitator": _FACILITATED.get(country, "DEEMED_RESELLER")}
    jurisdiction = truth["ship_from"] if kind in ("export", "intra_community") else country
    return {
        "UNIQUE_ACCOUNT_IDENTIFIER": asked.seller,
        "ACTIVITY_PERIOD": event.at.strftime("%Y-%b").upper(),
        "SALES_CHANNEL": "AFN" if truth["fulfilled_by"] == "AMAZON" else "MFN",
        "MARKETPLACE": truth["marketplace"].lower(),
        "PROGRAM_TYPE": "REGULAR",
        "TRANSACTION_TYPE": "REFUND" if event.refund else "SALE",
        "TRANSACTION_EVENT_ID": truth["order_id"],
        "ACTIVITY_TRANSACTION_ID": event.transaction_id if event.refund else event.shipment_id,
        "TAX_CALCULATION_DATE": day,
        "TRANSACTION_DEPART_DATE": day,
        "TRANSACTION_COMPLETE_DATE": day,
        "SELLER_SKU": product.get("sellerSku", ""),
        "ASIN": product.get("asin", ""),
        "ITEM_DESCRIPTION": product.get("title", ""),
        "QTY": str(line.item.get("quantityOrdered", "")),
        "TRANSACTION_CURRENCY_CODE": line.currency,
        "PRODUCT_TAX_CODE": "A_GEN_STANDARD",
        "DEPARTURE_COUNTRY": truth["ship_from"],
        "ARRIVAL_COUNTRY": country,
        "ARRIVAL_CITY": event.address.get("city", ""),
        "ARRIVAL_POST_CODE": event.address.get("postalCode", ""),
        "SALE_DEPART_COUNTRY": truth["ship_from"],
        "SALE_ARRIVAL_COUNTRY": country,
        "TRANSPORTATION_MODE": "CONSIGNMENT_BY_POST",
        "DELIVERY_CONDITIONS": "DAP",
        "TRANSACTION_SELLER_VAT_NUMBER_COUNTRY": "NL",
        "TRANSACTION_SELLER_VAT_NUMBER": SELLER_VAT_NUMBER,
        "BUYER_VAT_NUMBER": buyer,
        "BUYER_VAT_NUMBER_COUNTRY": str(truth["vat_number"])[:2],
        "TAXABLE_JURISDICTION": _COUNTRIES.get(jurisdiction, jurisdiction),
        "TAXABLE_JURISDICTION_LEVEL": "Country",
        "VAT_INV_NUMBER": event.invoice_number() if invoiced else "",
        "EXPORT_OUTSIDE_EU": "YES" if event.exported else "NO",
        "TAX_REPORTING_SCHEME": scheme.get(kind, "REGULAR"),
        "TAX_COLLECTION_RESPONSIBILITY": "MARKETPLACE" if kind == "facilitator" else "SELLER",
    }


def _amounts(line: Line) -> dict[str, str]:
    row: dict[str, str] = {}
    total_incl = total_tax = 0
    for group, part, promo in (
        ("PRICE_OF_ITEMS", "goods", "discount"),
        ("SHIP_CHARGE", "shipping", "shipping_discount"),
        ("GIFT_WRAP", "gift_wrap", ""),
    ):
        plain, off = line.amounts(part), line.amounts(promo)
        whole = (plain[0] + off[0], plain[1] + off[1])
        for front, (incl, tax) in (("", plain), ("PROMO_", off), ("TOTAL_", whole)):
            if incl or (part == "goods" and front != "PROMO_"):
                row[f"{front}{group}_AMT_VAT_EXCL"] = money(incl - tax)
                row[f"{front}{group}_VAT_AMT"] = money(tax)
                row[f"{front}{group}_AMT_VAT_INCL"] = money(incl)
                row[f"{group}_VAT_RATE_PERCENT"] = fraction(line.rate_percent)
        total_incl, total_tax = total_incl + whole[0], total_tax + whole[1]
    row["TOTAL_ACTIVITY_VALUE_AMT_VAT_EXCL"] = money(total_incl - total_tax)
    row["TOTAL_ACTIVITY_VALUE_VAT_AMT"] = money(total_tax)
    row["TOTAL_ACTIVITY_VALUE_AMT_VAT_INCL"] = money(total_incl)
    return row


def _moves(asked: Asked, start: datetime, end: datetime) -> Iterator[dict[str, str]]:
    """Yield stock that Amazon moved from one country to another, where a seed has several."""
    for body in asked.amazon.shop.truth(asked.seller, "seed"):
        options = loads(body)["options"]
        first, last = (datetime.fromisoformat(options[name]) for name in ("from", "to"))
        day = first.replace(day=1)
        while day < last:
            rng = Random(f"{options['seed']}/moves/{day:%Y-%m}")  # noqa: S311
            for pair in permutations(options["stock"], 2):
                for _ in range(MOVES_A_MONTH):
                    at = day + timedelta(days=rng.randrange(28), hours=rng.randrange(24))
                    row = _move(asked, pair, at, rng)
                    if start <= at < end and first <= at < last:
                        yield row
            day = (day + timedelta(days=32)).replace(day=1)


def _move(asked: Asked, pair: tuple[str, ...], at: datetime, rng: Random) -> dict[str, str]:
    article, number = rng.choice(ARTICLES), f"FC{rng.getrandbits(40):010X}"
    return {
        "UNIQUE_ACCOUNT_IDENTIFIER": asked.seller,
        "ACTIVITY_PERIOD": at.strftime("%Y-%b").upper(),
        "SALES_CHANNEL": "AFN",
        "PROGRAM_TYPE": "REGULAR",
        "TRANSACTION_TYPE": "FC_TRANSFER",
        "TRANSACTION_EVENT_ID": number,
        "ACTIVITY_TRANSACTION_ID": number,
        "TRANSACTION_DEPART_DATE": at.strftime("%d-%m-%Y"),
        "TRANSACTION_ARRIVAL_DATE": (at + timedelta(days=3)).strftime("%d-%m-%Y"),
        "TRANSACTION_COMPLETE_DATE": (at + timedelta(days=3)).strftime("%d-%m-%Y"),
        "SELLER_SKU": article.sku,
        "ASIN": article.asin,
        "ITEM_DESCRIPTION": article.title,
        "QTY": str(rng.randrange(1, 40)),
        "DEPARTURE_COUNTRY": pair[0],
        "ARRIVAL_COUNTRY": pair[1],
    }
