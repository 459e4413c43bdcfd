"""Whole HTTP answers, and ways to hand them out: complete, in half, padded, or not at all."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """A whole HTTP answer, held back so that it can be spoiled."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: bytes) -> bytes | None:
        """Return the value of header ``name`` (lower case), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)

    def with_body(self, body: bytes, *extra: tuple[bytes, bytes]) -> "Answer":
        """Return the same answer with another body and its true length."""
        replaced = {b"content-length", *(key for key, _ in extra)}
        kept = [(key, value) for key, value in self.headers if key.lower() not in replaced]
        length = (b"content-length", str(len(body)).encode())
        return Answer(self.status, [*kept, *extra, length], body)


async def read(receive: Receive) -> bytes:
    """Return the whole body of a request."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a ``receive`` that hands out a body already read, then the rest."""
    given: Iterator[Message] = iter(({"type": "http.request", "body": body, "more_body": False},))

    async def again() -> Message:
        message = next(given, None)
        return message if message is not None else await receive()

    return again


def noting(send: Send, status: list[int]) -> Send:
    """Return a ``send`` that notes the status it passes on."""

    async def passing(message: Message) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])
        await send(message)

    return passing


async def collect(app: App, scope: Scope, receive: Receive) -> Answer:
    """Let an application answer; hold the answer back."""
    start: list[Message] = []
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return Answer(start[0]["status"], list(start[0]["headers"]), b"".join(parts))


async def deliver(answer: Answer, send: Send) -> None:
    """Send an answer."""
    start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
    await send(start)
    await send({"type": "http.response.body", "body": answer.body})


async def deliver_half(answer: Answer, send: Send) -> None:
    """Announce an answer and send half of it."""
    whole = answer.with_body(answer.body)
    await send({"type": "http.response.start", "status": whole.status, "headers": whole.headers})
    half = answer.body[: len(answer.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    await asyncio.sleep(0.05)  # Lets the half leave the machine before the reset overtakes it.


async def deliver_padded(answer: Answer, send: Send, size: int) -> None:
    """Send an answer with ``size`` bytes of blanks before it."""
    # Blanks stand in front, so that whoever reads all of it still finds a sound answer.
    headers = [(k, v) for k, v in answer.headers if k.lower() != b"content-length"]
    headers.append((b"content-length", str(size + len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    blanks = b" " * 65536
    for sent in range(0, size, len(blanks)):
        part = blanks[: size - sent]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": answer.body})


async def wait_for_hang_up(receive: Receive, seconds: float) -> None:
    """Wait until the client is gone, or ``seconds`` are over."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return


async def reset(scope: Scope, receive: Receive) -> None:
    """Cut the connection with a TCP reset; needs the transport that ``server`` leaves in scope."""
    transport = scope["sandbox.transport"]
    if not transport.is_closing():
        linger_none = struct.pack("ii", 1, 0)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_none)
        transport.abort()
    await wait_for_hang_up(receive, 5.0)
