"""Frames come back as they were, and reading one leaves no thread behind."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
from amazon_eboekhouden.adapters import parquet

THREADS = """
import os
import pandas as pd
from amazon_eboekhouden.adapters import parquet
content = parquet.written(pd.DataFrame({"a": ["x"] * 1000, "b": range(1000)}))
before = len(os.listdir("/proc/self/task"))
parquet.read(content)
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_a_frame_comes_back_with_its_types() -> None:
    frame = pd.DataFrame({"text": ["é", ""], "cents": pd.array([1, None], dtype="Int64")})
    pd.testing.assert_frame_equal(parquet.read(parquet.written(frame)), frame)


def test_reading_starts_no_threads_that_could_outlive_the_program() -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREADS], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]
