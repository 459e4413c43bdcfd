"""A settlement file of any size, and the invoices it pays.

Six rows per order (Principal, Tax, Shipping, ShippingTax, Commission, FBAPerUnitFulfillmentFee) and
one subscription fee, with decimal commas and dotted dates, in all 24 columns of Flat File V2. Every
amount follows from the number of its order, so that a peer's sums can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from amazon_eboekhouden.domain.booked_invoice import facts_text
from amazon_eboekhouden.domain.frames import BOOKED

COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount",
    "currency", "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id",
    "marketplace-name", "amount-type", "amount-description", "amount", "fulfillment-id",
    "posted-date", "posted-date-time", "order-item-code", "merchant-order-item-id",
    "merchant-adjustment-item-id", "sku", "quantity-purchased", "promotion-id",
)  # fmt: skip
SETTLEMENT_ID = "21000000001"
SUBSCRIPTION_CENTS = -3900
ROWS_PER_ORDER = 6


def order_id(number: int) -> str:
    """Amazon's number of the order."""
    return f"{400 + number % 9}-{number % 10**7:07d}-{number * 7919 % 10**7:07d}"


def parts(number: int) -> tuple[tuple[str, str, int], ...]:
    """Amount type, description and cents of an order's rows."""
    net = 1000 + number * 37 % 9000
    shipping = 300 + number % 5 * 55
    return (
        ("ItemPrice", "Principal", net),
        ("ItemPrice", "Tax", net * 21 // 100),
        ("ItemPrice", "Shipping", shipping),
        ("ItemPrice", "ShippingTax", shipping * 21 // 100),
        ("ItemFees", "Commission", -(net * 15 // 100)),
        ("ItemFees", "FBAPerUnitFulfillmentFee", -(250 + number % 7 * 20)),
    )


def gross_cents(number: int) -> int:
    """What the buyer of an order paid."""
    return sum(cents for kind, _, cents in parts(number) if kind == "ItemPrice")


def total_cents(orders: int) -> int:
    """Total of the settlement."""
    return SUBSCRIPTION_CENTS + sum(c for n in range(orders) for _, _, c in parts(n))


def fees_cents(orders: int) -> int:
    """All that Amazon kept."""
    rows = (c for n in range(orders) for kind, _, c in parts(n) if kind == "ItemFees")
    return SUBSCRIPTION_CENTS + sum(rows)


def lines(orders: int) -> Iterator[str]:
    """The file, line by line."""
    yield "\t".join(COLUMNS)
    total = _amount(total_cents(orders))
    period = ["01.10.2026 00:00:00 UTC", "15.10.2026 00:00:00 UTC", "17.10.2026 04:00:00 UTC"]
    yield "\t".join([SETTLEMENT_ID, *period, total, "EUR", *[""] * 18])
    blank = "\t" * 4
    for n in range(orders):
        day = f"{1 + n % 14:02d}.10.2026"
        at = f"{day} {n % 24:02d}:{n % 60:02d}:{n % 59:02d} UTC"
        left = f"{SETTLEMENT_ID}\t{blank}\tOrder\t{order_id(n)}\t\t\tS{n:09d}\tAmazon.de"
        right = f"AFN\t{day}\t{at}\t{6 * 10**13 + n}\t\t\tSKU-{n % 500:03d}\t1\t"
        for kind, description, cents in parts(n):
            yield f"{left}\t{kind}\t{description}\t{_amount(cents)}\t{right}"
    kind = "other-transaction\t\t\t\t\t\tother-transaction\tSubscription Fee"
    yield (
        f"{SETTLEMENT_ID}\t{blank}\t{kind}\t{_amount(SUBSCRIPTION_CENTS)}\t"
        f"\t02.10.2026\t02.10.2026 04:00:00 UTC{chr(9) * 6}"
    )


def write(path: Path, orders: int) -> None:
    """Write the file."""
    with path.open("w", encoding="ascii", newline="") as file:
        for line in lines(orders):
            file.write(line + "\n")


def booked(orders: int) -> pd.DataFrame:
    """BOOKED: an invoice of every order, as the ledger knows it."""
    text = facts_text(_facts(0))
    numbers = range(orders)
    gross = [gross_cents(n) for n in numbers]
    ids = [order_id(n) for n in numbers]
    frame = pd.DataFrame(
        {
            "booking": [f"inv:A1PA6795UKMFR9:{one}:0" for one in ids],
            "booking_kind": "INV",
            "state": "CONFIRMED",
            "order_id": ids,
            "settlement_id": "",
            "invoice_number": [f"AMZ-{one}" for one in ids],
            "relation_code": [f"AMZ{n:09d}" for n in numbers],
            "date": pd.Timestamp("2026-10-01"),
            "gross_cents": gross,
            "remote_id": [str(n) for n in numbers],
            "facts": [
                text.replace("GROSS", str(g)).replace("ITEM", str(6 * 10**13 + n))
                for n, g in zip(numbers, gross, strict=True)
            ],
        }
    )
    kinds = {"text": "str", "cents": "Int64", "date": "datetime64[us]"}
    return BOOKED.check(frame.astype({n: kinds[kind] for n, kind in BOOKED.columns.items()}))


def _facts(_: int) -> dict[str, object]:
    """The facts of an invoice at German VAT (OSS), with two places to fill in."""
    row = {"account": "8000", "component": "goods", "gross_cents": 4000, "n": 1, "net_cents": 3361}
    rate = {
        "code": "GEEN", "country": "DE", "gross_cents": 4000, "lines": [row], "net_cents": 3361,
        "rate": "19", "sale_kind": "S6", "vat_account": "1671", "vat_cents": 639,
        "why": "the standard rate of the country of arrival",
    }  # fmt: skip
    return {
        "sale_kind": "S6",
        "sale_kind_why": "distance sale to a consumer in DE (OSS)",
        "ship_from": "NL",
        "ship_from_source": "stock",
        "ship_to": "DE",
        "territory": "Germany",
        "marketplace": "DE",
        "ship_date": "2026-10-01",
        "ship_date_source": "shipped",
        "currency": "EUR",
        "currency_gross_cents": "GROSS",
        "exchange_rate": "1",
        "exchange_date": "2026-10-01",
        "payment_term_days": 30,
        "relation": "rel:AMZ-DE",
        "items": [{"order_item_id": "ITEM", "sku": "SKU-001"}],
        "rates": [rate],
    }


def _amount(cents: int) -> str:
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100},{abs(cents) % 100:02d}"
