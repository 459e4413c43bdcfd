"""Login with Amazon: sellers, their refresh tokens, and access tokens that live an hour."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from coupling_sandbox.amazon.errors import SpApiRefusal, login_headers, login_refusal
from coupling_sandbox.amazon.places import MARKETPLACES
from coupling_sandbox.clock import Clock
from coupling_sandbox.given import check_kind, texts

ROLES = (
    "finance_and_accounting",
    "inventory_and_order_tracking",
    "tax_invoicing",
    "tax_remittance",
    "direct_to_consumer_delivery",
)
TOKEN_LIFE = timedelta(seconds=3600)
DEFAULT_SELLER = "A3SANDBOXSELLER"


@dataclass(frozen=True)
class Grant:
    """A seller's authorisation of an application; what a refresh token stands for."""

    seller_id: str = DEFAULT_SELLER
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105
    refresh_token: str = "Atzr|sandbox"  # noqa: S105
    roles: tuple[str, ...] = ROLES
    marketplaces: tuple[str, ...] = ()
    revoked: bool = False

    @property
    def holder(self) -> str:
        """The seller-application pair, which owns the token buckets."""
        return f"{self.seller_id}/{self.client_id}"

    @classmethod
    def from_json(cls, given: Mapping[str, Any], base: "Grant") -> "Grant":
        """Read one grant over ``base``; raise ValueError naming a wrong field."""
        known = set(cls.__dataclass_fields__)
        if strange := set(given) - known:
            raise ValueError(f"unknown field {sorted(strange)[0]!r}; known: {sorted(known)}")
        values = dict(given)
        for name, value in given.items():
            like = getattr(base, name)
            if isinstance(like, tuple):
                values[name] = texts(name, value)
            else:
                check_kind(name, value, like)
        if strange := set(values.get("roles", ())) - set(ROLES):
            raise ValueError(f"unknown role {sorted(strange)[0]!r}; known: {list(ROLES)}")
        if strange := set(values.get("marketplaces", ())) - set(MARKETPLACES):
            raise ValueError(f"unknown marketplace {sorted(strange)[0]!r}")
        return replace(base, **values)


def _form(content_type: str, body: bytes) -> dict[str, str]:
    """Return the fields of a login, sent as a form or, as some clients do, as JSON."""
    text = body.decode(errors="replace")
    if "json" not in content_type:
        return {key: values[0] for key, values in parse_qs(text).items()}
    try:
        given = json.loads(text)
    except ValueError:
        return {}
    fields = given.items() if isinstance(given, dict) else ()
    return {key: value for key, value in fields if isinstance(value, str)}


@dataclass
class Login:
    """State of the login service."""

    clock: Clock
    grants: dict[str, Grant] = field(default_factory=dict)
    _tokens: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Leave only the default seller; forget all access tokens."""
        default = Grant()
        self.grants = {default.refresh_token: default}
        self._tokens = {}

    def configure(self, grants: list[Mapping[str, Any]]) -> None:
        """Add or change grants, each named by its refresh token."""
        changed = dict(self.grants)
        for given in grants:
            check_kind("an authorisation", given, {})
            token = given.get("refresh_token", Grant.refresh_token)
            check_kind("refresh_token", token, "")
            base = changed.get(token, Grant(refresh_token=token))
            changed[token] = Grant.from_json(given, base)
        self.grants = changed

    async def token(self, request: Request) -> Response:
        """``POST /auth/o2/token``: an access token for a refresh token."""
        form = _form(request.headers.get("content-type", ""), await request.body())
        call = request.scope["sandbox.call"]
        if form.get("grant_type") not in ("refresh_token", "client_credentials"):
            return login_refusal("unsupported_grant_type")
        for name in ("client_id", "client_secret"):
            if name not in form:
                return login_refusal("invalid_request", name)
        pair = (form["client_id"], form["client_secret"])
        if pair not in {(g.client_id, g.client_secret) for g in self.grants.values()}:
            return login_refusal("invalid_client")
        if "refresh_token" not in form:
            return login_refusal("invalid_request", "refresh_token")
        grant = self.grants.get(form["refresh_token"])
        if grant is None or grant.revoked or grant.client_id != form["client_id"]:
            return login_refusal("invalid_grant")
        call.detail["seller"] = grant.seller_id
        access = f"Atza|{secrets.token_urlsafe(120)}"
        self._tokens[access] = (grant.refresh_token, self.clock.now() + TOKEN_LIFE)
        body = {
            "access_token": access,
            "refresh_token": grant.refresh_token,
            "token_type": "bearer",
            "expires_in": int(TOKEN_LIFE.total_seconds()),
        }
        text = json.dumps(body, separators=(",", ":"))
        return Response(text, 200, login_headers())

    def restricted(self, grant: Grant) -> str:
        """Return a restricted data token, which shows buyers' data of the v0 orders."""
        token = f"Atz.sprdt|{secrets.token_urlsafe(60)}"
        self._tokens[token] = (grant.refresh_token, self.clock.now() + TOKEN_LIFE)
        return token

    def authorise(self, access_token: str | None, expired_details: str) -> Grant:
        """Return whose token this is; raise 403 for none, a strange, expired or revoked one."""
        refresh, until = self._tokens.get(access_token or "", ("", None))
        grant = self.grants.get(refresh)
        if grant is None or until is None or grant.revoked:
            raise SpApiRefusal("unauthorized", details="")
        if self.clock.now() >= until:
            raise SpApiRefusal("unauthorized", details=expired_details)
        return grant
