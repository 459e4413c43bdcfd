"""The campaign from a shell: `python -m tests.hostile --documents N --seed S [--first K]`.

Prints its figures, and for every finding the number of the document that repeats it
(`--first NUMBER --documents 1`). Exit status 1 when a reader did what it must not do.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time

from tests.hostile.campaign import MOST_CPU_S, MOST_MEMORY_MB, run
from tests.hostile.readers import readers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    # zeep writes a traceback for every value of a wrong type; the reader's own error is counted.
    logging.getLogger("zeep.xsd").setLevel(logging.CRITICAL)
    started = time.monotonic()
    with readers() as made:
        # A full round of every family first: what is loaded once is not the documents' doing.
        run(made, range(200), seed=0)
        tally = run(
            made, range(options.first, options.first + options.documents), seed=options.seed
        )
    seconds, slowest = tally.slowest
    figures = {
        "seed": options.seed,
        "documents": options.documents,
        "outcomes": {" ".join(key): n for key, n in sorted(tally.documents.items())},
        "distinct_reasons": len(tally.reasons),
        "slowest_cpu_s": round(seconds, 3),
        "slowest_document": slowest,
        "grown_mb": round(tally.grown_mb, 1),
        "findings": tally.findings[:20],
        "findings_count": len(tally.findings),
        "wall_s": round(time.monotonic() - started, 1),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    bad = tally.findings or seconds > MOST_CPU_S or tally.grown_mb > MOST_MEMORY_MB
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
