"""Frames as parquet: with their types, without their index."""

from __future__ import annotations

import io

import pandas as pd
from pyarrow.parquet import ParquetFile


def written(frame: pd.DataFrame) -> bytes:
    """The frame as a file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", index=False)
    return buffer.getvalue()


def read(content: bytes) -> pd.DataFrame:
    """The frame in a file; without rows the file does not know the types of its columns.

    Read by this thread alone: those that `pandas.read_parquet` has pyarrow start can be ending
    while the interpreter ends, and then a program whose work is done aborts, or hangs
    (apache/arrow 34314 and 50482; seen once in a hundred programs that read a frame and end).
    """
    table = ParquetFile(io.BytesIO(content), pre_buffer=False).read(use_threads=False)
    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    return frame
