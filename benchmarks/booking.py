"""Booking over SOAP at 50 ms per call: exactly once, beside those who are not."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from benchmarks.outcome import Line, Part, Shown, insist_on_equal
from benchmarks.running import Failed, Measured, ours, peer, run
from benchmarks.sandbox import Sandbox, sandboxes
from benchmarks.venvs import NotInstalled, python_of

ORDERS, DAYS = 1_000, 8
SERVICE_S = 0.05
OURS = "ours, exactly once (intent, lease, token, settle)"
ZEEP = "zeep 4.3.3, bare loop (not safe)"
PACKAGE = "eboekhouden-python 0.4.2, safe mode"


def measure(quick: bool) -> Part:
    """The same bookings by each contestant, into empty books."""
    count = 20 if quick else ORDERS
    part = Part("booking", f"Booking over SOAP, {SERVICE_S * 1000:.0f} ms per call")
    found: dict[str, Measured] = {}
    calls: dict[str, int] = {}
    journals: dict[str, object] = {}
    with sandboxes() as sandbox, tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.json"
        _one_relation_per_country(sandbox)
        # About 125 orders a day: who looks up a day before each booking reads them all.
        month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
        after = month + timedelta(days=DAYS)
        wishes = {"seed": 3, "orders": count, "from": f"{month}", "to": f"{after}"}
        sandbox.control("amazon", "seed", {**wishes, "business": 0})
        window = (f"{month}T00:00:00Z", f"{after}T00:00:00Z")
        url = f"{sandbox.books}/soap.asmx?wsdl"
        contestants = {
            OURS: lambda: ours("ours_booking", *window, plan),
            ZEEP: lambda: peer(python_of("peers"), "book_zeep.py", url, plan),
            PACKAGE: lambda: peer(python_of("peers"), "book_package.py", url, plan),
        }
        for name, command in contestants.items():
            sandbox.control("books", "reset")
            sandbox.service_time("books", SERVICE_S)
            try:
                found[name] = run(command(), **(sandbox.variables if name == OURS else {}))
            except (Failed, NotInstalled) as error:
                if name == OURS:
                    raise
                part.lines.append(Line(name, "", None, note=f"could not run: {error}"))
                continue
            calls[name] = sum(n for k, n in sandbox.calls("books").items() if ":" not in k)
            journals[name] = _journal(sandbox, plan)
    insist_on_equal({name: one.answer for name, one in found.items()})
    insist_on_equal(journals)
    booked = found[OURS].answer["booked"]
    part.equal = f"{booked} bookings, the same journal line by line in the books of each"
    for name, one in found.items():
        part.lines.append(
            Line(
                name,
                f"{booked} bookings",
                one.seconds,
                f"{booked / one.seconds:.1f} bookings/s",
                one.above_mb,
                one.seconds / found[OURS].seconds,
                f"{calls[name]} calls in the books, {calls[name] / booked:.2f} per booking",
            )
        )
    _claims(part, found, quick)
    return part


def _claims(part: Part, found: dict[str, Measured], quick: bool) -> None:
    if quick:
        return
    for name, wanted in ((ZEEP, 0.95), (PACKAGE, 10.0)):
        if name in found:
            ratio = found[name].seconds / found[OURS].seconds
            part.shown.append(
                Shown(f"our rate over {name}", f">= {wanted:g}", f"{ratio:.2f}", ratio >= wanted)
            )


def _one_relation_per_country(sandbox: Sandbox) -> None:
    file = Path(sandbox.variables["AMAZON_EBOEKHOUDEN_COUPLINGS"]) / "demo.yaml"
    file.write_text(file.read_text().replace("relations: per_buyer", "relations: per_country"))


def _journal(sandbox: Sandbox, plan: Path) -> list[tuple[str, ...]]:
    """What stands in the books of the plan, without the descriptions: ours carry a token."""
    invoices = {one["invoice"] for one in json.loads(plan.read_text())}
    lines = httpx.get(f"{sandbox.books}/control/journal", timeout=600).json()
    names = ("date", "kind", "account", "debit", "credit", "invoice_number")
    return sorted(
        tuple(str(line[name]) for name in names)
        for line in lines
        if line["invoice_number"] in invoices
    )
