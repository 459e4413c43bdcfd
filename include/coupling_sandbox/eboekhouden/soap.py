"""The wire: which operation a request asks for, and its answer in the same SOAP version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from coupling_sandbox.eboekhouden.operations import Operations, refusal
from coupling_sandbox.eboekhouden.reading import (
    SOAP12,
    Unreadable,
    body_element,
    parse_envelope,
    read_arguments,
)
from coupling_sandbox.eboekhouden.schema import OPERATIONS
from coupling_sandbox.eboekhouden.writing import (
    CONTENT_TYPES,
    envelope,
    render_fault,
    render_result,
)

_ACTION_PARAMETER = re.compile(r'action\s*=\s*"?([^";]*)"?', re.IGNORECASE)
_UNREADABLE = (
    "System.Web.Services.Protocols.SoapException: Server was unable to read request. "
    "---> System.InvalidOperationException: "
)
_UNKNOWN_ACTION = (
    "System.Web.Services.Protocols.SoapException: Server did not recognize the value of HTTP "
    "Header SOAPAction: "
)


@dataclass(slots=True)
class Reply:
    """One answer: HTTP status, body, the operation and, when it was refused, the error code."""

    status: int
    body: bytes
    soap12: bool
    operation: str = ""
    error_code: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The content type that belongs to the SOAP version."""
        return CONTENT_TYPES[self.soap12]


def named_action(headers: Mapping[str, str]) -> str:
    """The operation named by the SOAPAction header or by the `action` parameter; may be empty."""
    action = headers.get("soapaction", "").strip().strip('"')
    if not action:
        found = _ACTION_PARAMETER.search(headers.get("content-type", ""))
        action = found[1] if found else ""
    return action.rsplit("/", 1)[-1].strip()


def speaks_soap12(headers: Mapping[str, str], body: bytes) -> bool:
    """Guess the SOAP version of a request that need not be readable."""
    return SOAP12.encode() in body[:2000] or "soap+xml" in headers.get("content-type", "")


def operation_of(headers: Mapping[str, str], body: bytes) -> str:
    """The operation a request asks for, by its action or else by its body; `unknown` otherwise."""
    action = named_action(headers)
    if action:
        return action if action in OPERATIONS else "unknown"
    try:
        root, version = parse_envelope(body)
    except Unreadable:
        return "unknown"
    element = body_element(root, version)
    name = etree.QName(element).localname if element is not None else ""
    return name if name in OPERATIONS else "unknown"


def answer(
    operations: Operations, headers: Mapping[str, str], body: bytes, own_fault: str = ""
) -> Reply:
    """Answer one request.

    Args:
        operations: the service.
        headers: the request's headers, names in lower case.
        body: the request.
        own_fault: `empty_page` or `repeated_page`, when one was asked for.
    """
    soap12 = speaks_soap12(headers, body)
    try:
        root, version = parse_envelope(body)
        soap12 = version == SOAP12
        operation, element = _called(headers, root, version)
        arguments = read_arguments(operation, element)
    except Unreadable as error:
        return fault(str(error), soap12=soap12)
    result = _paged(operations, operation, operations.call(operation, arguments), own_fault)
    code = _error_code(result)
    stray = operations.office.options.unknown_element_in_answer
    text = envelope(render_result(operation, result, stray=stray), soap12=soap12)
    return Reply(200, text, soap12, operation, code)


def refused(operation: str, code: str, description: str, *, soap12: bool) -> Reply:
    """An answer with an error that did not come from the books, for faults."""
    result = refusal(operation, code, description) if operation in OPERATIONS else None
    text = envelope(render_result(operation, result), soap12=soap12)
    return Reply(200, text, soap12, operation, code)


def fault(message: str, *, soap12: bool, server: bool = False) -> Reply:
    """A soap:Fault with HTTP status 500."""
    body = envelope(render_fault(message, soap12=soap12, server=server), soap12=soap12)
    return Reply(500, body, soap12)


def _called(
    headers: Mapping[str, str], root: etree._Element, version: str
) -> tuple[str, etree._Element]:
    element = body_element(root, version)
    if element is None:
        raise Unreadable(_UNREADABLE + "The body of the message is empty.")
    name = etree.QName(element).localname
    action = named_action(headers) or name
    if action not in OPERATIONS:
        raise Unreadable(_UNKNOWN_ACTION + action + ".")
    if name != action:
        raise Unreadable(_UNREADABLE + f"<{name}> was not expected.")
    return action, element


def _error_code(result: dict[str, Any] | None) -> str:
    if not result:
        return ""
    error = result.get("ErrorMsg", result)
    return str(error.get("LastErrorCode", ""))


def _paged(
    operations: Operations, operation: str, result: dict[str, Any] | None, own_fault: str
) -> dict[str, Any] | None:
    """Give an empty list, or the list of the call before, when a fault asks for it."""
    name = next((n for n, v in (result or {}).items() if isinstance(v, list)), "")
    if not operation.startswith("Get") or result is None:
        return result
    previous = operations.office.last_lists.get(operation)
    operations.office.last_lists[operation] = result
    if own_fault == "empty_page" and name:
        return operations.list_result(name, [])
    if own_fault == "repeated_page" and previous is not None:
        return dict(previous)
    return result
