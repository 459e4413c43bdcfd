"""The lines of a settlement file, read piece by piece, and kept column by column."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import BinaryIO

import numpy as np
import pandas as pd

from amazon_eboekhouden.domain.settlement.formats import decoded_pieces, encoding_of
from amazon_eboekhouden.domain.settlement.groups import words

_PIECE_BYTES = 1 << 20


class Columns:
    """The lines of a file by column: per cell a small number, per column the distinct texts.

    A million rows fit in memory this way, and every text is looked at once.

    Args:
        names: of the columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self._texts: dict[str, dict[str, int]] = {name: {} for name in names}
        # Per chunk: what grows step by step would leave holes as large as itself in the memory.
        self._codes: dict[str, list[np.ndarray]] = {name: [] for name in names}
        self._lines: list[np.ndarray] = []
        self._hashes: list[bytes] = []

    def add(self, lines: Sequence[int], columns: Sequence[Sequence[str]]) -> None:
        """Take lines, by column; the cells hold no blanks at their ends."""
        self._lines.append(np.array(lines, dtype="int32"))
        self._hashes.append(
            b"".join(
                hashlib.blake2b("\t".join(row).encode(), digest_size=8).digest()
                for row in zip(*columns, strict=True)
            )
        )
        for name, cells in zip(self.names, columns, strict=True):
            known = self._texts[name]
            for text in dict.fromkeys(cells):
                known.setdefault(text, len(known))
            kind = "uint8" if len(known) <= 256 else "int32"
            codes = np.fromiter(map(known.__getitem__, cells), dtype=kind, count=len(cells))
            self._codes[name].append(codes)

    @property
    def lines(self) -> np.ndarray:
        """Number in the file per row."""
        return np.concatenate([np.zeros(0, dtype="int32"), *self._lines])

    @property
    def hashes(self) -> np.ndarray:
        """Hash of the content per row."""
        return np.frombuffer(b"".join(self._hashes), dtype=">u8").astype("uint64")

    def distinct(self, name: str) -> list[str]:
        """The different texts of a column."""
        return list(self._texts.get(name, ()))

    def codes_of(self, name: str) -> np.ndarray:
        """Place in `distinct` per row."""
        if name not in self._codes:
            return np.zeros(len(self.lines), dtype="uint8")
        return np.concatenate([np.zeros(0, dtype="uint8"), *self._codes[name]])

    def words(self, name: str) -> pd.Series:
        """The column, which is let go of."""
        made = words(self.distinct(name) or [""], self.codes_of(name))
        self.forget(name)
        return made

    def forget(self, name: str) -> None:
        """Let go of a column that is not needed any more."""
        self._texts.pop(name, None)
        self._codes.pop(name, None)


class Lines:
    """The lines of a file, read piece by piece.

    Args:
        content: the document, or a file that can be read from its start.
        charset: what its download said, if anything.

    Raises:
        Unreadable: it is text in no known character set.
    """

    def __init__(self, content: bytes | BinaryIO, charset: str | None) -> None:
        pieces = partial(_pieces, content)
        self._texts = decoded_pieces(pieces(), encoding_of(pieces, charset))
        self.header = ""
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        kept, first = "", True
        for text in self._texts:
            *whole, kept = (kept + text).split("\n")
            if whole and first:
                self.header, first = whole[0], False
            yield from whole
        self.last = "" if first else kept
        yield kept

    @property
    def is_cut(self) -> bool:
        """A last line without its end and without all its columns: the rest is missing."""
        return bool(self.last.strip()) and self.last.count("\t") < self.header.count("\t")


def _pieces(content: bytes | BinaryIO) -> Iterator[bytes]:
    if isinstance(content, bytes):
        for start in range(0, len(content), _PIECE_BYTES):
            yield content[start : start + _PIECE_BYTES]
        return
    content.seek(0)
    while piece := content.read(_PIECE_BYTES):
        yield piece
