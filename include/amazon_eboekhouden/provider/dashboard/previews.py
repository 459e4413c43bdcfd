"""What would be booked now, invoice by invoice; asked for by a person and kept for two days.

The pipelines do the work in their preview mode, in which nothing is written. Of what they show only
what a booking shows is kept: no buyer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from amazon_eboekhouden.domain.errors import NotNow, RemoteError, SettingsError
from amazon_eboekhouden.domain.journal import JournalLine, journal
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.windows import chosen, up_to_now
from amazon_eboekhouden.pipelines import orders, settlements
from amazon_eboekhouden.pipelines.report import RunReport, remote_failure
from amazon_eboekhouden.pipelines.runtime import Runtime
from amazon_eboekhouden.provider.dashboard.pages import (
    PageNumber,
    Result,
    account_names,
    back,
    coupling_path,
    settings_of,
)
from amazon_eboekhouden.provider.dashboard.security import MayRead, MayWrite, Submitted, ThisVisit
from amazon_eboekhouden.provider.dashboard.shown import PAGE, page, pages
from amazon_eboekhouden.provider.dashboard.sources import Sources, ThisSources

# What is shown, and of how long a time.
SPANS: Mapping[str, timedelta] = {"dag": timedelta(days=1), "week": timedelta(days=7)}
SETTLEMENTS = "afrekeningen"

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Shown:
    """One mutation that would be booked."""

    row: str
    mutation: Mapping[str, Any]
    lines: tuple[JournalLine, ...]


@router.get("/koppeling/{name}/proef", dependencies=[MayRead])
def preview(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    name: str,
    number: PageNumber = 1,
    result: Result = "",
) -> HTMLResponse:
    """The newest preview."""
    settings = settings_of(sources, name)
    kept = kept_preview(sources, name)
    found = kept.get("mutations", [])
    shown = pages(number, len(found))
    part = found[shown["offset"] : shown["offset"] + PAGE]
    values = {
        "name": name,
        "kept": kept,
        "at_utc": datetime.fromisoformat(kept["at_utc"]) if kept else None,
        "mutations": [Shown(one["row"], one["mutation"], journal(one["mutation"])) for one in part],
        "problems": [Problem(**one) for one in kept.get("problems", [])],
        "accounts": account_names(settings, (one["mutation"] for one in part)),
        "pages": shown,
        "result": result,
    }
    return page(request, visit, "preview.html", values)


@router.post("/koppeling/{name}/proef", dependencies=[MayWrite])
def make_preview(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, form: Submitted
) -> RedirectResponse:
    """Work out what would be booked now; writes nothing in the books and nothing in the ledger."""
    settings_of(sources, name)
    what = form.get("wat", "dag")
    if what != SETTLEMENTS and what not in SPANS:
        raise HTTPException(400, "Deze keuze bestaat niet.")
    with sources.runtime(name, preview=True) as runtime:
        report = _guarded(lambda: _run(runtime, sources.now_utc(), what))
        runtime.staging.write_checkpoint(_batch(name), kept_of(report, sources.now_utc(), what))
    return back(request, f"{coupling_path(name)}/proef", "proef")


def kept_preview(sources: Sources, name: str) -> dict[str, Any]:
    """The newest preview as plain values; empty when there is none, or it was erased."""
    with sources.runtime(name, preview=True) as runtime:
        return runtime.staging.read_checkpoint(_batch(name)) or {}


def _run(runtime: Runtime, now: datetime, what: str) -> RunReport:
    if what == SETTLEMENTS:
        return settlements.run(runtime)
    until = up_to_now(now, None).to_utc
    return orders.run(runtime, chosen(until - SPANS[what], until))


def _guarded(run: Callable[[], RunReport]) -> RunReport:
    """The report; what stopped it is its only problem."""
    try:
        return run()
    except SettingsError as error:
        return RunReport(problems=list(error.problems))
    except NotNow as error:
        return RunReport(retry_after_utc=error.retry_at_utc)
    except RemoteError as error:
        return RunReport(problems=[remote_failure(error, f"connection {error.service}")])


def kept_of(report: RunReport, now: datetime, what: str) -> dict[str, Any]:
    """What is kept of a preview: plain values, and of buyers nothing but their relation code."""
    return {
        "at_utc": now.isoformat(),
        "what": what,
        "retry_after_utc": report.retry_after_utc.isoformat() if report.retry_after_utc else "",
        "mutations": [
            {"row": one["row"], "mutation": one["mutation"]}
            for one in report.preview
            if "mutation" in one
        ],
        "relations": sum(1 for one in report.preview if "relation" in one),
        "already_booked": report.already_booked,
        "skipped": dict(report.skipped_reasons),
        "problems": [{**one.as_dict(), "order_id": one.order_id} for one in report.problems],
    }


def _batch(name: str) -> str:
    # Among the orders: what is kept there is erased after two days.
    return f"{name}/orders/preview"
