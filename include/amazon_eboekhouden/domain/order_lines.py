"""The lines of an order: what the buyer paid per item and kind of charge, closed to the total.

Three sums must agree: an item's charges with its total, the items' totals with the grand total,
and one currency throughout. Source: accounting rules 6; Amazon's model (`proceeds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Any

from amazon_eboekhouden.domain.money import euros, round_half_up
from amazon_eboekhouden.domain.proceeds import (
    COMPONENTS,
    Cents,
    Charges,
    ItemAmounts,
    OrderFault,
    Wallet,
    apportioned,
    facilitated_amounts,
    item_amounts,
    read_charges,
    records,
    tax_is_outside,
)

# Models of tax collection; "Standard" is v0's word for a tax that is paid to the seller.
_BY_AMAZON, _BY_SELLER = "MARKETPLACEFACILITATOR", "STANDARD"


@dataclass(frozen=True, slots=True)
class _Item:
    item_id: str
    sku: str
    charges: Charges
    facilitated: bool
    cancelled: bool
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Closed:
    """What belongs to the order as a whole, once its sums close."""

    tip: int
    extras: Cents
    extra_tax: int
    tax_outside: bool


def lines_of(
    order_id: str, raw: Mapping[str, Any], currency: str, percents: Sequence[Decimal]
) -> list[dict[str, Any]]:
    """Rows of ORDER_LINES of one order.

    Args:
        order_id: Amazon's.
        raw: the order as Amazon gives it.
        currency: of its marketplace.
        percents: VAT rates of the destination, for what Amazon collects itself.

    Raises:
        OrderFault: something is missing, no amount, or does not add up.
    """
    wallet = Wallet()
    items = list(_items(raw, wallet))
    order = read_charges(raw.get("proceeds"), "grandTotal", wallet)
    _insist_on(currency, wallet)
    items = _with_totals(items, order)
    closed = _close(items, order)
    _insist_on_something_sent(items, order)
    lines: list[dict[str, Any]] = []
    for item in items:
        if not item.cancelled:
            amounts = _scaled(item, _amounts(item, percents))
            lines += _rows(item.item_id, item.sku, amounts, _article(item.raw))
    lines += _rows("", "", _order_level(closed))
    lines.sort(key=lambda row: (COMPONENTS.index(row["component"]), _by_id(row["order_item_id"])))
    return [{"order_id": order_id, "line": n, **row} for n, row in enumerate(lines, start=1)]


def _items(raw: Mapping[str, Any], wallet: Wallet) -> Iterator[_Item]:
    found = records(raw.get("orderItems"))
    seen: set[str] = set()
    if not found:
        raise OrderFault("proceeds-missing", what="the order has no items")
    for one in found:
        item_id = _text(one.get("orderItemId"))
        if not item_id or item_id in seen:
            raise OrderFault("order-item-unclear", found=item_id or "(none)")
        seen.add(item_id)
        cancelled = _is_cancelled(one)
        charges = read_charges(one.get("proceeds"), "proceedsTotal", wallet)
        if charges is None:
            if cancelled:
                continue
            raise OrderFault("proceeds-missing", what=f"item {item_id} has no proceeds")
        yield _Item(item_id, _sku(one), charges, is_facilitated(one), cancelled, one)


def _insist_on_something_sent(items: Sequence[_Item], order: Charges | None) -> None:
    """Of an order that was sent and paid something was sent: else its quantities are wrong."""
    is_free = order is not None and order.total == 0
    paid = [item for item in items if item.charges.total and not is_free]
    if paid and all(item.cancelled for item in items):
        ordered, sent, _ = _quantities(paid[0].raw)
        raise OrderFault("quantity-unclear", item=paid[0].item_id, ordered=ordered, sent=sent)


def is_facilitated(item: Mapping[str, Any]) -> bool:
    """Whether Amazon, as deemed supplier, collects and remits the VAT on this item.

    Raises:
        OrderFault: somebody collects it under a model that is not known.
    """
    tax = item.get("tax")
    collections = records(tax.get("taxCollections")) if isinstance(tax, Mapping) else []
    found = False
    for one in collections:
        model, party = _text(one.get("model")), _text(one.get("responsibleParty"))
        plain = model.upper().replace("_", "")
        if plain not in (_BY_AMAZON, _BY_SELLER) and (plain or party):
            raise OrderFault("collection-model-unknown", found=(model or party)[:40])
        found = found or plain == _BY_AMAZON
    return found


def _is_cancelled(item: Mapping[str, Any]) -> bool:
    ordered, sent, unsent = _quantities(item)
    if ordered == 0:
        return True
    cancellation = item.get("cancellation")
    executed = isinstance(cancellation, Mapping) and cancellation.get("cancellationExecution")
    return sent == 0 and (unsent == 0 or bool(executed))


def _quantities(item: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    fulfillment = item.get("fulfillment")
    fulfillment = fulfillment if isinstance(fulfillment, Mapping) else {}
    return (
        _count(item.get("quantityOrdered")),
        _count(fulfillment.get("quantityFulfilled")),
        _count(fulfillment.get("quantityUnfulfilled")),
    )


def pieces_of(raw: Mapping[str, Any]) -> dict[str, int]:
    """Order item id to the pieces that its lines are for: those sent, and those still to be sent.

    Pieces that were cancelled before shipping are in no line.
    """
    return {
        _text(one.get("orderItemId")): _kept(one)
        for one in records(raw.get("orderItems"))
        if not _is_cancelled(one)
    }


def _kept(item: Mapping[str, Any]) -> int:
    ordered, sent, unsent = _quantities(item)
    kept = ordered or 0
    return sent if sent and sent + (unsent or 0) < kept else kept


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _insist_on(currency: str, wallet: Wallet) -> None:
    if set(wallet.currencies) - {currency}:
        found = ", ".join(one or "(none)" for one in wallet.currencies)
        raise OrderFault("currency-unexpected", found=found[:40], expected=currency)


def _with_totals(items: list[_Item], order: Charges | None) -> list[_Item]:
    """Items whose total is missing get the one under which the order's total closes."""
    if all(item.charges.total is not None for item in items):
        return items
    grand = None if order is None else order.total
    for outside in (True, False):
        filled = [_with_total(item, outside) for item in items]
        total = sum(item.charges.total or 0 for item in filled)
        if grand == total or not any(item.charges.tax for item in items):
            return filled
    raise OrderFault("proceeds-missing", what="an item has no proceedsTotal")


def _with_total(item: _Item, outside: bool) -> _Item:
    charges = item.charges
    if charges.total is not None:
        return item
    total = charges.sum + ((charges.tax or 0) if outside else 0)
    return replace(item, charges=replace(charges, total=total))


def _close(items: Sequence[_Item], order: Charges | None) -> _Closed:
    for item in items:
        tax_is_outside(item.charges, f"item {item.item_id}")
    if order is None or order.total is None:
        return _Closed(order.tips_final if order else 0, {}, 0, False)
    every = sum(item.charges.total or 0 for item in items)
    kept = sum(item.charges.total or 0 for item in items if not item.cancelled)
    tips = (order.tips_final, order.tips_final + order.tips_pending)
    for items_total, tip in product((kept, every), tips):
        if order.total == items_total + tip:
            return _Closed(tip, {}, 0, False)
    extras = _extras(items, order)
    extra_tax = (order.tax or 0) - sum(item.charges.tax or 0 for item in items)
    for tip, outside in product(tips, (True, False)):
        rest = sum(extras.values()) + (extra_tax if outside else 0)
        if extras and order.total == every + tip + rest:
            return _Closed(tip, extras, extra_tax, outside)
    raise OrderFault(
        "proceeds-do-not-close",
        what="the order",
        total=euros(order.total),
        parts=euros(every),
        tax=euros(order.tax or 0),
    )


def _extras(items: Sequence[_Item], order: Charges) -> Cents:
    """Charges that stand on the order but on none of its items."""
    on_items = {name for item in items for name in item.charges.values}
    return {name: cents for name, cents in order.values.items() if name not in on_items}


def _order_level(closed: _Closed) -> ItemAmounts:
    charges = Charges(
        closed.extras, closed.extra_tax, apportioned(closed.extra_tax, closed.extras), 0, 0, None
    )
    amounts = item_amounts(charges, tax_outside=closed.tax_outside)
    gross = {**amounts.gross, **({"tip": closed.tip} if closed.tip else {})}
    return ItemAmounts(gross, amounts.tax if closed.extra_tax else None)


def _amounts(item: _Item, percents: Sequence[Decimal]) -> ItemAmounts:
    if item.facilitated:
        return facilitated_amounts(item.charges, percents)
    return item_amounts(item.charges, tax_outside=tax_is_outside(item.charges, item.item_id))


def _scaled(item: _Item, amounts: ItemAmounts) -> ItemAmounts:
    """Only what was shipped, when part of the quantity was cancelled before shipping."""
    ordered, sent, unsent = _quantities(item.raw)
    if not ordered or not sent or sent + (unsent or 0) >= ordered:
        return amounts
    unit = _unit_cents(item)
    goods = item.charges.values.get("goods", 0)
    if unit is not None and goods == unit * sent:
        return amounts
    if unit is None or goods != unit * ordered:
        raise OrderFault("quantity-unclear", item=item.item_id, ordered=ordered, sent=sent)
    share = Decimal(sent) / ordered
    return ItemAmounts(_share(amounts.gross, share), amounts.tax and _share(amounts.tax, share))


def _share(values: Cents, share: Decimal) -> Cents:
    return {name: round_half_up(cents * share) for name, cents in values.items()}


def _unit_cents(item: _Item) -> int | None:
    article = item.raw.get("product")
    price = article.get("price") if isinstance(article, Mapping) else None
    unit = price.get("unitPrice") if isinstance(price, Mapping) else None
    return None if unit is None else Wallet().cents(unit, "unitPrice")


def _article(item: Mapping[str, Any]) -> tuple[str, int]:
    """Title, and the pieces that the item's lines are for."""
    article = item.get("product")
    title = _text(article.get("title")) if isinstance(article, Mapping) else ""
    return title, _kept(item) or 1


def _rows(
    item_id: str, sku: str, amounts: ItemAmounts, article: tuple[str, int] = ("", 1)
) -> Iterable[dict[str, Any]]:
    for component, cents in amounts.gross.items():
        if cents:
            yield {
                "order_item_id": item_id,
                "sku": sku,
                "title": article[0] if component == "goods" else "",
                "pieces": article[1] if component == "goods" else 1,
                "rate_told": "",
                "component": component,
                "gross_cents": cents,
                "tax_cents": None if amounts.tax is None else amounts.tax.get(component, 0),
            }


def _by_id(item_id: str) -> tuple[int, str]:
    """Items in the order in which Amazon numbers them, what belongs to no item last."""
    return (len(item_id) or 99, item_id)


def _sku(item: Mapping[str, Any]) -> str:
    article = item.get("product")
    return _text(article.get("sellerSku")) if isinstance(article, Mapping) else ""


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
