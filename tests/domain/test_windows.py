"""Which orders a run asks for: no hour is missed, none needs a second thought."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from amazon_eboekhouden.domain.windows import Window, chosen, scheduled, up_to_now

HOUR = timedelta(hours=1)
START = datetime(2026, 10, 25, 0, 5, tzinfo=UTC)


def test_a_scheduled_window_is_its_interval_shifted_back_with_overlap() -> None:
    window = scheduled(START, START + HOUR, START - timedelta(minutes=5))
    assert window.from_utc == START - timedelta(minutes=15)
    assert window.to_utc == START + HOUR - timedelta(minutes=5)
    assert window.moves_watermark


def test_hours_that_were_missed_are_picked_up() -> None:
    window = scheduled(START, START + HOUR, START - 7 * HOUR)
    assert window.from_utc == START - 7 * HOUR - timedelta(minutes=10)


def test_a_watermark_ahead_of_the_interval_does_not_shorten_it() -> None:
    window = scheduled(START, START + HOUR, START + 3 * HOUR)
    assert window.from_utc == START - timedelta(minutes=15)


def test_hourly_windows_leave_no_gap_over_the_clock_change() -> None:
    """2026-10-25 has 25 hours in Amsterdam; in UTC nothing happens."""
    watermark, covered_until = None, None
    for hour in range(30):
        window = scheduled(START + hour * HOUR, START + (hour + 1) * HOUR, watermark)
        assert covered_until is None or window.from_utc <= covered_until
        watermark = covered_until = window.to_utc


def test_a_chosen_window_is_exactly_that_and_leaves_the_watermark() -> None:
    window = chosen(START, START + HOUR)
    assert (window.from_utc, window.to_utc) == (START, START + HOUR)
    assert not window.moves_watermark


def test_up_to_now_stays_behind_amazons_two_minutes() -> None:
    window = up_to_now(START, None)
    assert window.to_utc <= START - timedelta(minutes=2)
    assert up_to_now(START, START - 5 * HOUR).from_utc <= START - 5 * HOUR


@pytest.mark.parametrize(
    ("start", "end"),
    [(START, START), (START, START - HOUR), (START.replace(tzinfo=None), START)],
)
def test_a_window_that_is_none_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises((ValueError, TypeError)):
        Window(start, end)
