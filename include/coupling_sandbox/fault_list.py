"""The list of faults: what may stand in it, and which line strikes a call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coupling_sandbox.given import check_charset, check_kind

REPLACING = ("http_429", "http_500_html", "http_503_empty", "http_403_gateway", "reset", "hang")
SPOILING = (
    "reset_mid_body",
    "truncated_gzip",
    "gzip_bomb",
    "wrong_charset",
    "malformed",
    "oversized",
    "dtd",
)
OWN = ("soap_fault", "session_expired", "repeated_page", "empty_page", "expired_url")
KINDS = (*REPLACING, "slow", *SPOILING, *OWN)

SLOW_S = 6.0  # Longer than the 5 seconds after which httpx, left to itself, gives up.
HANG_S = 600.0
BOMB_BYTES = 320 * 1024 * 1024
OVERSIZED_BYTES = 64 * 1024 * 1024

# field → a value of its kind; those that may be null besides.
FIELDS: dict[str, Any] = {
    "operation": "", "kind": "", "when": "", "charset": "", "after": 0, "times": 1,
    "seconds": 1.0, "size_bytes": 1, "status": 500,
}  # fmt: skip
NULLABLE = ("times", "seconds", "size_bytes", "status")


@dataclass
class Fault:
    """One line of the fault list, counting its own calls."""

    operation: str
    kind: str
    after: int = 0
    times: int | None = 1
    when: str = "before"
    seconds: float | None = None
    charset: str = "utf-16"
    size_bytes: int | None = None
    status: int | None = None
    seen: int = 0
    done: int = 0

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Fault":
        """Read one fault; raise ValueError with the name of the wrong field."""
        check_kind("a fault", given, {})
        if strange := set(given) - set(FIELDS):
            raise ValueError(f"unknown field {sorted(strange)[0]!r}; known: {sorted(FIELDS)}")
        kind = given.get("kind")
        if kind not in KINDS:
            raise ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}")
        for name, value in given.items():
            _check_field(name, value)
        if given.get("status") is not None and not kind.startswith("http_"):
            raise ValueError(f"{kind} has no status")
        when = given.get("when", "after" if kind in SPOILING else "before")
        return cls(**{"operation": "*", **given, "when": when})

    def strikes(self, operation: str) -> bool:
        """Count a call of ``operation``; say whether this fault is for it."""
        if self.operation not in ("*", operation):
            return False
        if self.times is not None and self.done >= self.times:
            return False
        self.seen += 1
        if self.seen <= self.after:
            return False
        self.done += 1
        return True


def _check_field(name: str, value: Any) -> None:
    if value is None and name in NULLABLE:
        return
    check_kind(name, value, FIELDS[name])
    if name == "when" and value not in ("before", "after"):
        raise ValueError("when must be 'before' or 'after'")
    if name == "status" and not 400 <= value <= 599:
        raise ValueError("status must be between 400 and 599")
    if name == "charset":
        check_charset(name, value)
    if not isinstance(value, str) and value < 0:
        raise ValueError(f"{name} must not be negative")
