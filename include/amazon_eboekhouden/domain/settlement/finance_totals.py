"""What Amazon's finances tell of a whole settlement: values, as its answers become them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NetProceeds:
    """An amount of Amazon's finances, in its own currency."""

    currency: str
    cents: int


@dataclass(frozen=True, slots=True)
class EventGroup:
    """A settlement as the finances of version 0 know it; they do not tell its settlement id.

    Attributes:
        group_id: Amazon's.
        total: in the settlement's currency.
        converted: what was transferred, in the currency of the bank account; None when not known.
        ended_utc: end of its period, None while it is open.
    """

    group_id: str
    total: NetProceeds
    converted: NetProceeds | None
    ended_utc: datetime | None
