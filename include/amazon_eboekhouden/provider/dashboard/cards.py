"""One card per coupling: what a person wants to know in ten seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.ledger.overview import HeldReason, Month, Overview
from amazon_eboekhouden.ledger.overview_settlements import OpenDay, SettlementRow
from amazon_eboekhouden.ledger.states import UNCERTAIN
from amazon_eboekhouden.pipelines.activation import Standing, standing
from amazon_eboekhouden.pipelines.settlement_files import WAITING
from amazon_eboekhouden.provider.dashboard.airflow_state import LastTask
from amazon_eboekhouden.provider.dashboard.chart import Chart, chart
from amazon_eboekhouden.provider.dashboard.lights import (
    Light,
    service_light,
    standing_light,
)
from amazon_eboekhouden.provider.dashboard.shown import LOCAL
from amazon_eboekhouden.provider.dashboard.sources import Sources, clearing_accounts

CHECK = "check"  # scope of the problems that a check finds
SETTLEMENTS_SHOWN = 5
TO_APPROVE = "settlement-waits-for-approval"
AGES = ((0, 14), (15, 30), (31, 60), (61, None))


@dataclass(frozen=True, slots=True)
class Age:
    """Invoices that are not wholly paid, of one age."""

    from_days: int
    until_days: int | None
    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What stood on a ledger account; `is_good` when it stands as it must, None: it may be so."""

    account: str
    role: str
    cents: int
    is_good: bool | None


@dataclass(frozen=True, slots=True)
class Card:
    """A coupling. `fault` says what is wrong with its file; then nothing else is known."""

    name: str
    status: Light
    fault: str = ""
    standing: Standing | None = None
    lights: tuple[Light, ...] = ()
    last_run: LastTask | None = None
    watermark_utc: datetime | None = None
    first: date | None = None
    before: date | None = None
    after: date | None = None
    is_now: bool = True
    chart: Chart | None = None
    month: Month | None = None
    settlements: tuple[SettlementRow, ...] = ()
    settlement_count: int = 0
    to_approve: int = 0
    ages: tuple[Age, ...] = ()
    balances: tuple[AccountBalance, ...] = ()
    balances_utc: datetime | None = None
    reasons: tuple[HeldReason, ...] = ()
    uncertain: int = 0
    undecided: int = 0

    @property
    def unlisted(self) -> int:
        """Bookings for a person that no open problem names yet."""
        listed = sum(r.count for r in self.reasons if r.code.startswith("booking-"))
        return max(0, self.undecided - listed)

    @property
    def other_reasons(self) -> tuple[HeldReason, ...]:
        """Reasons without the settlements to approve, which have a line of their own."""
        return tuple(r for r in self.reasons if not (self.to_approve and r.code == TO_APPROVE))

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
    today = now.astimezone(LOCAL).date()
    state = sources.state(name)
    overview = sources.overview(name)
    first = month or _newest_month(overview.newest_day(), today)
    after = _next(first)
    counts = overview.undecided_counts()
    uncertain = sum(counts.get(state.value, 0) for state in UNCERTAIN)
    found = standing(settings, state)
    still_open = overview.open_days()
    settlements = overview.settlement_states()
    balances, balances_utc = _balances(sources, overview.administration, settings)
    has_booked = state is not None and bool(state.administration)
    return Card(
        name=name,
        status=standing_light(found, has_booked=has_booked),
        standing=found,
        lights=lights_of(sources, overview, settings, tasks),
        last_run=tasks.get((name, "books")),
        watermark_utc=sources.ledger.watermark(name),
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=after,
        is_now=after > today,
        chart=_chart(overview, still_open, first, after),
        month=overview.month(first, after),
        settlements=tuple(
            overview.settlements(clearing_accounts(settings), limit=SETTLEMENTS_SHOWN)
        ),
        settlement_count=sum(settlements.values()),
        to_approve=settlements.get(WAITING, 0),
        ages=by_age(still_open, today),
        balances=balances,
        balances_utc=balances_utc,
        reasons=tuple(overview.reasons()),
        uncertain=uncertain,
        undecided=sum(counts.values()) - uncertain,
    )


def by_age(still_open: Sequence[OpenDay], today: date) -> tuple[Age, ...]:
    """Open items by the age of their booking date; one of tomorrow counts as new."""
    found = []
    for least, most in AGES:
        days = [
            item
            for item in still_open
            if (max(0, (today - item.day).days) >= least)
            and (most is None or (today - item.day).days <= most)
        ]
        found.append(
            Age(least, most, sum(item.count for item in days), sum(item.cents for item in days))
        )
    return tuple(found)


def lights_of(
    sources: Sources,
    overview: Overview,
    settings: CouplingSettings,
    tasks: Mapping[tuple[str, str], LastTask],
) -> tuple[Light, ...]:
    """The lights of both services.

    Args:
        sources: settings and ledger.
        overview: of the coupling.
        settings: of the coupling.
        tasks: how the last runs went.
    """
    problems = overview.problems(limit=50, scope=CHECK)
    checks = sources.ledger.seen.checks(settings.name)
    connections = {"amazon": settings.seller.connection, "books": settings.books.connection}
    return tuple(
        service_light(
            service,
            connection,
            tasks.get((settings.name, service)),
            checks.get(service),
            problems,
            sources.now_utc(),
        )
        for service, connection in connections.items()
    )


def _chart(overview: Overview, still_open: Sequence[OpenDay], first: date, after: date) -> Chart:
    held: Counter[date] = Counter()
    for moment, count in overview.held_per_hour(_midnight(first), _midnight(after)).items():
        held[moment.astimezone(LOCAL).date()] += count
    open_per_day = {item.day: item.count for item in still_open}
    return chart(overview.per_day(first, after), open_per_day, held, first, after)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), LOCAL).astimezone(UTC)


def _balances(
    sources: Sources, administration: str, settings: CouplingSettings
) -> tuple[tuple[AccountBalance, ...], datetime | None]:
    """Clearing, reserve, transit and suspense as the books last showed them, and when."""
    known = sources.ledger.seen.balances(administration)
    accounts = settings.accounts
    wanted = dict.fromkeys(clearing_accounts(settings), "Tussenrekening Amazon")
    wanted |= {accounts.transit: "Onderweg naar de bank"}
    wanted |= {accounts.suspense: "Nog uit te zoeken", accounts.reserve: "Reserve bij Amazon"}
    must_be_zero = {*clearing_accounts(settings), accounts.suspense}
    shown = []
    for code, role in wanted.items():
        cents = known[code].cents if code in known else 0
        # Accounts in other currencies are only of interest when something stands on them.
        if code in known and (cents or code in _always_shown(settings)):
            is_good = cents == 0 if code in must_be_zero else None
            shown.append(AccountBalance(code, role, cents, is_good))
    moments = [known[balance.account].at_utc for balance in shown]
    return tuple(shown), min(moments, default=None)


def _always_shown(settings: CouplingSettings) -> set[str]:
    accounts = settings.accounts
    return {accounts.clearing.EUR, accounts.transit, accounts.suspense}


def _newest_month(newest: date | None, today: date) -> date:
    """This month, unless nothing was booked in it and something was before."""
    this = today.replace(day=1)
    return min(this, newest.replace(day=1)) if newest else this


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)
