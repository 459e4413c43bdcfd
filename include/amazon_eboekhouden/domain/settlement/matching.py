"""Matching: every row of a settlement gets exactly one place, with the reason why.

Rows of an order pay its invoice, rows of a refund pay its credit note; what has no document waits
on suspense or on the account for the time before go-live, each with a problem. Source: accounting
rules 7.1, 9.1 and 9.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.settlement_rows import Destination
from amazon_eboekhouden.domain.frames import Frame
from amazon_eboekhouden.domain.settlement.file import SettlementFile
from amazon_eboekhouden.domain.settlement.groups import (
    PerRow,
    cents_per_item,
    codes_of,
    each,
    texts_of,
    words,
)
from amazon_eboekhouden.domain.settlement.known import Known, known_of
from amazon_eboekhouden.domain.settlement.orders import OrderPart, choose_invoices
from amazon_eboekhouden.domain.settlement.places import Choice, Place
from amazon_eboekhouden.domain.settlement.refunds import RefundEvent, choose_credit_notes
from amazon_eboekhouden.domain.settlement.rows import classified
from amazon_eboekhouden.domain.settlement.unparking import parked_orders

MATCHED = Frame(
    "matched",
    {
        "row": "count",
        "row_hash": "text",
        "order_id": "word",
        "marketplace": "word",
        "posted": "date",
        "amount_cents": "cents",  # in the settlement's currency
        "kind": "word",  # the three texts that Amazon gives, as a line of the table
        "line": "word",  # the line of the statement, Dutch
        "place": "word",  # a Place
        "fee_kind": "word",
        "event": "word",  # refund event, "" for other rows
        "document": "word",  # natural key of the invoice or credit note it pays
        "invoice": "word",  # natural key of the invoice behind it
        "confidence": "count",  # 0 to 100
        "reason": "word",
        "problem": "word",  # code, "" when nobody needs to look
    },
    key=("row",),
)

# What tells the rows of an order apart when it has several invoices.
_PARTS = ("shipment_id", "order_item_code", "sku")


def match(
    settlement: SettlementFile, booked: pd.DataFrame, settings: CouplingSettings
) -> pd.DataFrame:
    """The MATCHED frame of a settlement: its rows, each with one place.

    Args:
        settlement: a settlement that adds up.
        booked: BOOKED, everything the ledger knows of this administration.
        settings: the coupling's.
    """
    rows, settlement_id = settlement.rows, settlement.header.settlement_id
    known = known_of(booked, settlement_id, texts_of(rows["order_id"]))
    meaning = classified(rows, stays_unknown=frozenset(known.decided["kinds"]))
    is_order = (meaning["destination"] == Destination.ORDER).to_numpy()
    is_refund = (meaning["destination"] == Destination.REFUND).to_numpy()
    chosen: PerRow[Choice] = PerRow(len(rows))
    _choose_plain(chosen, meaning, np.flatnonzero(~is_order & ~is_refund))
    parked = _choose_invoices(chosen, rows, np.flatnonzero(is_order), known, settings)
    if is_refund.any():
        parked |= parked_orders(booked)
    event = _events(rows[is_refund], settlement_id)
    _choose_notes(chosen, rows, event, known, settings, parked, settlement.header.currency)
    events: PerRow[str] = PerRow(len(rows))
    events.put(np.flatnonzero(~is_refund), np.zeros(int((~is_refund).sum()), dtype="int32"), [""])
    events.put(np.flatnonzero(is_refund), codes_of(event), texts_of(event))
    confidence = np.array([choice.confidence for choice in chosen.values], dtype="int64")
    columns = {
        **{n: rows[n] for n in ("row", "row_hash", "order_id", "marketplace", "posted")},
        "amount_cents": rows["amount_cents"],
        **{name: meaning[name] for name in ("kind", "line", "fee_kind")},
        "event": events.words(str),
        "place": chosen.words(lambda choice: choice.place.value),
        "document": chosen.words(lambda choice: choice.document),
        "invoice": chosen.words(lambda choice: choice.invoice),
        "confidence": pd.Series(confidence[chosen.codes], dtype="Int64"),
        "reason": chosen.words(lambda choice: choice.reason),
        "problem": chosen.words(lambda choice: choice.problem),
    }
    return MATCHED.check(pd.DataFrame(columns, copy=False))


def _choose_plain(chosen: PerRow[Choice], meaning: pd.DataFrame, at: np.ndarray) -> None:
    """Rows whose kind alone decides: the destination is the place."""
    places = texts_of(meaning["destination"])
    is_known = meaning["is_known"].to_numpy()[at]
    key = codes_of(meaning["destination"])[at].astype("int64") * 2 + is_known
    distinct, group = np.unique(key, return_inverse=True)
    chosen.put(at, group, [_plain(places[one // 2], bool(one % 2)) for one in distinct])


def _plain(destination: str, is_known: bool) -> Choice:
    if destination != Destination.SUSPENSE:
        return Choice(Place(destination), "kind of row")
    code = "settlement-row-for-a-person" if is_known else "settlement-row-unknown"
    return Choice(Place.SUSPENSE, "kind of row", problem=code)


def _choose_invoices(
    chosen: PerRow[Choice],
    rows: pd.DataFrame,
    at: np.ndarray,
    known: Known,
    settings: CouplingSettings,
) -> frozenset[str]:
    """Which invoice the rows of orders pay; rows of one part share one choice.

    Returns:
        the orders that wait for their invoice.
    """
    group, parts = _parts(rows, at, known.invoices.several())
    choices: list[Choice] = []
    parked = set()
    # The parts of one order stand together.
    for order_id, own in groupby(parts, lambda part: part.order_id):
        found = choose_invoices(list(own), known, settings)
        choices += found
        if any(choice.place is Place.PARKED for choice in found):
            parked.add(order_id)
    chosen.put(at, group, choices)
    return frozenset(parked)


def _parts(
    rows: pd.DataFrame, at: np.ndarray, several: frozenset[str]
) -> tuple[np.ndarray, Iterator[OrderPart]]:
    """Rows that belong together: number of its part per row, and the parts.

    An order with one invoice is one part, and the largest identity found there speaks for it, so
    that the order of the rows does not matter and a blank one never hides another.
    """
    names = ("order_id", *_PARTS)
    codes = {name: codes_of(rows[name])[at] for name in names}
    texts = {name: texts_of(rows[name]) for name in names}
    key = codes["order_id"].astype("int64")
    apart = np.isin(key, [n for n, order in enumerate(texts["order_id"]) if order in several])
    if apart.any():
        table = np.stack([column[apart] for column in codes.values()], axis=1)
        key[apart] = len(texts["order_id"]) + np.unique(table, axis=0, return_inverse=True)[1]
    distinct, group = np.unique(key, return_inverse=True)
    count = len(distinct)
    cents = np.zeros(count, dtype="int64")
    np.add.at(cents, group, rows["amount_cents"].to_numpy(dtype="int64")[at])
    posted = np.full(count, np.iinfo("int64").min)
    np.maximum.at(posted, group, rows["posted"].to_numpy()[at].astype("int64"))
    days = posted.astype("datetime64[us]").astype("datetime64[D]").tolist()
    largest = []
    for name in names:
        found = np.zeros(count, dtype="int32")
        np.maximum.at(found, group, codes[name].astype("int32"))
        largest.append(map(texts[name].__getitem__, found.tolist()))
    return group, map(OrderPart, *largest, days, cents.tolist())


def _events(rows: pd.DataFrame, settlement_id: str) -> pd.Series:
    """The event of each refund row: Amazon's id, else settlement and day; words."""
    given = rows["adjustment_id"].astype("str")
    given = given.where(given != "", rows["merchant_adjustment_item_id"].astype("str"))
    day = rows["posted"].dt.strftime("%Y%m%d").astype("str")
    codes, distinct = pd.factorize(given.where(given != "", settlement_id + "-" + day))
    return words(list(distinct), codes).set_axis(rows.index)


def _choose_notes(
    chosen: PerRow[Choice],
    rows: pd.DataFrame,
    event: pd.Series,
    known: Known,
    settings: CouplingSettings,
    parked: frozenset[str],
    currency: str,
) -> None:
    """Which credit note the rows of refunds pay; rows of one event share one choice."""
    refunds = rows.loc[event.index].assign(event=event)
    group = refunds.groupby(["order_id", "event"], sort=True).ngroup()
    names = ("order_id", "event", "shipment_id")
    units = refunds.groupby(group).agg(
        **{name: (name, "max") for name in names},
        posted=("posted", "max"),
        amount_cents=("amount_cents", "sum"),
    )
    items = cents_per_item(refunds, group.tolist())
    events = [
        RefundEvent(
            row.order_id,
            row.event,
            row.shipment_id,
            row.posted.date(),
            int(row.amount_cents),
            currency,
            frozenset(items[row.Index]),
        )
        for row in each(units)
    ]
    choices: list[Choice] = []
    for _, own in groupby(events, lambda one: one.order_id):
        choices += choose_credit_notes(list(own), known, settings, parked=parked)
    chosen.put(event.index.to_numpy(), group.to_numpy(), choices)
