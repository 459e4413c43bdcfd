"""The staging store: what the steps of a run hand to each other, encrypted at rest.

A step passes on a reference such as `demo/orders/<batch>/orders-<hash>`, never the content: a
reference is safe in Airflow's database. The hash is keyed, so it tells nothing about the content,
and it is checked when the content is read.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from amazon_eboekhouden.adapters import parquet
from amazon_eboekhouden.adapters.blobs import Blobs, blobs_at, checked
from amazon_eboekhouden.adapters.install_key import derived

Ref = str

_MAGIC = b"AES1"
_NONCE_BYTES = 12
_HASH_CHARACTERS = 32
_CHECKPOINT = "checkpoint"
_DECIMAL = "$decimal"


class Damaged(ValueError):
    """A staged file is not what was written under its name, or the key is another one."""


class Staging:
    """Batches of one installation.

    Args:
        root: folder or object-store URL.
        key: the install key.
    """

    def __init__(self, root: str | Path, key: bytes) -> None:
        self._blobs: Blobs = blobs_at(root)
        self._cipher = AESGCM(derived(key, "staging: content"))
        self._hash_key = derived(key, "staging: names")

    def write_bytes(self, batch: str, name: str, content: bytes) -> Ref:
        """Stage bytes; the same content under the same name gives the same reference.

        Args:
            batch: such as "demo/orders/20261101T1005".
            name: such as "page-0001".
            content: what to keep.
        """
        digest = hmac.new(self._hash_key, content, hashlib.sha256).hexdigest()
        ref = checked(f"{batch}/{name}-{digest[:_HASH_CHARACTERS]}")
        self._put(ref, content)
        return ref

    def read_bytes(self, ref: Ref) -> bytes:
        """What was staged under a reference.

        Raises:
            FileNotFoundError: it was purged, or never was.
            Damaged: it was changed.
        """
        content = self._get(ref)
        digest = hmac.new(self._hash_key, content, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(digest[:_HASH_CHARACTERS], ref.rpartition("-")[2]):
            raise Damaged(f"{ref} does not hold what its name says")
        return content

    def write_frame(self, batch: str, name: str, frame: pd.DataFrame) -> Ref:
        """Stage a frame as parquet, with its types and without its index."""
        return self.write_bytes(batch, name, parquet.written(frame))

    def read_frame(self, ref: Ref) -> pd.DataFrame:
        """The frame, its types as they were."""
        return parquet.read(self.read_bytes(ref))

    def write_json_lines(self, batch: str, name: str, rows: Iterable[Any]) -> Ref:
        """Stage JSON values, one a line; Decimal comes back as Decimal."""
        written = json.JSONEncoder(default=_plain, ensure_ascii=False).encode
        return self.write_bytes(batch, name, "\n".join(map(written, rows)).encode())

    def read_json_lines(self, ref: Ref) -> Iterator[Any]:
        """The values, in order."""
        for line in self.read_bytes(ref).decode().split("\n"):
            if line:
                yield json.loads(line, object_hook=_exact)

    # A step that is run again goes on where it was stopped: the one thing that is overwritten.

    def write_checkpoint(self, batch: str, content: dict[str, Any]) -> None:
        """Remember how far a step has come."""
        self._put(checked(f"{batch}/{_CHECKPOINT}"), json.dumps(content).encode())

    def read_checkpoint(self, batch: str) -> dict[str, Any] | None:
        """How far a step had come, None when it starts afresh."""
        try:
            content: dict[str, Any] = json.loads(self._get(checked(f"{batch}/{_CHECKPOINT}")))
        except FileNotFoundError:
            return None
        return content

    def clear_checkpoint(self, batch: str) -> None:
        """The step is done."""
        self._blobs.delete(checked(f"{batch}/{_CHECKPOINT}"))

    def purge(self, older_than_utc: datetime) -> int:
        """Delete everything that was written before a moment; returns how many."""
        old = [name for name, written in self._blobs.written() if written < older_than_utc]
        for name in old:
            self._blobs.delete(name)
        return len(old)

    def _put(self, name: str, content: bytes) -> None:
        nonce = os.urandom(_NONCE_BYTES)
        # The name is sealed in: one file put in another's place does not open.
        sealed = self._cipher.encrypt(nonce, content, name.encode())
        self._blobs.put(name, _MAGIC + nonce + sealed)

    def _get(self, name: str) -> bytes:
        raw = self._blobs.get(checked(name))
        start = len(_MAGIC) + _NONCE_BYTES
        try:
            if not raw.startswith(_MAGIC):
                raise InvalidTag
            return self._cipher.decrypt(raw[len(_MAGIC) : start], raw[start:], name.encode())
        except (InvalidTag, ValueError) as error:
            raise Damaged(
                f"{name} can't be opened: it was changed, or the key is another"
            ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {_DECIMAL: str(value)}
    raise TypeError(f"{type(value).__name__} is no JSON")


def _exact(value: dict[str, Any]) -> Any:
    return Decimal(value[_DECIMAL]) if value.keys() == {_DECIMAL} else value
