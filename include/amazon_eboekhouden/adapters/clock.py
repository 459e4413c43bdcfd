"""The real clock. Simulators hand in their own `domain.books.Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's clocks."""

    def now_utc(self) -> datetime:
        """The present moment, with its zone."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of a clock that never steps back."""
        return time.monotonic()
