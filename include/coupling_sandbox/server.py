"""Serves sandboxes: several on their own ports in one process, or one in a thread."""

import asyncio
import contextlib
import ipaddress
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from coupling_sandbox.faults import App, Receive, Scope, Send


class RemoteHostRefused(ValueError):
    """The address asked for can be reached from other machines."""


@dataclass(frozen=True)
class Served:
    """One sandbox to serve: its name in the READY line, the application, the port (0 = any)."""

    name: str
    app: App
    port: int


class _Protocol(H11Protocol):
    """HTTP as uvicorn speaks it, with the transport in reach of faults that cut the connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = cast(App, self.app)

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope["sandbox.transport"] = transport
            await inner(scope, receive, send)

        self.app = cast(Any, with_transport)


class _Server(uvicorn.Server):
    """A server that leaves the process's signals to us and says when it listens."""

    def __init__(self, app: App) -> None:
        config = uvicorn.Config(
            cast(Any, app),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self.listening = threading.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def bind(host: str, port: int, allow_remote: bool = False) -> socket.socket:
    """Open a listening socket; refuse any host but loopback unless ``allow_remote``.

    Raises:
        RemoteHostRefused: ``host`` is not a loopback address.
        OSError: the port is taken.
    """
    if not allow_remote and not _is_loopback(host):
        raise RemoteHostRefused(
            f"{host} can be reached from other machines, and a sandbox has no guard at its door; "
            "use 127.0.0.1, or add --allow-remote when you know who can reach this machine"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, asyncio switches off Nagle, which would cost every answer 40 milliseconds.
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(sock: socket.socket) -> str:
    """Return the base URL of a bound socket."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(apps: Sequence[Served], host: str = "127.0.0.1", allow_remote: bool = False) -> None:
    """Serve all ``apps`` until SIGTERM or SIGINT; print a READY line for each when it listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(bind(host, a.port, allow_remote)) for a in apps]
        asyncio.run(_serve(apps, sockets))


async def _serve(apps: Sequence[Served], sockets: Sequence[socket.socket]) -> None:
    servers = [_Server(served.app) for served in apps]

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    pairs = zip(servers, sockets, strict=True)
    running = [asyncio.create_task(server.serve([sock])) for server, sock in pairs]
    for served, server, sock in zip(apps, servers, sockets, strict=True):
        while not server.listening.is_set():
            await asyncio.sleep(0.01)
        print(f"READY {served.name} {address_of(sock)}", flush=True)  # noqa: T201
    await asyncio.gather(*running)


@contextlib.contextmanager
def serve_in_thread(app: App) -> Iterator[str]:
    """Serve ``app`` on a free loopback port in a thread; yield its base URL."""
    with bind("127.0.0.1", 0) as sock:
        server = _Server(app)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([sock])), daemon=True)
        thread.start()
        if not server.listening.wait(10):
            raise RuntimeError("the sandbox did not start within 10 seconds")
        try:
            yield address_of(sock)
        finally:
            server.should_exit = True
            thread.join(10)
