"""Refunds as Amazon's finances show them: transactions in, one value per refund event out.

Amazon lists a refund that it defers twice: when it happened (DEFERRED, later DEFERRED_RELEASED) and
again when the money is released (RELEASED), under ids that name each other. All of it is one event.
Source: finances 2024-06-19, `listTransactions`; accounting rules 7.1 to 7.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from amazon_eboekhouden.config.refund_parts import is_fee_group, refund_part, refund_type
from amazon_eboekhouden.config.settlement_rows import Destination
from amazon_eboekhouden.domain.credit_notes import PerItem
from amazon_eboekhouden.domain.money import cents_of, euros
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.formats import AMSTERDAM

RELEASED, DEFERRED, DEFERRED_RELEASED = "RELEASED", "DEFERRED", "DEFERRED_RELEASED"
_PHASES = ("DEFERRED_TRANSACTION_ID", "RELEASE_TRANSACTION_ID")


@dataclass(frozen=True, slots=True)
class AmazonRefund:
    """One refund event.

    Attributes:
        event: its id in the natural key of the credit note: Amazon's refund id, else the id of its
            first transaction.
        ids: every id under which it was seen, in any of its phases.
        posted_utc: when it happened, which is when its first phase was posted.
        days: local dates of its phases, oldest first; the settlement shows the last one.
        cents: what goes back to the buyer, below zero; in its currency. Fees are not in it.
        line: Dutch, as the statement of the settlement will name it.
        is_estimate: only deferred phases were seen: the release may still bring another amount.
        per_item: (item id, SKU) to its part of the cents; empty when Amazon tells not all of it.
    """

    order_id: str
    event: str
    ids: frozenset[str]
    shipment_id: str
    posted_utc: datetime
    days: tuple[date, ...]
    cents: int
    currency: str
    line: str
    is_estimate: bool
    per_item: PerItem = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class _Transaction:
    transaction_id: str
    order_id: str
    refund_id: str
    shipment_id: str
    linked: frozenset[str]
    status: str
    posted_utc: datetime
    cents: int
    currency: str
    line: str
    per_item: PerItem = field(default_factory=dict, hash=False)

    @property
    def ids(self) -> frozenset[str]:
        """What ties it to the other phases of its refund."""
        refund = {f"refund {self.refund_id}"} if self.refund_id else set()
        return frozenset({self.transaction_id, *self.linked, *refund})


def refund_events(
    transactions: Iterable[Mapping[str, Any]],
) -> tuple[list[AmazonRefund], list[Problem]]:
    """The refunds among Amazon's transactions.

    Args:
        transactions: as `listTransactions` gives them, in any order, the same one twice at times.

    Returns:
        Events, oldest first, and a problem per refund that cannot be read.

    Problems:
        refund-not-understood: it has a part that no table names, or does not add up.
    """
    read: dict[str, _Transaction] = {}
    problems: dict[str, Problem] = {}
    for raw in transactions:
        kind = refund_type(str(raw.get("transactionType")), str(raw.get("description")))
        if not kind:
            continue
        try:
            found = _read(raw, kind)
        except _NotUnderstood as error:
            problems[error.problem.row] = error.problem
            continue
        if found.order_id:
            read[found.transaction_id] = found
    events = [_event(group) for group in _grouped(read.values())]
    return sorted(events, key=lambda e: (e.posted_utc, e.order_id, e.event)), list(
        problems.values()
    )


class _NotUnderstood(Exception):
    """A refund that cannot be read; carries the problem to list."""

    def __init__(self, found: Problem) -> None:
        super().__init__(found.cause)
        self.problem = found


def _read(raw: Mapping[str, Any], kind: str) -> _Transaction:
    related = {
        str(one.get("relatedIdentifierName")): str(one.get("relatedIdentifierValue") or "")
        for one in raw.get("relatedIdentifiers") or ()
    }
    order_id = related.get("ORDER_ID", "")
    total = raw.get("totalAmount") or {}
    try:
        posted = datetime.fromisoformat(str(raw["postedDate"]))
        total_cents = cents_of(total["currencyAmount"])
        parts = list(_parts(_breakdowns(raw, total_cents), ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _not_understood(raw, order_id, f"it can't be read ({error})") from error
    cents, lines = 0, []
    for group, name, amount in parts:
        rule = None if is_fee_group(group) else refund_part(kind, group, name)
        if rule is not None and rule.destination is Destination.REFUND:
            cents += amount
            lines.append(rule.line)
        elif rule is None and not is_fee_group(group) and amount:
            raise _not_understood(
                raw, order_id, f"no table knows its part {group or '-'}/{name} of {euros(amount)}"
            )
    summed = sum(amount for _, _, amount in parts)
    if summed != total_cents:
        why = f"its parts add up to {euros(summed)}, Amazon's total is {euros(total_cents)}"
        raise _not_understood(raw, order_id, why)
    return _Transaction(
        transaction_id=str(raw.get("transactionId") or f"{posted.isoformat()} {total_cents}"),
        order_id=order_id,
        refund_id=related.get("REFUND_ID", ""),
        shipment_id=related.get("SHIPMENT_ID", ""),
        linked=frozenset(related[name] for name in _PHASES if related.get(name)),
        status=str(raw.get("transactionStatus") or RELEASED).upper(),
        posted_utc=posted,
        cents=cents,
        currency=str(total.get("currencyCode") or ""),
        line=min(lines, default=""),
        per_item=_per_item(raw, kind, cents),
    )


def _per_item(raw: Mapping[str, Any], kind: str, cents: int) -> PerItem:
    """What goes back on each item, if the items account for all of it."""
    sums: dict[tuple[str, str], int] = {}
    for item in raw.get("items") or ():
        contexts = item.get("contexts") or ()
        sku = next((str(one["sku"]) for one in contexts if one.get("sku")), "")
        related = item.get("relatedIdentifiers") or ()
        names = (
            str(one.get("itemRelatedIdentifierValue") or "")
            for one in related
            if one.get("itemRelatedIdentifierName") == "ORDER_ADJUSTMENT_ITEM_ID"
        )
        key = (next(names, ""), sku)
        for group, name, amount in _parts(item.get("breakdowns") or (), ""):
            rule = None if is_fee_group(group) else refund_part(kind, group, name)
            if rule is not None and rule.destination is Destination.REFUND:
                sums[key] = sums.get(key, 0) + amount
    return sums if sum(sums.values()) == cents else {}


def _not_understood(raw: Mapping[str, Any], order_id: str, why: str) -> _NotUnderstood:
    name = f"refund {raw.get('transactionId') or '?'} of order {order_id or '?'}"
    return _NotUnderstood(problem("refund-not-understood", name, order_id=order_id, why=why))


def _breakdowns(raw: Mapping[str, Any], total_cents: int) -> Sequence[Mapping[str, Any]]:
    """The finest account of a transaction: that of its items, where they make up all of it."""
    items = raw.get("items") or ()
    if items and all(item.get("breakdowns") for item in items):
        found = [part for item in items for part in item["breakdowns"]]
        if sum(_cents(part) for part in found) == total_cents:
            return found
    return list(raw.get("breakdowns") or ())


def _parts(breakdowns: Iterable[Mapping[str, Any]], group: str) -> Iterator[tuple[str, str, int]]:
    """Group, name and cents of every part; a fee with its VAT is one part."""
    for one in breakdowns:
        name, cents = str(one.get("breakdownType")), _cents(one)
        inner = list(one.get("breakdowns") or ())
        if inner and (is_fee_group(name) or not is_fee_group(group)):
            rest = cents - sum(_cents(part) for part in inner)
            yield from _parts(inner, name)
            if rest:  # Cents of a group that none of its parts names: no table will know them.
                yield group, name, rest
        elif is_fee_group(group) and _is_withheld(name):
            yield "", name, cents
        else:
            yield (name if is_fee_group(name) else group), name, cents


def _is_withheld(name: str) -> bool:
    """VAT that Amazon keeps is no fee, in whichever group it stands."""
    return name.startswith(("MarketplaceFacilitator", "LowValueGoodsTax"))


def _cents(part: Mapping[str, Any]) -> int:
    amount = part.get("breakdownAmount") or {}
    return cents_of(amount.get("currencyAmount") or 0)


def _grouped(transactions: Iterable[_Transaction]) -> Iterator[list[_Transaction]]:
    """Transactions of an order that share an id, directly or through others, are one refund."""
    by_order: dict[str, list[tuple[set[str], list[_Transaction]]]] = {}
    for one in transactions:
        ids, members, apart = set(one.ids), [one], []
        for known, found in by_order.get(one.order_id, ()):
            if known & ids:
                ids |= known
                members = found + members
            else:
                apart.append((known, found))
        by_order[one.order_id] = [*apart, (ids, members)]
    return (members for groups in by_order.values() for _, members in groups)


def _event(members: Sequence[_Transaction]) -> AmazonRefund:
    phases = sorted(members, key=lambda one: (one.posted_utc, one.transaction_id))
    money = _money(phases)
    first = phases[0]
    refund_id = next((one.refund_id for one in phases if one.refund_id), "")
    return AmazonRefund(
        order_id=first.order_id,
        event=refund_id or first.transaction_id,
        ids=frozenset(i for one in phases for i in one.ids),
        shipment_id=next((one.shipment_id for one in phases if one.shipment_id), ""),
        posted_utc=first.posted_utc,
        days=tuple(sorted({one.posted_utc.astimezone(AMSTERDAM).date() for one in phases})),
        cents=sum(one.cents for one in money),
        currency=first.currency,
        line=min((one.line for one in money), default=""),
        is_estimate=all(one.status == DEFERRED for one in money),
        per_item=_summed(money),
    )


def _summed(money: Sequence[_Transaction]) -> PerItem:
    if not all(one.per_item for one in money):
        return {}
    sums: dict[tuple[str, str], int] = {}
    for one in money:
        for key, cents in one.per_item.items():
            sums[key] = sums.get(key, 0) + cents
    return sums


def _money(phases: Sequence[_Transaction]) -> list[_Transaction]:
    """The transactions that move money: a deferred one no longer does once its release is there."""
    released = [one for one in phases if one.status not in (DEFERRED, DEFERRED_RELEASED)]
    names = {name for one in released for name in one.linked}
    amounts = [one.cents for one in released]

    def overtaken(one: _Transaction) -> bool:
        by_name = one.transaction_id in names or any(
            other.transaction_id in one.linked for other in released
        )
        return by_name or (
            bool(released) and (one.status == DEFERRED_RELEASED or one.cents in amounts)
        )

    waiting = [one for one in phases if one not in released and not overtaken(one)]
    return released + waiting
