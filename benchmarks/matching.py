"""Settlements: read, check and match, beside those who do less of it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from benchmarks import settlement_data as data
from benchmarks.outcome import Line, Part, Shown, insist_on_equal
from benchmarks.running import Failed, Measured, best_of, exponent, ours, peer, run
from benchmarks.venvs import HOME, NotInstalled, python_of

SIZE, TEN_TIMES, MILLION_ROWS = 16_000, 160_000, 166_667
PEERS = {
    "csv and a dict (floor; keeps no rows)": "match_csv.py",
    "pandas, grouped": "match_grouped.py",
    "beancount 3.2.3": "match_beancount.py",
    "pandas, a mask per order": "match_naive.py",
}
OURS = "ours: read, check, match, reason per row"


def inputs(orders: int) -> tuple[Path, Path, Path]:
    """A settlement file, its open invoices as CSV, and BOOKED; made once."""
    folder = HOME / "data"
    folder.mkdir(parents=True, exist_ok=True)
    made = tuple(folder / f"settlement-{orders}.{kind}" for kind in ("txt", "csv", "parquet"))
    settlement, invoices, booked = made
    if not booked.exists():
        data.write(settlement, orders)
        with invoices.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["order_id", "gross_cents"])
            writer.writerows((data.order_id(n), data.gross_cents(n)) for n in range(orders))
        data.booked(orders).to_parquet(booked, index=False)
    return settlement, invoices, booked


def measure(quick: bool) -> Part:
    """The contest; `quick` takes few orders, for tests of the benchmark itself."""
    size = 300 if quick else SIZE
    part = Part("matching", f"Settlements: {size:,} orders, {size * 6:,} rows")
    settlement, invoices, booked = inputs(size)
    times = 1 if quick else 3
    found = {OURS: best_of(times, ours("ours_match", settlement, booked, "no"))}
    whole = best_of(times, ours("ours_match", settlement, booked, "yes"))
    python = python_of("peers")
    for name, script in PEERS.items():
        slow = "mask" in name
        found[name] = best_of(1 if slow else times, peer(python, script, settlement, invoices))
    insist_on_equal({name: one.answer for name, one in found.items()})
    first = found[OURS]
    assert first.answer["matched"] == size
    assert first.answer["total_cents"] == data.total_cents(size)
    part.equal = (
        f"{size:,} orders paid to the cent (SHA-256 of order and cents "
        f"{first.answer['paid']}), fees {first.answer['fees_cents'] / 100:,.2f}"
    )
    for name, one in found.items():
        part.lines.append(_line(name, size, one, first))
    part.lines.append(_line("ours, with every booking and its control sums", size, whole, first))
    part.notes.append(_hledger())
    part.shown += [
        _beats(found, "beancount 3.2.3", first),
        _beats(found, "pandas, a mask per order", first),
    ]
    if not quick:
        _scale(part, first)
    return part


def _scale(part: Part, first: Measured) -> None:
    settlement, _, booked = inputs(TEN_TIMES)
    larger = run(ours("ours_match", settlement, booked, "no"))
    slope = exponent((SIZE, first.cpu_s), (TEN_TIMES, larger.cpu_s))
    part.shown.append(
        Shown("cost from 16,000 to 160,000 orders", "exponent <= 1.1", f"{slope:.2f}", slope <= 1.1)
    )
    settlement, _, booked = inputs(MILLION_ROWS)
    million = run(ours("ours_match", settlement, booked, "no"))
    part.lines.append(_line("ours", MILLION_ROWS, million, million))
    part.curves["settlement: match"] = [
        (SIZE, first.seconds),
        (TEN_TIMES, larger.seconds),
        (MILLION_ROWS, million.seconds),
    ]
    fast = million.seconds <= 60
    part.shown += [
        Shown(
            "1,000,000 rows read, checked, matched",
            "<= 60 s",
            f"{million.seconds:.1f} s ({million.cpu_s:.1f} s of one processor)",
            fast if fast or million.seconds < 1.3 * million.cpu_s else None,
        ),
        Shown(
            "their memory above the baseline",
            "<= 400 MB",
            f"{million.above_mb:.0f} MB (file streamed; BOOKED of all invoices is baseline)",
            million.above_mb <= 400,
        ),
    ]


def _line(name: str, size: int, one: Measured, first: Measured) -> Line:
    return Line(
        name,
        f"{size:,} orders",
        one.seconds,
        f"{size / one.seconds:,.0f} orders/s",
        one.above_mb,
        one.seconds / first.seconds,
    )


def _beats(found: dict[str, Measured], name: str, first: Measured) -> Shown:
    ratio = found[name].seconds / first.seconds
    return Shown(f"faster than {name}", "> 1 x", f"{ratio:.1f} x", ratio > 1)


def _hledger() -> str:
    if shutil.which("hledger") is None:
        return "hledger: not installed on this machine, not measured."
    return "hledger: installed here, but this benchmark has no rules file for it; not measured."


__all__ = ["Failed", "NotInstalled", "measure"]
