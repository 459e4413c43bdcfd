"""A settlement file and the books before it, written in a few words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.money import cents_of, euros
from amazon_eboekhouden.domain.settlement.bookings import SettlementBookables, settlement_bookings
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.matching import match

COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
    "total-amount", "currency", "transaction-type", "order-id", "adjustment-id", "shipment-id",
    "marketplace-name", "amount-type", "amount-description", "amount", "posted-date-time",
    "order-item-code", "sku",
)  # fmt: skip
Row = dict[str, str]


def row(kind: str, amount: str, order: str = "", on: str = "2026-03-10", **more: str) -> Row:
    """A row; `kind` is transaction type / amount type / amount description."""
    texts = dict(
        zip(("transaction-type", "amount-type", "amount-description"), kind.split("/"), strict=True)
    )
    return {
        "amount": amount,
        "order-id": order,
        "posted-date-time": f"{on} 10:00:00 UTC",
        **texts,
        **more,
    }


def file_of(rows: Sequence[Row], *, number: str = "18000000001", currency: str = "EUR") -> bytes:
    """A file of these rows that adds up, period 1 to 15 March 2026."""
    total = sum(cents_of(one["amount"]) for one in rows)
    head = {
        "total-amount": str(euros(total)),
        "currency": currency,
        "settlement-start-date": "2026-03-01 00:00:00 UTC",
        "settlement-end-date": "2026-03-15 00:00:00 UTC",
        "deposit-date": "2026-03-17 00:00:00 UTC",
    }
    lines = ["\t".join(COLUMNS)]
    for one in (head, *rows):
        lines.append("\t".join({"settlement-id": number, **one}.get(name, "") for name in COLUMNS))
    return "\n".join(lines).encode()


def invoice(order: str, gross: str, **more: Any) -> dict[str, Any]:
    """A BOOKED row of an invoice at 21 %."""
    cents = cents_of(gross)
    net = round(cents / 1.21)
    amounts = {"gross_cents": cents, "net_cents": net}
    rates = [
        {
            "sale_kind": "S10", "rate": "21", "code": "HOOG_VERK_21", "country": "NL",
            "vat_account": "", "why": "", "vat_cents": cents - net, **amounts,
            "lines": [{"n": 1, "component": "goods", "account": "8000", **amounts}],
        }
    ]  # fmt: skip
    facts = {"rates": rates, **more.pop("facts", {})}
    return {
        "booking": f"inv:A1805IZSGTT6HS:{order}:0",
        "booking_kind": "INV",
        "state": "CONFIRMED",
        "order_id": order,
        "settlement_id": "",
        "invoice_number": f"AMZ-{order}",
        "relation_code": "AMZ-NL",
        "date": pd.Timestamp("2026-03-02"),
        "gross_cents": cents,
        "remote_id": "1",
        "facts": json.dumps(facts),
        **more,
    }


def confirmed(booked: pd.DataFrame, mutations: pd.DataFrame) -> pd.DataFrame:
    """BOOKED after the mutations were booked."""
    names = [name for name in BOOKED.columns if name not in ("state", "remote_id")]
    rows = mutations[names].assign(state="CONFIRMED", remote_id="1").to_dict("records")
    return BOOKED.check(pd.concat([booked, BOOKED.of(rows)], ignore_index=True))


def settings(**given: Any) -> CouplingSettings:
    """Settings of a coupling; `given` replaces whole sections."""
    return CouplingSettings.model_validate(
        {
            "name": "demo",
            "seller": {"connection": "amazon", "marketplaces": ["NL"]},
            "books": {"connection": "books", "go_live": "2026-01-01"},
            **given,
        }
    )


@dataclass(frozen=True)
class Settled:
    """A file after reading, matching and booking."""

    file: SettlementFile
    matched: pd.DataFrame
    made: SettlementBookables


def settled(
    content: bytes,
    *booked: dict[str, Any],
    with_settings: CouplingSettings | None = None,
    **more: Any,
) -> Settled:
    """Read, match and book a file after these BOOKED rows."""
    chosen = with_settings or settings()
    before = BOOKED.of(booked)
    file = read_settlement(content)
    assert isinstance(file, SettlementFile), file
    matched = match(file, before, chosen)
    return Settled(file, matched, settlement_bookings(file, matched, before, chosen, **more))
