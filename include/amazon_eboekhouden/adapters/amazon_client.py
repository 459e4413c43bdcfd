"""python-amazon-sp-api with its traps closed. The library itself is used unchanged.

It takes any answer without an `errors` key for a success, whatever the status; it waits 5 seconds
and never knows a total deadline; it keeps a revoked token for an hour, and ten of them at most per
process; its logs show tokens at DEBUG. Therefore its transport is replaced by a `Gate`, which
judges every answer before the library sees it, and its login client by one with a cache of ours.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx

# The library lets this variable overrule every marketplace, and reads it while it is imported.
os.environ.pop("SP_API_DEFAULT_MARKETPLACE", None)

from sp_api.auth import AccessTokenClient, AccessTokenResponse
from sp_api.base import Client
from sp_api.base.credential_provider import FromCodeCredentialProvider

from amazon_eboekhouden.adapters.http import BodyTooLarge, Browser, rule_for, tls, within
from amazon_eboekhouden.domain.errors import (
    BadAnswer,
    CredentialsRefused,
    Unreachable,
)

SERVICE = "Amazon"
ENDPOINTS = {
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "na": "https://sellingpartnerapi-na.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
}
LOGIN_URL = "https://api.amazon.com/auth/o2/token"
_TOKEN_MARGIN_S = 120.0

# At DEBUG they write tokens and buyers; httpx writes signed addresses at INFO.
for _name in ("sp_api", "sp_api.base.client", "httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class AmazonCredentials:
    """What identifies a seller's authorisation of an application.

    Attributes:
        seller_id: the seller's own id (merchant token).
        lwa_client_id, lwa_client_secret: the application, at Login with Amazon.
        refresh_token: the seller's authorisation.
        region: "eu", "na" or "fe".
        endpoint: another base address of the API.
        login_url: another address of Login with Amazon.
    """

    seller_id: str
    lwa_client_id: str
    lwa_client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    region: str = "eu"
    endpoint: str | None = None
    login_url: str | None = None

    @property
    def base_url(self) -> str:
        """Base address of the API."""
        return (self.endpoint or ENDPOINTS[self.region]).rstrip("/")


@dataclass(frozen=True, slots=True)
class _Place:
    """Stands where the library wants a member of its Marketplaces."""

    endpoint: str
    marketplace_id: str
    region: str


class Answer(httpx.Response):
    """An answer whose amounts become Decimal, never float; read once, by whoever asks first."""

    def json(self, **_options: Any) -> Any:
        """What it holds, see `parsed`."""
        return self._value

    @cached_property
    def _value(self) -> Any:
        return parsed(self.content)


_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")


def parsed(content: bytes) -> Any:
    """JSON with exact amounts; NaN and Infinity are no JSON.

    Raises:
        ValueError: it is no JSON.
    """

    def refuse(constant: str) -> Any:
        raise ValueError(f"{constant} is no JSON")

    try:
        value = json.loads(content.decode("utf-8"), parse_float=Decimal, parse_constant=refuse)
        return _whole(value) if _HALF_CHARACTER.search(content) else value
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _whole(value: Any) -> Any:
    """The same with U+FFFD for half a surrogate pair: JSON may hold one, no file or frame can."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return value


Judge = Callable[[str, Answer], None]


class Gate:
    """What the library takes for its transport: every answer is judged before it sees it.

    Args:
        url: where it leads to.
        judge: raises for every answer that is no success; gets the operation and the answer.
        read_s: longest single wait.
    """

    def __init__(self, url: str, judge: Judge, read_s: float) -> None:
        self._judge = judge
        self._browser = Browser(allowed=rule_for(url), read_s=read_s)
        self._operation = ""

    @contextmanager
    def calling(self, operation: str) -> Iterator[None]:
        """Name the operation that the calls inside the block belong to."""
        before, self._operation = self._operation, operation
        try:
            yield
        finally:
            self._operation = before

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """One request of the library.

        Raises:
            RemoteError: the network, or what `judge` says of the answer.
        """
        try:
            response = self._browser.request(method, url, **options)
        except httpx.DecodingError as error:
            raise broken(self._operation, "the compressed answer is damaged") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(SERVICE, self._operation, type(error).__name__) from error
        except BodyTooLarge as error:
            raise BadAnswer(SERVICE, self._operation, str(error)) from error
        answer = Answer(response.status_code, headers=response.headers, content=response.content)
        self._judge(self._operation, answer)
        return answer

    def close(self) -> None:
        """Drop the connections."""
        self._browser.close()


def broken(operation: str, cause: str) -> BadAnswer:
    """An answer that is damaged; asking again may bring a whole one."""
    error = BadAnswer(SERVICE, operation, cause)
    error.should_retry = True
    return error


class Tokens:
    """Access tokens by authorisation, for the whole process; any number of sellers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[dict[str, Any], float]] = {}

    def get(self, key: str) -> dict[str, Any] | None:
        """The token, if it is still good for a while."""
        with self._lock:
            token, until = self._kept.get(key, ({}, 0.0))
        return token if time.monotonic() < until else None

    def put(self, key: str, token: dict[str, Any]) -> None:
        """Keep a token for as long as it says, less a margin."""
        try:
            life_s = float(token.get("expires_in") or 0.0)
        except (TypeError, ValueError):
            life_s = 0.0
        with self._lock:
            self._kept[key] = (token, time.monotonic() + life_s - _TOKEN_MARGIN_S)

    def drop(self, key: str) -> None:
        """Forget a token that the service did not accept."""
        with self._lock:
            self._kept.pop(key, None)


TOKENS = Tokens()


class SellerClients:
    """The library's clients of one seller, sharing one connection and one token.

    Args:
        credentials: whose.
        api, login: judges of the answers of the API and of Login with Amazon.
        on_token: told each new access token.
        calls: counts the logins, as "token".
        deadline_s: longest single wait; the total is set around each call.
    """

    def __init__(
        self,
        credentials: AmazonCredentials,
        *,
        api: Judge,
        login: Judge,
        on_token: Callable[[str], None],
        calls: Counter[str],
        deadline_s: float,
    ) -> None:
        self._calls = calls
        self._credentials = credentials
        self._deadline_s = deadline_s
        self._on_token = on_token
        self.gate = Gate(credentials.base_url, api, deadline_s)
        login_url = credentials.login_url or LOGIN_URL
        self._login_gate = Gate(login_url, login, min(deadline_s, 15.0))
        secret = "\n".join(
            (
                login_url,
                credentials.lwa_client_id,
                credentials.lwa_client_secret,
                credentials.refresh_token,
            )
        )
        self._key = sha256(secret.encode()).hexdigest()
        self._login_class = self._make_login_class()
        self._made: dict[str, Client] = {}

    def get(self, api: str, client_class: type[Client], version: str | None = None) -> Any:
        """The library's client of one API, made once."""
        if api not in self._made:
            self._made[api] = self._make(client_class, version)
        return self._made[api]

    def forget_token(self) -> None:
        """The next call signs in again."""
        TOKENS.drop(self._key)

    def close(self) -> None:
        """Drop the connections."""
        self.gate.close()
        self._login_gate.close()

    def _make(self, client_class: type[Client], version: str | None) -> Client:
        os.environ.pop("SP_API_DEFAULT_MARKETPLACE", None)
        who = self._credentials
        for name in ("lwa_client_id", "lwa_client_secret", "refresh_token"):
            if not getattr(who, name):
                raise CredentialsRefused(SERVICE, "token", f"{name} is empty", field=name)
        options = {"version": version} if version else {}
        client = client_class(
            # No call of ours leaves the marketplace to the library: its default is never sent.
            marketplace=_Place(who.base_url, "", who.region),
            credentials={
                "refresh_token": who.refresh_token,
                "lwa_app_id": who.lwa_client_id,
                "lwa_client_secret": who.lwa_client_secret,
            },
            # The others would silently look for credentials in files and in the environment.
            credential_providers=(FromCodeCredentialProvider,),
            auth_token_client_class=self._login_class,
            timeout=self._deadline_s,
            verify=tls(),
            **options,
        )
        client._transport.close()
        client._transport = self.gate
        return client

    def _make_login_class(self) -> type[AccessTokenClient]:
        gate, key, on_token, calls = self._login_gate, self._key, self._on_token, self._calls
        address = urlsplit(self._credentials.login_url or LOGIN_URL)

        class Login(AccessTokenClient):  # type: ignore[misc]
            scheme = f"{address.scheme}://"
            host = address.netloc
            path = address.path

            def __init__(self, **options: Any) -> None:
                super().__init__(**options)
                self._transport.close()
                self._transport: Gate = gate

            def get_auth(self) -> AccessTokenResponse:
                token = TOKENS.get(key)
                if token is None:
                    calls["token"] += 1
                    with gate.calling("token"), within(15.0):
                        url = f"{self.scheme}{self.host}{self.path}"
                        token = self._request(url, self.data, self.headers)
                    on_token(str(token["access_token"]))
                    TOKENS.put(key, token)
                return AccessTokenResponse(**token)

        return Login
