"""`make bench`: every part side by side; `ARGS="matching frames"` measures only these anew."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.outcome import Part, Unequal
from benchmarks.running import machine
from benchmarks.writing import write

# In the order in which they are reported.
PARTS = (
    "hour",
    "extraction",
    "booking",
    "frames",
    "matching",
    "backfill",
    "airflow_share",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the parts; 1 when one failed or its results were not equal."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all when none is named")
    parser.add_argument("--quick", action="store_true", help="small sizes: is everything in order?")
    parser.add_argument("--into", type=Path, default=Path(__file__).parent)
    given = parser.parse_args(argv)
    found, failed = [], False
    for name in given.parts or PARTS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        before, where = time.monotonic(), machine()
        try:
            part = import_module(f"benchmarks.{name}").measure(given.quick)
        except Exception as error:  # noqa: BLE001 - one part that fails must not hide the others.
            traceback.print_exc()
            kind = "results differ" if isinstance(error, Unequal) else "failed"
            part = Part(name, name, notes=[f"**{kind}: {type(error).__name__}: {error}**"])
            failed = True
        now, took_s = datetime.now(UTC), time.monotonic() - before
        part.measured = f"{now:%Y-%m-%d %H:%M} UTC, in {took_s:.0f} s on {where}"
        found.append(part)
        # After each part: an hour's figures do not depend on the last of them.
        text = write(given.into, found, PARTS)
    print(text)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
