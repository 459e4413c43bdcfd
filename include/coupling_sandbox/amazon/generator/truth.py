"""What is right, worked out from the sale itself and not from what is shown of it."""

from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import percent, split_net, vat_inside
from coupling_sandbox.amazon.generator.sale import Sale
from coupling_sandbox.amazon.service import iso

_KINDS = {"shipping_discount": "discount"}
# Parts of a refund that Amazon shows without a tax row.
UNTAXED_PARTS = ("goodwill", "restocking", "return_shipping")
REFUNDS = ("Refund", "A-to-z Guarantee Refund", "Chargeback Refund")
REVENUE = ("ItemPrice", "Promotion", "ItemWithheldTax")


def order_truth(sale: Sale) -> dict[str, Any]:
    """Return the truth of one order; see COVERAGE.md for its fields."""
    truth: dict[str, Any] = {
        "order_id": sale.order_id,
        "expected": sale.expected,
        "reason": sale.reason,
        "marketplace": sale.place.name,
        "currency": sale.place.currency,
        "status": sale.status,
        "fulfilled_by": "AMAZON" if sale.fba else "MERCHANT",
        "ship_from": sale.ship_from,
        "ship_to": sale.buyer.country,
        "created_utc": iso(sale.created),
        "updated_utc": iso(
            {"SHIPPED": sale.complete, "PENDING": sale.created}.get(
                sale.status, sale.cancelled_late or sale.confirmed
            )
        ),
        "sale_kind": sale.kind,
        "gross_cents": sale.gross,
        "buyer_paid_cents": sale.buyer_paid,
        "vat_number": sale.buyer.vat_number,
        "vat_number_valid": sale.buyer.vat_number_valid,
        "shipment_id": sale.shipment_id,
        "special_territory": sale.special,
        "items": [
            {"item_id": one.item_id, "sku": one.article.sku, "rate_percent": percent(one.rate)}
            for one in sale.items
        ],
    }
    if sale.status == "SHIPPED":
        truth["shipped_utc"] = iso(sale.complete)
        truth["shipments"] = [
            {
                "shipment_id": shipment_id,
                "shipped_utc": iso(shipped),
                "items": [one.item_id for one in items],
            }
            for shipment_id, shipped, items in sale.shipments()
        ]
    if sale.expected == "skipped":
        return truth
    parts = [dict(item.parts) for item in sale.items]
    truth["vat"], truth["lines"] = amounts(sale, dict(enumerate(parts)))
    truth["refunds"] = [
        {
            "refund_id": refund.refund_id,
            "adjustment_id": refund.adjustment_id,
            "kind": refund.kind,
            "posted_utc": iso(refund.posted),
            "gross_cents": sum(one["gross_cents"] for one in vat),
            "vat": vat,
            "items": [
                {"item_id": sale.items[position].item_id, "parts_cents": own}
                for position, own in refund.parts.items()
            ],
        }
        for refund in sale.refunds
        for vat in [amounts(sale, refund.parts)[0]]
    ]
    return truth


def amounts(
    sale: Sale, parts: dict[int, dict[str, int]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return (VAT per rate, net per kind of line and rate) of amounts by item position."""
    lines: dict[int, list[tuple[str, int]]] = {}
    for position, own in parts.items():
        rate = sale.items[position].rate
        for part, gross in own.items():
            if gross and sale.kind == "facilitator":
                # Amazon keeps the VAT: the seller's own sale is the rest, at 0 %.
                taxed = part not in UNTAXED_PARTS
                net = gross - (vat_inside(gross, rate) if taxed else 0)
                lines.setdefault(0, []).append((_KINDS.get(part, part), net))
            elif gross:
                lines.setdefault(rate, []).append((_KINDS.get(part, part), gross))
    per_rate, per_line = [], []
    for rate, rows in sorted(lines.items()):
        nets = split_net([gross for _, gross in rows], rate)
        gross_sum, net_sum = sum(gross for _, gross in rows), sum(nets)
        per_rate.append(
            {
                "country": sale.vat_country,
                "rate_percent": percent(rate),
                "gross_cents": gross_sum,
                "net_cents": net_sum,
                "vat_cents": gross_sum - net_sum,
            }
        )
        for kind in dict.fromkeys(kind for kind, _ in rows):
            own_rows = [
                (row[1], net) for row, net in zip(rows, nets, strict=True) if row[0] == kind
            ]
            per_line.append(
                {
                    "kind": kind,
                    "rate_percent": percent(rate),
                    "gross_cents": sum(gross for gross, _ in own_rows),
                    "net_cents": sum(net for _, net in own_rows),
                }
            )
    return per_rate, per_line


class SettlementTruth:
    """Adds up a settlement while it is written."""

    def __init__(self) -> None:
        self.total = 0
        self.payments: dict[str, int] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.fees: dict[str, dict[str, int]] = {}
        self.balances: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def add(self, event: dict[str, Any]) -> None:
        """Take one transaction into account."""
        for kind, description, cents, *_ in event["rows"]:
            self.total += cents
            name = f"{kind}/{description}"
            triple = f"{event['kind']}|{kind}|{description}"
            self.rows[triple] = self.rows.get(triple, 0) + cents
            if kind in REVENUE and event["kind"] == "Order":
                order = event["order"]
                self.payments[order] = self.payments.get(order, 0) + cents
            elif kind in REVENUE and event["kind"] in REFUNDS:
                self._refunded(event, cents)
            elif event.get("balance"):
                self.balances[description] = self.balances.get(description, 0) + cents
            else:
                fee = self.fees.setdefault(name, {"charged_cents": 0, "returned_cents": 0})
                fee["charged_cents" if cents < 0 else "returned_cents"] += cents

    def _refunded(self, event: dict[str, Any], cents: int) -> None:
        refund = self.refunds.setdefault(
            event["adjustment"],
            {
                "order_id": event["order"],
                "adjustment_id": event["adjustment"],
                "refund_id": event["refund"],
                "kind": event["kind"],
                "gross_cents": 0,
            },
        )
        refund["gross_cents"] += cents

    def as_json(self) -> dict[str, Any]:
        """Return the sums."""
        return {
            "total_cents": self.total,
            "payments_cents": sum(self.payments.values()),
            "refunds_cents": sum(one["gross_cents"] for one in self.refunds.values()),
            "fees_cents": sum(sum(fee.values()) for fee in self.fees.values()),
            "balances_cents": sum(self.balances.values()),
            "fees": self.fees,
            "balances": self.balances,
            "payout_cents": max(self.total, 0),
            "payments": self.payments,
            "rows": self.rows,
            "refunds": list(self.refunds.values()),
        }
