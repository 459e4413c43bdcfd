"""Who bought: the fields of an order that identify a buyer, and the code of the relation.

Amazon names the buyer of few orders (of those it fulfils itself almost none), so every field may
be empty. Source: Amazon's model (`buyer`, `recipient`, `tax.taxRegistrations`); reliability 3.2.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from amazon_eboekhouden.domain.proceeds import records

BUYER_COLUMNS = {
    "buyer_name": "text",
    "buyer_company": "text",
    "buyer_email": "text",  # anonymised by Amazon; the same for every order of a buyer
    "buyer_address": "text",
    "buyer_postal_code": "text",
    "buyer_city": "text",
    "buyer_country": "text",
    "buyer_vat_number": "text",  # as shown, without blanks
}

# e-Boekhouden takes relation codes of 15 characters; AZ and 13 base32 characters (65 bits) fit.
CODE_DIGITS = 13


def buyer_of(raw: Mapping[str, Any]) -> dict[str, str]:
    """The buyer's fields of an order, empty where Amazon says nothing."""
    buyer = _mapping(raw.get("buyer"))
    address = _mapping(_mapping(raw.get("recipient")).get("deliveryAddress"))
    lines = [_text(address.get(f"addressLine{n}")) for n in (1, 2, 3)]
    return {
        "buyer_name": _text(buyer.get("buyerName")) or _text(address.get("name")),
        "buyer_company": _text(buyer.get("buyerCompanyName")) or _text(address.get("companyName")),
        "buyer_email": _text(buyer.get("buyerEmail")),
        "buyer_address": ", ".join(line for line in lines if line),
        "buyer_postal_code": _text(address.get("postalCode")),
        "buyer_city": _text(address.get("city")),
        "buyer_country": _text(address.get("countryCode")).upper(),
        "buyer_vat_number": _vat_number(raw),
    }


def _vat_number(raw: Mapping[str, Any]) -> str:
    registrations = records(_mapping(raw.get("tax")).get("taxRegistrations"))
    own = [one for one in registrations if one.get("entityType") == "BUYER"]
    for wanted in ("VAT", "BUSINESS"):
        for one in own:
            number = re.sub(r"[\s.\-]", "", _text(one.get("taxRegistrationNumber"))).upper()
            if one.get("taxRegistrationType") == wanted and number:
                return number[:40]
    return ""


def identity_of(buyer: Mapping[str, str]) -> str:
    """What makes a buyer one and the same: e-mail address, else name and address; "" if unknown.

    A business is another relation than the same person shopping privately: the VAT number belongs
    to the relation, and the ICP return is made of it.
    """
    person = buyer["buyer_email"].casefold() or _name_and_address(buyer)
    number = buyer["buyer_vat_number"]
    return f"{person}|{number}" if number else person


def _name_and_address(buyer: Mapping[str, str]) -> str:
    if not buyer["buyer_name"] or not (buyer["buyer_address"] or buyer["buyer_postal_code"]):
        return ""
    names = ("name", "address", "postal_code", "country")
    return "|".join(_plain(buyer[f"buyer_{name}"]) for name in names)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def relation_key(install_key: bytes, identity: str) -> tuple[str, str]:
    """Natural key and code of a relation.

    Args:
        install_key: secret of this installation, so that nobody can guess a buyer back.
        identity: of `identity_of`.

    Returns:
        `rel:<HMAC>` and `AZ` with 13 base32 characters of the same HMAC.
    """
    digest = hmac.digest(install_key, identity.encode(), "sha256")
    code = base64.b32encode(digest[:10]).decode()[:CODE_DIGITS]
    return f"rel:{digest.hex()}", f"AZ{code}"


@lru_cache(maxsize=1024)
def country_relation_key(install_key: bytes, country: str) -> tuple[str, str]:
    """Natural key and code of the collective relation of a country."""
    key, _ = relation_key(install_key, f"country|{country}")
    return key, f"AMZ-{country or 'XX'}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
