"""What a settlement books by method `clearing`: every row once, and nothing left on clearing.

```
rows ─┬─ invoice ─────► payment on its open item        ┐
      ├─ credit note ─► credit note, payment back       │
      ├─ fee ─────────► one mutation per VAT code, month├─► clearing ─► payout, or carried on
      ├─ money ───────► reserve, reimbursement, …       │              when the total is negative
      └─ no place ────► suspense, before go-live        ┘
```

All or nothing: when a rate or the deposit in euros is missing, nothing is booked and a problem
says what it waits for. Source: accounting rules 2.2, 2.4 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, Frame
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.document_entries import Desk, add_documents
from amazon_eboekhouden.domain.settlement.entries import (
    Entries,
    closed_period_problems,
    dates_of,
    plain_line,
)
from amazon_eboekhouden.domain.settlement.exchange import Exchange, Rates
from amazon_eboekhouden.domain.settlement.fee_entries import add_fees
from amazon_eboekhouden.domain.settlement.file import SettlementFile, SettlementHeader
from amazon_eboekhouden.domain.settlement.groups import PerRow, codes_of, each, spread, texts_of
from amazon_eboekhouden.domain.settlement.handed_on import HandedOn
from amazon_eboekhouden.domain.settlement.known import known_of
from amazon_eboekhouden.domain.settlement.matching import MATCHED
from amazon_eboekhouden.domain.settlement.money_entries import (
    STEPS,
    MoneyEntries,
    currency_facts,
    natural,
    unpark_key,
)
from amazon_eboekhouden.domain.settlement.places import Place

SETTLED = Frame(
    "settled",
    {**MATCHED.columns, "bookings": "word"},  # natural keys, joined by one blank
    key=("row",),
)


@dataclass(frozen=True, slots=True)
class SettlementBookables:
    """What a settlement asks the ledger to book.

    Attributes:
        mutations, mutation_lines: MUTATIONS and MUTATION_LINES; empty when it waits.
        problems: for people; those in `waits` keep the whole settlement from being booked.
        rows: SETTLED, every row with its bookings.
        waits: True when nothing is booked until a person or a rate comes.
        left_on_clearing_cents: control sum C2, 0.
        fx_cents: exchange difference, above zero a loss.
        excess_cents: EUR paid beyond open items, part of what stands on suspense.
        still_open_cents: EUR that stays open on the invoices that are paid.
    """

    mutations: pd.DataFrame
    mutation_lines: pd.DataFrame
    problems: tuple[Problem, ...]
    rows: pd.DataFrame
    waits: bool = False
    left_on_clearing_cents: int = 0
    fx_cents: int = 0
    excess_cents: int = 0
    still_open_cents: int = 0


def settlement_bookings(
    settlement: SettlementFile,
    matched: pd.DataFrame,
    booked: pd.DataFrame,
    settings: CouplingSettings,
    *,
    rates: Rates | None = None,
    deposit_eur_cents: int | None = None,
) -> SettlementBookables:
    """The bookings of a settlement by method `clearing`.

    Args:
        settlement: a settlement that adds up.
        matched: MATCHED, from `match`.
        booked: BOOKED, the same that was matched against.
        settings: the coupling's.
        rates: units of the currency per euro by currency and date, for other currencies.
        deposit_eur_cents: what reached the bank in EUR, for other currencies.

    Returns:
        Bookings and problems. The same settlement gives the same bookings again, also when more
        orders are booked by then.
    """
    header = settlement.header
    exchange = Exchange(header.currency, rates or {})
    entries = Entries(
        header.settlement_id,
        settings.accounts.clearing.of(header.currency),
        settings.books.closed_through,
        dates_of(booked, header.settlement_id),
    )
    known = known_of(booked, header.settlement_id, texts_of(matched["order_id"]))
    money = MoneyEntries(settings.accounts, header.currency)
    handed_on = HandedOn(booked, header.settlement_id, header.currency)
    desk = Desk(entries, money, known, exchange, settings, header, settlement.rows)
    keys: PerRow[str] = PerRow(len(matched))
    is_document = matched["place"].isin([Place.INVOICE, Place.CREDIT_NOTE]).to_numpy()
    is_fee = (matched["place"] == Place.FEE).to_numpy()
    _put(keys, is_document, add_documents(desk, matched[is_document]))
    _put(keys, is_fee, add_fees(entries, matched[is_fee], exchange, settings))
    is_money = ~is_document & ~is_fee
    _put(keys, is_money, _add_money(desk, matched[is_money], handed_on))
    desk.money.book(entries)
    waiting = _waits_for(desk, deposit_eur_cents)
    rows = SETTLED.check(matched.assign(bookings=keys.words(str)))
    if waiting:
        return SettlementBookables(
            MUTATIONS.empty(), MUTATION_LINES.empty(), tuple(waiting), rows, waits=True
        )
    fx_cents = _close(entries, header, exchange, settings, deposit_eur_cents)
    left = entries.clearing_cents()
    mutations, lines = entries.frames()
    problems = [*desk.problems, *_kind_problems(matched, header, settings)]
    problems += closed_period_problems(entries)
    return SettlementBookables(
        mutations,
        lines,
        tuple(sorted(problems, key=lambda p: (p.row, p.code, p.cause))),
        rows,
        left_on_clearing_cents=left,
        fx_cents=fx_cents,
        excess_cents=desk.excess_cents,
        still_open_cents=desk.still_open_cents,
    )


def _put(keys: PerRow[str], chosen: np.ndarray, found: pd.Series) -> None:
    keys.put(np.flatnonzero(chosen), codes_of(found), texts_of(found))


def _add_money(desk: Desk, rows: pd.DataFrame, handed_on: HandedOn) -> pd.Series:
    """Rows without a document: per order where they belong to one, else per kind, day and sign."""
    by_order = rows["place"].isin([Place.PARKED, Place.HELD, Place.BEFORE_GO_LIVE])
    sign = rows["amount_cents"].lt(0).map({True: "-", False: "+"}).where(~by_order, "")
    day = rows["posted"].where(~by_order, pd.NaT)
    kind = rows["kind"].astype("str").where(~by_order, "")
    shape = rows[["place", "order_id", "event"]].assign(
        order_id=rows["order_id"].astype("str").where(by_order, ""),
        sign=sign,
        day=day,
        of_kind=kind,
    )
    group = shape.groupby(list(shape.columns), sort=True, dropna=False).ngroup()
    sums = rows.groupby(group).agg(
        place=("place", "first"),
        order_id=("order_id", "first"),
        event=("event", "first"),
        kind=("kind", "first"),
        problem=("problem", "first"),
        invoice=("invoice", "first"),
        posted=("posted", "max"),
        cents=("amount_cents", "sum"),
    )
    keys = [_add_unit(desk, row, handed_on) for row in each(sums)]
    return spread(keys, group, rows)


def _add_unit(desk: Desk, unit: Any, handed_on: HandedOn) -> str:
    place, cents, on = Place(unit.place), int(unit.cents), unit.posted.date()
    if place is Place.NOTHING or cents == 0:
        return ""
    euro_cents = handed_on.euro_cents(place, cents)
    if euro_cents is None:
        euro_cents = desk.exchange.euro_cents(cents, on)
    facts: dict[str, Mapping[str, Any]] = {}
    if place in (Place.PARKED, Place.HELD, Place.BEFORE_GO_LIVE):
        entry = {
            "place": place.value,
            "eur_cents": euro_cents,
            "cents": cents,
            "currency": desk.header.currency,
            "posted": str(on),
        }
        if unpark_key(desk.entries.settlement_id, unit.order_id) not in desk.known.own:
            desk.report(
                unit.problem,
                unit.order_id,
                cents,
                place,
                event=unit.event,
                invoice=desk.number_of(unit.order_id, unit.invoice),
            )
        if unit.event:
            facts["refunds"] = {f"{unit.order_id}:{unit.event}": entry}
        else:
            facts["held" if place is Place.HELD else "orders"] = {unit.order_id: entry}
    elif place is Place.SUSPENSE and unit.problem == "settlement-row-unknown":
        facts["kinds"] = {unit.kind: {"place": place.value}}
    if not euro_cents:
        return ""
    key = desk.money.add(_step(place, cents), euro_cents, on, cents, **facts)
    return natural(desk.entries.settlement_id, key)


def _step(place: Place, cents: int) -> tuple[str, str, str]:
    step = STEPS[place]
    # The settlement's own total uses these two keys: a payout, a negative total carried on.
    if (place is Place.CARRIED and cents > 0) or (place is Place.PAYOUT and cents < 0):
        return (f"{step[0]}-back", *step[1:])
    return step


def _waits_for(desk: Desk, deposit_eur_cents: int | None) -> list[Problem]:
    """What keeps a settlement in another currency from being booked."""
    header = desk.header
    if header.currency == "EUR":
        return []
    if header.total_cents < 0:
        desk.exchange.euro_cents(header.total_cents, header.deposit or header.end)
    row = f"settlement {header.settlement_id}"
    waiting = [
        problem("settlement-rate-missing", row, currency=header.currency, day=day)
        for day in sorted(desk.exchange.missing)
    ]
    if header.total_cents > 0 and deposit_eur_cents is None:
        waiting.append(
            problem(
                "settlement-deposit-unknown",
                row,
                amount=euros(header.total_cents),
                currency=header.currency,
                settlement=header.settlement_id,
            )
        )
    return waiting


def _close(
    entries: Entries,
    header: SettlementHeader,
    exchange: Exchange,
    settings: CouplingSettings,
    deposit_eur_cents: int | None,
) -> int:
    """Empty the clearing account: exchange difference, then payout or carried total."""
    on = header.deposit or header.end
    total = header.total_cents
    fx_cents = 0
    if header.currency != "EUR":
        if total > 0 and deposit_eur_cents is not None:
            total = deposit_eur_cents
        else:
            total = exchange.euro_cents(total, on)
        fx_cents = entries.clearing_cents() - total
        _leave(entries, "fx", settings.accounts.exchange_differences, fx_cents, on, "koersverschil")
    facts = currency_facts(header.currency, header.total_cents)
    if total > 0:
        _leave(entries, "payout", settings.accounts.transit, total, on, "uitbetaling", facts)
    else:
        _leave(entries, "carried", settings.accounts.reserve, total, on, "negatief saldo", facts)
    return fx_cents


def _leave(
    entries: Entries,
    step: str,
    account: str,
    cents: int,
    on: date,
    description: str,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Move cents off the clearing account; below zero: onto it."""
    if cents:
        sign = "-" if cents > 0 else "+"
        entries.add_money(
            natural(entries.settlement_id, (step, sign, f"{on:%Y-%m}")),
            [plain_line(account, abs(cents))],
            on,
            description,
            is_received=cents < 0,
            facts=facts,
        )


def _kind_problems(
    matched: pd.DataFrame, header: SettlementHeader, settings: CouplingSettings
) -> list[Problem]:
    """One problem per row kind on suspense, with the line to add to the table."""
    rows = matched[matched["place"] == Place.SUSPENSE]
    sums = rows.groupby(["problem", "kind", "line"], sort=True).agg(
        rows=("row", "size"), cents=("amount_cents", "sum")
    )
    return [
        problem(
            code,
            # A list keeps one problem per row: each kind is one of its own.
            f"settlement {header.settlement_id}, {kind}",
            count=int(row.rows),
            amount=euros(int(row.cents)),
            currency=header.currency,
            account=settings.accounts.suspense,
            line=line if code == "settlement-row-for-a-person" else kind,
        )
        for (code, kind, line), row in zip(sums.index, each(sums), strict=True)
    ]
