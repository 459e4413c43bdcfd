"""Connections outside Airflow: the same `AIRFLOW_CONN_…` variables, read without Airflow.

Field names here are the ones of the connection forms (`provider.get_provider_info`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

AMAZON = "amazon_selling_partner"
EBOEKHOUDEN = "eboekhouden"


# What the adapters call a field, and what its form calls it.
FORM_NAMES: Mapping[str, str] = {
    "username": "Gebruikersnaam",
    "security_code_1": "Beveiligingscode 1",
    "security_code_2": "Beveiligingscode 2",
    "administration_guid": "Administratie",
    "lwa_client_id": "LWA client id",
    "lwa_client_secret": "LWA client secret",
    "refresh_token": "Refresh token",
    "seller_id": "Verkopers-ID",
}


# What the services give out looks like this. Only a hint: a service may change it.
_LOOKS: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    EBOEKHOUDEN: {
        "username": re.compile(r".{6,}"),
        "security_code_1": re.compile(r"[0-9A-Fa-f]{32}"),
        "security_code_2": re.compile(r"\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?"),
    },
    AMAZON: {
        "lwa_client_id": re.compile(r"amzn1\.application-oa2-client\..+"),
        "refresh_token": re.compile(r"Atzr\|.+"),
        "seller_id": re.compile(r"[A-Z0-9]{10,20}"),
    },
}


def odd_fields(connection: Connection, kind: str) -> list[str]:
    """Fields, as the form calls them, that do not look like what the service gives out.

    Args:
        connection: the connection.
        kind: its type.
    """
    amazon = kind == AMAZON
    given = {
        "lwa_client_id" if amazon else "username": connection.login,
        "lwa_client_secret" if amazon else "security_code_1": connection.password,
        "refresh_token": connection.text("refresh_token_secret"),
        "seller_id": connection.text("seller_id"),
        "security_code_2": connection.text("security_code_2_secret"),
    }
    looks = _LOOKS.get(kind, {})
    return [FORM_NAMES[name] for name, look in looks.items() if not look.fullmatch(given[name])]


def form_names(fields: str) -> str:
    """A text that names fields, with the names that a person sees in the form."""
    for name, shown in FORM_NAMES.items():
        fields = fields.replace(name, shown)
    return fields


@dataclass(frozen=True, slots=True)
class Connection:
    """The parts of an Airflow connection that we use; its repr shows no secret."""

    conn_id: str
    login: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def text(self, name: str) -> str:
        """An extra field as text, "" when it is absent."""
        return str(self.extra.get(name) or "").strip()


# Extra fields that hold a secret; their names make Airflow mask them.
SECRET_EXTRAS = ("refresh_token_secret", "security_code_2_secret")

# The coupling `demo` needs no connection: without one it speaks to the sandboxes on their
# default ports with the credentials that those ship with.
SANDBOX_CONNECTIONS: Mapping[str, Connection] = {
    "amazon_demo": Connection(
        "amazon_demo",
        login="sandbox-client",
        password="sandbox-secret",  # noqa: S106 - published credentials of the sandbox
        host="http://127.0.0.1:8101",
        extra={"refresh_token_secret": "Atzr|sandbox", "seller_id": "A3SANDBOXSELLER"},
    ),
    "eboekhouden_demo": Connection(
        "eboekhouden_demo",
        login="sandbox",
        password="0123456789abcdef0123456789abcdef",  # noqa: S106 - as above
        host="http://127.0.0.1:8102/soap.asmx",
        extra={"security_code_2_secret": "{A1B2C3D4-0000-4000-8000-000000000001}"},
    ),
}


def variable_of(conn_id: str) -> str:
    """Name of the environment variable that holds a connection."""
    return f"AIRFLOW_CONN_{conn_id.upper()}"


def from_environment(conn_id: str, environment: Mapping[str, str]) -> Connection | None:
    """The connection from its variable (JSON or URI), or None when there is none.

    Raises:
        ValueError: the variable holds neither JSON nor a connection URI.
    """
    value = environment.get(variable_of(conn_id), "").strip()
    if not value:
        return SANDBOX_CONNECTIONS.get(conn_id)
    if value.startswith("{"):
        return _from_json(conn_id, value)
    if "://" not in value:
        raise ValueError(f"{variable_of(conn_id)} is neither JSON nor a connection URI")
    return _from_uri(conn_id, value)


def _from_json(conn_id: str, value: str) -> Connection:
    try:
        data = json.loads(value)
        extra = data.get("extra") or {}
        extra = json.loads(extra) if isinstance(extra, str) else extra
    except ValueError as error:
        raise ValueError(f"{variable_of(conn_id)} is not valid JSON") from error
    host = str(data.get("host") or "")
    if data.get("port"):
        host = f"{host}:{data['port']}"
    return Connection(
        conn_id, str(data.get("login") or ""), str(data.get("password") or ""), host, extra
    )


def _from_uri(conn_id: str, value: str) -> Connection:
    parts = urlsplit(value)
    extra = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "__extra__" in extra:
        extra = json.loads(extra["__extra__"])
    host = unquote(parts.hostname or "")
    if parts.port:
        host = f"{host}:{parts.port}"
    return Connection(
        conn_id, unquote(parts.username or ""), unquote(parts.password or ""), host, extra
    )
