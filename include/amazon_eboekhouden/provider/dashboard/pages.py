"""The pages to read. Whoever may see the DAG may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.accounts import account_roles
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.journal import journal
from amazon_eboekhouden.ledger.rows_shown import possible_choices
from amazon_eboekhouden.provider.dashboard import airflow_state
from amazon_eboekhouden.provider.dashboard.cards import by_age, card
from amazon_eboekhouden.provider.dashboard.security import MayRead, ThisVisit
from amazon_eboekhouden.provider.dashboard.shown import HERE, LOCAL, PAGE, page, pages
from amazon_eboekhouden.provider.dashboard.sources import Sources, ThisSources, clearing_accounts

PageNumber = Annotated[int, Query(alias="pagina", ge=1, le=1_000_000)]
# What a button did, as `back` tells it.
Result = Annotated[str, Query(alias="gedaan", max_length=20)]

router = APIRouter(dependencies=[MayRead])


@router.get("/dashboard.css")
def css() -> FileResponse:
    """The looks; behind the login like everything else."""
    return FileResponse(HERE / "static" / "dashboard.css", media_type="text/css")


@router.get("/")
def overview(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    month: Annotated[str, Query(alias="maand", pattern=r"^(20\d\d-(0[1-9]|1[0-2]))?$")] = "",
    result: Result = "",
) -> HTMLResponse:
    """The first page: a card per coupling."""
    tasks = airflow_state.last_tasks(sources.now_utc())
    first = date.fromisoformat(f"{month}-01") if month else None
    cards = [card(sources, name, tasks, first) for name in sources.names()]
    values = {
        "cards": cards,
        "schedule": airflow_state.schedule(),
        "result": result,
        "now": sources.now_utc(),
    }
    return page(request, visit, "overview.html", values)


@router.get("/koppeling/{name}/wacht")
def held(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    name: str,
    code: Annotated[str, Query(max_length=60)] = "",
    number: PageNumber = 1,
    result: Result = "",
) -> HTMLResponse:
    """What waits for a person, by reason."""
    settings_of(sources, name)
    view = sources.overview(name)
    reasons = view.reasons()
    shown = pages(number, sum(r.count for r in reasons if code in ("", r.code)))
    problems = view.problems(limit=PAGE, offset=shown["offset"], code=code)
    values = {"name": name, "code": code, "reasons": reasons, "problems": problems}
    extra = {"pages": shown, "result": result, "now": sources.now_utc()}
    return page(request, visit, "held.html", {**values, **extra})


@router.get("/koppeling/{name}/beslissen")
def undecided(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    name: str,
    number: PageNumber = 1,
    result: Result = "",
) -> HTMLResponse:
    """Bookings whose outcome is not known, or that need a choice."""
    settings_of(sources, name)
    view = sources.overview(name)
    shown = pages(number, sum(view.undecided_counts().values()))
    rows = view.undecided(limit=PAGE, offset=shown["offset"])
    values = {
        "name": name,
        "rows": [(row, possible_choices(row)) for row in rows],
        "pages": shown,
        "result": result,
        "now": sources.now_utc(),
    }
    return page(request, visit, "undecided.html", values)


@router.get("/koppeling/{name}/afrekeningen")
def settlements(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, number: PageNumber = 1
) -> HTMLResponse:
    """All settlements, the newest first."""
    settings = settings_of(sources, name)
    view = sources.overview(name)
    shown = pages(number, sum(view.settlement_states().values()))
    rows = view.settlements(clearing_accounts(settings), limit=PAGE, offset=shown["offset"])
    values = {"name": name, "settlements": rows, "pages": shown}
    return page(request, visit, "settlements.html", values)


@router.get("/koppeling/{name}/openstaand")
def open_items(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, number: PageNumber = 1
) -> HTMLResponse:
    """What is not paid yet, by age."""
    settings_of(sources, name)
    view = sources.overview(name)
    still_open = view.open_days()
    ages = by_age(still_open, sources.now_utc().astimezone(LOCAL).date())
    shown = pages(number, sum(item.count for item in still_open))
    items = view.oldest_open(limit=PAGE, offset=shown["offset"])
    values = {"name": name, "ages": ages, "items": items, "pages": shown}
    return page(request, visit, "open_items.html", values)


@router.get("/koppeling/{name}/zoek")
def search(
    sources: ThisSources,
    request: Request,
    name: str,
    order: Annotated[str, Query(max_length=60)] = "",
) -> Response:
    """From an order number to its page."""
    settings_of(sources, name)
    base = request.scope.get("root_path", "")
    known = quote(order.strip() or "-", safe="")
    return RedirectResponse(f"{base}/koppeling/{quote(name, safe='')}/bestelling/{known}", 303)


@router.get("/koppeling/{name}/bestelling/{order_id}")
def order(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    name: str,
    order_id: str,
    result: Result = "",
) -> HTMLResponse:
    """Everything about one order: bookings, mutation numbers, steps, decisions."""
    settings = settings_of(sources, name)
    view = sources.overview(name)
    rows = {row.natural: row for row in view.order_bookings(order_id)}
    stories = sources.ledger.explain(order_id) if rows else []
    contents = view.contents_of(order_id)
    values = {
        "name": name,
        "order_id": order_id,
        "stories": [
            (story, possible_choices(rows[story.booking]) if story.booking in rows else ())
            for story in stories
        ],
        "journals": {key: journal(one) for key, one in contents.items()},
        "accounts": account_names(settings, contents.values()),
        "problems": view.problems(limit=PAGE, order_id=order_id),
        "decisions": sources.ledger.decisions.about(order_subject(name, order_id)),
        "result": result,
        "now": sources.now_utc(),
    }
    return page(request, visit, "order.html", values)


def settings_of(sources: Sources, name: str) -> CouplingSettings:
    """The settings of the coupling that a page is about.

    Raises:
        HTTPException: 404 there is none of this name, 409 its file is wrong.
    """
    if name not in sources.names():
        raise HTTPException(404, "Deze koppeling is niet bekend.")
    try:
        return sources.settings(name)
    except couplings.Invalid:
        raise HTTPException(409, "De instellingen van deze koppeling kloppen niet.") from None


def account_names(
    settings: CouplingSettings, mutations: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Ledger account to what the coupling uses it for, in Dutch.

    Args:
        settings: name most accounts.
        mutations: debtors and creditors are found in them: the books name those.
    """
    headers = {"sales_invoice": "Debiteuren", "purchase_invoice": "Crediteuren"}
    found = {one["account"]: headers[one["kind"]] for one in mutations if one["kind"] in headers}
    return found | {role.code: role.description for role in account_roles(settings)}


def coupling_path(name: str) -> str:
    """Where the pages of a coupling are."""
    return f"/koppeling/{quote(name, safe='')}"


def back(request: Request, path: str, done: str) -> RedirectResponse:
    """To a page that says what was done; a reload of it does nothing again."""
    base = request.scope.get("root_path", "")
    return RedirectResponse(f"{base}{path}?gedaan={quote(done)}", status_code=303)


def order_subject(coupling: str, order_id: str) -> str:
    """What a decision about an order that is not booked yet is filed under."""
    return f"order:{coupling}:{order_id}"
