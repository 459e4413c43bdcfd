"""What is public, as an application: the ECB's file of rates, VIES, and the control verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from coupling_sandbox.clock import Clock
from coupling_sandbox.control import SandboxApp, refuse
from coupling_sandbox.faults import Call, Scope
from coupling_sandbox.given import json_body
from coupling_sandbox.public.rates import COLUMNS, Rates
from coupling_sandbox.public.vies import Vies, ViesError, render_check, render_number


def create_app(clock: Clock | None = None) -> SandboxApp:
    """Build the sandbox; its time is `clock`."""
    time = clock or Clock()
    public = _Public(time)
    routes = [
        Route("/ecb/eurofxref-hist.csv", public.ecb, methods=["GET"]),
        Route("/vies/rest-api/check-vat-number", public.check, methods=["POST"]),
        Route("/vies/rest-api/ms/{country}/vat/{number}", public.number, methods=["GET"]),
        Route("/control/rates", public.rates_verb, methods=["GET", "POST"]),
        Route("/control/vat-numbers", public.numbers_verb, methods=["GET", "POST"]),
    ]
    return SandboxApp(routes, time, on_reset=public.reset, name_operation=_name_operation)


def _name_operation(scope: Scope, _body: bytes) -> str | None:
    path = scope["path"]
    if path.startswith("/ecb/"):
        return "ecb"
    return "vies" if path.startswith("/vies/") else None


class _Public:
    """The answers of the two services."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.rates = Rates()
        self.vies = Vies()

    def reset(self) -> None:
        """Forget every change."""
        self.rates.reset()
        self.vies.reset()

    async def ecb(self, request: Request) -> Response:
        """The file of rates."""
        call: Call = request.scope["sandbox.call"]
        if call.fault == "empty_page":
            return PlainTextResponse("Date," + "".join(f"{c}," for c in COLUMNS) + "\n")
        text = self.rates.csv(self.clock.now())
        return Response(text, media_type="text/csv")

    async def check(self, request: Request) -> Response:
        """Check a number; a consultation number comes only when the asker names itself."""
        try:
            given = await request.json()
            country, number = str(given["countryCode"]), str(given["vatNumber"])
            found = self.vies.look_up(country, number)
        except ViesError as error:
            return _refused(error.code)
        except (ValueError, KeyError, TypeError):
            return _refused("INVALID_INPUT")
        named = given.get("requesterMemberStateCode") and given.get("requesterNumber")
        consultation = self.vies.consultation_number() if named else ""
        return JSONResponse(render_check(given, found, consultation, self.clock.now()))

    async def number(self, request: Request) -> Response:
        """Check a number the short way, as the website's own page does."""
        country, number = request.path_params["country"], request.path_params["number"]
        asked = request.query_params
        named = asked.get("requesterMemberStateCode") and asked.get("requesterNumber")
        try:
            found, error = self.vies.look_up(country, number), ""
        except ViesError as refused:
            found, error = None, refused.code
        consultation = self.vies.consultation_number() if named and found else ""
        now = self.clock.now()
        return JSONResponse(render_number(number, found, error, consultation, now))

    async def rates_verb(self, request: Request) -> Response:
        """GET lists the changed rates; POST changes more."""
        refused = await _changed(request, self.rates.change)
        changes = {
            day.isoformat(): None if values is None else {c: _text(r) for c, r in values.items()}
            for day, values in sorted(self.rates.changes.items())
        }
        return refused or JSONResponse(changes)

    async def numbers_verb(self, request: Request) -> Response:
        """GET lists the changed numbers; POST changes more."""
        refused = await _changed(request, self.vies.change)
        states = {state: {"error": code} for state, code in self.vies.errors.items()}
        return refused or JSONResponse({**states, **self.vies.numbers})


def _text(rate: Any) -> str | None:
    return None if rate is None else f"{rate:f}"


async def _changed(request: Request, change: Callable[[dict[str, Any]], None]) -> Response | None:
    if request.method != "POST":
        return None
    given = await json_body(request, dict)
    try:
        change(given)
    except (ValueError, TypeError, AttributeError) as error:
        return refuse(str(error))
    return None


def _refused(code: str) -> Response:
    status = 400 if code == "INVALID_INPUT" else 500
    return JSONResponse({"actionSucceed": False, "errorWrappers": [{"error": code}]}, status)
