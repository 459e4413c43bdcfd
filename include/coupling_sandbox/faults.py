"""Misbehaviour over the wire: the list of faults and the layer that commits them.

A fault is ``{operation, kind, after, times, when}``: the first ``after`` calls of ``operation``
(``*`` = any) pass, the next ``times`` suffer, either before the call had its effect or after it.

Three families of kinds exist:

* kinds that replace the answer (``http_…``, ``reset``, ``hang``) or delay it (``slow``),
* kinds that spoil the answer's body (``malformed``, ``reset_mid_body``, ``truncated_gzip``, …),
* kinds that only the sandbox itself can commit (``expired_url``, ``repeated_page``, …): the layer
  leaves their name in ``scope["sandbox.call"].fault`` and the sandbox acts on it.
"""

import asyncio
import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from coupling_sandbox.answers import (
    Answer,
    App,
    Receive,
    Scope,
    Send,
    collect,
    deliver,
    deliver_half,
    deliver_padded,
    noting,
    read,
    replay,
    reset,
    wait_for_hang_up,
)
from coupling_sandbox.clock import Clock
from coupling_sandbox.fault_list import (
    BOMB_BYTES,
    HANG_S,
    OVERSIZED_BYTES,
    OWN,
    SLOW_S,
    SPOILING,
    Fault,
)

__all__ = [
    "Answer",
    "App",
    "Call",
    "CallLog",
    "Fault",
    "FaultLayer",
    "Receive",
    "Replacement",
    "Scope",
    "Send",
]


@dataclass
class Call:
    """What a sandbox knows of one call while it answers it; ``scope["sandbox.call"]``.

    Attributes:
        operation: the name under which the call counts.
        fault: the kind of fault that strikes it, or None.
        refused: the sandbox sets it when it answers "no" with a status below 400.
        detail: what else should stand in the log (seller, error code, …).
    """

    operation: str
    fault: str | None = None
    refused: bool = False
    detail: dict[str, Any] = field(default_factory=dict)


class CallLog:
    """Counts calls by operation and keeps the last of them."""

    KEPT = 10_000

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.calls: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.log: list[dict[str, Any]] = []

    def started(self, call: Call) -> dict[str, Any]:
        """Count a call that has come in; return its line in the log."""
        self.calls[call.operation] = self.calls.get(call.operation, 0) + 1
        line: dict[str, Any] = {
            "at_utc": self._clock.now().isoformat(),
            "operation": call.operation,
        }
        self.log.append(line)
        del self.log[: -self.KEPT]
        return line

    def ended(self, call: Call, line: dict[str, Any], status: int | None) -> None:
        """Note how a call was answered; ``status`` None means no answer at all."""
        line["status"] = status
        if call.fault:
            line["fault"] = call.fault
        line.update(call.detail)
        if call.refused or (status is not None and status >= 400):
            self.refused[call.operation] = self.refused.get(call.operation, 0) + 1
            line["refused"] = True


Replacement = Callable[[Call], Answer]

HTML_500 = (
    b"<html>\n<head><title>500 Internal Server Error</title></head>\n<body>\n"
    b"<center><h1>500 Internal Server Error</h1></center>\n</body>\n</html>\n"
)


def _page(status: int, content_type: str, body: bytes) -> Replacement:
    headers = [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
    return lambda _call: Answer(status, headers, body)


PLAIN_ANSWERS: dict[str, Replacement] = {
    "http_429": _page(429, "text/plain", b"Too Many Requests"),
    "http_500_html": _page(500, "text/html", HTML_500),
    "http_503_empty": _page(503, "text/plain", b""),
    "http_403_gateway": _page(403, "application/json", b'{"message":"Forbidden"}'),
}


class FaultLayer:
    """ASGI layer around a sandbox: counts every call and commits the faults.

    Args:
        app: the sandbox itself.
        calls: where calls are counted.
        name_operation: from the request's scope and body to the operation's name; None for what is
            no call of the service (control verbs, pages).
        answers: the vendor's own looks of replacing kinds, e.g. ``http_429`` or ``soap_fault``.
        placeholder: what a spoiling kind spoils when it strikes before the effect of a call
            that changes something, so that no true answer exists.
    """

    def __init__(
        self,
        app: App,
        calls: CallLog,
        name_operation: Callable[[Scope, bytes], str | None],
        answers: Mapping[str, Replacement] | None = None,
        placeholder: Answer | None = None,
    ) -> None:
        self.app = app
        self.calls = calls
        self.faults: list[Fault] = []
        self._name_operation = name_operation
        self._answers = {**PLAIN_ANSWERS, **(answers or {})}
        self._placeholder = placeholder or Answer(200, [(b"content-type", b"text/html")], HTML_500)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await read(receive)
        operation = self._name_operation(scope, body)
        again = replay(body, receive)
        if operation is None:
            await self.app(scope, again, send)
            return
        fault = next((f for f in list(self.faults) if f.strikes(operation)), None)
        call = Call(operation, fault.kind if fault else None)
        scope["sandbox.call"] = call
        line = self.calls.started(call)
        status: list[int] = []
        try:
            await self._answer(fault, call, scope, again, noting(send, status))
        finally:
            self.calls.ended(call, line, status[0] if status else None)

    async def _answer(
        self, fault: Fault | None, call: Call, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if fault is None or (fault.kind in OWN and fault.kind not in self._answers):
            await self.app(scope, receive, send)
        elif fault.kind == "slow":
            await self._slow(fault, scope, receive, send)
        elif fault.kind in SPOILING:
            await self._spoil(fault, scope, receive, send)
        else:
            if fault.when == "after":
                await collect(self.app, scope, receive)
            if fault.kind == "reset":
                await reset(scope, receive)
            elif fault.kind == "hang":
                await wait_for_hang_up(receive, fault.seconds or HANG_S)
                await reset(scope, receive)
            else:
                answer = self._answers[fault.kind](call)
                await deliver(replace(answer, status=fault.status or answer.status), send)

    async def _slow(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        # A client that gave up meanwhile doesn't undo the effect: that is what makes it dangerous.
        delay = fault.seconds if fault.seconds is not None else SLOW_S
        if fault.when == "before":
            await asyncio.sleep(delay)
        answer = await collect(self.app, scope, receive)
        if fault.when == "after":
            await asyncio.sleep(delay)
        await deliver(answer, send)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.when == "after" or scope["method"] in ("GET", "HEAD"):
            answer = await collect(self.app, scope, receive)
        else:
            answer = self._placeholder
        if fault.kind == "reset_mid_body":
            await deliver_half(answer, send)
            await reset(scope, receive)
        elif fault.kind == "oversized":
            await deliver_padded(answer, send, fault.size_bytes or OVERSIZED_BYTES)
        else:
            await deliver(_SPOILERS[fault.kind](answer, fault), send)


def _truncated_gzip(answer: Answer, _fault: Fault) -> Answer:
    if answer.body[:2] == b"\x1f\x8b":
        return answer.with_body(answer.body[: len(answer.body) // 2])
    packed = gzip.compress(answer.body)
    return answer.with_body(packed[: len(packed) // 2], (b"content-encoding", b"gzip"))


def _gzip_bomb(answer: Answer, fault: Fault) -> Answer:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blanks = b" " * (1024 * 1024)
    packed = [packer.compress(blanks) for _ in range((fault.size_bytes or BOMB_BYTES) >> 20)]
    bomb = b"".join([*packed, packer.flush()])
    if answer.body[:2] == b"\x1f\x8b":
        return answer.with_body(bomb)
    return answer.with_body(bomb, (b"content-encoding", b"gzip"))


def _wrong_charset(answer: Answer, fault: Fault) -> Answer:
    # The header keeps saying what it said; only the bytes are in another charset.
    packed = answer.body[:2] == b"\x1f\x8b"
    raw = gzip.decompress(answer.body) if packed else answer.body
    declared = (answer.header(b"content-type") or b"").decode("latin-1").lower()
    source = "cp1252" if "1252" in declared or "8859" in declared else "utf-8"
    spoiled = raw.decode(source, "replace").encode(fault.charset, "replace")
    return answer.with_body(gzip.compress(spoiled) if packed else spoiled)


def _malformed(answer: Answer, _fault: Fault) -> Answer:
    return answer.with_body(answer.body[: len(answer.body) * 2 // 3])


def _dtd(answer: Answer, _fault: Fault) -> Answer:
    doctype = b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    body = answer.body
    if not body.lstrip().startswith(b"<"):
        return answer.with_body(
            b'<?xml version="1.0"?>' + doctype + b"<r>&b;</r>", (b"content-type", b"text/xml")
        )
    cut = body.find(b"?>") + 2 if body.lstrip().startswith(b"<?xml") else 0
    end = body.rfind(b"</")
    return answer.with_body(body[:cut] + doctype + body[cut:end] + b"&b;" + body[end:])


_SPOILERS: dict[str, Callable[[Answer, Fault], Answer]] = {
    "truncated_gzip": _truncated_gzip,
    "gzip_bomb": _gzip_bomb,
    "wrong_charset": _wrong_charset,
    "malformed": _malformed,
    "dtd": _dtd,
}
