"""Makes a seller: orders into the shop, money into settlements, the truth beside them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from coupling_sandbox.amazon.generator import month, year
from coupling_sandbox.amazon.generator.events import events
from coupling_sandbox.amazon.generator.listing import versions
from coupling_sandbox.amazon.generator.money import Row, Transaction, transactions, with_vat
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.sale import Sale
from coupling_sandbox.amazon.generator.settle import settle
from coupling_sandbox.amazon.generator.truth import order_truth
from coupling_sandbox.amazon.service import Amazon
from coupling_sandbox.amazon.shelf import ms

__all__ = ["SeedOptions", "seed"]

BATCH = 1000


def seed(amazon: Amazon, seller: str, options: SeedOptions) -> dict[str, Any]:
    """Generate everything into the shop; return what was made, in numbers."""
    totals = _Totals()
    make = year.sale if options.profile == "year" else month.sale
    for first in range(0, options.orders, BATCH):
        numbers = range(first, min(first + BATCH, options.orders))
        sales = [make(options, number) for number in numbers]
        _store(amazon, seller, options, sales, totals)
    amazon.shop.put_money(seller, _packed(_account_fees(options)))
    if options.profile == "year":
        amazon.shop.put_money(seller, _packed(events(options)))
    for truth in settle(amazon, seller, options):
        totals.settlement(truth)
        amazon.shop.put_truth(seller, "settlement", [(truth["settlement_id"], truth)])
    made = {"options": options.as_json(), "totals": totals.sums}
    amazon.shop.put_truth(seller, "seed", [(str(options.seed), made)])
    return made


def _store(
    amazon: Amazon, seller: str, options: SeedOptions, sales: list[Sale], totals: "_Totals"
) -> None:
    shown = (one for sale in sales for one in versions(sale, options))
    amazon.shop.put_orders(seller, shown, amazon.clock.now())
    shipped = [sale for sale in sales if sale.status == "SHIPPED"]
    money = (
        (sale.place.code, event)
        for sale in shipped
        for event in transactions(
            sale,
            options.settlement_tax_rows,
            Random(f"{options.seed}/{sale.order_id}"),  # noqa: S311
        )
    )
    amazon.shop.put_money(seller, _packed(money))
    truths = [order_truth(sale) for sale in sales]
    amazon.shop.put_truth(seller, "order", ((truth["order_id"], truth) for truth in truths))
    for truth in truths:
        totals.order(truth)


def _packed(
    money: Iterator[tuple[str, Transaction]],
) -> Iterator[tuple[str, int, int | None, str, dict[str, Any]]]:
    for stream, event in money:
        deferred = ms(event.deferred) if event.deferred else None
        yield stream, ms(event.posted), deferred, event.order_id, event.packed()


def _account_fees(options: SeedOptions) -> Iterator[tuple[str, Transaction]]:
    """Yield what Amazon charges the account itself every month, to its first stream."""
    home = "NL" if "NL" in (options.marketplaces or ("NL",)) else options.marketplaces[0]
    moment = _next_month(options.start)
    number = 0
    while moment < options.end + timedelta(days=2):
        for description, net in (("Subscription Fee", 3900), ("Storage Fee", 1240 + 37 * number)):
            row = Row("other-transaction", description, -with_vat(net))
            yield home, Transaction("other-transaction", moment, [row])
        moment, number = _next_month(moment), number + 1


def _next_month(moment: datetime) -> datetime:
    """Return the first day of the next month, early in the morning."""
    later = moment.replace(day=1) + timedelta(days=32)
    return later.replace(day=1, hour=4, minute=11, second=0, microsecond=0)


class _Totals:
    """Sums over a whole seed, of orders and of settlements."""

    def __init__(self) -> None:
        self.sums: dict[str, Any] = {
            "orders": 0,
            "expected": {},
            "gross_cents": {},
            "vat_cents": {},
            "refunds": 0,
            "refunds_gross_cents": {},
            "settlements": 0,
            "settled": {},
        }

    def order(self, truth: dict[str, Any]) -> None:
        """Add an order."""
        sums, currency = self.sums, truth["currency"]
        sums["orders"] += 1
        label = truth["expected"] + (f":{truth['reason']}" if truth["reason"] else "")
        _add(sums["expected"], label, 1)
        if truth["expected"] != "booked":
            return
        _add(sums["gross_cents"], currency, truth["gross_cents"])
        for vat in truth["vat"]:
            key = f"{vat['country']} {vat['rate_percent']} {currency}"
            _add(sums["vat_cents"], key, vat["vat_cents"])
        for refund in truth["refunds"]:
            sums["refunds"] += 1
            _add(sums["refunds_gross_cents"], currency, refund["gross_cents"])

    def settlement(self, truth: dict[str, Any]) -> None:
        """Add a settlement."""
        self.sums["settlements"] += 1
        own = self.sums["settled"].setdefault(truth["currency"], {})
        for name in (
            "total_cents",
            "payments_cents",
            "refunds_cents",
            "fees_cents",
            "balances_cents",
            "payout_cents",
        ):
            _add(own, name, truth[name])


def _add(sums: dict[str, int], key: str, amount: int) -> None:
    sums[key] = sums.get(key, 0) + amount
