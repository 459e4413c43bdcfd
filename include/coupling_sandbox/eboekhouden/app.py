"""The e-Boekhouden sandbox as an application: SOAP, the pages of the books, the control verbs."""

from __future__ import annotations

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from coupling_sandbox.clock import Clock
from coupling_sandbox.control import SandboxApp
from coupling_sandbox.eboekhouden.administrations import Office
from coupling_sandbox.eboekhouden.control import Control
from coupling_sandbox.eboekhouden.errors import ERRORS
from coupling_sandbox.eboekhouden.operations import Operations
from coupling_sandbox.eboekhouden.pages import Pages
from coupling_sandbox.eboekhouden.schema import OPERATIONS
from coupling_sandbox.eboekhouden.soap import Reply, answer, fault, operation_of, refused
from coupling_sandbox.eboekhouden.soap import speaks_soap12 as soap12_of
from coupling_sandbox.eboekhouden.wsdl import render_wsdl
from coupling_sandbox.faults import Answer, Call, Scope

LARGEST_REQUEST = 4 * 1024 * 1024
"""ASP.NET's default bound on a request."""

_PATH = "/soap.asmx"


class _SoapPage(Convertor[str]):
    """The page of the service in an address, in any case, as IIS finds it."""

    regex = r"(?i:soap\.asmx)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("soap_page", _SoapPage())


class _NamedOperation(str):
    """An operation's name with the SOAP version it was asked in, which faults answer in."""

    soap12 = False


def create_app(clock: Clock | None = None) -> SandboxApp:
    """Build the sandbox; its time is `clock`."""
    time = clock or Clock()
    office = Office(time)
    service = _Service(office)
    routes = [
        Route("/{page:soap_page}", service.describe, methods=["GET"]),
        Route("/{page:soap_page}", service.answer, methods=["POST"]),
        *Control(office).routes(),
        *Pages(office).routes(),
    ]
    return SandboxApp(
        routes,
        time,
        on_reset=office.reset,
        name_operation=_name_operation,
        answers={
            "soap_fault": _soap_fault,
            "session_expired": service.expire_sessions,
            "expired_url": _expired_url,
        },
    )


class _Service:
    """The two verbs of `/soap.asmx`."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def describe(self, request: Request) -> Response:
        """`?wsdl` in any case gives the description, anything else a page with the operations."""
        if "wsdl" in (key.lower() for key in request.query_params):
            return Response(render_wsdl(f"{_address(request)}{_PATH}"), media_type="text/xml")
        names = "".join(f"<li>{name}</li>" for name in OPERATIONS)
        return HTMLResponse(f"<h1>soapApp</h1><p><a href='?WSDL'>WSDL</a></p><ul>{names}</ul>")

    async def answer(self, request: Request) -> Response:
        """Answer one SOAP request."""
        body = await request.body()
        if len(body) > LARGEST_REQUEST:
            return PlainTextResponse("Maximum request length exceeded.", 500)
        call: Call = request.scope["sandbox.call"]
        operations = Operations(self.office, _address(request))
        reply = answer(operations, request.headers, body, call.fault or "")
        if reply.error_code:
            call.refused = True
            call.detail["error_code"] = reply.error_code
        return Response(reply.body, reply.status, {"content-type": reply.content_type})

    def expire_sessions(self, call: Call) -> Answer:
        """Let every session expire, and say so."""
        self.office.sessions.clear()
        row = ERRORS["SESSION"]
        return _as_answer(refused(str(call.operation), row.wire, row.text, soap12=_soap12(call)))


def _soap_fault(call: Call) -> Answer:
    message = (
        "System.Web.Services.Protocols.SoapException: Server was unable to process request. "
        "---> System.Data.SqlClient.SqlException: Timeout expired."
    )
    return _as_answer(fault(message, soap12=_soap12(call), server=True))


def _expired_url(_call: Call) -> Answer:
    return Answer(403, [(b"content-type", b"text/plain"), (b"content-length", b"7")], b"Expired")


def _soap12(call: Call) -> bool:
    return isinstance(call.operation, _NamedOperation) and call.operation.soap12


def _as_answer(reply: Reply) -> Answer:
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
    ]
    return Answer(reply.status, headers, reply.body)


def _name_operation(scope: Scope, body: bytes) -> str | None:
    if scope["path"].startswith("/pdf/"):
        return "pdf"
    if scope["method"] != "POST" or scope["path"].lower() != _PATH:
        return None
    headers = {
        key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]
    }
    named = _NamedOperation(operation_of(headers, body))
    named.soap12 = soap12_of(headers, body)
    return named


def _address(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
