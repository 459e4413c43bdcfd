"""Looking for canaries in whatever was left behind, as they are and as they might be dressed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path


def dresses(word: bytes) -> list[bytes]:
    """The word itself, in UTF-16, in hexadecimal and in base64 at each of its three offsets."""
    found = [word.lower(), word.decode().encode("utf-16-le").lower(), word.hex().encode()]
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + word)
        # What the neighbours have a share in is cut off.
        inner = coded[(0, 2, 3)[offset] : len(coded) - (4 if (len(word) + offset) % 3 else 0)]
        found += [inner.lower(), inner.replace(b"+", b"-").replace(b"/", b"_").lower()]
    return list(dict.fromkeys(found))


def hits(places: Iterable[Path], canaries: Mapping[str, bytes]) -> list[str]:
    """`name in file`, for every canary in every file below the places."""
    dressed = [(name, one) for name, word in canaries.items() for one in dresses(word)]
    found: set[str] = set()
    for file in _files(places):
        content = file.read_bytes().lower()
        found |= {f"{name} in {file.name}" for name, one in dressed if one in content}
    return sorted(found)


def size(places: Iterable[Path]) -> tuple[int, int]:
    """How many files were looked through, and how many bytes."""
    sizes = [file.stat().st_size for file in _files(places)]
    return len(sizes), sum(sizes)


def _files(places: Iterable[Path]) -> list[Path]:
    return [
        f
        for place in places
        for f in ([place] if place.is_file() else place.rglob("*"))
        if f.is_file()
    ]
