"""Reading requests as ASMX does: lenient about what is missing or unknown, strict about values.

Unknown elements (and elements of another namespace) are ignored, the order of elements is free and
a missing required scalar gets its default. A value that cannot be read as its type raises
`Unreadable`, which the service answers with a soap:Fault.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from coupling_sandbox.eboekhouden.schema import ELEMENTS, NAMESPACE, TYPES, Component, Field

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_HOME = ZoneInfo("Europe/Amsterdam")

_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)\Z")
_DOUBLE = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z")
_LONG = re.compile(r"[+-]?\d{1,19}\Z")
_DATE = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)(?P<time>T\d\d:\d\d:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?\Z"
)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Unreadable(Exception):
    """The request cannot be read; the text is what ASP.NET would say."""


def parse_envelope(body: bytes) -> tuple[etree._Element, str]:
    """Return the envelope and its namespace (the SOAP version).

    Raises:
        Unreadable: no well-formed XML, a DTD, or no SOAP envelope.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position if error.position else (0, 0)
        raise Unreadable(f"There is an error in XML document ({line}, {column}).") from error
    if root.getroottree().docinfo.doctype:
        raise Unreadable("For security reasons DTD is prohibited in this XML document.")
    name = etree.QName(root)
    if name.localname != "Envelope" or name.namespace not in (SOAP11, SOAP12):
        raise Unreadable("Unable to handle request without a valid SOAP envelope.")
    return root, str(name.namespace)


def body_element(envelope: etree._Element, version: str) -> etree._Element | None:
    """The first element inside the Body, or None."""
    body = envelope.find(f"{{{version}}}Body")
    if body is None:
        return None
    return next((child for child in body if isinstance(child.tag, str)), None)


def read_arguments(operation: str, element: etree._Element) -> dict[str, Any]:
    """Read the wrapped parameters of an operation into a dict with every field of the table.

    A filter or object that was left out reads as an empty one.
    """
    component = ELEMENTS[operation]
    arguments = _read_sequence(element, component)
    for field in component.fields:
        if arguments[field.name] is None and field.type in TYPES:
            empty = etree.Element(field.name)
            arguments[field.name] = _read_sequence(empty, TYPES[field.type])
    return arguments


def _read_sequence(element: etree._Element, component: Component) -> dict[str, Any]:
    prefix = f"{{{NAMESPACE}}}"
    children: dict[str, etree._Element] = {}
    for child in element:
        tag = child.tag
        if isinstance(tag, str) and tag.startswith(prefix):
            children.setdefault(tag[len(prefix) :], child)
    return {f.name: _read_field(children.get(f.name), f) for f in component.fields}


def _read_field(element: etree._Element | None, field: Field) -> Any:
    component = TYPES.get(field.type)
    if element is None or element.get(_NIL) in ("true", "1"):
        return None if not field.required or field.nillable else _default(field, component)
    if component is None:
        return _SCALARS[field.type]("".join(element.itertext()))
    if component.kind == "enumeration":
        return _read_enumeration("".join(element.itertext()), component)
    if component.kind == "list":
        item = TYPES[component.item]
        return [_read_sequence(child, item) for child in _items(element, component.item)]
    return _read_sequence(element, component)


def _items(element: etree._Element, name: str) -> list[etree._Element]:
    found = element.findall(f"{{{NAMESPACE}}}{name}")
    return [child for child in found if child.get(_NIL) not in ("true", "1")]


def _default(field: Field, component: Component | None) -> Any:
    if component is not None:  # Of the sequences' fields only the enumerations are required.
        return component.values[0]
    return _DEFAULTS[field.type]


def _read_enumeration(text: str, component: Component) -> str:
    value = text.strip()
    if value not in component.values:
        raise Unreadable(f"Instance validation error: '{value}' is not a valid {component.name}.")
    return value


def _read_decimal(text: str) -> Decimal:
    value = text.strip()
    if not _DECIMAL.match(value):
        raise Unreadable("Input string was not in a correct format.")
    number = Decimal(value)
    if number.adjusted() > 27:
        raise Unreadable("Value was either too large or too small for a Decimal.")
    return number


def _read_double(text: str) -> Decimal:
    value = text.strip()
    if not _DOUBLE.match(value):
        raise Unreadable("Input string was not in a correct format.")
    return Decimal(value)


def _read_long(text: str) -> int:
    value = text.strip()
    if not _LONG.match(value):
        raise Unreadable("Input string was not in a correct format.")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise Unreadable("Value was either too large or too small for an Int64.")
    return number


def _read_boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.strip()]
    except KeyError as error:
        raise Unreadable(f"The string '{text.strip()}' is not a valid Boolean value.") from error


def _read_date(text: str) -> dt.date:
    """A date or a date and time; a time with a zone is taken to Dutch local time."""
    value = text.strip()
    found = _DATE.match(value)
    try:
        if not found:
            raise ValueError(value)
        if not found["time"]:
            return dt.date.fromisoformat(found["date"])
        moment = dt.datetime.fromisoformat(value)
        return (moment.astimezone(_HOME) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError) as error:
        raise Unreadable(f"The string '{value}' is not a valid AllXsd value.") from error


_SCALARS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "long": _read_long,
    "decimal": _read_decimal,
    "double": _read_double,
    "boolean": _read_boolean,
    "dateTime": _read_date,
}

_DEFAULTS = {
    "long": 0,
    "decimal": Decimal(0),
    "double": Decimal(0),
    "boolean": False,
    "dateTime": dt.date.min,
}
