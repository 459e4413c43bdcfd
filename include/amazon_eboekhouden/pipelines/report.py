"""What a run did, in the form that the command line, the DAGs and the dashboard show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from amazon_eboekhouden.config.connections import form_names
from amazon_eboekhouden.domain.errors import CredentialsRefused, RemoteError
from amazon_eboekhouden.domain.problems import Problem, problem

DONE, NEEDS_A_PERSON, WRONG_USAGE, NOT_NOW = 0, 1, 2, 3


@dataclass
class RunReport:
    """Counts and problems of one run.

    Attributes:
        booked: mutations written in this run (relations are not counted).
        already_booked: mutations that an earlier run had written.
        skipped: rows that are rightly not booked, each for a named reason.
        unknown: outcomes that only time and the books can settle.
        problems: what a person must look at.
        calls: calls per vendor operation.
        retry_after_utc: when to come back, if something had to wait.
        preview: what would be booked; only of a run that writes nothing.
        details: further facts of the use case, such as the tie-out of a settlement.
    """

    booked: int = 0
    already_booked: int = 0
    skipped: int = 0
    unknown: int = 0
    problems: list[Problem] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    retry_after_utc: datetime | None = None
    skipped_reasons: Counter[str] = field(default_factory=Counter)
    preview: list[dict[str, Any]] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_status(self) -> int:
        """0 done, 1 a person is needed, 3 not now (the run is not complete)."""
        if self.retry_after_utc is not None:
            return NOT_NOW
        return NEEDS_A_PERSON if self.problems else DONE

    def add(self, other: RunReport) -> None:
        """Take the figures of a part of the run in."""
        self.booked += other.booked
        self.already_booked += other.already_booked
        self.skipped += other.skipped
        self.unknown += other.unknown
        self.problems += other.problems
        self.calls.update(other.calls)
        self.skipped_reasons.update(other.skipped_reasons)
        self.preview += other.preview
        self.details.update(other.details)
        if other.retry_after_utc is not None:
            times = [t for t in (self.retry_after_utc, other.retry_after_utc) if t]
            self.retry_after_utc = max(times)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: no frame, no customer."""
        result: dict[str, Any] = {
            "booked": self.booked,
            "already_booked": self.already_booked,
            "skipped": self.skipped,
            "unknown": self.unknown,
            "problems": [problem.as_dict() for problem in self.problems],
            "calls": dict(sorted(self.calls.items())),
            "retry_after_utc": (
                self.retry_after_utc.isoformat().replace("+00:00", "Z")
                if self.retry_after_utc
                else None
            ),
            "skipped_reasons": dict(sorted(self.skipped_reasons.items())),
        }
        if self.preview:
            result["preview"] = self.preview
        return {**result, **self.details}


def refused_credentials(error: CredentialsRefused, connection: str) -> Problem:
    """The problem of a field that a service does not accept, named as its form names it."""
    return problem(
        "credentials-refused",
        f"connection {connection}",
        service=error.service,
        field=form_names(error.field),
        why=form_names(error.cause),
        connection=connection,
    )


def remote_failure(error: RemoteError, row: str) -> Problem:
    """The problem of a service that failed otherwise."""
    if error.should_retry:
        return problem("service-unreachable", row, service=error.service, why=error.cause)
    code = "amazon-refused" if error.service == "Amazon" else "books-refused"
    return problem(code, row, operation=error.operation, why=error.cause)
