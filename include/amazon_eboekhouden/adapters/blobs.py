"""Named blobs under a folder or an object-store URL: written whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._=-]*(/[A-Za-z0-9_][A-Za-z0-9._=-]*)*")


class Blobs(Protocol):
    """Where bytes are kept under names such as "demo/orders/page-1"."""

    def put(self, name: str, content: bytes) -> None:
        """Write a blob; a reader sees the old one or the new one, never a part."""
        ...

    def get(self, name: str) -> bytes:
        """The blob.

        Raises:
            FileNotFoundError: there is none with this name.
        """
        ...

    def has(self, name: str) -> bool:
        """Whether there is one with this name."""
        ...

    def delete(self, name: str) -> None:
        """Remove a blob; one that is gone already is no error."""
        ...

    def written(self) -> Iterator[tuple[str, datetime]]:
        """Names with the time at which each was written."""
        ...


def blobs_at(root: str | Path) -> Blobs:
    """The blobs of a folder, or of an object store when `root` is a URL (`s3://bucket/path`)."""
    text = str(root)
    if "://" not in text:
        return LocalBlobs(Path(text))
    if text.startswith("file://"):
        return LocalBlobs(Path(text.removeprefix("file://")))
    return UrlBlobs(text)


def checked(name: str) -> str:
    """The name itself, when it can't lead anywhere else.

    Raises:
        ValueError: it could.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a blob")
    return name


class LocalBlobs:
    """Blobs in a folder that only this user can enter."""

    def __init__(self, root: Path) -> None:
        self._root = root
        _private_folder(root)

    def put(self, name: str, content: bytes) -> None:
        """Write to a temporary file beside it, make it durable, give it its name."""
        path = self._root / checked(name)
        handle, temporary = self._open_beside(path)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise

    def _open_beside(self, path: Path) -> tuple[int, str]:
        folders = [self._root / one for one in reversed(path.relative_to(self._root).parents)]
        for attempt in (1, 2, 3):
            for folder in folders:
                _private_folder(folder)
            try:
                return tempfile.mkstemp(dir=path.parent, prefix="unfinished-")  # 0600
            except FileNotFoundError:  # A purge removed the folder that was empty until now.
                if attempt == 3:
                    raise
        raise AssertionError("not reached")

    def get(self, name: str) -> bytes:
        """The blob."""
        return (self._root / checked(name)).read_bytes()

    def has(self, name: str) -> bool:
        """Whether there is one with this name."""
        return (self._root / checked(name)).is_file()

    def delete(self, name: str) -> None:
        """Remove a blob, and the folders that this leaves empty."""
        path = self._root / checked(name)
        path.unlink(missing_ok=True)
        for folder in path.relative_to(self._root).parents[:-1]:
            try:
                (self._root / folder).rmdir()
            except OSError:  # Not empty, or gone already.
                return

    def written(self) -> Iterator[tuple[str, datetime]]:
        """Names with their times; what a crash left half-written is listed too."""
        for path in sorted(self._root.rglob("*")):
            if path.is_file():
                name = path.relative_to(self._root).as_posix()
                yield name, datetime.fromtimestamp(path.stat().st_mtime, UTC)


class UrlBlobs:
    """Blobs of an object store, through fsspec; a put there is whole by itself."""

    def __init__(self, url: str) -> None:
        import fsspec  # type: ignore[import-untyped]

        # Listings must be true at once: another worker writes too.
        self._store: Any = fsspec.filesystem(url.split("://", 1)[0], use_listings_cache=False)
        self._root = self._store._strip_protocol(url).rstrip("/")

    def put(self, name: str, content: bytes) -> None:
        """Write a blob."""
        path = self._path(name)
        self._store.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._store.pipe_file(path, content)

    def get(self, name: str) -> bytes:
        """The blob."""
        return bytes(self._store.cat_file(self._path(name)))

    def has(self, name: str) -> bool:
        """Whether there is one with this name."""
        return bool(self._store.isfile(self._path(name)))

    def delete(self, name: str) -> None:
        """Remove a blob."""
        path = self._path(name)
        if self._store.isfile(path):
            self._store.rm_file(path)

    def written(self) -> Iterator[tuple[str, datetime]]:
        """Names with their times."""
        for path in sorted(self._store.find(self._root)):
            when: datetime = self._store.modified(path)
            yield path[len(self._root) + 1 :], when if when.tzinfo else when.replace(tzinfo=UTC)

    def _path(self, name: str) -> str:
        return f"{self._root}/{checked(name)}"


def _private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkdir's mode passes through the umask, and the folder may be older than we are.
    if folder.stat().st_uid == os.getuid() and folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
