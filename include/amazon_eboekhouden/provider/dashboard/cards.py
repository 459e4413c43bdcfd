"""One card per coupling: what a person wants to know in ten seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.ledger.couplings import OpenProblem
from amazon_eboekhouden.ledger.overview import HeldReason, Month, SettlementRow
from amazon_eboekhouden.ledger.states import UNCERTAIN
from amazon_eboekhouden.provider.dashboard.airflow_state import LastTask
from amazon_eboekhouden.provider.dashboard.chart import Chart, chart
from amazon_eboekhouden.provider.dashboard.dutch import title_of
from amazon_eboekhouden.provider.dashboard.shown import LOCAL, ago
from amazon_eboekhouden.provider.dashboard.sources import Checked, Sources, clearing_accounts

SERVICES: Mapping[str, str] = {"amazon": "Amazon", "books": "e-Boekhouden.nl"}
CHECK = "check"  # scope of the problems that a check finds
SETTLEMENTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Light:
    """Whether something works: green, amber, red or grey, and why."""

    name: str
    colour: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """A coupling. `fault` says what is wrong with its file; then nothing else is known."""

    name: str
    status: Light
    fault: str = ""
    lights: tuple[Light, ...] = ()
    watermark_utc: datetime | None = None
    first: date | None = None
    before: date | None = None
    after: date | None = None
    is_now: bool = True
    chart: Chart | None = None
    month: Month | None = None
    settlements: tuple[SettlementRow, ...] = ()
    settlement_count: int = 0
    reasons: tuple[HeldReason, ...] = ()
    uncertain: int = 0
    undecided: int = 0

    @property
    def unlisted(self) -> int:
        """Bookings for a person that no open problem names yet."""
        listed = sum(r.count for r in self.reasons if r.code.startswith("booking-"))
        return max(0, self.undecided - listed)

    @property
    def held(self) -> int:
        """Open problems in all."""
        return sum(reason.count for reason in self.reasons)


def card(
    sources: Sources, name: str, tasks: Mapping[tuple[str, str], LastTask], month: date | None
) -> Card:
    """A coupling's card.

    Args:
        sources: settings and ledger.
        name: of the coupling.
        tasks: how the last runs went.
        month: first day of the month to show; None for this one, or the newest with bookings.
    """
    try:
        settings = sources.settings(name)
    except couplings.Invalid as error:
        fault = "; ".join(f"regel {line}: {field} {why}" for field, why, line in error.faults)
        return Card(name, Light("Koppeling", "red", "instellingen kloppen niet"), fault)
    now = sources.now_utc()
    state = sources.state(name)
    overview = sources.overview(name)
    first = month or _newest_month(overview.newest_day(), now)
    after = _next(first)
    counts = overview.undecided_counts()
    uncertain = sum(counts.get(state.value, 0) for state in UNCERTAIN)
    watermark = sources.ledger.watermark(name)
    problems = overview.problems(limit=20, scope=CHECK)
    stopped = state.stop_reason if state else ""
    status = _status(settings.active, settings.mode, stopped, running=state is not None)
    return Card(
        name=name,
        status=status,
        lights=tuple(
            _light(service, settings_name, tasks.get((name, service)), problems, sources, name)
            for service, settings_name in (
                ("amazon", settings.seller.connection),
                ("books", settings.books.connection),
            )
        ),
        watermark_utc=watermark,
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=after,
        is_now=after > now.astimezone(LOCAL).date(),
        chart=chart(overview.per_day(first, after), first, after),
        month=overview.month(first, after),
        settlements=tuple(
            overview.settlements(clearing_accounts(settings), limit=SETTLEMENTS_SHOWN)
        ),
        settlement_count=overview.settlement_count(),
        reasons=tuple(overview.reasons()),
        uncertain=uncertain,
        undecided=sum(counts.values()) - uncertain,
    )


def _newest_month(newest: date | None, now: datetime) -> date:
    """This month, unless nothing was booked in it and something was before."""
    today = now.astimezone(LOCAL).date().replace(day=1)
    return min(today, newest.replace(day=1)) if newest else today


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _status(active: bool, mode: str, stopped: str, *, running: bool) -> Light:
    if not active:
        return Light("Koppeling", "grey", "niet actief")
    if stopped:
        return Light("Koppeling", "red", f"gestopt: {title_of(stopped)}")
    if mode == "preview":
        return Light("Koppeling", "amber", "proef: er wordt niets geboekt")
    return Light("Koppeling", "green", "actief" if running else "actief, nog niets geboekt")


def _light(
    service: str,
    connection: str,
    task: LastTask | None,
    problems: list[OpenProblem],
    sources: Sources,
    coupling: str,
) -> Light:
    """The newest evidence decides: a check by hand, or the last run."""
    now, name = sources.now_utc(), SERVICES[service]
    found = [p for p in problems if _concerns(p, service, connection)]
    seen = max((p.last_seen_utc for p in found), default=None)
    checked: Checked | None = sources.checks.get(coupling)
    if seen and (task is None or seen > task.at_utc or not task.succeeded):
        return Light(name, "red", f"{title_of(found[0].problem.code)} ({ago(seen, now)})")
    if checked and not found and (task is None or checked.at_utc > task.at_utc):
        return Light(name, "green", f"gecontroleerd, {ago(checked.at_utc, now)}")
    if task is None:
        return Light(name, "grey", "nog niet gecontroleerd")
    when = ago(task.at_utc, now)
    if not task.succeeded:
        return Light(name, "red", f"laatste run mislukt, {when}")
    return Light(name, "green", f"werkt, {when}")


def _concerns(found: OpenProblem, service: str, connection: str) -> bool:
    if found.problem.row == f"connection {connection}":
        return True
    return service == "books" and found.problem.row.startswith(("ledger account", "coupling"))
