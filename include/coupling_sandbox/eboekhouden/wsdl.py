"""The interface description, generated from the table of operations and types.

Canonically equal to the vendor's own description, the two addresses apart
(`tests/sandbox/eboekhouden/test_wsdl.py`).
"""

from __future__ import annotations

from functools import lru_cache
from xml.sax.saxutils import quoteattr

from coupling_sandbox.eboekhouden.schema import (
    COMPONENTS,
    NAMESPACE,
    OPERATIONS,
    SCALARS,
    Component,
    Field,
)

_HEAD = f"""<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions xmlns:tm="http://microsoft.com/wsdl/mime/textMatching/" \
xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" \
xmlns:mime="http://schemas.xmlsoap.org/wsdl/mime/" xmlns:tns="{NAMESPACE}" \
xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:s="http://www.w3.org/2001/XMLSchema" \
xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" \
xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" targetNamespace="{NAMESPACE}" \
xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">
"""


def _type_attribute(type_name: str) -> str:
    if type_name == "any":  # Relatiecode in cFactuurList has no type at all.
        return ""
    prefix = "s" if type_name in SCALARS else "tns"
    return f' type="{prefix}:{type_name}"'


def _field(field: Field) -> str:
    nillable = ' nillable="true"' if field.nillable else ""
    return (
        f'<s:element minOccurs="{int(field.required)}" maxOccurs="1" name="{field.name}"'
        f"{nillable}{_type_attribute(field.type)} />"
    )


def _sequence(component: Component) -> str:
    if component.kind == "list":
        inner = (
            f'<s:element minOccurs="0" maxOccurs="unbounded" name="{component.item}" '
            f'nillable="true" type="tns:{component.item}" />'
        )
    else:
        inner = "\n".join(map(_field, component.fields))
    return f"<s:sequence>\n{inner}\n</s:sequence>"


def _component(component: Component) -> str:
    name = component.name
    if component.kind == "enumeration":
        values = "\n".join(f'<s:enumeration value="{v}" />' for v in component.values)
        return (
            f'<s:simpleType name="{name}">\n<s:restriction base="s:string">\n{values}\n'
            "</s:restriction>\n</s:simpleType>"
        )
    if component.kind == "element":
        body = (
            f"<s:complexType>\n{_sequence(component)}\n</s:complexType>"
            if component.fields
            else "<s:complexType />"
        )
        return f'<s:element name="{name}">\n{body}\n</s:element>'
    return f'<s:complexType name="{name}">\n{_sequence(component)}\n</s:complexType>'


def _messages() -> str:
    return "\n".join(
        f'<wsdl:message name="{op}Soap{way}">\n'
        f'<wsdl:part name="parameters" element="tns:{op}{suffix}" />\n</wsdl:message>'
        for op in OPERATIONS
        for way, suffix in (("In", ""), ("Out", "Response"))
    )


def _port_type() -> str:
    operations = "\n".join(
        f'<wsdl:operation name="{op}">\n<wsdl:input message="tns:{op}SoapIn" />\n'
        f'<wsdl:output message="tns:{op}SoapOut" />\n</wsdl:operation>'
        for op in OPERATIONS
    )
    return f'<wsdl:portType name="soapAppSoap">\n{operations}\n</wsdl:portType>'


def _binding(name: str, soap: str) -> str:
    body = f'<{soap}:body use="literal" />'
    operations = "\n".join(
        f'<wsdl:operation name="{op}">\n'
        f'<{soap}:operation soapAction="{NAMESPACE}/{op}" style="document" />\n'
        f"<wsdl:input>\n{body}\n</wsdl:input>\n<wsdl:output>\n{body}\n</wsdl:output>\n"
        "</wsdl:operation>"
        for op in OPERATIONS
    )
    return (
        f'<wsdl:binding name="{name}" type="tns:soapAppSoap">\n'
        f'<{soap}:binding transport="http://schemas.xmlsoap.org/soap/http" />\n'
        f"{operations}\n</wsdl:binding>"
    )


def _service(address: str) -> str:
    ports = "\n".join(
        f'<wsdl:port name="{name}" binding="tns:{name}">\n'
        f"<{soap}:address location={quoteattr(address)} />\n</wsdl:port>"
        for name, soap in (("soapAppSoap", "soap"), ("soapAppSoap12", "soap12"))
    )
    return f'<wsdl:service name="soapApp">\n{ports}\n</wsdl:service>'


@lru_cache(maxsize=8)
def render_wsdl(address: str) -> bytes:
    """Render the interface description whose two ports stand at `address`."""
    types = "\n".join(map(_component, COMPONENTS))
    return "\n".join(
        [
            _HEAD.rstrip(),
            "<wsdl:types>",
            f'<s:schema elementFormDefault="qualified" targetNamespace="{NAMESPACE}">',
            types,
            "</s:schema>\n</wsdl:types>",
            _messages(),
            _port_type(),
            _binding("soapAppSoap", "soap"),
            _binding("soapAppSoap12", "soap12"),
            _service(address),
            "</wsdl:definitions>\n",
        ]
    ).encode()
