"""Control verbs of the Amazon sandbox."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from coupling_sandbox.amazon.documents import SETTLEMENTS, publish
from coupling_sandbox.amazon.generator.seed import SeedOptions, seed
from coupling_sandbox.amazon.login import DEFAULT_SELLER
from coupling_sandbox.amazon.places import MARKETPLACES
from coupling_sandbox.amazon.reports import STATUSES
from coupling_sandbox.amazon.service import Amazon
from coupling_sandbox.amazon.shop import Report
from coupling_sandbox.clock import read_time
from coupling_sandbox.control import refuse
from coupling_sandbox.given import json_body

_DATE_FORMATS = ("%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y")


class Verbs:
    """The control verbs over one ``Amazon``; ``?seller=`` names another than the default."""

    def __init__(self, amazon: Amazon) -> None:
        self._amazon = amazon

    def routes(self) -> list[Route]:
        """Return the routes of all verbs."""
        return [
            Route("/control/orders", self.orders, methods=["POST"]),
            Route("/control/settlements", self.settlements, methods=["POST"]),
            Route("/control/reports", self.reports, methods=["POST"]),
            Route("/control/seed", self.seed, methods=["POST"]),
            Route("/control/truth", self.truth, methods=["GET"]),
            Route("/control/credentials", self.credentials, methods=["GET", "POST"]),
            Route("/control/options", self.options, methods=["GET", "POST"]),
        ]

    async def orders(self, request: Request) -> Response:
        """Insert or replace orders, as searchOrders returns them."""
        given = await json_body(request)
        orders = given["orders"] if isinstance(given, dict) and "orders" in given else given
        if not isinstance(orders, list) or not all(
            isinstance(one, dict) and isinstance(one.get("orderId"), str) for one in orders
        ):
            return refuse("the body must be a JSON array of orders, each with an orderId")
        now = self._amazon.clock.now()
        count = self._amazon.shop.put_orders(_seller(request), orders, now)
        return JSONResponse({"orders": count})

    async def settlements(self, request: Request) -> Response:
        """Publish one settlement file, byte for byte."""
        body = await request.body()
        if not body:
            return refuse("the body must be a settlement file")
        now = self._amazon.clock.now()
        start, end = _period(body)
        report = Report(
            str(60_000_000_000 + self._amazon.shop.serial()),
            SETTLEMENTS,
            _marketplaces(request),
            now,
            data_start=start or now,
            data_end=end or now,
            done=now,
        )
        charset, packed = _storage(request)
        document = publish(self._amazon, _seller(request), body, report, charset, packed)
        if summary := _summary(body):
            key = summary["settlement_id"]
            self._amazon.shop.put_truth(_seller(request), "posted", [(key, summary)])
        return JSONResponse({"reportId": report.report_id, "reportDocumentId": document})

    async def reports(self, request: Request) -> Response:
        """Publish any other report's document."""
        kind = request.query_params.get("reportType")
        if not kind:
            return refuse("reportType is missing in the query")
        status = request.query_params.get("status", "DONE")
        if status not in STATUSES:
            return refuse(f"status must be one of {', '.join(STATUSES)}")
        now = self._amazon.clock.now()
        report = Report(
            str(60_000_000_000 + self._amazon.shop.serial()),
            kind,
            _marketplaces(request),
            now,
            status,
            data_start=now,
            data_end=now,
            done=now,
        )
        charset, packed = _storage(request)
        body = await request.body()
        document = publish(self._amazon, _seller(request), body, report, charset, packed)
        return JSONResponse({"reportId": report.report_id, "reportDocumentId": document})

    async def seed(self, request: Request) -> Response:
        """Generate a seller's orders, refunds and settlements."""
        given = await json_body(request, dict)
        try:
            options = SeedOptions.from_json(given)
        except (ValueError, TypeError) as error:
            return refuse(str(error))
        return JSONResponse(seed(self._amazon, _seller(request), options))

    async def truth(self, request: Request) -> Response:
        """Tell what is right: per order, per settlement, in total."""
        seller = _seller(request)
        if order_id := request.query_params.get("order_id"):
            return JSONResponse(self._amazon.shop.truth_of(seller, "order", order_id))
        return StreamingResponse(self._truth(seller), media_type="application/json")

    def _truth(self, seller: str) -> Iterator[str]:
        shop = self._amazon.shop
        yield f'{{"seller":"{seller}"'
        for name, kind in (("seeds", "seed"), ("orders", "order"), ("settlements", "settlement")):
            yield f',"{name}":['
            for number, body in enumerate(shop.truth(seller, kind)):
                yield ("," if number else "") + body
            yield "]"
        totals: dict[str, Any] = {}
        for body in shop.truth(seller, "seed"):
            _add_up(totals, json.loads(body)["totals"])
        yield f',"totals":{json.dumps(totals)}}}'

    async def credentials(self, request: Request) -> Response:
        """Add, change or revoke sellers' authorisations."""
        login = self._amazon.login
        if request.method == "POST":
            given = await json_body(request)
            grants = given.get("sellers") if isinstance(given, dict) else given
            if not isinstance(grants, list):
                return refuse("the body must be a JSON array of authorisations")
            try:
                login.configure(grants)
            except ValueError as error:
                return refuse(str(error))
        listed = [
            {"seller_id": g.seller_id, "client_id": g.client_id, "roles": g.roles}
            | {"refresh_token": g.refresh_token, "revoked": g.revoked}
            for g in login.grants.values()
        ]
        return JSONResponse({"sellers": listed})

    async def options(self, request: Request) -> Response:
        """Set or show the behaviours of the real service that could not be verified."""
        options = self._amazon.options
        if request.method == "POST":
            given = await json_body(request, dict)
            try:
                options.change(given)
            except ValueError as error:
                return refuse(str(error))
            self._amazon.buckets.fill = options.bucket_fill
            self._amazon.buckets.scale = options.rate_scale
        return JSONResponse({"options": options.__dict__})


def _add_up(sums: dict[str, Any], more: dict[str, Any]) -> None:
    """Add numbers to numbers of the same name, nested alike."""
    for name, value in more.items():
        if isinstance(value, dict):
            _add_up(sums.setdefault(name, {}), value)
        else:
            sums[name] = sums.get(name, 0) + value


def _seller(request: Request) -> str:
    return request.query_params.get("seller", DEFAULT_SELLER)


def _marketplaces(request: Request) -> tuple[str, ...]:
    given = request.query_params.get("marketplaceIds", "")
    return tuple(given.split(",")) if given else (MARKETPLACES["NL"].id,)


def _storage(request: Request) -> tuple[str | None, bool | None]:
    """Return the declared charset and whether to compress; None = as the options say."""
    packed = request.query_params.get("gzip")
    return request.query_params.get("charset"), None if packed is None else packed == "true"


def _summary_row(body: bytes) -> dict[str, str]:
    lines = body[:4000].decode("latin-1").splitlines()
    if len(lines) < 2:
        return {}
    return dict(zip(lines[0].split("\t"), lines[1].split("\t"), strict=False))


def _summary(body: bytes) -> dict[str, Any] | None:
    """Return what the finances API can tell of a posted settlement; None when unreadable."""
    row = _summary_row(body)
    start, end = _period(body)
    total = _cents(row.get("total-amount") or "")
    if start is None or end is None or total is None:
        return None
    deposit = _date(row.get("deposit-date")) or end
    return {
        "settlement_id": row["settlement-id"].strip(),
        "marketplace": "",
        "currency": row.get("currency", "").strip(),
        "start_utc": start.isoformat(),
        "end_utc": end.isoformat(),
        "deposit_utc": deposit.isoformat(),
        "total_cents": total,
    }


def _cents(text: str) -> int | None:
    """Read an amount whatever its signs for decimals and thousands; None when it is none."""
    found = re.fullmatch(r"(.*?)(?:[.,](\d{1,2}))?", text.strip())
    whole, part = (found[1], found[2]) if found else ("", None)
    digits = re.sub(r"[.,'\u2019 \u00a0\u202f]", "", whole)
    if not digits.lstrip("+-").isdigit():
        return None
    sign = -1 if digits.startswith("-") else 1
    return sign * (int(digits.lstrip("+-")) * 100 + int((part or "0").ljust(2, "0")))


def _period(body: bytes) -> tuple[datetime | None, datetime | None]:
    """Read a settlement's period from its summary row, for the listing only."""
    row = _summary_row(body)
    return _date(row.get("settlement-start-date")), _date(row.get("settlement-end-date"))


def _date(text: str | None) -> datetime | None:
    cleaned = (text or "").strip().strip('"').removesuffix(" UTC")
    for pattern in _DATE_FORMATS:
        try:
            return datetime.strptime(cleaned, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        return read_time(cleaned)
    except ValueError:
        return None
