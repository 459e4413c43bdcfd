"""What Amazon's answers mean: a success, come back later, try again, or tell a person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from amazon_eboekhouden.adapters.amazon_client import SERVICE, Answer, broken
from amazon_eboekhouden.domain.errors import (
    BadAnswer,
    CredentialsRefused,
    NotNow,
    Refused,
    RemoteError,
    Unreachable,
)

RATE_HEADER = "x-amzn-RateLimit-Limit"
REQUEST_ID_HEADER = "x-amzn-RequestId"

# Texts of a 400 that say which rule we broke. Any other 400 on a request of ours has been seen to
# pass by itself within hours (selling-partner-api-models, issue 5365).
_EXPLAINED = (
    *("paginationToken", "nextToken", "After", "Before", "marketplaceIds", "reportType"),
    *("not allowed", "required", "must be", "must have", "unknown parameter"),
)

_LOGIN_FIELDS = {
    "invalid_client": "lwa_client_id or lwa_client_secret",
    "unauthorized_client": "lwa_client_id",
    "invalid_grant": "refresh_token",
}


class TokenRefused(RemoteError):
    """The API did not take the access token: it expired, was revoked, or a role is missing."""


def judge_api(operation: str, response: Answer, *, now: datetime, rate_per_second: float) -> None:
    """Raise for every answer of the API that is no success.

    Raises:
        RemoteError: of the kind that the caller has to act upon.
    """
    status = response.status_code
    if 200 <= status < 300:
        return _judge_success(operation, response)
    body = _object(response)
    code, message = _first_error(body)
    if status == 429:
        back = now + timedelta(seconds=max(_retry_after(response, now), 1.0 / rate_per_second))
        raise NotNow(SERVICE, operation, "no token is left", back)
    if status in (401, 403):
        if code:
            raise TokenRefused(SERVICE, operation, "access is denied", code=code)
        raise Unreachable(SERVICE, operation, f"a gateway answered with status {status}")
    if status >= 500 or status < 400 or not code:
        raise Unreachable(SERVICE, operation, f"HTTP status {status}")
    refused = Refused(SERVICE, operation, f"{code}: {_plain(message)}", code=code)
    refused.should_retry = status == 400 and not any(text in message for text in _EXPLAINED)
    raise refused


def _judge_success(operation: str, response: Answer) -> None:
    if REQUEST_ID_HEADER not in response.headers:
        raise broken(operation, "the answer bears no request id")
    if _object(response) is None:
        raise broken(operation, "the answer is no JSON object")


def judge_login(operation: str, response: Answer, *, now: datetime) -> None:
    """Raise for every answer of Login with Amazon that is no token.

    Raises:
        RemoteError: of the kind that the caller has to act upon.
    """
    status = response.status_code
    body = _object(response)
    if status == 200:
        if body is None or not isinstance(body.get("access_token"), str):
            raise broken(operation, "the answer holds no access token")
        return
    error = str((body or {}).get("error") or "")
    if status == 429:
        wait = max(_retry_after(response, now), 10.0)
        raise NotNow(SERVICE, operation, "too many logins", now + timedelta(seconds=wait))
    if error in _LOGIN_FIELDS:
        raise CredentialsRefused(
            SERVICE, operation, f"the login was refused ({error})", field=_LOGIN_FIELDS[error]
        )
    if error and status < 500:
        raise Refused(SERVICE, operation, f"the login was refused ({_plain(error)})", code=error)
    raise Unreachable(SERVICE, operation, f"HTTP status {status}")


def role_missing(error: TokenRefused) -> CredentialsRefused:
    """What a refusal means when the token was fresh."""
    return CredentialsRefused(
        SERVICE,
        error.operation,
        "a fresh access token was denied: the authorisation was withdrawn or lacks a role",
        field="refresh_token",
        code=error.code,
    )


def expect(operation: str, payload: Any, key: str, kind: type) -> Any:
    """A value that must be in a successful answer.

    Raises:
        BadAnswer: it is absent or of another type.
    """
    value = payload.get(key) if isinstance(payload, dict) else None
    if not isinstance(value, kind):
        raise BadAnswer(SERVICE, operation, f"the answer holds no {key}")
    return value


def moment(operation: str, text: Any) -> datetime | None:
    """A time of an answer in UTC; None when it is absent.

    Raises:
        BadAnswer: it is no time.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise BadAnswer(SERVICE, operation, "a time of the answer can't be read") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def rate_of(headers: Mapping[str, str]) -> float | None:
    """The rate that an answer's header names, in calls a second."""
    try:
        rate = float(headers.get(RATE_HEADER, ""))
    except ValueError:
        return None
    return rate if 0 < rate < 1000 else None


def _object(response: Answer) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _first_error(body: dict[str, Any] | None) -> tuple[str, str]:
    errors = (body or {}).get("errors")
    first = errors[0] if isinstance(errors, list) and errors else body
    if not isinstance(first, dict):
        return "", ""
    return str(first.get("code") or ""), str(first.get("message") or "")


def _retry_after(response: Answer, now: datetime) -> float:
    text = response.headers.get("retry-after", "")
    try:
        return min(float(text), 86_400.0) if text.isdigit() else _seconds_until(text, now)
    except ValueError:
        return 0.0


def _seconds_until(text: str, now: datetime) -> float:
    return (parsedate_to_datetime(text) - now).total_seconds() if text else 0.0


def _plain(text: str) -> str:
    # One line: what came over the wire must not forge a line of a log.
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
