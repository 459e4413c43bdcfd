"""The Amazon sandbox as one application."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coupling_sandbox.amazon import (
    documents,
    finances,
    orders,
    orders_v0,
    reports,
    sellers,
    settled,
)
from coupling_sandbox.amazon.errors import SpApiRefusal, fault_429, refusal_response
from coupling_sandbox.amazon.limits import Buckets
from coupling_sandbox.amazon.login import Login
from coupling_sandbox.amazon.service import Amazon, Operation
from coupling_sandbox.amazon.shop import Shop
from coupling_sandbox.amazon.verbs import Verbs
from coupling_sandbox.clock import Clock
from coupling_sandbox.control import SandboxApp
from coupling_sandbox.faults import Scope

OPERATIONS: tuple[Operation, ...] = (
    *orders.OPERATIONS,
    *reports.OPERATIONS,
    *sellers.OPERATIONS,
    *finances.OPERATIONS,
    *settled.OPERATIONS,
    *orders_v0.OPERATIONS,
)


def name_operation(scope: Scope, _body: bytes) -> str | None:
    """Return the name under which a request counts; None for control verbs."""
    path, method = scope["path"], scope["method"]
    if path.startswith("/control/"):
        return None
    if path == "/auth/o2/token":
        return "token"
    if path.startswith("/documents/"):
        return "document"
    known = (one.name for one in OPERATIONS if one.matches(method, path))
    return next(known, "unknown")


def create_app(clock: Clock | None = None) -> SandboxApp:
    """Build the sandbox, empty, with the default seller."""
    clock = clock or Clock()
    amazon = Amazon(clock, Shop(), Login(clock), Buckets(clock))

    async def document(request: Request) -> Response:
        return documents.download(amazon, clock, request)

    async def nowhere(_request: Request) -> Response:
        return refusal_response(SpApiRefusal("not_found"), None)

    routes = [
        Route("/auth/o2/token", amazon.login.token, methods=["POST"]),
        Route("/documents/{document_id}", document, methods=["GET"]),
        *(operation.route(amazon) for operation in OPERATIONS),
        *Verbs(amazon).routes(),
        Route("/{path:path}", nowhere, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
    return SandboxApp(routes, clock, amazon.reset, name_operation, {"http_429": fault_429})
