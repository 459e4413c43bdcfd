"""The variables that say where things are kept and how long the ledger waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amazon_eboekhouden.config.couplings import SHIPPED

PREFIX = "AMAZON_EBOEKHOUDEN_"


@dataclass(frozen=True, slots=True)
class Environment:
    """Where things are kept. See `docs/operating.md` for the variables.

    Attributes:
        couplings: folder of the YAML files.
        ledger_url: SQLAlchemy URL of the booking ledger; may hold a password.
        staging, archive: folder or object-store URL.
        key_file: the 32-byte install key (made at first use).
        lease_s, call_deadline_s, settle_s: see the booking ledger.
    """

    couplings: Path
    ledger_url: str
    staging: str
    archive: str
    key_file: Path
    lease_s: float
    call_deadline_s: float
    settle_s: float

    def __repr__(self) -> str:
        return f"Environment(couplings={self.couplings!s}, staging={self.staging})"


def environment_of(variables: Mapping[str, str]) -> Environment:
    """The environment from process variables, with a home of its own as default.

    Raises:
        ValueError: a number of seconds is no number.
    """
    state = Path(
        variables.get("XDG_STATE_HOME") or Path(variables.get("HOME", "~")) / ".local/state"
    )
    home = state.expanduser() / "amazon-eboekhouden"

    def text(name: str, default: str) -> str:
        return variables.get(PREFIX + name, "").strip() or default

    def seconds(name: str, default: str) -> float:
        try:
            return float(text(name, default))
        except ValueError:
            raise ValueError(f"{PREFIX}{name} must be a number of seconds") from None

    return Environment(
        couplings=Path(text("COUPLINGS", str(SHIPPED))),
        ledger_url=text("LEDGER_URL", f"sqlite:///{home / 'ledger.sqlite'}"),
        staging=text("STAGING", str(home / "staging")),
        archive=text("ARCHIVE", str(home / "archive")),
        key_file=Path(text("KEY_FILE", str(home / "install.key"))),
        lease_s=seconds("LEASE_S", "60"),
        call_deadline_s=seconds("CALL_DEADLINE_S", "30"),
        settle_s=seconds("SETTLE_S", "600"),
    )
