"""Reference rates of the European Central Bank: that day's, else the last one published before.

The bank publishes one file with the whole history, at about 16:00 Central European time on its
working days. The file is fetched when it can hold something new, and kept in the archive: it is
the proof of the rates that were booked with.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import httpx

from amazon_eboekhouden.adapters.archive import Archive
from amazon_eboekhouden.adapters.clock import SystemClock
from amazon_eboekhouden.adapters.http import BodyTooLarge, Browser, within
from amazon_eboekhouden.adapters.retrying import Patience, read_again
from amazon_eboekhouden.domain.books import Clock
from amazon_eboekhouden.domain.errors import BadAnswer, Unreachable

SERVICE = "ECB"
OPERATION = "eurofxref-hist"
URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
_LABEL = "ecb"
_LARGEST_FILE = 64 * 1024 * 1024
_PUBLISHED_AT = time(16, 15)
_CENTRAL_EUROPE = ZoneInfo("Europe/Berlin")
# Between two publications lie at most five days (Easter); much more means: no longer quoted.
_LOOK_BACK = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """Units of a currency for one euro, and the day on which that was published."""

    currency: str
    published: date
    rate: Decimal


class ExchangeRates:
    """The bank's history.

    Args:
        archive: where the file is kept.
        url: of the history, zipped or not.
        clock: tells whether there can be a newer file.
        deadline_s: total seconds of a download.
        patience: how often a download is tried.
    """

    def __init__(
        self,
        archive: Archive,
        *,
        url: str = URL,
        clock: Clock | None = None,
        deadline_s: float = 60.0,
        patience: Patience | None = None,
    ) -> None:
        self._archive = archive
        self._url = url
        self._clock = clock or SystemClock()
        self._deadline_s = deadline_s
        self._patience = patience or Patience()
        self._rows: list[list[str]] = []
        self._columns: dict[str, int] = {}

    def rate(self, currency: str, on: date) -> ExchangeRate | None:
        """The rate of a day, else the last one published before; None when there is none.

        Raises:
            RemoteError: the file is needed and can't be had.
        """
        self._refresh(on)
        found = self._of([currency], on - _LOOK_BACK, on)
        if not found:
            return None
        published = max(day for _, day in found)
        return ExchangeRate(currency, published, found[currency, published])

    def between(
        self, currencies: Iterable[str], first: date, last: date
    ) -> dict[tuple[str, date], Decimal]:
        """All rates published in a span of days and shortly before it, by currency and day.

        Raises:
            RemoteError: the file is needed and can't be had.
        """
        self._refresh(last)
        return self._of(currencies, first - _LOOK_BACK, last)

    def _of(
        self, currencies: Iterable[str], first: date, last: date
    ) -> dict[tuple[str, date], Decimal]:
        known = [(currency, self._columns.get(currency)) for currency in currencies]
        found: dict[tuple[str, date], Decimal] = {}
        for row in self._rows:
            day = date.fromisoformat(row[0])
            if not first <= day <= last:
                continue
            for currency, column in known:
                text = row[column].strip() if column is not None else "N/A"
                if text not in ("", "N/A"):
                    found[currency, day] = _rate(text)
        return found

    def _refresh(self, wanted: date) -> None:
        """Have a file that holds all that can be known about a day."""
        if not self._rows:
            kept = self._archive.labelled(_LABEL)
            if kept is not None:
                self._take(kept)
        newest = max((date.fromisoformat(row[0]) for row in self._rows), default=date.min)
        if newest >= min(wanted, _newest_published(self._clock.now_utc())):
            return
        content = read_again(self._download, self._patience, self._clock)
        self._take(content)
        self._archive.label(_LABEL, self._archive.put(content))

    def _download(self) -> bytes:
        browser = Browser(largest_body=_LARGEST_FILE)
        try:
            with within(self._deadline_s):
                response = browser.request("GET", self._url)
        except httpx.HTTPError as error:
            raise Unreachable(SERVICE, OPERATION, type(error).__name__) from error
        except BodyTooLarge as error:
            raise BadAnswer(SERVICE, OPERATION, str(error)) from error
        finally:
            browser.close()
        if response.status_code != 200:
            raise Unreachable(SERVICE, OPERATION, f"HTTP status {response.status_code}")
        return response.content

    def _take(self, content: bytes) -> None:
        """Read a file whole before anything of it is believed."""
        try:
            rows = list(csv.reader(io.StringIO(_unzipped(content).decode("ascii"))))
            header, body = [name.strip() for name in rows[0]], [row for row in rows[1:] if row]
            if header[0] != "Date" or any(len(row) != len(header) for row in body) or not body:
                raise ValueError("the layout is another one")
            for row in body:
                date.fromisoformat(row[0])
        except (ValueError, LookupError, csv.Error, zipfile.BadZipFile) as error:
            raise BadAnswer(SERVICE, OPERATION, "the file of rates can't be read") from error
        self._columns = {name: place for place, name in enumerate(header) if name and place}
        self._rows = body


def _unzipped(content: bytes) -> bytes:
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        first = packed.infolist()[0]
        if first.file_size > _LARGEST_FILE:
            raise ValueError("the packed file is too large")
        with packed.open(first) as file:
            return file.read(_LARGEST_FILE)


def _rate(text: str) -> Decimal:
    try:
        rate = Decimal(text)
    except InvalidOperation as error:
        raise BadAnswer(SERVICE, OPERATION, "a rate is no number") from error
    if not rate.is_finite() or rate <= 0:
        raise BadAnswer(SERVICE, OPERATION, "a rate is not above zero")
    return rate


def _newest_published(now_utc: datetime) -> date:
    """The last weekday whose rates must be out; a holiday among them only costs a download."""
    local = now_utc.astimezone(_CENTRAL_EUROPE)
    day = local.date() if local.time() >= _PUBLISHED_AT else local.date() - timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day
