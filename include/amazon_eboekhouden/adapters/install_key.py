"""The install key: 32 random bytes in a file of their own, from which other keys are derived.

Whoever has this file can read the staged data and can tell our tokens; whoever loses it can't
read what is staged. It never leaves the machine and is in no log.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


def load_or_create(path: Path) -> bytes:
    """The key in a file; made at the first use, also when two processes start at once.

    Raises:
        ValueError: the file holds something else than a key, or others may read it.
        OSError: the file can't be read or made.
    """
    try:
        return _load(path)
    except FileNotFoundError:
        _create(path)
        return _load(path)


def derived(install_key: bytes, purpose: str) -> bytes:
    """A key for one purpose (HKDF-SHA256): one purpose's key says nothing about another's."""
    return HKDF(SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(install_key)


def _load(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        key = file.read(KEY_BYTES + 1)
    if mode & 0o077:
        raise ValueError(f"{path} can be read by others: run chmod 600 on it")
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} holds no key of {KEY_BYTES} bytes: restore it from its copy")
    return key


def _create(path: Path) -> None:
    """Give a finished file its name; whoever is second finds the name taken and uses that one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # O_EXCL, 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return
    finally:
        os.unlink(temporary)
