"""The sandbox's own time: real until somebody sets it, and running on from there."""

import time
from datetime import UTC, datetime, timedelta

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
EARLIEST_YEAR = 1900


def read_time(text: str) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC.

    Raises:
        ValueError: it is none, or so early that nobody can reckon back from it.
        TypeError: it is no text.
    """
    moment = datetime.fromisoformat(text)
    if moment.year < EARLIEST_YEAR:
        raise ValueError(f"{text} is before {EARLIEST_YEAR}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Clock:
    """A clock that can be set or advanced and keeps running.

    Every sandbox has one, and everything that depends on time (token buckets, token life, the
    two-minute rule, sessions) reads this one, so that a test can live through a month in a second.
    """

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return the sandbox's time, in UTC."""
        return datetime.fromtimestamp(time.time(), UTC) + self._offset

    def set(self, now: datetime, seconds: float = 0.0) -> None:
        """Let the clock say ``now`` (with a time zone), ``seconds`` on, and run on from there.

        Raises:
            ValueError: it has no time zone, or lies outside the century that a sandbox knows.
        """
        if now.tzinfo is None:
            raise ValueError("now needs a time zone")
        moment = now.astimezone(UTC) + timedelta(seconds=seconds)
        if not FIRST <= moment < LAST:
            raise ValueError(f"{moment.isoformat()} is not between 2000 and 2100")
        self._offset = moment - datetime.fromtimestamp(time.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock ``seconds`` on (or back, when negative)."""
        self.set(self.now(), seconds)

    def reset(self) -> None:
        """Return to the real time."""
        self._offset = timedelta()
