"""Report documents, fetched with every check that the client library leaves out.

The library follows any address, takes an error page for the report, and accepts half a gzip file
(measured). Here: only known storage hosts over TLS, no redirect, no API token, bounds on size and
ratio, the compressed stream read to its checked end, the charset decided once, and a file that
appears under its own SHA-256 or not at all.
"""

from __future__ import annotations

import codecs
import shutil
import tempfile
import weakref
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO

import httpx

from amazon_eboekhouden.adapters.http import (
    Browser,
    is_loopback,
    loopback_address,
    public_address,
    within,
)
from amazon_eboekhouden.adapters.retrying import Patience, read_again
from amazon_eboekhouden.domain.errors import BadAnswer, Unreachable

SERVICE = "Amazon"
OPERATION = "document"
STORAGE_HOSTS = (".amazonaws.com",)
LARGEST = 512 * 1024 * 1024
LARGEST_RATIO = 200
EXPIRED_LINK = "expired-link"
_PIECE = 256 * 1024
# Small texts of blanks compress far; the ratio says something only from here on.
_RATIO_COUNTS_FROM = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class DocumentLink:
    """Where a document lies for the next five minutes; the address itself is a secret."""

    document_id: str
    url: str = field(repr=False)
    is_gzip: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A fetched document.

    Attributes:
        path: the decompressed file, in the private folder of its reader.
        sha256: of the decompressed bytes.
        charset: "utf-8" or what else the bytes are in.
        rows: lines, a heading included.
        size: bytes.
    """

    path: Path
    sha256: str
    charset: str
    rows: int
    size: int

    @property
    def content(self) -> bytes:
        """The decompressed bytes, exactly as Amazon made them."""
        return self.path.read_bytes()


class DocumentReader:
    """Fetches documents into a private folder that goes away with the reader.

    Args:
        hosts: suffixes of the storage hosts that may be asked.
        allow_loopback: documents may lie on this machine (when the API itself does).
        deadline_s: total seconds of one download.
        largest: most bytes, after decompression.
        patience: how often a download is tried.
    """

    def __init__(
        self,
        *,
        hosts: tuple[str, ...] = STORAGE_HOSTS,
        allow_loopback: bool = False,
        deadline_s: float = 300.0,
        largest: int = LARGEST,
        patience: Patience | None = None,
    ) -> None:
        self._hosts = hosts
        self._allow_loopback = allow_loopback
        self._deadline_s = deadline_s
        self._largest = largest
        self._patience = patience or Patience()
        rule = loopback_address if allow_loopback else public_address
        self._browser = Browser(allowed=rule, read_s=30.0)
        self._folder = Path(tempfile.mkdtemp(prefix="amazon-documents-"))  # 0700 by its contract
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def close(self) -> None:
        """Drop the connection and the fetched files."""
        self._browser.close()
        self._remove()

    def fetch(self, ask_link: Callable[[], DocumentLink]) -> Document:
        """The document behind a link; a link that has expired is asked for once more.

        Raises:
            BadAnswer: the address is not allowed, or the document is damaged or too large.
            Unreachable: the storage did not answer to the end.
        """
        try:
            return self._tried(ask_link())
        except BadAnswer as error:
            if error.code != EXPIRED_LINK:
                raise
        return self._tried(ask_link())

    def _tried(self, link: DocumentLink) -> Document:
        self._check_address(link.url)
        return read_again(lambda: self._once(link), self._patience)

    def _check_address(self, address: str) -> None:
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL as error:
            raise BadAnswer(SERVICE, OPERATION, "the document's address is none") from error
        if self._allow_loopback and url.scheme in ("http", "https") and is_loopback(address):
            return
        known = any(url.host.endswith(suffix) for suffix in self._hosts)
        if url.scheme != "https" or url.port is not None or url.userinfo or not known:
            raise BadAnswer(
                SERVICE, OPERATION, "the document's address is not one of Amazon's storage hosts"
            )

    def _once(self, link: DocumentLink) -> Document:
        try:
            with (
                within(self._deadline_s),
                self._browser.stream("GET", link.url) as response,
                tempfile.NamedTemporaryFile(dir=self._folder) as file,
            ):
                _judge(response)
                packed = link.is_gzip or response.headers.get("content-encoding") == "gzip"
                declared = response.charset_encoding
                pieces = self._bounded(response.iter_raw(_PIECE), is_gzip=packed)
                return self._kept(file, pieces, declared)
        except httpx.HTTPError as error:
            raise Unreachable(SERVICE, OPERATION, type(error).__name__) from error

    def _bounded(self, pieces: Iterator[bytes], *, is_gzip: bool) -> Iterator[bytes]:
        """Decompressed pieces, stopped at the bounds."""
        read = made = 0

        def counted() -> Iterator[bytes]:
            nonlocal read
            for piece in pieces:
                read += len(piece)
                yield piece

        for piece in _unpacked(counted()) if is_gzip else _plain(counted()):
            made += len(piece)
            too_dense = made > _RATIO_COUNTS_FROM and made > LARGEST_RATIO * read
            if made > self._largest or too_dense:
                raise BadAnswer(SERVICE, OPERATION, "the document is larger than is believable")
            yield piece

    def _kept(self, file: IO[bytes], pieces: Iterator[bytes], declared: str | None) -> Document:
        hashed, size, rows, last = sha256(), 0, 0, b"\n"
        proof = _Utf8()
        for piece in pieces:
            file.write(piece)
            hashed.update(piece)
            proof.feed(piece)
            size, rows, last = size + len(piece), rows + piece.count(b"\n"), piece[-1:]
        file.flush()
        if size == 0:
            raise _damaged("the document is empty")
        path = self._folder / hashed.hexdigest()
        charset = "utf-8" if proof.holds() else _charset_of(Path(file.name), declared)
        # A second name for the finished file: it is there whole, or not at all.
        path.unlink(missing_ok=True)
        path.hardlink_to(file.name)
        return Document(path, hashed.hexdigest(), charset, rows + (last != b"\n"), size)


def _judge(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 403:
        # S3 answers so when the five minutes are over; another link may be good.
        raise BadAnswer(SERVICE, OPERATION, "the link is not good any more", code=EXPIRED_LINK)
    if status >= 500 or status == 429:
        raise Unreachable(SERVICE, OPERATION, f"HTTP status {status}")
    raise BadAnswer(SERVICE, OPERATION, f"HTTP status {status}")


def _damaged(cause: str) -> BadAnswer:
    error = BadAnswer(SERVICE, OPERATION, cause)
    error.should_retry = True
    return error


def _plain(pieces: Iterator[bytes]) -> Iterator[bytes]:
    first = True
    for piece in pieces:
        if first and piece.startswith(b"\x1f\x8b"):
            raise _damaged("the document is compressed, although Amazon did not say so")
        first = False
        yield piece


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The content of a gzip stream, which must end where the download ends, its CRC proven."""
    unpacker = zlib.decompressobj(31)
    try:
        for piece in pieces:
            rest, more_inside = piece, False
            while rest or more_inside:
                if unpacker.eof:  # A gzip file may consist of several members.
                    unpacker = zlib.decompressobj(31)
                made = unpacker.decompress(rest, _PIECE)
                yield made
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
                more_inside = len(made) == _PIECE and not unpacker.eof
    except zlib.error as error:
        raise _damaged("the compressed document is damaged") from error
    if not unpacker.eof:
        raise _damaged("the compressed document ends too early")


class _Utf8:
    """Whether a stream of bytes is UTF-8: text in another charset practically never is."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._holds = True

    def feed(self, piece: bytes) -> None:
        try:
            if self._holds and "\0" in self._decoder.decode(piece):
                self._holds = False
        except UnicodeDecodeError:
            self._holds = False

    def holds(self) -> bool:
        try:
            self._decoder.decode(b"", final=self._holds)
        except UnicodeDecodeError:
            return False
        return self._holds


def _charset_of(path: Path, declared: str | None) -> str:
    """The charset of a file that is no UTF-8: what the storage declared, else Windows-1252."""
    for charset in filter(None, (declared, "cp1252")):
        if _reads_as(path, charset):
            return codecs.lookup(charset).name
    raise _damaged("the document is in no charset that is known")


def _reads_as(path: Path, charset: str) -> bool:
    try:
        with path.open(encoding=charset, newline="") as file:
            return all("\0" not in text for text in iter(lambda: file.read(_PIECE), ""))
    except (UnicodeError, LookupError):
        return False
