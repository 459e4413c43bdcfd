"""zeep with its traps closed: total deadlines, bounded bodies, strict answers, one description.

What zeep leaves open (measured): operations without any time-out, time-outs that count per read,
bodies of any size, DTDs, and answers of another operation. Its own `Transport` is replaced by one
over `adapters.http`; everything else of zeep is used as it is.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import Any

import zeep
import zeep.exceptions
from zeep.wsdl import Document

from amazon_eboekhouden.adapters.http import Browser, rule_for, within

NAMESPACE = "http://www.e-boekhouden.nl/soap"
SETTINGS = zeep.Settings(
    strict=True, forbid_dtd=True, forbid_external=True, forbid_entities=True, xml_huge_tree=False
)
_ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"

# The service's description, read from the service once per process and address.
_descriptions: dict[str, Document] = {}
_reading = threading.Lock()

# zeep.transports writes whole envelopes, with the security code in them, at DEBUG.
logging.getLogger("zeep").setLevel(logging.WARNING)
# Its message on an answer that cannot be read quotes the answer, customers included.
logging.getLogger("zeep.xsd").setLevel(logging.CRITICAL)


class HttpStatus(Exception):
    """The service answered with another status than 200; what it did is not known."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"HTTP status {status}")


class WrongAnswer(Exception):
    """The envelope does not hold exactly the answer to what was asked."""


class _Transport(zeep.Transport):
    def __init__(self, browser: Browser) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._browser = browser
        self.handed_over = False

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Any:
        """The answer to one envelope; `handed_over` says whether the network was touched."""
        self.handed_over = True
        response = self._browser.request("POST", address, content=message, headers=headers)
        if response.status_code != 200:
            raise HttpStatus(response.status_code)
        return response

    def _load_remote_data(self, url: str) -> bytes:
        response = self._browser.request("GET", url)
        if response.status_code != 200:
            raise HttpStatus(response.status_code)
        return response.content


class _ExactlyTheAnswer(zeep.Plugin):
    """Refuses an envelope whose body is not one element with the name that was asked for."""

    def ingress(self, envelope: Any, http_headers: Any, operation: Any) -> Any:
        body = envelope.find(f"{_ENVELOPE}Body")
        children = [] if body is None else [str(child.tag) for child in body]
        wanted = f"{{{NAMESPACE}}}{operation.name}Response"
        if children not in ([wanted], [f"{_ENVELOPE}Fault"]):
            raise WrongAnswer("the body does not hold the answer to this operation")
        return envelope, http_headers


class SoapService:
    """The operations of one address, over one connection that is kept open.

    Args:
        url: address of the service; `?wsdl` behind it gives the description.
        calls: counted per operation, and "WSDL" for reading the description.
    """

    def __init__(self, url: str, calls: Counter[str]) -> None:
        self._url = url
        self._calls = calls
        # `within` bounds each call; a wait inside it needs no bound of its own.
        self._browser = Browser(allowed=rule_for(url), read_s=600.0)
        self._transport = _Transport(self._browser)
        self._service: Any = None

    @property
    def handed_over(self) -> bool:
        """Whether the last call got as far as the network."""
        return self._transport.handed_over

    def prepare(self, *, deadline_s: float) -> None:
        """Read the description, unless this process has it."""
        if self._service is not None:
            return
        with _reading, within(deadline_s):
            if self._url not in _descriptions:
                self._calls["WSDL"] += 1
                where = f"{self._url}?wsdl"
                transport: Any = self._transport
                _descriptions[self._url] = Document(where, transport, settings=SETTINGS)
        client: Any = zeep.Client(  # type: ignore[no-untyped-call]
            _descriptions[self._url],
            transport=self._transport,
            settings=SETTINGS,
            plugins=[_ExactlyTheAnswer()],
        )
        # The address in the description is plain http (and the service's own idea of itself).
        self._service = client.create_service(f"{{{NAMESPACE}}}soapAppSoap", self._url)

    def call(self, operation: str, arguments: dict[str, Any], *, deadline_s: float) -> Any:
        """One operation's result as zeep parses it; raises whatever zeep or the network raises."""
        self._transport.handed_over = False
        self._calls[operation] += 1
        with within(deadline_s):
            return self._service[operation](**arguments)

    def close(self) -> None:
        """Drop the connection."""
        self._browser.close()
