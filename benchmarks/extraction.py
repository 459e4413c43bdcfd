"""Fetching orders with full records, beside the loops and taps that others use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from benchmarks.outcome import Line, Part, Shown, insist_on_equal
from benchmarks.running import Failed, Measured, exponent, ours, peer, run
from benchmarks.sandbox import Sandbox, sandboxes
from benchmarks.venvs import NotInstalled, python_of

ORDERS, MANY = 2_000, 10_000
AS_SHIPPED = 30
# A call over loopback takes no time on the way; Amazon's servers take some, and are far away.
SERVICE_S = 0.05
OURS = "ours: searchOrders, encrypted staging, limiter off"
V0 = "python-amazon-sp-api 2.1.35, v0 loop"
AIRBYTE = "Airbyte 4.6.4, its limiter off"
SHIPPED = "Airbyte 4.6.4 as shipped"


def measure(quick: bool) -> Part:
    """The contest without Amazon's limits, over loopback as it is and with a service time."""
    count = 60 if quick else ORDERS
    part = Part("extraction", f"Extraction: {count:,} orders with full records, no rate limit")
    plain = _contest(part, count, 0.0)
    served = _contest(part, count, SERVICE_S)
    insist_on_equal({"without service time": plain[OURS].answer, "with": served[OURS].answer})
    answer = plain[OURS].answer
    part.equal = (
        f"{answer['orders']:,} orders and their items (SHA-256 of the ids {answer['items']}) at "
        "each contestant, with and without a service time"
    )
    if not quick:
        for found, service_s in ((plain, 0.0), (served, SERVICE_S)):
            _airbyte_as_shipped(part, service_s)
            _against(part, found, service_s)
        _growth(part, plain[OURS])
    part.notes.append(
        "The sandbox writes full records (all included data) while it is asked, on the same "
        "machine: its time is in everybody's. What a client itself takes is its processor time. "
        "Every run is made over loopback as it is, and once more with "
        f"{SERVICE_S * 1000:.0f} ms before the answer to each call of each contestant."
    )
    return part


def _contest(part: Part, count: int, service_s: float) -> dict[str, Measured]:
    """Every contestant that can be run reads the same orders; the lines go into the part."""
    with sandboxes() as sandbox:
        window = _seeded(sandbox, count, service_s)
        found, calls = {}, {}
        for name, command in _contestants(sandbox, window).items():
            before = sandbox.calls("amazon")
            try:
                found[name] = run(command(), **_variables(sandbox, name))
            except (Failed, NotInstalled) as error:
                if name == OURS:
                    raise
                part.lines.append(
                    Line(name, _size(count, service_s), None, note=f"could not run: {error}")
                )
                continue
            calls[name] = sum(sandbox.calls("amazon").values()) - sum(before.values())
    insist_on_equal({name: one.answer for name, one in found.items()})
    for name, one in found.items():
        part.lines.append(
            Line(
                name,
                _size(count, service_s),
                one.seconds,
                f"{count / one.seconds:,.0f} orders/s",
                one.above_mb,
                one.seconds / found[OURS].seconds,
                f"{calls[name]:,} calls, {calls[name] / count:.2f} per order; the client's own "
                f"processor time {one.cpu_s:.2f} s",
            )
        )
    return found


def _size(count: int, service_s: float) -> str:
    return f"{count:,} orders" + (f", {service_s * 1000:.0f} ms per call" if service_s else "")


def _seeded(sandbox: Sandbox, count: int, service_s: float = 0.0) -> tuple[str, str]:
    month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    sandbox.control("amazon", "reset")
    sandbox.no_limits()
    wishes = {"seed": 5, "orders": count, "from": f"{month}", "to": f"{after}", "mcf": 0}
    sandbox.control("amazon", "seed", wishes)
    if service_s:
        sandbox.service_time("amazon", service_s)
    return f"{month}T00:00:00Z", f"{after}T00:00:00Z"


def _contestants(sandbox: Sandbox, window: tuple[str, str]) -> dict[str, Callable[[], list[str]]]:
    def of_peer(script: str, venv: str = "peers", *more: str) -> Callable[[], list[str]]:
        return lambda: peer(python_of(venv), script, sandbox.amazon, *window, *more)

    return {
        OURS: lambda: ours("ours_extract", *window),
        V0: of_peer("extract_v0.py"),
        "tap-amazon-sp 0.1.1": of_peer("extract_tap.py"),
        AIRBYTE: of_peer("extract_airbyte.py", "airbyte", "off"),
    }


def _variables(sandbox: Sandbox, name: str) -> dict[str, str]:
    return sandbox.variables if name == OURS else {}


def _airbyte_as_shipped(part: Part, service_s: float) -> None:
    what = _size(AS_SHIPPED, service_s)
    try:
        with sandboxes() as sandbox:
            window = _seeded(sandbox, AS_SHIPPED, service_s)
            command = peer(
                python_of("airbyte"), "extract_airbyte.py", sandbox.amazon, *window, "on"
            )
            shipped = run(command)
            own = run(ours("ours_extract", *window), **sandbox.variables)
    except (Failed, NotInstalled) as error:
        part.lines.append(Line(SHIPPED, what, None, note=f"could not run: {error}"))
        return
    insist_on_equal({"ours": own.answer, "airbyte": shipped.answer})
    ratio = shipped.seconds / own.seconds
    rate = f"{AS_SHIPPED / shipped.seconds:.2f} orders/s"
    part.lines += [
        Line(SHIPPED, what, shipped.seconds, rate, shipped.above_mb, ratio),
        Line(OURS, what, own.seconds, f"{AS_SHIPPED / own.seconds:,.0f} orders/s", own.above_mb, 1),
    ]
    part.shown.append(_times(f"{SHIPPED}, {what}", ratio, 100))


def _against(part: Part, found: dict[str, Measured], service_s: float) -> None:
    for name, wanted in ((V0, 10), (AIRBYTE, 100)):
        if name in found:
            ratio = found[name].seconds / found[OURS].seconds
            part.shown.append(_times(f"{name}, {_size(ORDERS, service_s)}", ratio, wanted))


def _times(peer_and_size: str, ratio: float, wanted: int) -> Shown:
    against = f"extraction against {peer_and_size}"
    return Shown(against, f">= {wanted} x", f"{ratio:.1f} x", ratio >= wanted)


def _growth(part: Part, first: Measured) -> None:
    with sandboxes() as sandbox:
        window = _seeded(sandbox, MANY)
        many = run(ours("ours_extract", *window), **sandbox.variables)
    rate = f"{MANY / many.seconds:,.0f} orders/s"
    part.lines.append(Line(OURS, f"{MANY:,} orders", many.seconds, rate, many.above_mb))
    growth = (many.above_mb - first.above_mb) / ((MANY - ORDERS) / 1_000)
    part.shown.append(
        Shown(
            "extraction memory per 1,000 orders",
            "<= 1 MB",
            f"{growth:.2f} MB ({first.above_mb:.0f} MB at {ORDERS:,}, {many.above_mb:.0f} MB at "
            f"{MANY:,})",
            growth <= 1,
        )
    )
    slope = exponent((ORDERS, first.seconds), (MANY, many.seconds))
    part.shown.append(
        Shown("2,000 to 10,000 orders", "exponent <= 1.1", f"{slope:.2f}", slope <= 1.1)
    )
    part.curves["orders: extraction"] = [(ORDERS, first.seconds), (MANY, many.seconds)]
