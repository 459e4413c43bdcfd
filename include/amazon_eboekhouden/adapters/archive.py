"""The archive: settlement files and other proof, kept for years by their own SHA-256.

Apart from staging, and never purged by it. The files are kept byte for byte and in clear, so that
an inspector can read them without this product; Amazon's settlement files name no buyers.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from amazon_eboekhouden.adapters.blobs import Blobs, blobs_at


class ArchiveDamaged(ValueError):
    """An archived file is not the one that was put there."""


class Archive:
    """Content-addressed files.

    Args:
        root: folder or object-store URL.
    """

    def __init__(self, root: str | Path) -> None:
        self._blobs: Blobs = blobs_at(root)

    def put(self, content: bytes) -> str:
        """Keep a file; returns its SHA-256. A file that is there already is not written again."""
        name = sha256(content).hexdigest()
        if not self._blobs.has(_place(name)):
            self._blobs.put(_place(name), content)
        return name

    def get(self, content_hash: str) -> bytes:
        """The file with this SHA-256.

        Raises:
            FileNotFoundError: it is not here.
            ArchiveDamaged: what is here has another hash.
        """
        content = self._blobs.get(_place(content_hash))
        if sha256(content).hexdigest() != content_hash:
            raise ArchiveDamaged(f"{content_hash} was changed on the disk")
        return content

    def has(self, content_hash: str) -> bool:
        """Whether the file is here."""
        return self._blobs.has(_place(content_hash))

    def label(self, name: str, content_hash: str) -> None:
        """Let a name such as "ecb" stand for a file, in place of the one it stood for."""
        self._blobs.put(f"labels/{name}", content_hash.encode())

    def labelled(self, name: str) -> bytes | None:
        """The file that a name stands for, None if it stands for none."""
        try:
            return self.get(self._blobs.get(f"labels/{name}").decode())
        except FileNotFoundError:
            return None


def _place(content_hash: str) -> str:
    return f"sha256/{content_hash[:2]}/{content_hash}"
