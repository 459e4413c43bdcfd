"""What is worth another try, and how long it is waited for."""

from datetime import UTC, datetime, timedelta

import pytest
from amazon_eboekhouden.adapters.retrying import Patience, read_again
from amazon_eboekhouden.domain.errors import (
    BadAnswer,
    CredentialsRefused,
    NotNow,
    Refused,
    RemoteError,
    Unreachable,
)

FAST = Patience(attempts=4, first_wait_s=0.001, longest_wait_s=0.002, short_wait_s=0.2)


def damaged() -> BadAnswer:
    error = BadAnswer("Amazon", "x", "half an answer")
    error.should_retry = True
    return error


def transient() -> Refused:
    error = Refused("Amazon", "x", "unexplained")
    error.should_retry = True
    return error


def not_now(seconds: float) -> NotNow:
    return NotNow("Amazon", "x", "no token", datetime.now(UTC) + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (Unreachable("Amazon", "x", "reset"), 4),
        (damaged(), 4),
        (BadAnswer("Amazon", "x", "no orders"), 1),
        (Refused("Amazon", "x", "no"), 1),
        (transient(), 1),
        (CredentialsRefused("Amazon", "x", "no", field="f"), 1),
        (not_now(1_000_000), 1),
        (not_now(-1), 4),
        (KeyError("a mistake of ours"), 1),
    ],
)
def test_how_often_an_error_is_met(error, calls):
    met = 0

    def call():
        nonlocal met
        met += 1
        raise error

    with pytest.raises(type(error)) as raised:
        read_again(call, FAST)
    assert raised.value is error
    assert met == calls


def test_the_first_good_answer_counts():
    answers = iter([Unreachable("Amazon", "x", "reset"), damaged(), "good"])

    def call():
        one = next(answers)
        if isinstance(one, RemoteError):
            raise one
        return one

    assert read_again(call, FAST) == "good"


def test_a_near_token_is_waited_for_until_it_is_there():
    back = datetime.now(UTC) + timedelta(seconds=0.15)

    def call():
        if datetime.now(UTC) < back:
            raise NotNow("Amazon", "x", "no token", back)
        return "good"

    assert read_again(call, FAST) == "good"
    assert datetime.now(UTC) >= back
