"""What Airflow sees of the coupling: connection types, hooks, the supervisor of a small set-up."""

from __future__ import annotations

from typing import Any

from amazon_eboekhouden import __version__
from amazon_eboekhouden.config.connections import AMAZON, EBOEKHOUDEN

_SECRET = {"type": "string", "format": "password", "minLength": 1}
_OPTIONAL = {"type": ["string", "null"]}


def get_provider_info() -> dict[str, Any]:
    """Airflow's description of this provider: the connection forms as data.

    Names of secret fields end in `_secret`: Airflow masks extras by name, not by the form's type.
    """
    return {
        "package-name": "amazon-eboekhouden",
        "name": "Amazon → e-Boekhouden.nl",
        "description": "Books Amazon sales in e-Boekhouden.nl and settles them when Amazon pays.",
        "versions": [__version__],
        "connection-types": [_amazon(), _eboekhouden()],
    }


def _amazon() -> dict[str, Any]:
    return {
        "connection-type": AMAZON,
        "hook-class-name": "amazon_eboekhouden.provider.hooks.AmazonSellingPartnerHook",
        "hook-name": "Amazon Selling Partner",
        "ui-field-behaviour": {
            "hidden-fields": ["port", "schema"],
            "relabeling": {
                "login": "LWA client id",
                "password": "LWA client secret",
                "host": "Adres (alleen voor de proefomgeving)",
            },
            "placeholders": {"login": "amzn1.application-oa2-client.…", "host": "leeg laten"},
        },
        "conn-fields": {
            "refresh_token_secret": {
                "label": "Refresh token",
                "description": "Begint met Atzr| en staat bij de autorisatie van uw app in Seller "
                "Central.",
                "schema": _SECRET,
            },
            "seller_id": {
                "label": "Verkopers-ID (merchant token)",
                "description": "Seller Central: Instellingen, Accountgegevens, uw merchant token.",
                "schema": {"type": "string", "pattern": "^[A-Z0-9]{10,20}$"},
            },
            "region": {
                "label": "Regio",
                "schema": {"type": "string", "enum": ["eu"], "default": "eu"},
            },
            "login_url": {
                "label": "Adres van de aanmelding (alleen voor de proefomgeving)",
                "schema": _OPTIONAL,
            },
        },
    }


def _eboekhouden() -> dict[str, Any]:
    return {
        "connection-type": EBOEKHOUDEN,
        "hook-class-name": "amazon_eboekhouden.provider.hooks.EBoekhoudenHook",
        "hook-name": "e-Boekhouden",
        "ui-field-behaviour": {
            "hidden-fields": ["port", "schema"],
            "relabeling": {
                "login": "Gebruikersnaam",
                "password": "Beveiligingscode 1",
                "host": "Adres (alleen voor de proefomgeving)",
            },
            "placeholders": {"login": "minstens 6 tekens", "host": "leeg laten"},
        },
        "conn-fields": {
            "security_code_2_secret": {
                "label": "Beveiligingscode 2",
                "description": "e-Boekhouden.nl: Beheer, Instellingen, Koppelingen, API/SOAP.",
                "schema": _SECRET,
            },
            "administration_guid": {
                "label": "Administratie (GUID, alleen voor accountants)",
                "schema": _OPTIONAL,
            },
        },
    }
