"""Orders to validated mutation frames: rate, scaling, and a million in bounded memory."""

from __future__ import annotations

from benchmarks.outcome import Line, Part, Shown
from benchmarks.running import Measured, exponent, ours, run

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000


def measure(quick: bool) -> Part:
    """Rates per size; a million orders unless `quick`."""
    part = Part("frames", "Orders to validated mutation frames")
    sizes = (200, 400) if quick else SIZES
    found = {size: run(ours("ours_frames", size)) for size in sizes}
    if not quick:
        found[MILLION] = run(ours("ours_frames", MILLION))
    part.equal = "every order read is booked, skipped or held; no expectation is broken"
    for size, one in found.items():
        answer = one.answer
        assert answer["read"] == size
        assert 0 < answer["booked"] <= size
        part.lines.append(
            Line(
                "ours, from Amazon's JSON to frames that passed the gate",
                f"{size:,} orders",
                one.seconds,
                f"{size / one.seconds:,.0f} orders/s",
                one.above_mb,
                note=_spent(size, answer["spent"]),
            )
        )
    part.curves["orders: JSON to validated frames"] = [(n, one.seconds) for n, one in found.items()]
    if not quick:
        _claims(part, found)
    return part


def _spent(size: int, spent: dict[str, float]) -> str:
    rates = {name: size / seconds for name, seconds in spent.items() if seconds}
    return ", ".join(f"{name} {rate:,.0f}/s" for name, rate in rates.items())


def _claims(part: Part, found: dict[int, Measured]) -> None:
    large, million = found[SIZES[-1]], found[MILLION]
    from_frames = large.answer["spent"]["invoice"] + large.answer["spent"]["validate"]
    rate = SIZES[-1] / from_frames
    part.shown.append(
        Shown(
            "orders in frames to validated mutation frames",
            ">= 20,000 orders/s",
            f"{rate:,.0f} orders/s; from Amazon's JSON {SIZES[-1] / large.seconds:,.0f} orders/s",
            rate >= 20_000,
        )
    )
    slope = exponent((SIZES[1], found[SIZES[1]].cpu_s), (MILLION, million.cpu_s))
    part.shown.append(
        Shown("10,000 to 1,000,000 orders", "exponent <= 1.1", f"{slope:.2f}", slope <= 1.1)
    )
    grows = million.above_mb - large.above_mb
    part.shown.append(
        Shown(
            "memory of 1,000,000 orders",
            "bounded",
            f"{million.above_mb:.0f} MB above baseline, {grows:+.0f} MB against 100,000 orders",
            grows <= 100,
        )
    )
