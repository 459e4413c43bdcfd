"""Whatever a request holds, the answer is an envelope and nothing stumbles (hypothesis)."""

from __future__ import annotations

from xml.sax.saxutils import escape

from coupling_sandbox.clock import Clock
from coupling_sandbox.eboekhouden.administrations import Office
from coupling_sandbox.eboekhouden.operations import Operations
from coupling_sandbox.eboekhouden.schema import ELEMENTS, NAMESPACE, OPERATIONS, TYPES
from coupling_sandbox.eboekhouden.soap import answer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

# Values that fit somewhere, values that fit nowhere, and the limits between them.
VALUES = [
    "",
    "0",
    "1",
    "-1",
    "12.10",
    "1e30",
    "1e-30",
    "1e999",
    "9" * 30,
    "true",
    "2026-03-01",
    "0001-01-01",
    "9999-12-31T23:59:59+14:00",
    "FactuurVerstuurd",
    "FactuurbetalingOntvangen",
    "AddFactuur",
    "IN",
    "EX",
    "R",
    "1300",
    "1090",
    "8000",
    "HOOG_VERK_21",
    "Amazon",
    "Debiteuren",
    "x" * 400,
]
texts = st.one_of(
    st.sampled_from(VALUES),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
)


@st.composite
def contents(draw, fields, depth=0):
    parts = []
    for field in fields:
        if depth and draw(st.booleans()):
            continue
        component = TYPES.get(field.type)
        if component is None or component.kind == "enumeration":
            inner = escape(draw(texts))
        elif component.kind == "list":
            rows = draw(st.lists(contents(TYPES[component.item].fields, depth + 1), max_size=2))
            inner = "".join(f"<{component.item}>{row}</{component.item}>" for row in rows)
        else:
            inner = draw(contents(component.fields, depth + 1))
        parts.append(f"<{field.name}>{inner}</{field.name}>")
    return "".join(parts)


@st.composite
def requests(draw):
    operation = draw(st.sampled_from(OPERATIONS))
    fields = [f for f in ELEMENTS[operation].fields if f.name not in ("SessionID", "SecurityCode2")]
    return operation, draw(contents(fields))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests())
def test_every_request_gets_an_envelope(request):
    operation, inner = request
    office = Office(Clock())
    own = office.administration()
    session = office.open_session(own.username, own.security_code_1, own.security_code_2)
    own.relations.add({"Code": "R", "Bedrijf": "R"}, office.today())
    login = f"<SessionID>{session}</SessionID><SecurityCode2>{own.security_code_2}</SecurityCode2>"
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<{operation} xmlns="{NAMESPACE}">{login}{inner}</{operation}></e:Body></e:Envelope>'
    )
    reply = answer(Operations(office), {}, body.encode())
    assert reply.status in (200, 500)
    [content] = etree.fromstring(reply.body)[0]
    assert etree.QName(content).localname in ("Fault", f"{operation}Response")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_request_get_a_fault(body):
    reply = answer(Operations(Office(Clock())), {}, body)
    assert reply.status == 500
    assert etree.fromstring(reply.body) is not None
