"""History under enforced buckets: by report, beside what order calls would have to wait."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.hour import _command, _since
from benchmarks.outcome import Line, Part, Shown, insist_on_equal
from benchmarks.running import ROOT
from benchmarks.sandbox import sandboxes

ORDERS = 20_000
# amazon-sp-api reference 5.2: pages of 100 and one call per order, full buckets, published rates.
V0_PAGES, V0_ITEMS, SEARCH = (0.0167, 20), (0.5, 30), (0.0056, 20)


def measure(quick: bool) -> Part:
    """The preview of a backfill against the preview of the order path, mutation by mutation."""
    count = 150 if quick else ORDERS
    part = Part("backfill", f"Backfill of {count:,} orders, buckets enforced")
    known = subprocess.run(
        [sys.executable, "-m", "amazon_eboekhouden.cli", "backfill", "--help"],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    if known.returncode:
        part.notes.append("This version has no command `backfill`: not measured.")
        return part
    month = (datetime.now(UTC).date().replace(day=1) - timedelta(days=62)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    window = ("--from", f"{month}T00:00:00Z", "--to", f"{after}T00:00:00Z")
    with sandboxes() as sandbox:
        file = Path(sandbox.variables["AMAZON_EBOEKHOUDEN_COUPLINGS"]) / "demo.yaml"
        text = file.read_text().replace("relations: per_buyer", "relations: per_country")
        file.write_text(text)
        wishes = {"seed": 4, "orders": count, "from": f"{month}", "to": f"{after}"}
        sandbox.control("amazon", "seed", {**wishes, "business": 0})
        before = sandbox.calls("amazon")
        filled, seconds = _command(sandbox, "backfill", *window, "--preview")
        calls = _since(sandbox.calls("amazon"), before)
        sandbox.no_limits()
        hourly, hourly_s = _command(sandbox, "orders", *window, "--preview")
    insist_on_equal({"orders": _mutations(hourly), "backfill": _mutations(filled)})
    part.equal = f"{len(_mutations(filled)):,} mutations, the same from reports and from orders"
    what = f"{count:,} orders"
    part.lines = [
        Line("ours, backfill by reports (preview)", what, seconds, note=f"calls: {calls}"),
        Line("ours, order path without limits (preview)", what, hourly_s),
    ]
    waits = filled.get("retry_after_utc") is not None
    v0 = max(_wait(count / 100, V0_PAGES), _wait(count, V0_ITEMS)) / 3600
    search = _wait(count / 100, SEARCH) / 3600
    part.shown.append(
        Shown(
            f"waiting for {count:,} orders",
            "<= 15 min",
            f"{'waits until ' + str(filled['retry_after_utc']) if waits else '0 s'}; v0 calls "
            f"would wait {v0:.1f} h, searchOrders {search:.1f} h",
            None if waits else True,
        )
    )
    return part


def _wait(calls: float, plan: tuple[float, int]) -> float:
    rate, burst = plan
    return max(calls - burst, 0) / rate


def _mutations(report: dict[str, object]) -> list[str]:
    shown = report["preview"]
    assert isinstance(shown, list)
    return sorted(str(one["mutation"]) for one in shown if "mutation" in one)
