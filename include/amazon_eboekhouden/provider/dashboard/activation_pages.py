"""The guided page: check, accounts, revenue and VAT, preview, activate; and how to stop again.

Every step says whether it is done from what is stored; only the buttons ask the services.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from amazon_eboekhouden.config.accounts import AccountRole, account_roles, needed
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.vat import SaleRow, sale_row, sale_rows
from amazon_eboekhouden.domain.errors import RemoteError, SettingsError
from amazon_eboekhouden.ledger.couplings import OpenProblem
from amazon_eboekhouden.ledger.seen import ServiceCheck
from amazon_eboekhouden.ledger.states import UNCERTAIN
from amazon_eboekhouden.pipelines import activation
from amazon_eboekhouden.pipelines.activation import OFF_IN_FILE, standing
from amazon_eboekhouden.pipelines.check import CREATABLE
from amazon_eboekhouden.pipelines.settlement_files import BOOKED
from amazon_eboekhouden.provider.dashboard.actions import checked, why_of
from amazon_eboekhouden.provider.dashboard.cards import CHECK, lights_of
from amazon_eboekhouden.provider.dashboard.dutch_settings import MEANINGS
from amazon_eboekhouden.provider.dashboard.lights import standing_light
from amazon_eboekhouden.provider.dashboard.pages import Result, back, coupling_path, settings_of
from amazon_eboekhouden.provider.dashboard.previews import kept_preview
from amazon_eboekhouden.provider.dashboard.security import MayRead, MayWrite, Submitted, ThisVisit
from amazon_eboekhouden.provider.dashboard.shown import page
from amazon_eboekhouden.provider.dashboard.sources import Sources, ThisSources

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger account, what it is for, and whether the administration has it.

    Attributes:
        status: "good", "missing", "wrong" (another category), "spare" (not needed with these
            settings), or "" before the first check.
        creatable: a program may create it; FIN accounts are made by hand.
    """

    role: AccountRole
    meaning: str
    status: str
    creatable: bool


@dataclass(frozen=True, slots=True)
class StillOpen:
    """What a deactivation leaves undone."""

    uncertain: int
    undecided: int
    held: int
    settlements: int
    open_items: int
    open_cents: int


@router.get("/koppeling/{name}/activeren", dependencies=[MayRead])
def guide(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, result: Result = ""
) -> HTMLResponse:
    """The guided page of one coupling."""
    settings = settings_of(sources, name)
    view, state = sources.overview(name), sources.state(name)
    problems = view.problems(limit=100, scope=CHECK)
    checks = sources.ledger.seen.checks(name)
    found = standing(settings, state)
    has_booked = state is not None and bool(state.administration)
    kept = kept_preview(sources, name)
    values = {
        "name": name,
        "settings": settings,
        "standing": found,
        "status": standing_light(found, has_booked=has_booked),
        "lights": lights_of(sources, view, settings, {}),
        "checked": len(checks) == 2 and all(one.good for one in checks.values()) and not problems,
        # What is missing stands at the accounts themselves.
        "problems": [one for one in problems if one.problem.code != "account-missing"],
        "accounts": _accounts(settings, checks.get("books"), problems),
        "sales": _sales(settings),
        "preview_utc": datetime.fromisoformat(kept["at_utc"]) if kept else None,
        "preview_count": len(kept["mutations"]) if kept else 0,
        "still_open": _still_open(sources, name),
        "decisions": sources.ledger.decisions.about(activation.subject(name)),
        "result": result,
        "now": sources.now_utc(),
    }
    return page(request, visit, "activation.html", values)


def _accounts(
    settings: CouplingSettings, check: ServiceCheck | None, problems: Sequence[OpenProblem]
) -> list[Account]:
    status = {
        found.problem.row.removeprefix("ledger account "): (
            "missing" if found.problem.code == "account-missing" else "wrong"
        )
        for found in problems
        if found.problem.row.startswith("ledger account ")
    }
    known = "good" if check is not None and check.good else ""
    return [
        Account(
            role,
            MEANINGS.get(role.key) or role.description,
            status.get(role.code, known if needed(role, settings) else "spare"),
            role.category in CREATABLE,
        )
        for role in account_roles(settings)
    ]


def _sales(settings: CouplingSettings) -> list[tuple[SaleRow, str]]:
    """Every kind of sale with its VAT code and its revenue account, overrides included."""
    shown = []
    for row in sale_rows():
        used = sale_row(row.sale_kind, row.percent, settings) if row.percent is not None else row
        used = used or row
        account = used.account or str(getattr(settings.accounts, used.revenue, ""))
        shown.append((used, account))
    return shown


def _still_open(sources: Sources, name: str) -> StillOpen:
    view = sources.overview(name)
    counts = view.undecided_counts()
    uncertain = sum(counts.get(state.value, 0) for state in UNCERTAIN)
    settlements = view.settlement_states()
    open_days = view.open_days()
    return StillOpen(
        uncertain=uncertain,
        undecided=sum(counts.values()) - uncertain,
        held=sum(reason.count for reason in view.reasons()),
        settlements=sum(settlements.values()) - settlements.get(BOOKED, 0),
        open_items=sum(one.count for one in open_days),
        open_cents=sum(one.cents for one in open_days),
    )


@router.post("/koppeling/{name}/rekeningen", dependencies=[MayWrite])
def create_accounts(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, form: Submitted
) -> RedirectResponse:
    """Create the missing accounts of category BAL and VW, and check again."""
    settings_of(sources, name)
    report = checked(sources, name, create_accounts=True)
    done = "fout" if report.problems else "aangemaakt"
    return back(request, f"{coupling_path(name)}/activeren", done)


@router.post("/koppeling/{name}/activeer", dependencies=[MayWrite])
def activate(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, form: Submitted
) -> RedirectResponse:
    """Check once more, bind the coupling to this administration and this seller, and start it."""
    settings = settings_of(sources, name)
    if standing(settings, sources.state(name)).state == OFF_IN_FILE:
        raise HTTPException(409, "In het bestand van deze koppeling staat active: false.")
    why = form.get("why", "") or "geactiveerd op het dashboard"
    try:
        with sources.runtime(name) as runtime:
            report = activation.activate(runtime, who=visit.who, why=why)
        problems = report.problems
    except SettingsError as error:
        problems = list(error.problems)
    except RemoteError:
        raise HTTPException(409, "Een dienst geeft nu geen antwoord; probeer later.") from None
    sources.ledger.record_problems(name, CHECK, problems)
    done = "fout" if problems else "geactiveerd"
    return back(request, f"{coupling_path(name)}/activeren", done)


@router.post("/koppeling/{name}/deactiveer", dependencies=[MayWrite])
def deactivate(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, form: Submitted
) -> RedirectResponse:
    """*Koppeling deactiveren*: nothing is fetched or booked any more."""
    settings_of(sources, name)
    why = why_of(form)
    with sources.runtime(name) as runtime:
        activation.deactivate(runtime, who=visit.who, why=why)
    return back(request, f"{coupling_path(name)}/activeren", "gedeactiveerd")
