"""What an earlier settlement in another currency handed on, at the euros it was booked at then.

A reserve that is given back, a negative total that is carried in and a transfer that failed leave
their account as they came on it; what the rates moved meanwhile is an exchange difference of the
settlement that takes them back. Source: accounting rules 6, "Currencies", and 7.3 to 7.5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from amazon_eboekhouden.domain.booked_invoice import NEVER_BOOKED
from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.domain.settlement.groups import each
from amazon_eboekhouden.domain.settlement.places import Place

# Place and sign of a row that takes back, to the step that handed on.
_STEPS: Mapping[tuple[Place, bool], str] = {
    (Place.RESERVE, True): "reserve-",
    (Place.CARRIED, False): "carried+",
    (Place.PAYOUT, True): "payout-",
}


class HandedOn:
    """The euros of what other settlements in a currency handed on.

    Args:
        booked: BOOKED.
        settlement_id: that takes back; its own bookings do not count.
        currency: of the settlement; EUR needs no memory.
    """

    def __init__(self, booked: pd.DataFrame, settlement_id: str, currency: str) -> None:
        self._euros: dict[tuple[str, int], int] = {}
        if currency == "EUR":
            return
        rows = booked[
            (booked["booking_kind"] == BookingKind.MONEY.value)
            & (booked["settlement_id"] != settlement_id)
            & ~booked["state"].isin(NEVER_BOOKED)
        ]
        for row in each(rows.sort_values(["date", "booking"])):
            facts = json.loads(row.facts or "{}")
            if facts.get("currency") == currency and "currency_cents" in facts:
                step = row.booking.split(":")[2]
                self._euros[step, int(facts["currency_cents"])] = int(row.gross_cents)

    def euro_cents(self, place: Place, cents: int) -> int | None:
        """Cents of EUR, signed as `cents`; None when nobody handed this amount on."""
        step = _STEPS.get((place, cents > 0))
        found = self._euros.get((step, abs(cents))) if step else None
        return None if found is None else (found if cents > 0 else -found)
