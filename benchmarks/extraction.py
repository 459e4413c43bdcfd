"""Fetching orders with full records, beside the loops and taps that others use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from benchmarks.outcome import Line, Part, Shown, insist_on_equal
from benchmarks.running import Failed, Measured, exponent, ours, peer, run
from benchmarks.sandbox import Sandbox, sandboxes
from benchmarks.venvs import NotInstalled, python_of

ORDERS, MANY = 2_000, 10_000
AS_SHIPPED = 30
OURS = "ours: searchOrders, encrypted staging, limiter off"


def measure(quick: bool) -> Part:
    """The contest without Amazon's limits; Airbyte's own limiter on and off."""
    count = 60 if quick else ORDERS
    part = Part("extraction", f"Extraction: {count:,} orders with full records, no rate limit")
    with sandboxes() as sandbox:
        window = _seeded(sandbox, count)
        found, calls = {}, {}
        for name, command in _contestants(sandbox, window).items():
            before = sandbox.calls("amazon")
            try:
                found[name] = run(command(), **_variables(sandbox, name))
            except (Failed, NotInstalled) as error:
                if name == OURS:
                    raise
                part.lines.append(
                    Line(name, f"{count:,} orders", None, note=f"could not run: {error}")
                )
                continue
            calls[name] = sum(sandbox.calls("amazon").values()) - sum(before.values())
    insist_on_equal({name: one.answer for name, one in found.items()})
    first = found[OURS]
    part.equal = (
        f"{first.answer['orders']:,} orders and their items (SHA-256 of the ids "
        f"{first.answer['items']}) at each contestant"
    )
    for name, one in found.items():
        part.lines.append(
            Line(
                name,
                f"{count:,} orders",
                one.seconds,
                f"{count / one.seconds:,.0f} orders/s",
                one.above_mb,
                one.seconds / first.seconds,
                f"{calls[name]:,} calls, {calls[name] / count:.2f} per order; the client's own "
                f"processor time {one.cpu_s:.2f} s",
            )
        )
    if not quick:
        _airbyte_as_shipped(part)
        _claims(part, found, first)
    part.notes.append(
        "The sandbox writes full records (all included data) while it is asked, on the same "
        "machine: its time is in everybody's, and it finds a page of many thousand orders slowly. "
        "What a client itself takes is its processor time."
    )
    return part


def _seeded(sandbox: Sandbox, count: int) -> tuple[str, str]:
    month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    sandbox.control("amazon", "reset")
    sandbox.no_limits()
    wishes = {"seed": 5, "orders": count, "from": f"{month}", "to": f"{after}", "mcf": 0}
    sandbox.control("amazon", "seed", wishes)
    return f"{month}T00:00:00Z", f"{after}T00:00:00Z"


def _contestants(sandbox: Sandbox, window: tuple[str, str]) -> dict[str, object]:
    def of_peer(script: str, venv: str = "peers", *more: str) -> object:
        return lambda: peer(python_of(venv), script, sandbox.amazon, *window, *more)

    return {
        OURS: lambda: ours("ours_extract", *window),
        "python-amazon-sp-api 2.1.35, v0 loop": of_peer("extract_v0.py"),
        "tap-amazon-sp 0.1.1": of_peer("extract_tap.py"),
        "Airbyte 4.6.4, its limiter off": of_peer("extract_airbyte.py", "airbyte", "off"),
    }


def _variables(sandbox: Sandbox, name: str) -> dict[str, str]:
    return sandbox.variables if name == OURS else {}


def _airbyte_as_shipped(part: Part) -> None:
    what = f"{AS_SHIPPED} orders"
    try:
        with sandboxes() as sandbox:
            window = _seeded(sandbox, AS_SHIPPED)
            command = peer(
                python_of("airbyte"), "extract_airbyte.py", sandbox.amazon, *window, "on"
            )
            shipped = run(command)
            own = run(ours("ours_extract", *window), **sandbox.variables)
        insist_on_equal({"ours": own.answer, "airbyte": shipped.answer})
        ratio = shipped.seconds / own.seconds
        rate = f"{AS_SHIPPED / shipped.seconds:.2f} orders/s"
        line = Line(
            "Airbyte 4.6.4 as shipped", what, shipped.seconds, rate, shipped.above_mb, ratio
        )
    except (Failed, NotInstalled) as error:
        line = Line("Airbyte 4.6.4 as shipped", what, None, note=f"could not run: {error}")
    part.lines.append(line)


def _claims(part: Part, found: dict[str, Measured], first: Measured) -> None:
    for name, wanted in (
        ("python-amazon-sp-api 2.1.35, v0 loop", 10),
        ("Airbyte 4.6.4, its limiter off", 100),
    ):
        if name in found:
            ratio = found[name].seconds / first.seconds
            part.shown.append(
                Shown(
                    f"extraction against {name}",
                    f">= {wanted} x",
                    f"{ratio:.1f} x",
                    ratio >= wanted,
                )
            )
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
