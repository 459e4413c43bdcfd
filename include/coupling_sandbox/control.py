"""What every sandbox has: its state apart from the service's, and the control verbs for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from coupling_sandbox.clock import Clock, read_time
from coupling_sandbox.faults import (
    Answer,
    CallLog,
    Fault,
    FaultLayer,
    Receive,
    Replacement,
    Scope,
    Send,
)
from coupling_sandbox.given import WrongUse, json_body


class SandboxApp(Starlette):
    """A Starlette application that counts its calls, commits faults and can be controlled.

    Args:
        routes: the service's own routes (and control verbs of its own).
        clock: the sandbox's time.
        on_reset: empties the service's state; called by ``POST /control/reset``.
        name_operation: see ``FaultLayer``.
        answers: see ``FaultLayer``.
        placeholder: see ``FaultLayer``.
    """

    def __init__(
        self,
        routes: Sequence[BaseRoute],
        clock: Clock,
        on_reset: Callable[[], None],
        name_operation: Callable[[Scope, bytes], str | None],
        answers: Mapping[str, Replacement] | None = None,
        placeholder: Answer | None = None,
    ) -> None:
        self.clock = clock
        self.calls = CallLog(clock)
        self._on_reset = on_reset
        super().__init__(
            routes=[*self._control_routes(), *routes],
            exception_handlers={WrongUse: _wrong_use},
        )
        self.fault_layer = FaultLayer(
            super().__call__, self.calls, name_operation, answers, placeholder
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, through the layer of faults."""
        scope["app"] = self
        await self.fault_layer(scope, receive, send)

    def reset(self) -> None:
        """Empty the state, the fault list and the counts, and return to the real time."""
        self.clock.reset()
        self.fault_layer.faults = []
        self.calls.reset()
        self._on_reset()

    def _control_routes(self) -> list[Route]:
        return [
            Route("/control/reset", self._reset, methods=["POST"]),
            Route("/control/clock", self._clock, methods=["GET", "POST"]),
            Route("/control/faults", self._faults, methods=["GET", "POST"]),
            Route("/control/calls", self._calls, methods=["GET"]),
        ]

    async def _reset(self, _request: Request) -> JSONResponse:
        self.reset()
        return JSONResponse({"reset": True})

    async def _clock(self, request: Request) -> JSONResponse:
        if request.method == "POST":
            given = await json_body(request, dict)
            try:
                self._set_clock(given)
            except (ValueError, TypeError, OverflowError) as error:
                return refuse(str(error))
        return JSONResponse({"now": self.clock.now().isoformat()})

    def _set_clock(self, given: Mapping[str, Any]) -> None:
        if strange := set(given) - {"now", "advance_s"}:
            raise ValueError(f"unknown field {sorted(strange)[0]!r}; known: now, advance_s")
        if not given:
            raise ValueError("the body must have now, advance_s or both")
        now = read_time(given["now"]) if "now" in given else self.clock.now()
        self.clock.set(now, float(given.get("advance_s", 0)))

    async def _faults(self, request: Request) -> JSONResponse:
        if request.method == "POST":
            given = await json_body(request, list)
            try:
                self.fault_layer.faults = [Fault.from_json(one) for one in given]
            except ValueError as error:
                return refuse(str(error))
        listed = [
            {"operation": f.operation, "kind": f.kind, "when": f.when, "done": f.done}
            for f in self.fault_layer.faults
        ]
        return JSONResponse({"faults": listed})

    async def _calls(self, _request: Request) -> JSONResponse:
        log = self.calls
        return JSONResponse({"calls": log.calls, "refused": log.refused, "log": log.log})


async def _wrong_use(_request: Request, error: Exception) -> JSONResponse:
    return refuse(str(error))


def refuse(cause: str, status: int = 400) -> JSONResponse:
    """Answer a control verb that was used wrongly."""
    return JSONResponse({"error": cause}, status)
