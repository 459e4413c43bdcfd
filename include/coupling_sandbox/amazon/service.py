"""The API's gateway: who calls, is there a token in the bucket, may he, and what is answered."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coupling_sandbox.amazon.errors import SpApiRefusal, gateway_headers, refusal_response
from coupling_sandbox.amazon.limits import Buckets
from coupling_sandbox.amazon.login import Grant, Login
from coupling_sandbox.amazon.shelf import as_json
from coupling_sandbox.amazon.shop import Shop
from coupling_sandbox.clock import Clock, read_time
from coupling_sandbox.given import check_charset, check_kind


@dataclass
class Options:
    """Behaviours of the real service that could not be verified; see COVERAGE.md."""

    missing_role: str = "absent"
    expired_token_details: str = ""
    document_charset: str = "Cp1252"
    document_gzip: bool = False
    report_seconds: float = 0.0
    report_outcome: str = "DONE"
    order_report_days: int = 30
    oldest_order_days: int = 730
    duplicate_settlements: bool = False
    bucket_fill: float = 1.0
    rate_scale: float = 1.0
    transient_400_until: str = ""
    createreport_settlement: str = "400"
    order_report_columns: str = "documented"
    vat_invoices: str = "pending"
    encrypted_vat_numbers: bool = False
    finances_delay_hours: float = 0.0
    result_order: str = "oldest_first"

    CHOICES: ClassVar = {
        "missing_role": ("absent", "403"),
        "report_outcome": ("DONE", "CANCELLED", "FATAL"),
        "createreport_settlement": ("400", "FATAL"),
        "order_report_columns": ("documented", "extended"),
        "vat_invoices": ("pending", "amazon"),
        "result_order": ("oldest_first", "newest_first"),
    }

    RANGES: ClassVar = {
        "report_seconds": (0, 1e6),
        "order_report_days": (1, 10_000),
        "oldest_order_days": (1, 100_000),
        "bucket_fill": (0, 1),
        "finances_delay_hours": (0, 1000),
        "rate_scale": (1e-6, 1e12),
    }

    def change(self, given: Mapping[str, Any]) -> None:
        """Set some options; raise ValueError naming a wrong one, and then set none."""
        for name, value in given.items():
            self._check(name, value)
        for name, value in given.items():
            setattr(self, name, value)

    def _check(self, name: str, value: Any) -> None:
        known = sorted(f.name for f in fields(self))
        if name not in known:
            raise ValueError(f"unknown option {name!r}; known: {known}")
        check_kind(name, value, getattr(self, name))
        allowed = self.CHOICES.get(name)
        if allowed and value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}")
        least, most = self.RANGES.get(name, (value, value))
        if not least <= value <= most:
            raise ValueError(f"{name} must be between {least} and {most}")
        if name == "document_charset" and value:
            check_charset(name, value)
        if name == "transient_400_until" and value:
            read_time(value)


@dataclass
class Amazon:
    """All state of the sandbox."""

    clock: Clock
    shop: Shop
    login: Login
    buckets: Buckets
    options: Options = field(default_factory=Options)
    # Reports that are being written: a task that nobody holds may be forgotten.
    writing: set[asyncio.Task[None]] = field(default_factory=set)

    def reset(self) -> None:
        """Empty shop, full buckets, default seller and options; what was begun is dropped."""
        for task in self.writing:
            task.cancel()
        self.shop.reset()
        self.login.reset()
        self.buckets.reset()
        self.options = Options()


@dataclass(frozen=True)
class Asked:
    """One authorised request."""

    amazon: Amazon
    grant: Grant
    request: Request
    fault: str | None = None

    @property
    def seller(self) -> str:
        """The seller whose data is asked for."""
        return self.grant.seller_id

    @property
    def now(self) -> datetime:
        """The sandbox's time."""
        return self.amazon.clock.now()

    def one(self, name: str) -> str | None:
        """Return a query parameter."""
        return self.request.query_params.get(name)

    def many(self, name: str) -> list[str]:
        """Return a list parameter, written ``a,b`` or repeated."""
        values = self.request.query_params.getlist(name)
        return [part for value in values for part in value.split(",") if part]

    def time(self, name: str) -> datetime | None:
        """Return a time parameter.

        Raises:
            SpApiRefusal: 400 when it is no ISO 8601 time.
        """
        text = self.one(name)
        if text is None:
            return None
        try:
            return read_time(text.replace(" ", "+"))
        except ValueError:
            raise SpApiRefusal("invalid_input", f"{name} is not an ISO 8601 date-time.") from None

    def whole(self, name: str, default: int, most: int) -> int:
        """Return a whole number parameter between 1 and ``most``; 400 for anything else."""
        text = self.one(name) or str(default)
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
            raise SpApiRefusal("invalid_input", f"{name} must be between 1 and {most}.")
        return int(text)

    def need_role(self, *roles: str) -> None:
        """Refuse with 403 unless the grant has one of ``roles``."""
        if not set(roles) & set(self.grant.roles):
            raise SpApiRefusal("unauthorized", details="")


# What is answered; as text when it is JSON already.
Handler = Callable[[Asked], Awaitable[Mapping[str, Any] | str]]


@dataclass(frozen=True)
class Operation:
    """One operation of the API: its name, its address, its code."""

    name: str
    method: str
    path: str
    handler: Handler
    status: int = 200

    def matches(self, method: str, path: str) -> bool:
        """Say whether a request is this operation."""
        pattern = re.sub(r"{\w+}", "[^/]+", self.path)
        return method == self.method and re.fullmatch(pattern, path) is not None

    def route(self, amazon: Amazon) -> Route:
        """Return the route that answers this operation."""

        async def answer(request: Request) -> Response:
            return await self._answer(amazon, request)

        return Route(self.path, answer, methods=[self.method])

    async def _answer(self, amazon: Amazon, request: Request) -> Response:
        call = request.scope["sandbox.call"]
        rate = amazon.buckets.rate_header(self.name)
        try:
            token = request.headers.get("x-amz-access-token")
            grant = amazon.login.authorise(token, amazon.options.expired_token_details)
            call.detail["seller"] = grant.seller_id
            if not amazon.buckets.take(grant.holder, self.name):
                raise SpApiRefusal("quota", details="")
            body = await self.handler(Asked(amazon, grant, request, call.fault))
        except SpApiRefusal as refusal:
            call.detail["code"] = refusal.code
            # Recorded: a throttled answer doesn't show the rate; the participations model does.
            hide = refusal.status == 429 and self.name not in ALWAYS_RATED
            return refusal_response(refusal, None if hide else rate)
        text = body if isinstance(body, str) else as_json(body)
        headers = {**gateway_headers(), "X-Amzn-RateLimit-Limit": rate}
        return Response(text, self.status, headers, media_type="application/json")


ALWAYS_RATED = ("getMarketplaceParticipations", "createRestrictedDataToken")


def iso(moment: datetime) -> str:
    """Write a time the way the API does: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
