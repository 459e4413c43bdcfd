"""When a read is tried again. Writes never come here: the booking ledger decides about those."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from amazon_eboekhouden.adapters.clock import SystemClock
from amazon_eboekhouden.domain.books import Clock
from amazon_eboekhouden.domain.errors import BadAnswer, NotNow, Unreachable

T = TypeVar("T")

# So that a token asked for on the dot is really there: clocks differ by some milliseconds.
_CLOCKS_DIFFER_S = 0.05


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a worker waits in place.

    Attributes:
        attempts: calls in all, the first one included.
        first_wait_s, longest_wait_s: bounds of the exponential wait; each wait is drawn at random
            up to its bound, so that many couplings don't come back at once.
        short_wait_s: a `NotNow` nearer than this is waited for; a later one goes to the caller,
            who gives the worker back.
    """

    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 8.0
    short_wait_s: float = 2.5


def read_again(call: Callable[[], T], patience: Patience, clock: Clock | None = None) -> T:
    """The result of `call`, tried again while nothing usable came back.

    Raises:
        RemoteError: the last attempt's, or at once whatever another attempt can't change.
    """
    time = clock or SystemClock()
    grow = tenacity.wait_random_exponential(
        multiplier=patience.first_wait_s, max=patience.longest_wait_s
    )

    def seconds_until(error: NotNow) -> float:
        return (error.retry_at_utc - time.now_utc()).total_seconds() + _CLOCKS_DIFFER_S

    def worth_it(error: BaseException) -> bool:
        if isinstance(error, NotNow):
            return seconds_until(error) <= patience.short_wait_s
        # A damaged answer may come whole the next time; a 400 that passes takes hours.
        return isinstance(error, Unreachable | BadAnswer) and error.should_retry

    def wait(state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, NotNow):
            return max(0.0, seconds_until(error))
        return grow(state)

    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(patience.attempts),
        retry=tenacity.retry_if_exception(worth_it),
        wait=wait,
        reraise=True,
    )
    return retrying(call)
