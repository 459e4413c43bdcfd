"""Amazon's usage plans: one token bucket per seller-application pair and operation."""

from coupling_sandbox.clock import Clock

# operation → (tokens per second, burst). Source: Amazon's models, `x-amzn-RateLimit` tables.
USAGE_PLANS: dict[str, tuple[float, int]] = {
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "getOrders": (0.0167, 20),
    "getOrderV0": (0.5, 30),
    "getOrderItems": (0.5, 30),
    "getOrderAddress": (0.5, 30),
    "getOrderBuyerInfo": (0.5, 30),
    "createReport": (0.0167, 15),
    "getReports": (0.0222, 10),
    "getReport": (2.0, 15),
    "cancelReport": (0.0222, 10),
    "getReportDocument": (0.0167, 15),
    "listTransactions": (0.5, 10),
    "listSummary": (0.5, 10),
    "listBalances": (0.5, 10),
    "listFinancialEventGroups": (0.5, 30),
    "getMarketplaceParticipations": (0.016, 15),
    "createRestrictedDataToken": (1.0, 10),
}


class Buckets:
    """Token buckets that fill by the sandbox's clock.

    ``fill`` (0 to 1) is how full a bucket is when it is first used: Amazon never promises a full
    one. ``scale`` multiplies every rate, for sellers on a raised plan.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        """Fill all buckets again and return to the default plan."""
        self.fill = 1.0
        self.scale = 1.0
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, holder: str, operation: str) -> bool:
        """Take one token; False when there is none, and then nothing is taken."""
        rate, burst = USAGE_PLANS[operation]
        now = self._clock.now().timestamp()
        tokens, since = self._buckets.get((holder, operation), (burst * self.fill, now))
        # A clock that was set back must not drain a bucket.
        tokens = min(float(burst), tokens + max(0.0, now - since) * rate * self.scale)
        taken = tokens >= 1.0
        self._buckets[holder, operation] = (tokens - 1.0 if taken else tokens, now)
        return taken

    def rate_header(self, operation: str) -> str:
        """Return the value of ``x-amzn-RateLimit-Limit`` for ``operation``."""
        return str(USAGE_PLANS[operation][0] * self.scale)
