"""Relations: one per buyer where Amazon names the buyer, else one per country.

A supply at 0 % to a business always has its own relation, because the ICP return is made of the
VAT numbers of relations. Source: accounting rules 5.5 and 8.5; reliability 3.2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from amazon_eboekhouden.config.accounts import country_names
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.buyers import country_relation_key, identity_of, relation_key

# Stands as the company of a buyer whom Amazon does not name.
NAMELESS = "Amazon-koper"
_TOLD_LATER = (
    "company", "contact", "address", "postal_code", "city", "country", "email", "vat_number"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RelationChoice:
    """The relation of an order.

    Attributes:
        key: its natural key.
        code: its code in the books.
        buyer: row of ORDERS, with the buyer's checked VAT number.
        country: whose collective relation it is; "" when it is a buyer's own.
    """

    key: str
    code: str
    buyer: Mapping[str, Any]
    country: str = ""

    @property
    def names_buyer(self) -> bool:
        """Whether it is a buyer's own, and not the collective one of a country."""
        return self.code.startswith("AZ")

    def row(self) -> dict[str, Any]:
        """Its row of RELATIONS: most orders need none, for their relation is known already."""
        if self.names_buyer:
            return _buyer_row(self.buyer, self.key, self.code)
        return _country_row(self.buyer, self.key, self.code, self.country)


def relation_of(
    order: Mapping[str, Any],
    vat_number: str,
    *,
    must_be_own: bool,
    settings: CouplingSettings,
    install_key: bytes,
) -> RelationChoice:
    """The relation of an order.

    Args:
        order: row of ORDERS.
        vat_number: the buyer's, checked; "" if none.
        must_be_own: the VAT number must stand on a relation of its own (ICP).
        settings: per buyer or per country.
        install_key: secret of this installation.
    """
    buyer = order
    if vat_number != order["buyer_vat_number"]:
        buyer = {**order, "buyer_vat_number": vat_number}
    identity = identity_of(buyer)
    if identity and (must_be_own or settings.books.relations == "per_buyer"):
        key, code = relation_key(install_key, identity)
        return RelationChoice(key, code, buyer)
    # A code of 15 characters has no room for a country that is written out.
    country = order["ship_to"] if len(order["ship_to"]) == 2 else ""
    country = country or order["marketplace"].replace("UK", "GB")
    key, code = country_relation_key(install_key, country)
    return RelationChoice(key, code, buyer, country)


def lacking(row: Mapping[Any, Any]) -> list[str]:
    """Fields of a row of RELATIONS that say nothing; the ledger keeps it, and no personal data."""
    return [name for name in _TOLD_LATER if row[name] in ("", NAMELESS)]


def tells_more(row: Mapping[str, Any], facts: str) -> bool:
    """Whether a row of RELATIONS fills a field that was empty when the relation was made.

    Args:
        row: as the buyer is shown now.
        facts: of the relation's booking; without them everything may be new.
    """
    before = json.loads(facts or "{}").get("lacks", _TOLD_LATER)
    return not set(before) <= set(lacking(row))


def _cut(text: str, most: int) -> str:
    """At most so many UTF-16 units, as e-Boekhouden counts them."""
    if 2 * len(text) <= most:
        return text
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


def _buyer_row(buyer: Mapping[str, Any], key: str, code: str) -> dict[str, Any]:
    company, name = buyer["buyer_company"], buyer["buyer_name"]
    business = bool(buyer["buyer_vat_number"] or (company and buyer["is_business"]))
    shown = (company if business else "") or name or company or NAMELESS
    country = buyer["buyer_country"]
    return {
        "booking": key,
        "relation_code": code,
        "is_business": business,
        "company": _cut(shown, 100),
        "contact": _cut(name if shown != name else "", 150),
        "address": _cut(buyer["buyer_address"], 150),
        "postal_code": _cut(buyer["buyer_postal_code"], 50),
        "city": _cut(buyer["buyer_city"], 50),
        "country": country if len(country) == 2 else "",
        "email": _cut(buyer["buyer_email"], 150),
        "vat_number": buyer["buyer_vat_number"],
        "order_id": buyer["order_id"],
    }


def _country_row(order: Mapping[str, Any], key: str, code: str, country: str) -> dict[str, Any]:
    texts = dict.fromkeys(("contact", "address", "postal_code", "city", "email", "vat_number"), "")
    return {
        "booking": key,
        "relation_code": code,
        "is_business": False,
        "company": f"Amazon-klanten {country_names().get(country, country)}",
        "country": country if len(country) == 2 else "",
        "order_id": order["order_id"],
        **texts,
    }
