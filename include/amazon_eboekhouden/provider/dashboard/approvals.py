"""Approving or rejecting a settlement: the same as under Airflow's *Required Action*."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import get_user
from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse

from amazon_eboekhouden.domain.errors import SettingsError
from amazon_eboekhouden.pipelines import settlement_approval
from amazon_eboekhouden.pipelines.settlement_files import WAITING
from amazon_eboekhouden.provider.dashboard import airflow_state
from amazon_eboekhouden.provider.dashboard.actions import why_of
from amazon_eboekhouden.provider.dashboard.pages import back, coupling_path, settings_of
from amazon_eboekhouden.provider.dashboard.security import MayWrite, Submitted, ThisVisit
from amazon_eboekhouden.provider.dashboard.sources import Sources, ThisSources

ThisUser = Annotated[BaseUser, Depends(get_user)]

router = APIRouter(dependencies=[MayWrite])


@router.post("/koppeling/{name}/afrekeningen/{settlement_id}/goedkeuren")
def approve(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    user: ThisUser,
    name: str,
    settlement_id: str,
    form: Submitted,
) -> RedirectResponse:
    """The settlement may be booked: the run that waits goes on, or a new one is started."""
    _insist_on_waiting(sources, name, settlement_id)
    why = form.get("why", "") or "goedgekeurd op het dashboard"
    _record(sources, name, settlement_id, approved=True, who=visit.who, why=why)
    coming = airflow_state.answer_approval(
        name, settlement_id, user, approved=True
    ) or airflow_state.start_reconciliation(name, settlement_id, visit.who)
    done = "goedgekeurd" if coming else "goedgekeurd-later"
    return back(request, f"{coupling_path(name)}/afrekeningen/{settlement_id}", done)


@router.post("/koppeling/{name}/afrekeningen/{settlement_id}/afwijzen")
def reject(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    user: ThisUser,
    name: str,
    settlement_id: str,
    form: Submitted,
) -> RedirectResponse:
    """The settlement may not be booked as it was shown; it waits until somebody approves it."""
    why = why_of(form)
    _insist_on_waiting(sources, name, settlement_id)
    _record(sources, name, settlement_id, approved=False, who=visit.who, why=why)
    airflow_state.answer_approval(name, settlement_id, user, approved=False)
    return back(request, f"{coupling_path(name)}/afrekeningen/{settlement_id}", "afgewezen")


def _insist_on_waiting(sources: Sources, name: str, settlement_id: str) -> None:
    settings_of(sources, name)
    found = sources.overview(name).settlements([], limit=1, only=settlement_id)
    if not found:
        raise HTTPException(404, "Deze afrekening is niet bekend.")
    if found[0].state != WAITING:
        raise HTTPException(409, "Deze afrekening wacht niet op goedkeuring.")


def _record(
    sources: Sources, name: str, settlement_id: str, *, approved: bool, who: str, why: str
) -> None:
    decide = settlement_approval.approve if approved else settlement_approval.reject
    try:
        with sources.runtime(name) as runtime:
            decide(runtime, settlement_id, who=who, why=why)
    except SettingsError:
        raise HTTPException(409, "De verbinding met Amazon ontbreekt.") from None
