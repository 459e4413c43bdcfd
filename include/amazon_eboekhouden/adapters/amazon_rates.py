"""Amazon's published rates, and who is asked before a call spends a token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: tokens a second, and most tokens it holds."""

    per_second: float
    burst: float


# Defaults of Amazon's models, per seller-application pair. Raised plans show in the rate header.
PUBLISHED: dict[str, Rate] = {
    "searchOrders": Rate(0.0056, 20),
    "getOrder": Rate(0.5, 30),
    "getReports": Rate(0.0222, 10),
    "getReport": Rate(2.0, 15),
    "getReportDocument": Rate(0.0167, 15),
    "createReport": Rate(0.0167, 15),
    "listTransactions": Rate(0.5, 10),
    "listSummary": Rate(0.5, 10),
    "listFinancialEventGroups": Rate(0.5, 30),
    "getMarketplaceParticipations": Rate(0.016, 15),
}

# Tokens that a backfill leaves in buckets from which the hourly runs take as well.
LEFT_FOR_OTHERS: dict[str, float] = {"getOrder": 10, "getReports": 5, "getReportDocument": 5}


class RateBudget(Protocol):
    """One seller's buckets, shared by all workers; the booking ledger keeps them."""

    def take(self, operation: str, rate: float, burst: float) -> datetime | None:
        """Take a token: None when it was there, otherwise the time at which it will be."""
        ...

    def learn(self, operation: str, rate: float) -> None:
        """Amazon's answer named the rate that holds for this seller."""
        ...

    def empty(self, operation: str) -> None:
        """Amazon refused for want of tokens, whatever we had counted."""
        ...


class NullBudget:
    """Asks nobody: Amazon alone says when it is enough."""

    def take(self, operation: str, rate: float, burst: float) -> datetime | None:
        """Always there."""
        return None

    def learn(self, operation: str, rate: float) -> None:
        """Nothing to remember it in."""

    def empty(self, operation: str) -> None:
        """Nothing to remember it in."""
