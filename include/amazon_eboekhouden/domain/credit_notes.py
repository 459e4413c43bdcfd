"""Credit notes: an invoice, or part of it, taken back exactly as it was booked.

Rates, codes, country, accounts and exchange rate are those of the invoice, read from its facts.
Parts of an invoice that are credited one after the other end at exactly nothing on every account.
Source: accounting rules 7.1; CJEU C-484/06 for the rounding.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from typing import Any

from amazon_eboekhouden.domain.booked_invoice import (
    credit_note_key,
    facts_text,
    groups_as_facts,
    groups_of_facts,
    line_rows,
)
from amazon_eboekhouden.domain.bookings import DEBTORS, BookingKind, MutationKind
from amazon_eboekhouden.domain.descriptions import credit_description
from amazon_eboekhouden.domain.exchange import EURO
from amazon_eboekhouden.domain.money import (
    euros,
    split_largest_remainder,
    vat_inside,
)
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.vat_lines import InvoiceLine, RateGroup, mutation_lines

CreditNote = tuple[dict[str, Any], list[dict[str, Any]]]
# (order item id, SKU) as Amazon names an item of a refund, either may be "", to its cents.
PerItem = Mapping[tuple[str, str], int]


def credit_note(
    invoice: Mapping[str, Any],
    *,
    refunded_cents: int,
    event_id: str,
    sequence: int,
    date: Date,
    settlement_id: str = "",
    reason: str = "",
    earlier: Sequence[Mapping[str, Any]] = (),
    per_item: PerItem | None = None,
) -> CreditNote | Problem:
    """One credit note for one refund event.

    Args:
        invoice: row of BOOKED with the facts of `domain.invoices`.
        refunded_cents: gross that goes back to the buyer, positive, in euro cents as booked.
        event_id: identity of the refund; part of the natural key.
        sequence: 1 for the invoice's first credit note, and so on.
        date: local date of the refund.
        settlement_id: the settlement that tells of it, "" if none.
        reason: Dutch, for the description; "" if none.
        earlier: BOOKED rows of the invoice's earlier credit notes; with them, the one that
            credits the last cent leaves nothing on any account.
        per_item: what was refunded of which item, in any currency; so that what goes back on a
            book goes back at the rate of the book.

    Returns:
        a row of MUTATIONS and its rows of MUTATION_LINES, or the problem.

    Problems:
        refund-too-large: more than what is left of the invoice.
    """
    facts = json.loads(invoice["facts"] or "{}")
    left = _left(groups_of_facts(facts), [json.loads(row["facts"] or "{}") for row in earlier])
    left_cents = sum(group.gross_cents for group in left)
    if not 0 < refunded_cents <= left_cents:
        return problem(
            "refund-too-large",
            f"order {invoice['order_id']}",
            order_id=invoice["order_id"],
            refunded=euros(refunded_cents),
            invoice=invoice["invoice_number"],
            left=euros(left_cents),
        )
    shares = _shares(left, facts, per_item or {}, refunded_cents)
    credited = [_negated(group) for group in _part(left, shares)]
    key = credit_note_key(invoice["order_id"], event_id)
    lines = mutation_lines(credited)
    mutation: dict[str, Any] = {
        "booking": key,
        "booking_kind": BookingKind.CREDIT_NOTE.value,
        "kind": MutationKind.SALES_INVOICE.value,
        "date": date,
        "account": DEBTORS,
        "relation_code": invoice["relation_code"],
        "invoice_number": f"C{invoice['invoice_number']}-{sequence}",
        "description": credit_description(invoice["order_id"], invoice["invoice_number"], reason),
        "in_ex_vat": "IN",
        "payment_term_days": 0,
        "gross_cents": -refunded_cents,
        "order_id": invoice["order_id"],
        "settlement_id": settlement_id,
        "depends_on": " ".join(filter(None, (invoice["booking"], facts.get("relation", "")))),
        "facts": facts_text(_facts(invoice, facts, credited, event_id, refunded_cents, reason)),
    }
    return mutation, line_rows(key, lines)


def repeated(note: Mapping[str, Any], invoice_number: str) -> CreditNote:
    """A credit note exactly as it was asked for before, from its facts.

    Args:
        note: row of BOOKED.
        invoice_number: of the invoice that it credits.
    """
    facts = json.loads(note["facts"])
    mutation = {
        "booking": note["booking"],
        "booking_kind": BookingKind.CREDIT_NOTE.value,
        "kind": MutationKind.SALES_INVOICE.value,
        "date": note["date"].date(),
        "account": DEBTORS,
        "relation_code": note["relation_code"],
        "invoice_number": note["invoice_number"],
        "description": credit_description(note["order_id"], invoice_number, facts["reason"]),
        "in_ex_vat": "IN",
        "payment_term_days": 0,
        "gross_cents": int(note["gross_cents"]),
        "order_id": note["order_id"],
        "settlement_id": note["settlement_id"],
        "depends_on": " ".join(filter(None, (facts["invoice"], facts.get("relation", "")))),
        "facts": note["facts"],
    }
    return mutation, line_rows(note["booking"], mutation_lines(groups_of_facts(facts)))


@dataclass(frozen=True, slots=True)
class SeenInFinances:
    """What Amazon's finances said of a refund when its credit note was made from them.

    Attributes:
        ids: every id of its transactions.
        days: local dates of its phases, oldest first.
        is_estimate: the money was still deferred; the release may bring another amount.
    """

    ids: frozenset[str]
    days: tuple[Date, ...]
    is_estimate: bool

    def as_facts(self) -> dict[str, Any]:
        """As the facts of the credit note keep it."""
        days = [day.isoformat() for day in self.days]
        return {"ids": sorted(self.ids), "days": days, "is_estimate": self.is_estimate}


def seen_in_finances(note: Mapping[str, Any]) -> SeenInFinances | None:
    """What finances said of a credit note (a BOOKED row); None when another source made it."""
    if '"finances"' not in note["facts"]:
        return None
    facts = json.loads(note["facts"])["finances"]
    days = tuple(Date.fromisoformat(day) for day in facts["days"])
    return SeenInFinances(frozenset(facts["ids"]), days, bool(facts["is_estimate"]))


def _facts(
    invoice: Mapping[str, Any],
    facts: Mapping[str, Any],
    credited: Sequence[RateGroup],
    event_id: str,
    refunded_cents: int,
    reason: str,
) -> dict[str, Any]:
    kept = (
        "sale_kind", "ship_from", "ship_to", "marketplace", "currency", "exchange_rate",
        "exchange_date", "relation", "as_document",
    )  # fmt: skip
    currency_cents = refunded_cents
    if facts.get("currency", EURO) != EURO:
        whole = int(facts["currency_gross_cents"])
        gross = sum(group.gross_cents for group in groups_of_facts(facts))
        currency_cents = split_largest_remainder(whole, [refunded_cents, gross - refunded_cents])[0]
    return {
        **{name: facts[name] for name in kept if name in facts},
        "invoice": invoice["booking"],
        "invoice_date": str(invoice["date"])[:10],
        "events": [event_id],
        "reason": reason,
        "currency_gross_cents": -currency_cents,
        "rates": groups_as_facts(credited),
    }


def _left(groups: Iterable[RateGroup], earlier: Sequence[Mapping[str, Any]]) -> list[RateGroup]:
    """What earlier credit notes left of each line."""
    taken: dict[tuple[str, int], tuple[int, int]] = {}
    for facts in earlier:
        for group in groups_of_facts(facts):
            for line in group.lines:
                key = (f"{group.percent:f}", line.position)
                gross, net = taken.get(key, (0, 0))
                taken[key] = (gross + line.gross_cents, net + line.net_cents)
    return [
        replace(
            group,
            lines=tuple(
                _less(line, taken.get((f"{group.percent:f}", line.position), (0, 0)))
                for line in group.lines
            ),
        )
        for group in groups
    ]


def _less(line: InvoiceLine, taken: tuple[int, int]) -> InvoiceLine:
    """A line after what was taken from it; credited amounts are negative."""
    gross, net = line.gross_cents + taken[0], line.net_cents + taken[1]
    return replace(line, gross_cents=gross, net_cents=net)


def _shares(
    groups: Sequence[RateGroup], facts: Mapping[str, Any], per_item: PerItem, cents: int
) -> list[int]:
    """How much of a refund belongs to each rate: by its items, else by what is left of each."""
    left = [group.gross_cents for group in groups]
    if weights := _weights(groups, facts, per_item):
        shares = split_largest_remainder(cents, weights)
        if all(share <= most for share, most in zip(shares, left, strict=True)):
            return shares
    return split_largest_remainder(cents, left)


def _weights(groups: Sequence[RateGroup], facts: Mapping[str, Any], per_item: PerItem) -> list[int]:
    """Cents of each rate as the items of a refund name them; [] when they do not tell surely."""
    if len(groups) < 2:
        return []
    place = {item: n for n, group in enumerate(groups) for item in group.items}
    by_sku: dict[str, set[int]] = {}
    for item in facts.get("items", ()):
        if item["order_item_id"] in place:
            by_sku.setdefault(item["sku"], set()).add(place[item["order_item_id"]])
    weights = [0] * len(groups)
    for (item_id, sku), cents in per_item.items():
        found = {place[item_id]} if item_id in place else by_sku.get(sku, set()) if sku else set()
        if len(found) != 1:
            return []
        weights[found.pop()] += cents
    same_sign = min(weights) >= 0 or max(weights) <= 0
    return [abs(weight) for weight in weights] if same_sign and any(weights) else []


def _part(groups: Sequence[RateGroup], shares: Sequence[int]) -> list[RateGroup]:
    """The part of an invoice that a refund stands for; all of it to the cent."""
    if list(shares) == [group.gross_cents for group in groups]:
        return list(groups)
    return [
        _part_of_rate(group, share) for group, share in zip(groups, shares, strict=True) if share
    ]


def _part_of_rate(group: RateGroup, cents: int) -> RateGroup:
    """A part at one rate: VAT half up on the part, divided in the ratio of the lines."""
    gross = split_largest_remainder(cents, [line.gross_cents for line in group.lines])
    nets = split_largest_remainder(cents - vat_inside(cents, group.percent), gross)
    return replace(
        group,
        lines=tuple(
            replace(line, gross_cents=g, net_cents=net)
            for line, g, net in zip(group.lines, gross, nets, strict=True)
        ),
    )


def _negated(group: RateGroup) -> RateGroup:
    return replace(
        group,
        lines=tuple(
            replace(line, gross_cents=-line.gross_cents, net_cents=-line.net_cents)
            for line in group.lines
        ),
    )
