"""Money on suspense finds its invoice in one go, however many settlements it came from."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.settlement.unparking import unpark

from tests.domain.settlement.writing import confirmed, invoice, settings

ORDER = "405-1234567-1234567"


def _parked(settlement: str, cents: int, event: str = "") -> dict[str, Any]:
    """A BOOKED row of money that waits for its invoice on suspense."""
    entry = {"place": "parked", "eur_cents": cents, "cents": cents, "currency": "EUR",
             "posted": "2026-03-10"}  # fmt: skip
    facts = {"refunds": {f"{ORDER}:{event}": entry}} if event else {"orders": {ORDER: entry}}
    sign = "+" if cents > 0 else "-"
    booking = f"mny:{settlement}:suspense{sign}:GEEN:2026-03"
    row = invoice("", "0.00", booking=booking, booking_kind="MNY", settlement_id=settlement)
    money = {"gross_cents": abs(cents), "invoice_number": "", "order_id": ""}
    return row | money | {"facts": json.dumps(facts)}


def _books(*parked: dict[str, Any]) -> pd.DataFrame:
    return BOOKED.of([invoice(ORDER, "121.00"), *parked])


def _numbers(made: pd.DataFrame, kind: str) -> list[str]:
    return sorted(made.loc[made["booking_kind"] == kind, "invoice_number"])


def test_refunds_of_other_settlements_follow_their_payment_in_the_same_run() -> None:
    # Numbers of settlements do not rise with time: the refunds sort before and after the payment.
    booked = _books(_parked("2", 12100), _parked("1", -1000, "A"), _parked("3", -2000, "B"))
    made, lines = unpark(booked, settings())
    assert _numbers(made, "CRN") == [f"CAMZ-{ORDER}-1", f"CAMZ-{ORDER}-2"]
    assert _numbers(made, "PAY") == [f"AMZ-{ORDER}", f"CAMZ-{ORDER}-1", f"CAMZ-{ORDER}-2"]
    moved = lines[lines["account"] == "2090"].groupby("booking")["gross_cents"].sum()
    assert len(moved) == 3
    again, _ = unpark(confirmed(booked, made), settings())
    assert again.empty


def test_a_refund_waits_until_its_order_was_paid() -> None:
    made, _ = unpark(_books(_parked("1", -1000, "A")), settings())
    assert made.empty
