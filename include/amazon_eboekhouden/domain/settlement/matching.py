"""Matching: every row of a settlement gets exactly one place, with the reason why.

Rows of an order pay its invoice, rows of a refund pay its credit note; what has no document waits
on suspense or on the account for the time before go-live, each with a problem. Source: accounting
rules 7.1, 9.1 and 9.2.
"""

from __future__ import annotations

import pandas as pd

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.settlement_rows import Destination
from amazon_eboekhouden.domain.frames import Frame
from amazon_eboekhouden.domain.settlement.file import SettlementFile
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.known import Known, known_of
from amazon_eboekhouden.domain.settlement.orders import OrderPart, choose_invoices
from amazon_eboekhouden.domain.settlement.places import Choice, Place
from amazon_eboekhouden.domain.settlement.refunds import RefundEvent, choose_credit_notes
from amazon_eboekhouden.domain.settlement.rows import KIND, classified

MATCHED = Frame(
    "matched",
    {
        "row": "count",
        "row_hash": "text",
        "order_id": "text",
        "marketplace": "text",
        "posted": "date",
        "amount_cents": "cents",  # in the settlement's currency
        "kind": "text",  # the three texts that Amazon gives, as a line of the table
        "line": "text",  # the line of the statement, Dutch
        "place": "text",  # a Place
        "fee_kind": "text",
        "event": "text",  # refund event, "" for other rows
        "document": "text",  # natural key of the invoice or credit note it pays
        "invoice": "text",  # natural key of the invoice behind it
        "confidence": "count",  # 0 to 100
        "reason": "text",
        "problem": "text",  # code, "" when nobody needs to look
    },
    key=("row",),
)

_CHOICE = {
    "place": "str",
    "document": "str",
    "invoice": "str",
    "confidence": "Int64",
    "reason": "str",
    "problem": "str",
}
# What tells the rows of an order apart when it has several invoices.
_PARTS = ["shipment_id", "order_item_code", "sku"]


def match(
    settlement: SettlementFile, booked: pd.DataFrame, settings: CouplingSettings
) -> pd.DataFrame:
    """The MATCHED frame of a settlement: its rows, each with one place.

    Args:
        settlement: a settlement that adds up.
        booked: BOOKED, everything the ledger knows of this administration.
        settings: the coupling's.
    """
    rows = settlement.rows
    known = known_of(booked, settlement.header.settlement_id, set(rows["order_id"].unique()))
    meaning = classified(rows, stays_unknown=frozenset(known.decided["kinds"]))
    base = (
        pd.concat([rows.drop(columns=[*KIND, "posted_utc"]), meaning], axis=1)
        .assign(event="")
        .astype({"event": "str"})
    )
    is_order = base["destination"] == Destination.ORDER
    is_refund = base["destination"] == Destination.REFUND
    plain = _with_plain_places(base[~is_order & ~is_refund])
    orders = _with_invoices(base[is_order], known, settings)
    parked = frozenset(orders.loc[orders["place"] == Place.PARKED, "order_id"])
    refunds = _with_events(base[is_refund], settlement.header.settlement_id)
    refunds = _with_credit_notes(refunds, known, settings, parked)
    whole = pd.concat([plain, orders, refunds]).sort_index()
    return MATCHED.check(whole[list(MATCHED.columns)].reset_index(drop=True))


def _with_plain_places(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows whose kind alone decides: the destination is the place."""
    suspense = rows["destination"] == Destination.SUSPENSE
    problem = pd.Series("", index=rows.index, dtype="str")
    problem = problem.mask(suspense, "settlement-row-for-a-person")
    problem = problem.mask(suspense & ~rows["is_known"].astype(bool), "settlement-row-unknown")
    return rows.assign(
        place=rows["destination"],
        document="",
        invoice="",
        confidence=100,
        reason="kind of row",
        problem=problem,
    ).astype(_CHOICE)


def _with_invoices(rows: pd.DataFrame, known: Known, settings: CouplingSettings) -> pd.DataFrame:
    """Rows of orders with the invoice they pay; rows of one part share one choice."""
    several = rows["order_id"].isin([o for o, found in known.invoices.items() if len(found) > 1])
    ids = rows["order_id"].unique()
    # An order with one invoice is one part, and the first identity found there speaks for it.
    keys = rows[["order_id"]].assign(**{name: rows[name].where(several, "") for name in _PARTS})
    part = keys.groupby(list(keys.columns), sort=False).ngroup()
    parts = _grouped(rows, part)
    by_order: dict[str, list[int]] = {order: [] for order in ids}
    for index, order in enumerate(parts["order_id"]):
        by_order[order].append(index)
    made = [
        OrderPart(
            row.order_id, row.shipment_id, row.order_item_code, row.sku,
            row.posted.date(), int(row.amount_cents),
        )
        for row in each(parts)
    ]  # fmt: skip
    choices: list[Choice | None] = [None] * len(made)
    for indexes in by_order.values():
        found = choose_invoices([made[i] for i in indexes], known, settings)
        for index, choice in zip(indexes, found, strict=True):
            choices[index] = choice
    return _chosen(rows, part, [choice for choice in choices if choice])


def _with_events(rows: pd.DataFrame, settlement_id: str) -> pd.DataFrame:
    """Refund rows with the id of their event: Amazon's, else settlement and day."""
    day = rows["posted"].dt.strftime("%Y%m%d").astype("str")
    event = rows["adjustment_id"].where(
        rows["adjustment_id"] != "", rows["merchant_adjustment_item_id"]
    )
    return rows.assign(event=event.where(event != "", settlement_id + "-" + day))


def _with_credit_notes(
    rows: pd.DataFrame, known: Known, settings: CouplingSettings, parked: frozenset[str]
) -> pd.DataFrame:
    """Refund rows with the credit note they pay; rows of one event share one choice."""
    group = rows.groupby(["order_id", "event"], sort=False).ngroup()
    events = [
        RefundEvent(
            row.order_id, row.event, row.shipment_id, row.posted.date(), int(row.amount_cents)
        )
        for row in each(_grouped(rows, group))
    ]
    by_order: dict[str, list[int]] = {}
    for index, event in enumerate(events):
        by_order.setdefault(event.order_id, []).append(index)
    choices: dict[int, Choice] = {}
    for indexes in by_order.values():
        found = choose_credit_notes([events[i] for i in indexes], known, settings, parked=parked)
        choices.update(zip(indexes, found, strict=True))
    return _chosen(rows, group, [choices[i] for i in range(len(events))])


def _grouped(rows: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """One row per group, in the order of the group's number: sum, last day, an identity.

    The identity is the largest text, so that it does not depend on the order of the rows and a
    blank one never hides another.
    """
    texts = {name: (name, "max") for name in ("order_id", *_PARTS, "event")}
    return rows.groupby(group).agg(
        **texts, posted=("posted", "max"), amount_cents=("amount_cents", "sum")
    )


def _chosen(rows: pd.DataFrame, group: pd.Series, choices: list[Choice]) -> pd.DataFrame:
    table = pd.DataFrame(
        [(c.place, c.document, c.invoice, c.confidence, c.reason, c.problem) for c in choices],
        columns=list(_CHOICE),
    ).astype(_CHOICE)
    picked = table.take(group.to_numpy()).set_axis(rows.index)
    return pd.concat([rows, picked], axis=1)
