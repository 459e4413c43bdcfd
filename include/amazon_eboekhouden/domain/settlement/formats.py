"""How one settlement file writes amounts and dates: found out per file, never per country.

Amazon writes `1141,18` and `14.03.2023 07:49:55 UTC` in one file, `1016.08` and
`2025-08-14T22:07:18+00:00` in the next. Every text must fit the one format found; the tie-out then
proves it. All functions work on the distinct texts of a column, so that a million rows cost what
their variety costs. Source: Amazon reference 8.3.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

# A sign, digits with or without groups of three, at most two decimals that count.
_AMOUNT = r"([+-]?)(\d+|\d{{1,3}}(?:[{group}]\d{{3}})+)(?:{point}(\d{{1,2}})0*)?(-?)"
_BLANKS = " \u00a0\u2009\u202f"
_FORMATS = {
    "decimal point": re.compile(_AMOUNT.format(group=rf",'\u2019{_BLANKS}", point=r"\.")),
    "decimal comma": re.compile(_AMOUNT.format(group=rf".'\u2019{_BLANKS}", point=",")),
}
_NOT_DIGIT = re.compile(r"\D")

_STAMP = re.compile(
    r"(\d{4}|\d{1,2})([-./])(\d{1,2})\2(\d{4}|\d{2}|\d)"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r"\s*(Z|[A-Za-z]{3,4}|[+-]\d{2}:?\d{2})?"
)
_ZONE_HOURS = {
    "": 0, "Z": 0, "UTC": 0, "GMT": 0, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2,
    "EST": -5, "EDT": -4, "PST": -8, "PDT": -7,
}  # fmt: skip


class Unreadable(ValueError):
    """A text that no format of the file explains."""


def amount_readers() -> dict[str, Callable[[str], int]]:
    """A reader of cents per way of writing amounts; each raises Unreadable for what it refuses."""
    return {name: _reader(pattern) for name, pattern in _FORMATS.items()}


def _reader(pattern: re.Pattern[str]) -> Callable[[str], int]:
    def cents(text: str) -> int:
        if not text:
            return 0  # A row without an amount moves no money.
        found = pattern.fullmatch(text.replace("\u2212", "-"))
        if found is None or (found[1] and found[4]):
            raise Unreadable(text)
        units = _NOT_DIGIT.sub("", found[2])
        value = int(units) * 100 + int((found[3] or "").ljust(2, "0"))
        return -value if "-" in (found[1], found[4]) else value

    return cents


def possible_amounts(texts: Sequence[str]) -> tuple[dict[str, list[int]], str]:
    """Cents of all texts under every format that explains each one of them.

    Returns:
        format to cents, and the first text that the most fitting format refuses ("" if one fits).
    """
    explained: dict[str, list[int]] = {}
    furthest = -1, ""
    for name, reader in amount_readers().items():
        cents: list[int] = []
        try:
            for text in texts:
                cents.append(reader(text))
            explained[name] = cents
        except Unreadable as error:
            furthest = max(furthest, (len(cents), str(error)))
    return explained, "" if explained else furthest[1]


def day_first(texts: Iterable[str]) -> bool | None:
    """Whether dates like 13/04/26 mean the thirteenth of April; None when every date fits both."""
    for text in texts:
        found = _STAMP.fullmatch(text)
        if found is None or len(found[1]) == 4 or found[2] == ".":
            continue
        if int(found[1]) > 12:
            return True
        if int(found[3]) > 12:
            return False
    return None


def moment(text: str, *, day_first: bool) -> tuple[datetime, date]:
    """The moment in UTC and the local date in Amsterdam that a text of a file means.

    A date without a time is that local date; its moment is noon UTC, which keeps it.

    Raises:
        Unreadable: no known way to write a date.
    """
    found = _STAMP.fullmatch(text)
    zone = (found[8] or "").upper() if found else ""
    if found is None or (zone not in _ZONE_HOURS and zone[0] not in "+-"):
        raise Unreadable(text)
    first, second, third = int(found[1]), int(found[3]), int(found[4])
    if len(found[1]) == 4:
        year, month, day = first, second, third
    else:
        year = third if len(found[4]) == 4 else 2000 + third
        # Dots are German: always day first, whatever the slashes in the file mean.
        is_day_first = day_first or found[2] == "."
        day, month = (first, second) if is_day_first else (second, first)
    try:
        if found[5] is None:
            local = date(year, month, day)
            return datetime.combine(local, time(12), UTC), local
        clock = time(int(found[5]), int(found[6]), int(found[7] or 0))
        at = datetime.combine(date(year, month, day), clock, _zone(zone))
    except ValueError as error:
        raise Unreadable(text) from error
    return at.astimezone(UTC), at.astimezone(AMSTERDAM).date()


def _zone(text: str) -> timezone:
    if text in _ZONE_HOURS:
        return timezone(timedelta(hours=_ZONE_HOURS[text]))
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def encoding_of(pieces: Callable[[], Iterable[bytes]], charset: str | None) -> str:
    """How a file is encoded: a byte order mark wins, then the given charset, UTF-8, Windows' own.

    Args:
        pieces: gives the file from its start, piece by piece; it may be asked more than once.
        charset: what the download said, if anything.

    Raises:
        Unreadable: no encoding explains the bytes.
    """
    start = next(iter(pieces()), b"")[:3]
    if start.startswith(b"\xef\xbb\xbf"):
        tries = ["utf-8-sig"]
    elif start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        tries = ["utf-16"]
    else:
        tries = [charset or "utf-8", "utf-8", "cp1252"]
    for encoding in dict.fromkeys(tries):
        try:
            deque(decoded_pieces(pieces(), encoding), maxlen=0)
        except (UnicodeDecodeError, LookupError):
            continue
        return encoding
    raise Unreadable(", ".join(dict.fromkeys(tries)))


def decoded(content: bytes, charset: str | None) -> str:
    """The text of a whole file.

    Raises:
        Unreadable: no encoding explains the bytes.
    """
    return content.decode(encoding_of(lambda: (content,), charset))


def decoded_pieces(pieces: Iterable[bytes], encoding: str) -> Iterator[str]:
    """The text of a file, piece by piece.

    Raises:
        UnicodeDecodeError: the encoding does not explain the bytes.
        LookupError: nobody knows the encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)
