"""What a person may do. Only for op and admin, only from our own pages; each names who and why."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse

from amazon_eboekhouden.domain.errors import SettingsError
from amazon_eboekhouden.ledger.couplings import ORDERS
from amazon_eboekhouden.ledger.decisions import Choice, NotPossibleError
from amazon_eboekhouden.pipelines import check
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.provider.dashboard import airflow_state
from amazon_eboekhouden.provider.dashboard.cards import CHECK
from amazon_eboekhouden.provider.dashboard.pages import (
    back,
    coupling_path,
    order_subject,
    settings_of,
)
from amazon_eboekhouden.provider.dashboard.security import MayWrite, Submitted, ThisVisit
from amazon_eboekhouden.provider.dashboard.sources import Sources, ThisSources

MOST_WHY = 500
BOOKING_CHOICES = (Choice.RETRY, Choice.ADOPT, Choice.REBOOK, Choice.IGNORE)


router = APIRouter(dependencies=[MayWrite])


@router.post("/koppeling/{name}/controleer")
def check_now(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, form: Submitted
) -> RedirectResponse:
    """Check both connections and every ledger account; what is found goes on the list."""
    settings_of(sources, name)
    report = checked(sources, name)
    done = "gecontroleerd" if not report.problems else "fout"
    path = f"{coupling_path(name)}/activeren" if form.get("terug") == "activeren" else "/"
    return back(request, path, done)


@router.post("/koppeling/{name}/bestelling/{order_id}/opnieuw")
def offer_again(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    name: str,
    order_id: str,
    form: Submitted,
) -> RedirectResponse:
    """Offer a held order again: what was refused is sent again, what is held is asked again."""
    settings_of(sources, name)
    why = form.get("why", "")[:MOST_WHY] or "opnieuw aangeboden op het dashboard"
    view = sources.overview(name)
    refused = view.refused_of(order_id)
    if not refused and not view.problems(limit=1, order_id=order_id):
        raise HTTPException(409, "Deze bestelling wacht nergens op.")
    for natural in refused:
        _decide(sources, name, natural, Choice.RETRY, visit.who, why)
    subject = order_subject(name, order_id)
    sources.ledger.decisions.record(subject, Choice.RETRY, who=visit.who, why=why)
    coming = airflow_state.start_orders_run(visit.who)
    done = "gestart" if coming else "aangeboden"
    return back(request, _order(name, order_id), done)


@router.post("/koppeling/{name}/bestelling/{order_id}/overslaan")
def skip(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    name: str,
    order_id: str,
    form: Submitted,
) -> RedirectResponse:
    """Take an order off the list, with a reason."""
    settings_of(sources, name)
    why = why_of(form)
    view = sources.overview(name)
    refused = view.refused_of(order_id)
    if not refused and not view.problems(limit=1, order_id=order_id):
        raise HTTPException(409, "Deze bestelling wacht nergens op.")
    for natural in refused:
        _decide(sources, name, natural, Choice.IGNORE, visit.who, why)
    subject = order_subject(name, order_id)
    sources.ledger.decisions.record(subject, Choice.IGNORE, who=visit.who, why=why)
    sources.ledger.record_problems(name, ORDERS, [], orders={order_id})
    return back(request, _order(name, order_id), "overgeslagen")


@router.post("/koppeling/{name}/beslis")
def decide(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, form: Submitted
) -> RedirectResponse:
    """Apply a person's choice to an uncertain or foreign booking."""
    settings_of(sources, name)
    why = why_of(form)
    try:
        choice = Choice(form.get("choice", ""))
    except ValueError:
        raise HTTPException(400, "Deze keuze bestaat niet.") from None
    if choice not in BOOKING_CHOICES:
        raise HTTPException(400, "Deze keuze is niet voor een boeking.")
    _decide(sources, name, form.get("booking", ""), choice, visit.who, why)
    return back(request, f"{coupling_path(name)}/beslissen", choice.value)


def checked(sources: Sources, name: str, *, create_accounts: bool = False) -> RunReport:
    """Check a coupling, and put what was found on the list in place of what was found before."""
    try:
        with sources.runtime(name) as runtime:
            report = check.run(runtime, create_accounts=create_accounts)
    except SettingsError as error:
        report = RunReport(problems=list(error.problems))
    sources.ledger.record_problems(name, CHECK, report.problems)
    return report


def _decide(sources: Sources, name: str, natural: str, choice: Choice, who: str, why: str) -> None:
    bound = sources.ledger.coupling_state(name)
    if bound is None:
        raise HTTPException(409, "Deze koppeling heeft nog niets geboekt.")
    try:
        sources.ledger.decide(bound.administration, natural, choice.value, who=who, why=why)
    except NotPossibleError:
        raise HTTPException(
            409, "Dit kan niet (meer): de boeking is intussen veranderd. Laad de lijst opnieuw."
        ) from None
    sources.ledger.refresh_problems(bound.administration, name)


def why_of(form: Mapping[str, str]) -> str:
    """The reason that a person gave.

    Raises:
        HTTPException: 400 when there is none.
    """
    why = form.get("why", "")
    if len(why) < 3:
        raise HTTPException(400, "Geef een reden van ten minste 3 tekens.")
    return why[:MOST_WHY]


def _order(name: str, order_id: str) -> str:
    return f"{coupling_path(name)}/bestelling/{quote(order_id, safe='')}"
