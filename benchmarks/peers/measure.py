"""What every measured program shares: how long its job took, and how much memory it wanted.

Only the standard library: it also runs in the virtual environments of the peers.
"""

import gc
import hashlib
import json
import sys
import time


def rss_mb(name="VmRSS"):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    raise RuntimeError(f"the kernel tells no {name}")


def measured(job):
    """Run a job and print one line of JSON: its answer, seconds, and memory above the baseline."""
    gc.collect()
    _give_back()
    before = rss_mb()
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")  # The high-water mark starts anew.
    start, cpu = time.perf_counter(), time.process_time()
    answer = job()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = rss_mb("VmHWM")
    if callable(answer):
        answer = answer()  # What is only needed to compare is worked out off the clock.
    line = {
        "answer": answer,
        "seconds": seconds,
        "cpu_s": cpu,
        "baseline_mb": before,
        "peak_mb": peak,
        "above_mb": peak - before,
    }
    sys.stdout.write("\n" + json.dumps(line) + "\n")
    sys.stdout.flush()


def _give_back():
    """What reading the inputs left in the allocator is no baseline."""
    try:
        import ctypes

        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except OSError:
        return


def paid_digest(paid):
    """One text for what every order was paid: order id to cents."""
    lines = "".join(f"{order}:{cents}\n" for order, cents in sorted(paid.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def answer_of(paid, matched, fees_cents, total_cents):
    """The answer all matchers must agree on."""
    return {
        "orders": len(paid),
        "matched": matched,
        "paid": paid_digest(paid),
        "fees_cents": fees_cents,
        "total_cents": total_cents,
    }
