"""Settings of the booking protocol: how long a lease, a call and a late effect may last."""

from __future__ import annotations

from dataclasses import dataclass

from amazon_eboekhouden.domain.errors import SettingsError
from amazon_eboekhouden.domain.problems import problem


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Times in seconds and limits of the protocol. Source: reliability rules 3.4, 3.6, 3.8.

    Attributes:
        lease_s: how long one worker may write to an administration without renewing.
        call_deadline_s: total time one Add… call may take.
        settle_s: longest time after which the service may still apply a request.
        calls_a_month: GetMutaties calls the service allows in a month.
        budget_stop_percent: share of them after which nothing more is written: an unknown outcome
            could not be settled any more.
        max_attempts: sends proved absent before a person decides.
        page_cap: rows after which an answer of GetMutaties may be cut off.
        window: mutation numbers asked at once, below the cap.

    Raises:
        SettingsError: the lease is too short to contain one call.
    """

    lease_s: float = 60
    call_deadline_s: float = 30
    settle_s: float = 600
    calls_a_month: int = 5000
    budget_stop_percent: int = 90
    max_attempts: int = 3
    page_cap: int = 500
    window: int = 400

    def __post_init__(self) -> None:
        if min(self.lease_s, self.call_deadline_s) <= 0 or self.settle_s < 0:
            raise _wrong("AMAZON_EBOEKHOUDEN_LEASE_S", "and the other times must be positive")
        if self.lease_s <= self.call_deadline_s + self.margin_s:
            raise _wrong(
                "AMAZON_EBOEKHOUDEN_LEASE_S",
                f"is {self.lease_s:g} s: too short for a call of {self.call_deadline_s:g} s and a "
                f"margin of a twelfth of the lease",
            )

    @property
    def margin_s(self) -> float:
        """What must remain of the lease beside one call, and how late a send may start."""
        return self.lease_s / 12

    @property
    def renew_after_s(self) -> float:
        """Age at which the lease is renewed."""
        return self.lease_s / 4

    @property
    def fence_after_s(self) -> float:
        """Age at which the worker stops by its own clock, before the lease ends."""
        return self.lease_s * 5 / 6

    @property
    def budget_stop(self) -> int:
        """Calls in a month after which nothing more is written."""
        return self.calls_a_month * self.budget_stop_percent // 100


def _wrong(field: str, why: str) -> SettingsError:
    return SettingsError(
        [problem("settings-invalid", field, field=field, why=why, file="the environment", line="-")]
    )
