"""Ours: read, check, match every row of a settlement with its reason; and the bookings of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.frames import BOOKED, DTYPES
from amazon_eboekhouden.domain.settlement.bookings import settlement_bookings
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.matching import match
from amazon_eboekhouden.domain.settlement.places import Place
from amazon_eboekhouden.domain.settlement.tie_out import gate

from benchmarks.peers.measure import answer_of, measured


def settings() -> CouplingSettings:
    return CouplingSettings.model_validate(
        {
            "name": "bench",
            "seller": {"connection": "amazon", "marketplaces": ["DE"]},
            "books": {"connection": "books", "go_live": "2026-01-01"},
        }
    )


def booked_of(path: Path) -> pd.DataFrame:
    """BOOKED as the ledger hands it over: each column in one piece."""
    frame = pd.read_parquet(path)
    return BOOKED.check(
        pd.DataFrame(
            {
                name: pd.Series(frame.pop(name).tolist(), dtype=DTYPES[kind])
                for name, kind in BOOKED.columns.items()
            }
        )
    )


def main(settlement: str, books: str, with_bookings: str) -> None:
    chosen, booked = settings(), booked_of(Path(books))
    warm(booked, chosen)

    def job() -> Any:
        with Path(settlement).open("rb") as file:
            read = read_settlement(file)
        assert isinstance(read, SettlementFile), read
        matched = match(read, booked, chosen)
        if with_bookings == "yes":
            made = settlement_bookings(read, matched, booked, chosen)
            account = chosen.accounts.clearing.of(read.header.currency)
            assert gate(read, made, account) == []
        return lambda: answer(read, matched)

    measured(job)


def warm(booked: pd.DataFrame, chosen: CouplingSettings) -> None:
    """The libraries load their own parts at first use."""
    from benchmarks.settlement_data import lines

    few = "\n".join(lines(3)).encode()
    read = read_settlement(few)
    assert isinstance(read, SettlementFile), read
    match(read, booked.head(3), chosen)


def answer(read: SettlementFile, matched: pd.DataFrame) -> dict[str, Any]:
    is_paid = matched["place"] == Place.INVOICE
    sums = matched[is_paid].groupby("order_id")["amount_cents"].sum()
    sure = matched[is_paid].groupby("order_id")["confidence"].min()
    fees = int(matched.loc[matched["place"] == Place.FEE, "amount_cents"].sum())
    paid = {order: int(cents) for order, cents in sums.items()}
    return answer_of(paid, int((sure >= 75).sum()), fees, read.header.total_cents)


if __name__ == "__main__":
    main(*sys.argv[1:4])
