"""How a campaign that was started from a shell is stopped."""

from __future__ import annotations

import signal


def stop_as_by_ctrl_c() -> None:
    """Let SIGTERM end this process as Ctrl-C does: it removes what it made.

    SIGINT is named, too: a shell lets its background jobs ignore it.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
