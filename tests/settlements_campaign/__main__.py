"""`python -m tests.settlements_campaign`: a thousand generated settlements; 1 if any fails."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from tests.settlements_campaign.campaign import Found, Wish, settle_seller

# Most settlements by method `clearing`, one seller by the manual's way, one with unknown kinds.
PLAN = (
    Wish(1, 1_500),
    Wish(2, 1_500, invoice_unit="order"),
    Wish(3, 1_500, method="open_items_to_costs"),
    Wish(5, 1_500, dollars=True),
    Wish(4, 600, 120, unknown_kinds=True),
)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="settlements_campaign", description=__doc__)
    parser.add_argument("--orders", type=int, help="per seller, instead of 1,500")
    given = parser.parse_args()
    whole, start = Found(), time.monotonic()
    for wish in PLAN:
        chosen = replace(wish, orders=given.orders or wish.orders)
        found = settle_seller(chosen)
        if not wish.unknown_kinds:
            whole.insist(
                float(found.matched_share) >= 0.995, f"{wish}: matched {found.matched_share:.4%}"
            )
        whole.add(found)
        say(f"{chosen}: {dict(found.counts)}")
    whole.insist(len(whole.currencies) >= 6, f"six currencies: {dict(whole.currencies)}")
    say(f"currencies: {dict(whole.currencies)}")
    say(f"problems: {dict(whole.problems)}")
    say(f"matched without a person: {whole.matched_share:.4%} of {whole.counts['rows']:,} rows")
    say(f"{whole.counts['settlements']:,} settlements in {time.monotonic() - start:.0f} s")
    for fault in whole.faults[:40]:
        say(f"FAULT {fault}")
    say(f"faults: {len(whole.faults)}")
    return 1 if whole.faults else 0


if __name__ == "__main__":
    sys.exit(main())
