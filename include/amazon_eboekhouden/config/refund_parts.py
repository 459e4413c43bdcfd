"""What the parts of a refund in Amazon's finances mean, in the words of a settlement.

Finances call a part `OurPricePrincipal` where a settlement calls it `ItemPrice / Principal`. This
table translates; what happens to the money is decided by the one table of row kinds
(`config.settlement_rows`), so that both sources of a refund come to the same gross. A part that
no line names is not guessed. Source: Amazon's answers of finances 2024-06-19 as sellers and
libraries show them; the model itself lists no names.
"""

from __future__ import annotations

from functools import cache

from amazon_eboekhouden.config.settlement_rows import RowRule, plain, rule_of, shipped_rules
from amazon_eboekhouden.config.tables_reader import rows_of

# Everything in these groups is a cost (or one given back), whatever Amazon calls it next.
FEE_GROUPS = frozenset({"amazonfees", "fbafees"})
# Transaction type, or its description, to the settlement's transaction type.
_TYPES = {
    "refund": "Refund",
    "chargerefund": "Refund",
    "guaranteeclaim": "A-to-z Guarantee Refund",
    "a-to-z guarantee refund": "A-to-z Guarantee Refund",
    "chargeback": "Chargeback Refund",
    "chargeback refund": "Chargeback Refund",
}


def refund_type(transaction_type: str, description: str) -> str:
    """The settlement's name of a kind of refund, "" when the transaction is none.

    Finances call a chargeback a plain refund at times; then only its description tells.
    """
    by_type = _TYPES.get(plain(transaction_type), "")
    return by_type and _TYPES.get(plain(description), by_type)


def refund_part(refund: str, group: str, part: str) -> RowRule | None:
    """What a part of a refund is: the rule of the settlement row that it will be.

    Args:
        refund: as `refund_type` gives it.
        group: name of the breakdown around it, "" if none.
        part: name of the breakdown.

    Returns:
        None when no line of the table fits.
    """
    texts = (plain(group), plain(part))
    for of_group, of_part, amount_type, description in _table():
        if _fits(of_group, texts[0]) and _fits(of_part, texts[1]):
            newest = max(rule.since for rule in shipped_rules())
            return rule_of((refund, amount_type, description), newest)
    return None


def is_fee_group(name: str) -> bool:
    """Whether a breakdown holds costs only."""
    return plain(name) in FEE_GROUPS


@cache
def _table() -> tuple[tuple[str, str, str, str], ...]:
    return tuple(
        (plain(row["group"]), plain(row["part"]), row["amount_type"], row["amount_description"])
        for row in rows_of("refund_parts")
    )


def _fits(pattern: str, text: str) -> bool:
    return text.startswith(pattern[:-1]) if pattern.endswith("*") else text == pattern
