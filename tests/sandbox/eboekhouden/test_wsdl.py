"""The generated interface description against the vendor's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from coupling_sandbox.eboekhouden.schema import OPERATIONS
from coupling_sandbox.eboekhouden.wsdl import render_wsdl
from lxml import etree

VENDOR_WSDL = Path(__file__).parents[4] / "shared/data/wsdl/soap.asmx.wsdl"


def canonical(document: bytes) -> bytes:
    root = etree.fromstring(document, etree.XMLParser(remove_blank_text=True))
    for element in root.iter("{*}address"):
        element.set("location", "anywhere")
    return etree.tostring(root, method="c14n")


def test_generated_description_equals_the_vendors_own():
    if not VENDOR_WSDL.exists():
        pytest.skip("the vendor's interface description is not beside this checkout")
    generated = render_wsdl("http://127.0.0.1:8102/soap.asmx")
    assert canonical(generated) == canonical(VENDOR_WSDL.read_bytes())


def test_the_description_names_the_sandboxes_own_address():
    root = etree.fromstring(render_wsdl("http://127.0.0.1:4711/soap.asmx"))
    addresses = [element.get("location") for element in root.iter("{*}address")]
    assert addresses == ["http://127.0.0.1:4711/soap.asmx"] * 2


def test_there_are_twenty_operations():
    assert len(OPERATIONS) == 20
