"""Writing answers exactly: schema order, every required element, nothing outside the schema."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from coupling_sandbox.eboekhouden.reading import SOAP12
from coupling_sandbox.eboekhouden.schema import NAMESPACE, TYPES, Field, result_field

CONTENT_TYPES = {True: "application/soap+xml; charset=utf-8", False: "text/xml; charset=utf-8"}

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{soap}" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>{body}</soap:Body></soap:Envelope>'
)
_SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"


def envelope(body: str, *, soap12: bool) -> bytes:
    """Wrap a body in the envelope of the request's own SOAP version."""
    return _ENVELOPE.format(soap=SOAP12 if soap12 else _SOAP11, body=body).encode()


def render_result(operation: str, result: dict[str, Any] | None, *, stray: bool = False) -> str:
    """The response element of an operation.

    Args:
        operation: the operation's name.
        result: its result by field name; None where the operation answers nothing.
        stray: add an element that is not in the description, which strict clients refuse.
    """
    field = result_field(operation)
    inner = "" if field is None or result is None else _render(field, result)
    extra = "<Onverwacht>1</Onverwacht>" if stray else ""
    return f'<{operation}Response xmlns="{NAMESPACE}">{inner}{extra}</{operation}Response>'


def render_fault(message: str, *, soap12: bool, server: bool = False) -> str:
    """A soap:Fault in the shape that ASP.NET gives it."""
    text = escape(_NOT_XML.sub("", message))
    if soap12:
        code = "Receiver" if server else "Sender"
        return (
            f"<soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code><soap:Reason>"
            f'<soap:Text xml:lang="en">{text}</soap:Text></soap:Reason><detail /></soap:Fault>'
        )
    code = "Server" if server else "Client"
    return (
        f"<soap:Fault><faultcode>soap:{code}</faultcode><faultstring>{text}</faultstring>"
        "<detail /></soap:Fault>"
    )


def _render(field: Field, value: Any) -> str:
    name = field.name
    component = TYPES.get(field.type)
    if value is None:
        if not field.required:
            return ""
        return f'<{name} xsi:nil="true" />'
    if component is None or component.kind == "enumeration":
        attribute = ' xsi:type="xsd:string"' if field.type == "any" else ""
        return _element(name, _text(field.type, value), attribute)
    if component.kind == "list":
        item = TYPES[component.item]
        inner = "".join(
            _element(component.item, "".join(_render(f, row.get(f.name)) for f in item.fields))
            for row in value
        )
        return _element(name, inner)
    return _element(name, "".join(_render(f, value.get(f.name)) for f in component.fields))


def _element(name: str, inner: str, attribute: str = "") -> str:
    return f"<{name}{attribute}>{inner}</{name}>" if inner else f"<{name}{attribute} />"


def _text(type_name: str, value: Any) -> str:
    if isinstance(value, str):
        return escape(_NOT_XML.sub("", value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.date):
        return f"{value.isoformat()}T00:00:00"
    if type_name == "double":
        return _double(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _double(value: Decimal) -> str:
    """A double as .NET prints it: the shortest digits, no trailing zeros."""
    text = repr(float(value))
    return text.removesuffix(".0")


def euros(cents: int) -> Decimal:
    """Cents as an amount in euros with two decimals."""
    return Decimal(cents).scaleb(-2)
