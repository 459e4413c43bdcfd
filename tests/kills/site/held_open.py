"""Holds a process open at a named point of the booking protocol until somebody lets it go.

Every process of the campaign loads this (see `sitecustomize`). It wraps the ledger from outside,
when the ledger's modules are imported. The campaign writes the points that it wants into the file
`wanted` of the folder KILLS_DOOR; the first process that comes to one of them takes that file
away, says in `held` who it is and where, and waits for `release-<pid>`, or for its death.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DOOR = Path(os.environ["KILLS_DOOR"])
LONGEST_S = 120.0

# What is under way in this process: transaction, operation of the service, armed booking.
_writing: list[tuple[str, str]] = []
_calling: list[str] = []
_armed: list[str] = []


def install() -> None:
    """Wrap the ledger's modules as soon as they are imported."""
    sys.meta_path.insert(0, _Finder())


def point(name: str, op_key: str = "") -> None:
    """Wait here, if somebody wants a process at this point."""
    label = f"{name}:{op_key.split(':')[1]}" if op_key else name
    try:
        asked = json.loads((DOOR / "wanted").read_text())
        if label not in asked["points"] or op_key in asked["spared"]:
            return
        (DOOR / "wanted").rename(DOOR / f"taken-{os.getpid()}")
    except FileNotFoundError:
        return
    here = {"point": label, "op_key": op_key, "pid": os.getpid(), "ppid": os.getppid()}
    draft = DOOR / f"held-{os.getpid()}"
    with draft.open("w") as file:
        file.write(json.dumps(here))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(DOOR / "held")
    free, until = DOOR / f"release-{os.getpid()}", time.monotonic() + LONGEST_S
    while not free.exists() and time.monotonic() < until:
        time.sleep(0.02)
    free.unlink(missing_ok=True)


def _log(what: str) -> None:
    """Note who comes to the ledger and leaves it, and how many others are in it right then."""
    path, me = DOOR / "ledger.log", os.getpid()
    inside: set[int] = set()
    if what == "in" and path.exists():
        for line in path.read_text().splitlines():
            seen = json.loads(line)
            (inside.add if seen["what"] == "in" else inside.discard)(seen["pid"])
    others = sum(pid != me and _lives(pid) for pid in inside)
    with path.open("a") as file:
        file.write(json.dumps({"pid": me, "what": what, "others": others}) + "\n")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# --- what is wrapped ------------------------------------------------------------------------------


def _ledger(module: Any) -> None:
    run = module.BookingLedger._run

    def watched(steps: Iterator[Any]) -> Iterator[Any]:
        for step in steps:
            point(step.name, step.op_key)
            yield step

    def _run(self: Any, worker: Any, steps: Iterator[Any]) -> Any:
        _log("in")
        try:
            return run(self, worker, watched(steps))
        finally:
            _log("out")

    module.BookingLedger._run = _run


def _store(module: Any) -> None:
    from sqlalchemy import Engine, event

    def in_transaction(method: str, name: str, key: Callable[..., str]) -> None:
        inner = getattr(module.SqlStore, method)

        def outer(self: Any, *args: Any, **kwargs: Any) -> Any:
            _writing.append((name, key(*args)))
            try:
                return inner(self, *args, **kwargs)
            finally:
                _writing.pop()

        setattr(module.SqlStore, method, outer)

    def no_key(*args: Any) -> str:
        return ""

    def intent_key(lease: Any, intent: Any, *rest: Any) -> str:
        return str(intent.op_key)

    in_transaction("plan", "planning", no_key)
    in_transaction("_acquire", "leasing", no_key)
    in_transaction("arm", "arming", intent_key)
    in_transaction("finish", "finishing", intent_key)
    in_transaction("resolve", "resolving", no_key)
    in_transaction("note_number", "learning", no_key)
    in_transaction("_set_expiry", "extending", no_key)

    def before_commit(connection: Any) -> None:
        if _writing:
            point(*_writing[-1])

    event.listen(Engine, "commit", before_commit)


def _soap(module: Any) -> None:
    inner = module.SoapService.call

    def call(self: Any, operation: str, *args: Any, **kwargs: Any) -> Any:
        _calling.append(operation)
        try:
            return inner(self, operation, *args, **kwargs)
        finally:
            _calling.pop()

    module.SoapService.call = call


def _http(module: Any) -> None:
    inner = module.HTTP11Connection._receive_response_headers

    def receive(self: Any, *args: Any, **kwargs: Any) -> Any:
        # The request is at the service, its answer is not read.
        if _calling and _calling[-1] in ("AddMutatie", "AddRelatie"):
            point("requested", _armed[-1])
        return inner(self, *args, **kwargs)

    module.HTTP11Connection._receive_response_headers = receive


def _protocol(module: Any) -> None:
    inner = module.Worker._arm

    def _arm(self: Any, intent: Any, number_before: int) -> Any:
        _armed[:] = [str(intent.op_key)]
        return inner(self, intent, number_before)

    module.Worker._arm = _arm


WRAPPED: dict[str, Callable[[Any], None]] = {
    "amazon_eboekhouden.ledger.ledger": _ledger,
    "amazon_eboekhouden.ledger.protocol": _protocol,
    "amazon_eboekhouden.ledger.sql_store": _store,
    "amazon_eboekhouden.adapters.soap": _soap,
    "httpcore._sync.http11": _http,
}


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        wrap = WRAPPED.get(name)
        if wrap is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        inner = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            inner(module)
            wrap(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
