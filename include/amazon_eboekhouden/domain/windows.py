"""Windows of time: which orders a run asks Amazon for.

```
hour      |----13:05----|----14:05----|          the data interval of the run
window       |----13:00----14:00|                shifted back 5 minutes (Amazon's visibility rule)
overlap    |10 min|                              always asked again; the ledger knows every order
watermark  ^ end of the last loaded window: hours missed while nothing ran are picked up
```

Source: design section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LAG = timedelta(minutes=5)
OVERLAP = timedelta(minutes=10)
# Amazon refuses a `lastUpdatedBefore` younger than two minutes.
VISIBLE_AFTER = timedelta(minutes=2)
BACKFILL_LIMIT = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Window:
    """From (inclusive) to (inclusive at Amazon), UTC.

    Attributes:
        moves_watermark: true for runs that continue where the last one stopped; a window that a
            person chose is exactly that window and leaves the watermark alone.
    """

    from_utc: datetime
    to_utc: datetime
    moves_watermark: bool = False

    def __post_init__(self) -> None:
        if self.from_utc.tzinfo is None or self.to_utc.tzinfo is None:
            raise ValueError("a window needs times with a zone")
        if self.to_utc <= self.from_utc:
            raise ValueError(f"the window ends ({self.to_utc}) before it starts ({self.from_utc})")

    @property
    def name(self) -> str:
        """Short name for batches and messages."""
        return f"{self.from_utc:%Y%m%dT%H%M%SZ}-{self.to_utc:%Y%m%dT%H%M%SZ}"


def chosen(from_utc: datetime, to_utc: datetime) -> Window:
    """The window a person asked for, exactly."""
    return Window(_plain(from_utc), _plain(to_utc))


def _plain(moment: datetime) -> datetime:
    """A moment of Python's own: one of Airflow's (pendulum) loses its zone in sums."""
    return datetime.fromisoformat(moment.isoformat()).astimezone(UTC)


def scheduled(
    interval_start_utc: datetime, interval_end_utc: datetime, watermark_utc: datetime | None
) -> Window:
    """The window of a scheduled run: its interval shifted back, from the watermark on."""
    start = interval_start_utc - LAG
    if watermark_utc is not None:
        start = min(start, watermark_utc)
    return Window(_plain(start - OVERLAP), _plain(interval_end_utc - LAG), moves_watermark=True)


def up_to_now(now_utc: datetime, watermark_utc: datetime | None) -> Window:
    """The window of a run without an interval (a click, the command line): until just now."""
    end = now_utc - VISIBLE_AFTER - timedelta(seconds=10)
    start = min(end - timedelta(hours=1), watermark_utc or end)
    return Window(start - OVERLAP, end, moves_watermark=True)
