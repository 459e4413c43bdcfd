"""Whether a coupling may work, and the person who starts and stops it.

Three words decide, and each of them alone can stop a coupling: its file (`active`, `mode`), a
person's switch (kept in the ledger), and the binding to one administration and one seller. See
docs/decisions/0008-who-activates-a-coupling.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from amazon_eboekhouden.adapters.install_key import load_or_create
from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.environment import Environment
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.ledger import open_ledger
from amazon_eboekhouden.ledger.couplings import CouplingState
from amazon_eboekhouden.ledger.decisions import Choice
from amazon_eboekhouden.pipelines import check
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime

OFF_IN_FILE, DEACTIVATED, NOT_ACTIVATED = "off_in_file", "deactivated", "not_activated"
STOPPED, PREVIEW, ACTIVE = "stopped", "preview", "active"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a coupling works.

    Attributes:
        state: one of the constants above.
        why: of a stop: the problem's code, or what the person gave as reason.
    """

    state: str
    why: str = ""

    @property
    def runs(self) -> bool:
        """Runs fetch; a stopped one too, because the right connection is its remedy."""
        return self.state in (STOPPED, PREVIEW, ACTIVE)

    @property
    def note(self) -> str:
        """Why it does not run, for a log."""
        return {
            OFF_IN_FILE: "its file says active: false",
            DEACTIVATED: f"deactivated: {self.why}",
            NOT_ACTIVATED: "nobody activated it yet",
        }.get(self.state, "")


def standing(settings: CouplingSettings, state: CouplingState | None) -> Standing:
    """Whether a coupling works.

    Args:
        settings: of its file.
        state: as the ledger knows it, None before its first run.
    """
    if not settings.active:
        return Standing(OFF_IN_FILE)
    if state is not None and not state.active:
        return Standing(DEACTIVATED, state.stop_reason)
    if state is None and settings.activated_by == "person":
        return Standing(NOT_ACTIVATED)
    if state is not None and state.stop_reason:
        return Standing(STOPPED, state.stop_reason)
    return Standing(PREVIEW if settings.mode == "preview" else ACTIVE)


def standing_of(runtime: Runtime) -> Standing:
    """Whether the coupling of a run works."""
    name = runtime.settings.name
    return standing(runtime.settings, runtime.ledger.couplings.state(name))


def running(environment: Environment) -> list[str]:
    """Names of the couplings that run.

    One whose file is wrong is included: its own tasks fail with the reason, the others go on.
    """
    ledger = open_ledger(environment.ledger_url, install_key=load_or_create(environment.key_file))
    try:
        return [
            name
            for name in couplings.names(environment.couplings)
            if _may_run(environment, name, ledger.couplings.state(name))
        ]
    finally:
        ledger.close()


def _may_run(environment: Environment, name: str, state: CouplingState | None) -> bool:
    try:
        return standing(couplings.read(environment.couplings, name), state).runs
    except couplings.Invalid:
        return True


def activate(runtime: Runtime, *, who: str, why: str) -> RunReport:
    """A person activates the coupling: checked, bound, and from now on it fetches and books.

    Orders from this moment on are fetched; older ones with a backfill. What a stop left out is
    fetched by the next run, because the watermark stayed where it was.

    Returns:
        the check's report; with problems nothing was activated.

    Raises:
        SettingsError: a connection does not exist.
    """
    report = check.run(runtime)
    if report.problems:
        return report
    name = runtime.settings.name
    with runtime.books() as books:
        administration = books.administration_guid()
    runtime.ledger.couplings.activate(name, active=True)
    mismatch = runtime.ledger.bind(name, administration, runtime.seller_id)
    if mismatch is not None:
        report.problems.append(mismatch)
        return report
    if runtime.ledger.watermark(name) is None:
        runtime.ledger.set_watermark(name, datetime.now(UTC))
    _record(runtime, Choice.ACTIVATE, who, why)
    return report


def deactivate(runtime: Runtime, *, who: str, why: str) -> None:
    """A person deactivates the coupling: nothing is fetched or booked any more."""
    runtime.ledger.couplings.activate(runtime.settings.name, active=False, reason=why)
    _record(runtime, Choice.DEACTIVATE, who, why)


def subject(name: str) -> str:
    """What decisions about a coupling are filed under."""
    return f"coupling:{name}"


def _record(runtime: Runtime, choice: Choice, who: str, why: str) -> None:
    runtime.ledger.decisions.record(subject(runtime.settings.name), choice, who=who, why=why)
