"""The sandbox's own time: real until somebody sets it, and running on from there."""

import time
from datetime import UTC, datetime, timedelta


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

    def set(self, now: datetime) -> None:
        """Let the clock say ``now`` (with a time zone) and run on from there."""
        if now.tzinfo is None:
            raise ValueError("now needs a time zone")
        self._offset = now.astimezone(UTC) - datetime.fromtimestamp(time.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock ``seconds`` on (or back, when negative)."""
        self._offset += timedelta(seconds=seconds)

    def reset(self) -> None:
        """Return to the real time."""
        self._offset = timedelta()
