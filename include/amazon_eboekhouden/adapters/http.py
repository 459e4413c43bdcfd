"""HTTP with the two bounds that client libraries lack: a total deadline and a largest body.

A time-out of `requests` or `httpx` counts per read: a server that sends one byte a second holds a
call for ever. Here every read, write, connect and DNS look-up gets at most what is left of the
deadline that `within` has set for this thread. Addresses are looked up and judged here too, and
the connection goes to the very address that was judged, so that a name can't change in between.

`Browser.request` has the shape that python-amazon-sp-api's transport asks of its client.
"""

from __future__ import annotations

import ipaddress
import os
import queue
import socket
import ssl
import threading
import time
import urllib.request
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import httpcore
import httpx

CONNECT_S = 5.0
LARGEST_BODY = 32 * 1024 * 1024

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressRule = Callable[[IpAddress], bool]

_until: ContextVar[float | None] = ContextVar("until", default=None)


class BodyTooLarge(Exception):
    """The answer's body is larger than the cap; reading stopped there."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Everything that this thread does over HTTP inside the block shares one total deadline."""
    outer = _until.get()
    mine = time.monotonic() + seconds
    token = _until.set(mine if outer is None else min(mine, outer))
    try:
        yield
    finally:
        _until.reset(token)


def is_loopback(url: str | httpx.URL) -> bool:
    """Whether a URL's host is this machine by name or address (no look-up)."""
    host = httpx.URL(url).host
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def any_address(_address: IpAddress) -> bool:
    """Rule for hosts that a person typed into a connection."""
    return True


def public_address(address: IpAddress) -> bool:
    """Rule for hosts that came over the wire: nothing inside our own network."""
    return address.is_global and not address.is_multicast


def loopback_address(address: IpAddress) -> bool:
    """Rule for documents of a service that itself runs on this machine."""
    return address.is_loopback


def rule_for(url: str) -> AddressRule:
    """Rule for an address that a person typed: in clear text only inside our own network."""
    return any_address if httpx.URL(url).scheme == "https" else _not_global


def _not_global(address: IpAddress) -> bool:
    return not address.is_global


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    until = _until.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise error("the total deadline of the call has passed")
    return left if timeout is None else min(timeout, left)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection on which no single wait can outlast the call's deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Connects to addresses that `allowed` accepts, inside the deadline."""

    def __init__(self, allowed: AddressRule) -> None:
        self._allowed = allowed
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout) or CONNECT_S
        addresses = [a for a in _look_up(host, port, left) if self._allowed(a)]
        if not addresses:
            raise httpcore.ConnectError("the host's address is not one we may connect to")
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            left = _left(timeout, httpcore.ConnectTimeout) or CONNECT_S
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, left, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _DeadlineStream(stream)
        raise failure


def _look_up(host: str, port: int, seconds: float) -> list[IpAddress]:
    """Addresses of a host, in the resolver's order; the resolver itself knows no time-out."""
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        pass
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, name=f"look up {host}", daemon=True).start()
    try:
        found = answer.get(timeout=seconds)
    except queue.Empty:
        raise httpcore.ConnectTimeout("the host's name could not be looked up in time") from None
    if isinstance(found, Exception):
        raise httpcore.ConnectError("the host's name is not known") from found
    unique = dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found)
    return [ipaddress.ip_address(text) for text in unique]


def tls() -> ssl.SSLContext:
    """Whom this process trusts, as httpx says; read once, for that takes as long as several calls.

    Files that the environment names instead of httpx's own are read anew when it names others.
    """
    return _tls(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _tls(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    return httpx.create_ssl_context()


class _Transport(httpx.BaseTransport):
    """httpx over httpcore's pool with our backend, and the environment's proxy if there is one."""

    def __init__(self, allowed: AddressRule) -> None:
        self._backend = _Backend(allowed)
        # A proxy stands where a person put it, and looks the host up itself.
        self._proxy_backend = _Backend(any_address)
        self._ssl = tls()
        self._pools: dict[str, httpcore.ConnectionPool] = {}

    def _pool(self, url: httpx.URL) -> httpcore.ConnectionPool:
        proxy = "" if is_loopback(url) else _proxy_for(url)
        if proxy not in self._pools:
            if proxy:
                self._pools[proxy] = httpcore.HTTPProxy(
                    proxy, ssl_context=self._ssl, network_backend=self._proxy_backend
                )
            else:
                self._pools[proxy] = httpcore.ConnectionPool(
                    ssl_context=self._ssl, keepalive_expiry=30.0, network_backend=self._backend
                )
        return self._pools[proxy]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        outgoing = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _as_httpx():
            answer = self._pool(request.url).handle_request(outgoing)
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._stream

    def close(self) -> None:
        self._stream.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Errors of httpcore under the names that httpx gives them."""
    try:
        yield
    except httpcore.ConnectionNotAvailable as error:
        raise httpx.PoolTimeout("no connection") from error
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


def _proxy_for(url: httpx.URL) -> str:
    if urllib.request.proxy_bypass(url.host):
        return ""
    proxies = urllib.request.getproxies()
    return proxies.get(url.scheme) or proxies.get("all") or ""


class Browser:
    """An HTTP client whose answers are bounded in time (with `within`) and in size.

    Args:
        largest_body: most bytes of a body, after decompression.
        allowed: which addresses may be connected to.
        read_s: longest single wait for data; the total is set by `within`.
    """

    def __init__(
        self,
        *,
        largest_body: int = LARGEST_BODY,
        allowed: AddressRule = any_address,
        read_s: float = 30.0,
    ) -> None:
        self._largest = largest_body
        self._client = httpx.Client(
            transport=_Transport(allowed),
            timeout=httpx.Timeout(read_s, connect=CONNECT_S),
            follow_redirects=False,
            trust_env=False,  # Otherwise a .netrc could add a password to the request.
        )
        # Whoever forgets to close leaves no open connection behind.
        self._finish = weakref.finalize(self, self._client.close)

    @contextmanager
    def stream(self, method: str, url: str, **options: Any) -> Iterator[httpx.Response]:
        """A request whose answer the caller reads piece by piece, with a cap of its own."""
        with self._client.stream(method, url, **options) as response:
            yield response

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Any = None,
        data: Any = None,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The whole answer.

        Raises:
            httpx.HTTPError: what the network did; a passed deadline is a TimeoutException.
            BodyTooLarge: the body goes on after the cap.
        """
        # Host comes from the URL: python-amazon-sp-api cuts it wrong for plain http.
        sent = {k: v for k, v in (headers or {}).items() if k.lower() != "host"}
        with self._client.stream(
            method, url, params=params, data=data, content=content, headers=sent
        ) as response:
            body = bytearray()
            for piece in response.iter_bytes(64 * 1024):
                body += piece
                if len(body) > self._largest:
                    raise BodyTooLarge(f"the answer is larger than {self._largest} bytes")
        kept = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name not in ("content-encoding", "content-length", "transfer-encoding")
        ]
        return httpx.Response(
            response.status_code, headers=kept, content=bytes(body), request=response.request
        )

    def close(self) -> None:
        """Drop the connections."""
        self._finish()
