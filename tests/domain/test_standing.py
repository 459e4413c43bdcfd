"""Banking days: when a payout must have reached the bank."""

from __future__ import annotations

from datetime import date

from amazon_eboekhouden.domain.standing import banking_days_before


def test_banking_days_skip_weekends_and_feasts() -> None:
    assert banking_days_before(date(2026, 11, 24), 5) == date(2026, 11, 17)
    # 2026: Good Friday is 3 April, Easter Monday 6 April.
    assert banking_days_before(date(2026, 4, 7), 1) == date(2026, 4, 2)
    assert banking_days_before(date(2026, 12, 28), 1) == date(2026, 12, 24)
