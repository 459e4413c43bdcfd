"""A busy seller's ledger, written in a few statements: what the pages must bear.

Every order has its relation, its invoice and, but for the last hundred, its payment; every
settlement its fees and its payout. One booking in a thousand waits for a person.
"""

from __future__ import annotations

import json
from typing import Any

from amazon_eboekhouden.domain.problems import Problem
from sqlalchemy import text

from tests.ledger.world import ADMIN

SELLER = "A3SANDBOXSELLER"
DAYS = 365
UNPAID = 100
_FACTS: dict[str, Any] = {
    "sale_kind": "S1",
    "sale_kind_why": "domestic sale " + "x" * 300,
    "rates": [{"rate": "21", "net_cents": 1000, "vat_cents": 210, "why": "x" * 400}],
}
_FACTS["rates"][0] |= {"country": "NL", "code": "HOOG_VERK_21"}
_RATE = json.dumps(_FACTS)
_AMOUNTS = {"net_cents": 1000, "vat_cents": 210, "gross_cents": 1210}
_LINE = {"account": "8000", "vat_code": "HOOG_VERK_21", "vat_percent": "21", **_AMOUNTS}
_DOCUMENT = json.dumps({"kind": "sales_invoice", "account": "1300", "lines": [_LINE, _LINE]})
_PAYMENT = json.dumps({"kind": "payment_received", "account": "1090", "lines": [_LINE]})
_SPENT = json.dumps({"kind": "money_spent", "account": "1090", "lines": [_LINE]})

# kind, natural key, content, settlement, invoice number, booking date, gross cents, facts
_KINDS = {
    "REL": ("'rel\\:' || i", ":nothing", "''", "''", "NULL", "0", "'{}'", "i <= :orders"),
    "INV": ("'inv\\:x\\:o' || i", ":document", "''", "'F' || i", "{day}", "1210", ":rate", "1"),
    "PAY": (
        "'pay\\:' || {settlement} || '\\:F' || i",
        ":payment",
        "'s' || {settlement}",
        "'F' || i",
        "{day}",
        "1210",
        "'{}'",
        "i <= :orders - :unpaid",
    ),
    "FEE": (
        "'fee\\:s' || i || '\\:GEEN\\:2026-11\\:-'",
        ":spent",
        "'s' || i",
        "''",
        "{settled}",
        "300",
        "'{}'",
        "i <= :settlements",
    ),
    "MNY": (
        "'mny\\:s' || i || '\\:payout-\\:GEEN\\:2026-11'",
        ":spent",
        "'s' || i",
        "''",
        "{settled}",
        "910",
        "'{}'",
        "i <= :settlements",
    ),
}

_SETTLEMENTS = """INSERT INTO settlement SELECT :seller, 's' || i, 'demo', '', '', 'booked', '{}',
    date('2026-11-24', '-' || (i % 365) || ' days'),
    date('2026-11-24', '-' || (i % 365) || ' days'), 910, 'EUR', 0, 0 FROM n"""


def fill(sources: Any, orders: int, settlements: int) -> None:
    """Fill an empty ledger."""
    values = {
        "orders": orders,
        "settlements": settlements,
        "unpaid": UNPAID,
        "admin": ADMIN,
        "seller": SELLER,
        "nothing": "{}",
        "rate": _RATE,
        "document": _DOCUMENT,
        "payment": _PAYMENT,
        "spent": _SPENT,
        "sealed": "x" * 700,
    }
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
    with sources.ledger.engine.begin() as connection:
        for kind, (
            natural,
            content,
            settlement,
            number,
            day,
            gross,
            facts,
            which,
        ) in _KINDS.items():
            parts = {
                "settlement": "(1 + (i * :settlements) / (:orders + 1))",
                "day": f"date('2026-11-24', '-' || (i % {DAYS}) || ' days')",
                "settled": f"date('2026-11-24', '-' || (i % {DAYS}) || ' days')",
            }
            natural, settlement, day = (part.format(**parts) for part in (natural, settlement, day))
            order = "''" if kind in ("FEE", "MNY") else "'o' || i"
            statement = f"""{numbers.format(count=":orders")} INSERT INTO intent SELECT
                '{kind}\\:' || i, :admin, 'demo', '{kind}', {natural}, 'token{kind}' || i, 'h',
                {content}, :sealed, '',
                CASE WHEN '{kind}' = 'INV' AND i % 997 = 0 THEN 'NEEDS_HUMAN' ELSE 'CONFIRMED' END,
                CASE WHEN '{kind}' = 'INV' AND i % 997 = 0 THEN 'foreign' ELSE '' END,
                1, 1, NULL, NULL, 0, i, '', '', 'order o' || i, {order}, {settlement}, {number}, '',
                {day}, {gross}, {facts}, 1790000000000 + i, 1790000000000 + i
                FROM n WHERE {which}"""  # noqa: S608 - constants of this file
            connection.execute(text(statement), values)
        settled = numbers.format(count=":settlements") + _SETTLEMENTS
        connection.execute(text(settled), values)
    found = [
        Problem("vies-unanswered", f"order {n}", "c", "t", str(n)) for n in range(orders // 50)
    ]
    sources.ledger.record_order_problems("demo", found, considered=set())
