"""What can go wrong outside a row: a wrong program, wrong settings, or a remote that failed.

```
CouplingError
├── FrameError            a frame broke its contract: the program is wrong
├── SettingsError         wrong settings or connection: exit status 2
└── RemoteError           Amazon, e-Boekhouden or a public service; says whether to try again
    ├── NotNow            come back at `retry_at_utc`: no tokens, lease held, outcome settling
    ├── Unreachable       nothing usable came back: network, time-out, 5xx, gateway page
    ├── BadAnswer         an answer came that breaks the service's own rules
    ├── Refused           the service understood and said no
    └── CredentialsRefused    a user name, code, token or role is wrong: stop and tell a person
```

A row that is wrong is no exception but a value: `domain.problems.Problem`.
"""

from __future__ import annotations

from datetime import datetime

from amazon_eboekhouden.domain.problems import Problem


class CouplingError(Exception):
    """Base of everything that this product raises on purpose."""


class FrameError(CouplingError):
    """A frame does not keep its contract (columns, types, holes)."""


class SettingsError(CouplingError):
    """Settings or a connection are wrong; `problems` says which field, why and what to do."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{p.row}: {p.cause}" for p in problems))


class RemoteError(CouplingError):
    """A remote service failed.

    Attributes:
        service: "Amazon", "e-Boekhouden", "ECB" or "VIES".
        operation: the vendor's own name of the call.
        cause: one sentence, free of secrets and personal data.
        should_retry: decided where the cause is known; the caller only obeys.
    """

    should_retry = False

    def __init__(self, service: str, operation: str, cause: str, *, code: str = "") -> None:
        self.service = service
        self.operation = operation
        self.cause = cause
        self.code = code
        super().__init__(f"{service} {operation}: {cause}")


class NotNow(RemoteError):
    """Nothing is wrong; come back at `retry_at_utc` (exit status 3, or reschedule the task)."""

    should_retry = True

    def __init__(self, service: str, operation: str, cause: str, retry_at_utc: datetime) -> None:
        self.retry_at_utc = retry_at_utc
        super().__init__(service, operation, cause)


class Unreachable(RemoteError):
    """Network failure, time-out, 5xx or a gateway's page: a read may be tried again."""

    should_retry = True


class BadAnswer(RemoteError):
    """The answer breaks the service's own description (missing key, truncated, wrong type)."""


class Refused(RemoteError):
    """The service understood the request and refused it; trying again changes nothing."""


class CredentialsRefused(RemoteError):
    """The service does not accept who we are; `field` is the form field that is wrong."""

    def __init__(
        self, service: str, operation: str, cause: str, *, field: str, code: str = ""
    ) -> None:
        self.field = field
        super().__init__(service, operation, cause, code=code)
