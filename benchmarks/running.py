"""Runs measured programs, each in a process of its own, and says on which machine."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TIME_LIMIT_S = 1_200


class Failed(Exception):
    """A measured program ended with an error; the text is its last words."""


@dataclass(frozen=True)
class Measured:
    """One run: its answer, wall-clock and processor seconds, and memory.

    Attributes:
        answer: whatever the program compares itself by.
        seconds: of the job alone, imports and start not counted.
        cpu_s: processor time of the same; a loaded machine changes it little.
        peak_mb: most memory that the process held.
        above_mb: the same, less what it held before the job.
    """

    answer: Any
    seconds: float
    cpu_s: float
    peak_mb: float
    above_mb: float


def run(program: Sequence[str], **variables: str) -> Measured:
    """Run a program that ends with a line of `benchmarks.peers.measure`.

    Raises:
        Failed: it did not get there.
    """
    done = subprocess.run(  # noqa: S603
        list(program),
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        cwd=ROOT,
        env={**os.environ, **variables},
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"answer"')]
    if done.returncode or not lines:
        words = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise Failed(words[-1][:300])
    line = json.loads(lines[-1])
    return Measured(*(line[n] for n in ("answer", "seconds", "cpu_s", "peak_mb", "above_mb")))


def best_of(times: int, program: Sequence[str], **variables: str) -> Measured:
    """The run of median time out of several."""
    runs = sorted((run(program, **variables) for _ in range(times)), key=lambda one: one.seconds)
    return runs[len(runs) // 2]


def ours(module: str, *arguments: object) -> list[str]:
    """The command for a measured program of the product."""
    return [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]


def peer(python: str, script: str, *arguments: object) -> list[str]:
    """The command for a measured program of a peer."""
    return [python, str(ROOT / "benchmarks/peers" / script), *map(str, arguments)]


def exponent(smaller: tuple[float, float], larger: tuple[float, float]) -> float:
    """Slope in log-log between two points of (size, seconds)."""
    from math import log

    return log(larger[1] / smaller[1]) / log(larger[0] / smaller[0])


def machine() -> str:
    """What the figures are measured on, and how busy it was just before."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((x.split(":")[1].strip() for x in info.splitlines() if "model name" in x), "?")
    total = next(x for x in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in x)
    loads = " ".join(f"{x:.1f}" for x in os.getloadavg())
    return (
        f"{len(os.sched_getaffinity(0))} x {model}, {int(total.split()[1]) // 2**20} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"pandas {version('pandas')}; load before: {loads}"
    )


def median(values: Sequence[float]) -> float:
    return statistics.median(values)
