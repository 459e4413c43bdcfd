"""What stands between a browser and the dashboard.

Airflow mounts a plugin's app without any protection: no login, no roles, no check of where a POST
comes from. So the app is made here, and nowhere else, with all of it: every route needs a login,
reading and writing each need a right, and a write must come from one of our own pages.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails
from airflow.api_fastapi.core_api.security import (
    get_user,
    requires_access_connection,
    requires_access_dag,
)
from fastapi import Depends, FastAPI, HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "amazon_eboekhouden_csrf"
HEADER = "X-AZB-CSRF"
FIELD = "csrf"
MOST_BYTES = 16_384  # of a form
MOST_FIELDS = 100
_NONCE = re.compile(r"[A-Za-z0-9_-]{43}")

HEADERS: Mapping[str, str] = {
    # No script at all; pictures are drawn in the page itself.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; "
        "frame-ancestors 'self'; base-uri 'none'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    # Not `no-referrer`: with that a browser hides the origin of its own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# Whoever may see the DAG may read; whoever may change connections (op, admin) may decide.
may_read = requires_access_dag("GET", param_dag_id="amazon_orders")
may_write = requires_access_connection("PUT")


class ProtectiveHeaders:
    """Puts the headers on every answer, also on refusals."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def secure_app(csrf_key: bytes) -> FastAPI:
    """An app in which every route needs a login; see `may_read`, `may_write` and `submitted`.

    Args:
        csrf_key: secret of this installation, the same in every process.
    """
    app = FastAPI(
        title="Amazon → e-Boekhouden.nl",
        dependencies=[Depends(get_user)],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_middleware(ProtectiveHeaders)
    app.state.csrf_key = csrf_key
    return app


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks, and what their forms must carry.

    Attributes:
        who: name of the Airflow user.
        token: goes into every form.
        nonce: goes into the cookie; with the key it makes the token.
        decides: whether the buttons are shown; the routes check for themselves.
    """

    who: str
    token: str
    nonce: str
    decides: bool


def visit(request: Request, user: Annotated[BaseUser, Depends(get_user)]) -> Visit:
    """The visit of this request; a first one gets a nonce."""
    nonce = request.cookies.get(COOKIE, "")
    if not _NONCE.fullmatch(nonce):
        nonce = secrets.token_urlsafe(32)
    decides = get_auth_manager().is_authorized_connection(
        method="PUT", details=ConnectionDetails(), user=user
    )
    return Visit(user.get_name(), _token(request, user, nonce), nonce, decides)


def _token(request: Request, user: BaseUser, nonce: str) -> str:
    # Bound to the user: a cookie and a token of one's own can't be planted on somebody else.
    text = f"{user.get_id()}\x1f{nonce}".encode()
    key: bytes = request.app.state.csrf_key
    return hmac.new(key, text, hashlib.sha256).hexdigest()


async def submitted(
    request: Request, user: Annotated[BaseUser, Depends(get_user)]
) -> Mapping[str, str]:
    """The fields of a POST that verifiably comes from one of our own pages.

    Raises:
        HTTPException: 403 for another origin or a wrong token, 413 and 415 for the body.
    """
    _check_origin(request)
    fields = await _fields(request)
    nonce = request.cookies.get(COOKIE, "")
    given = request.headers.get(HEADER) or fields.get(FIELD, "")
    if not _NONCE.fullmatch(nonce) or not hmac.compare_digest(
        given.encode(), _token(request, user, nonce).encode()
    ):
        raise HTTPException(
            403, "Deze pagina is verlopen. Laad haar opnieuw en probeer het nog eens."
        )
    return fields


def _check_origin(request: Request) -> None:
    site = request.headers.get("sec-fetch-site", "")
    origin = request.headers.get("origin", "")
    same_host = urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
    if (not site and not origin) or site not in ("", "same-origin") or (origin and not same_host):
        raise HTTPException(403, "Dit verzoek komt niet van een pagina van deze Airflow.")


async def _fields(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "Dit formulier is te groot.")
    try:
        if kind == "application/json":
            found: Any = json.loads(body or b"{}")
        elif kind == "application/x-www-form-urlencoded":
            found = dict(
                parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
            )
        else:
            raise HTTPException(415, "Alleen een formulier of JSON wordt aangenomen.")
    except (ValueError, UnicodeDecodeError):
        raise HTTPException(400, "Dit formulier is niet te lezen.") from None
    if not isinstance(found, dict) or not all(isinstance(v, str) for v in found.values()):
        raise HTTPException(400, "Dit formulier is niet te lezen.")
    return {str(name): value.strip() for name, value in found.items()}


MayRead = Depends(may_read)
MayWrite = Depends(may_write)
ThisVisit = Annotated[Visit, Depends(visit)]
Submitted = Annotated[Mapping[str, str], Depends(submitted)]
