"""History under enforced buckets: by report, beside what order calls would have to wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

from benchmarks.outcome import Line, Part, Shown, insist_on_equal
from benchmarks.sandbox import sandboxes, since

SIZES = (20_000, 100_000)
# amazon-sp-api reference 5.2: pages of 100 and one call per order, full buckets, published rates.
V0_PAGES, V0_ITEMS, SEARCH = (0.0167, 20), (0.5, 30), (0.0056, 20)
# What the seller sandbox takes to write a report is not ours; a real one is made in minutes.
PATIENCE = ("--wait", "60")
# Calls that had to wait for a token, by what the plan of each call lets through at once.
BURSTS = {"createReport": 15, "getReport": 15, "getReportDocument": 15, "getOrder": 30}


def measure(quick: bool) -> Part:
    """The preview of a backfill against the preview of the order path, mutation by mutation."""
    sizes = (150,) if quick else SIZES
    part = Part("backfill", f"Backfill of {' and '.join(f'{n:,}' for n in sizes)} orders")
    for count in sizes:
        _measure(part, count)
    return part


def _measure(part: Part, count: int) -> None:
    month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    window = ("--from", f"{month}T00:00:00Z", "--to", f"{after}T00:00:00Z")
    with sandboxes() as sandbox:
        file = Path(sandbox.variables["AMAZON_EBOEKHOUDEN_COUPLINGS"]) / "demo.yaml"
        file.write_text(file.read_text().replace("relations: per_buyer", "relations: per_country"))
        wishes = {"seed": 4, "orders": count, "from": f"{month}", "to": f"{after}"}
        sandbox.control("amazon", "seed", {**wishes, "business": 0})
        before = sandbox.calls("amazon")
        filled, seconds = sandbox.command("backfill", *window, *PATIENCE, "--preview")
        calls = since(sandbox.calls("amazon"), before)
        sandbox.no_limits()
        hourly, hourly_s = sandbox.command("orders", *window, "--preview")
    by_report, by_order = _mutations(filled), _mutations(hourly)
    pairs = zip_longest(by_report, by_order)
    apart = next(((one, other) for one, other in pairs if one != other), (None, None))
    insist_on_equal({"orders": apart[1], "backfill": apart[0]})
    part.equal += f"{len(by_report):,} mutations, the same from reports and from orders; "
    what = f"{count:,} orders"
    part.lines += [
        Line("ours, backfill by reports (preview)", what, seconds, note=f"calls: {calls}"),
        Line("ours, order path without limits (preview)", what, hourly_s),
    ]
    waited = {name: n for name, burst in BURSTS.items() if (n := calls.get(name, 0)) > burst}
    refused = sum(n for name, n in calls.items() if name.startswith("refused:"))
    v0 = max(_wait(count / 100, V0_PAGES), _wait(count, V0_ITEMS)) / 3600
    search = _wait(count / 100, SEARCH) / 3600
    part.shown.append(
        Shown(
            f"{what}: waiting for tokens",
            "<= 15 min",
            f"{_waiting_min(waited):.1f} min, {refused} refused; v0 calls would wait {v0:.1f} h, "
            f"searchOrders {search:.1f} h",
            _waiting_min(waited) <= 15 and refused == 0,
        )
    )


def _waiting_min(calls: dict[str, int]) -> float:
    """What the published plans make these calls wait, from full buckets."""
    rates = {"createReport": 0.0167, "getReport": 2.0, "getReportDocument": 0.0167, "getOrder": 0.5}
    seconds = (_wait(n, (rates[name], BURSTS[name])) for name, n in calls.items())
    return max(seconds, default=0.0) / 60


def _wait(calls: float, plan: tuple[float, int]) -> float:
    rate, burst = plan
    return max(calls - burst, 0) / rate


def _mutations(report: dict[str, Any]) -> list[str]:
    """What would be booked; the lines of an invoice in any order, for reports know no item ids."""
    shown = [one["mutation"] for one in report["preview"] if "mutation" in one]
    return sorted(str({**one, "lines": sorted(map(str, one["lines"]))}) for one in shown)
