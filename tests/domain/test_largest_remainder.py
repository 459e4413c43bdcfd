"""Cents that are left over go to the largest remainders; on an exact tie to the largest amount."""

from __future__ import annotations

from itertools import permutations

from amazon_eboekhouden.domain.money import split_largest_remainder

# Net of 41.34 at 20 %: goods, postage, wrapping and a discount. 332.5 and -512.5 are an exact tie.
GROSS, NET = (4100, 399, 250, -615), 3445
PARTS = {4100: 3417, 399: 333, 250: 208, -615: -513}


def test_a_discount_is_no_larger_amount_than_what_it_is_given_on() -> None:
    assert split_largest_remainder(NET, GROSS) == list(PARTS.values())


def test_the_order_of_the_lines_makes_no_difference() -> None:
    for gross in permutations(GROSS):
        assert split_largest_remainder(NET, gross) == [PARTS[cents] for cents in gross]


def test_a_credit_note_mirrors_its_invoice() -> None:
    mirrored = split_largest_remainder(-NET, [-cents for cents in GROSS])
    assert mirrored == [-net for net in PARTS.values()]


def test_equal_amounts_are_served_in_their_order() -> None:
    assert split_largest_remainder(3, [1, 1]) == [2, 1]
