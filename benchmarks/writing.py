"""The results as a table on the screen, as benchmarks/results.md, and as a plot.

What was found stands in results.json as well: a part that is not measured anew keeps its figures,
each with its day and its machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from math import log10
from pathlib import Path
from typing import Any

from benchmarks.outcome import Line, Part, Shown

COLOURS = ("#0b6e4f", "#c1121f", "#1d4ed8", "#b45309", "#6d28d9", "#0e7490", "#4b5563")
_MARK = {True: "yes", False: "NO", None: "see note"}


def text_of(parts: Iterable[Part]) -> str:
    """The results as Markdown."""
    found = [
        "# Benchmark",
        "",
        "Written by `make bench`; not edited by hand. All contestants of a part ran in the same "
        "run on the same data, and no time counts unless their results were equal first. Peers "
        "ran unmodified but for the address they call. Ratios and calls are the durable figures; "
        "seconds belong to the machine, and to what else it did meanwhile.",
        "",
        "![Seconds by size, both axes logarithmic](results.svg)",
        "",
    ]
    for part in parts:
        found += [f"## {part.title}", "", f"Measured {part.measured}.", ""]
        if part.equal:
            found += [f"Equal first: {part.equal}.", ""]
        if part.lines:
            found += [
                "| who | what | seconds | rate | MB above baseline | times ours | note |",
                "|---|---|---:|---:|---:|---:|---|",
                *(_row(line) for line in part.lines),
                "",
            ]
        if part.shown:
            found += [
                "| requirement | wanted | found | met |",
                "|---|---|---|---|",
                *(f"| {s.what} | {s.wanted} | {s.found} | {_MARK[s.met]} |" for s in part.shown),
                "",
            ]
        for note in part.notes:
            found += [f"{note}", ""]
    return "\n".join(found)


def _row(line: Line) -> str:
    cells = (
        line.who,
        line.what,
        "-" if line.seconds is None else _short(line.seconds),
        line.rate or "-",
        "-" if line.memory_mb is None else f"{line.memory_mb:,.0f}",
        "-" if line.ratio is None else f"{_short(line.ratio)}",
        line.note,
    )
    return "| " + " | ".join(cells) + " |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def svg_of(curves: dict[str, list[tuple[float, float]]]) -> str:
    """A plot of seconds by size, both axes logarithmic."""
    points = [point for line in curves.values() for point in line if min(point) > 0]
    if not points:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>\n'
    left, right, top, bottom = 70, 560, 20, 380
    x_low, x_high = (int(log10(min(x for x, _ in points))), log10(max(x for x, _ in points)))
    y_low, y_high = (log10(min(y for _, y in points)) - 0.2, log10(max(y for _, y in points)) + 0.2)

    def at(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - x_low) / max(x_high - x_low, 0.1)
        up = (log10(y) - y_low) / max(y_high - y_low, 0.1)
        return left + across * (right - left), bottom - up * (bottom - top)

    drawn = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="860" height="420" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="860" height="420" fill="white"/>',
    ]
    for power in range(int(x_low), int(x_high) + 2):
        if x_low <= power <= x_high + 0.01:
            x, _ = at(10**power, 10**y_low)
            drawn.append(f'<path d="M{x:.0f} {top}V{bottom}" stroke="#ddd"/>')
            drawn.append(
                f'<text x="{x:.0f}" y="{bottom + 18}" text-anchor="middle">{10**power:,}</text>'
            )
    for power in range(int(y_low) - 1, int(y_high) + 1):
        if y_low <= power <= y_high:
            _, y = at(10**x_low, 10.0**power)
            drawn.append(f'<path d="M{left} {y:.0f}H{right}" stroke="#ddd"/>')
            drawn.append(
                f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g} s</text>'
            )
    for n, (name, line) in enumerate(curves.items()):
        colour = COLOURS[n % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in sorted(line)))
        drawn.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in line:
            x, y = at(*point)
            drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        drawn.append(
            f'<text x="{right + 14}" y="{top + 16 + 18 * n}" fill="{colour}">{name}</text>'
        )
    drawn.append(f'<text x="{(left + right) / 2:.0f}" y="412" text-anchor="middle">orders</text>')
    return "\n".join([*drawn, "</svg>", ""])


def write(folder: Path, parts: Iterable[Part], order: Sequence[str]) -> str:
    """Write results.json, results.md and results.svg; returns the text.

    Args:
        folder: where results of before may lie.
        parts: measured now.
        order: names of all parts, as they are reported.
    """
    stored = folder / "results.json"
    kept = json.loads(stored.read_text()) if stored.exists() else {}
    kept |= {part.name: asdict(part) for part in parts}
    stored.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    known = [_part(kept[name]) for name in order if name in kept]
    text = text_of(known)
    (folder / "results.md").write_text(text, encoding="utf-8")
    curves = {name: line for part in known for name, line in part.curves.items()}
    (folder / "results.svg").write_text(svg_of(curves), encoding="utf-8")
    return text


def _part(stored: dict[str, Any]) -> Part:
    lines = [Line(**line) for line in stored["lines"]]
    shown = [Shown(**one) for one in stored["shown"]]
    curves = {name: [(x, y) for x, y in line] for name, line in stored["curves"].items()}
    return Part(**{**stored, "lines": lines, "shown": shown, "curves": curves})
