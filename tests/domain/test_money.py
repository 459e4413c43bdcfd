"""Arithmetic on whole cents is that on exact decimals, whatever the amount."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from amazon_eboekhouden.domain.money import (
    round_half_up,
    split_largest_remainder,
    vat_inside,
    vat_on_top,
)
from hypothesis import given
from hypothesis import strategies as st

cents = st.integers(-(10**12), 10**12)
rates = st.decimals(0, 99, places=2) | st.sampled_from([Decimal(9), Decimal(21), Decimal("25.5")])
weights = st.lists(st.integers(-100_000, 100_000), min_size=1, max_size=6)


@given(cents, rates)
def test_vat_is_half_up_of_the_exact_quotient(gross: int, rate: Decimal) -> None:
    assert vat_inside(gross, rate) == round_half_up(Decimal(gross) * rate / (100 + rate))
    assert vat_on_top(gross, rate) == round_half_up(Decimal(gross) * rate / 100)


@pytest.mark.parametrize(("net", "vat"), [(50, 11), (-50, -11), (49, 10), (0, 0)])
def test_a_half_goes_away_from_zero(net: int, vat: int) -> None:
    assert vat_on_top(net, Decimal(21)) == vat


@given(cents, weights)
def test_parts_add_up_and_lie_within_a_cent_of_their_share(total: int, shares: list[int]) -> None:
    parts = split_largest_remainder(total, shares)
    assert sum(parts) == total
    if whole := sum(shares):
        exact = [Fraction(total * share, whole) for share in shares]
        assert all(abs(part - one) < 1 for part, one in zip(parts, exact, strict=True))
        mirrored = split_largest_remainder(-total, [-share for share in shares])
        assert mirrored == [-part for part in parts]


@given(weights.filter(sum))
def test_what_is_divided_in_its_own_ratio_stays_as_it_is(shares: list[int]) -> None:
    assert split_largest_remainder(sum(shares), shares) == shares
