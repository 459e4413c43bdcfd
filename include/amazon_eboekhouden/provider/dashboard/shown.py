"""How values look on the page: euros, moments, links; the filters of the templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from amazon_eboekhouden.domain.money import euros, in_dutch
from amazon_eboekhouden.provider.dashboard import dutch, dutch_settings
from amazon_eboekhouden.provider.dashboard.dutch_why import why_in_dutch
from amazon_eboekhouden.provider.dashboard.security import COOKIE, Visit

HERE = Path(__file__).parent
LOCAL = ZoneInfo("Europe/Amsterdam")
MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
PAGE = 50


def euro(cents: int | None, currency: str = "EUR") -> str:
    """Such as `€ 1.234,56`; a dash when it is not known."""
    if cents is None:
        return DASH
    sign = MINUS if cents < 0 else ""
    mark = "€" if currency == "EUR" else currency
    return f"{sign}{mark}\N{NO-BREAK SPACE}{in_dutch(euros(abs(cents)))}"


def day(value: date | None) -> str:
    """Such as `3 sep 2026`."""
    return DASH if value is None else f"{value.day} {MONTHS[value.month - 1][:3]} {value.year}"


def moment(value: datetime | None) -> str:
    """Such as `3 sep 2026 14:05`, local time."""
    if value is None:
        return DASH
    local = value.astimezone(LOCAL)
    return f"{day(local.date())} {local:%H:%M}"


def month(first: date) -> str:
    """Such as `september 2026`."""
    return f"{MONTHS[first.month - 1]} {first.year}"


def ago(then: datetime, now: datetime) -> str:
    """Such as `3 uur geleden`."""
    return "zojuist" if now - then < timedelta(minutes=1) else f"{_span(now - then)} geleden"


def since(then: datetime, now: datetime) -> str:
    """Such as `al 3 uur`."""
    return "zojuist" if now - then < timedelta(minutes=1) else f"al {_span(now - then)}"


def _span(passed: timedelta) -> str:
    if passed < timedelta(hours=1):
        return f"{int(passed.total_seconds() // 60)} min"
    if passed < timedelta(days=2):
        return f"{int(passed.total_seconds() // 3600)} uur"
    return f"{passed.days} dagen"


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "euro": euro,
        "day": day,
        "moment": moment,
        "month": month,
        "path": lambda text: quote(str(text), safe=""),
        "title_of": dutch.title_of,
        "worded": dutch.worded,
        "row": dutch.row_in_dutch,
        "why": why_in_dutch,
        "kind_of": dutch.kind_of,
    }
    environment.globals |= {
        "KINDS": dutch.KINDS,
        "STATES": dutch.STATES,
        "REASONS": dutch.REASONS,
        "SKIPPED": dutch.SKIPPED,
        "SALES": dutch_settings.SALES,
        "MUTATION_KINDS": dutch.MUTATION_KINDS,
        "CHOICES": dutch.CHOICES,
        "SETTLEMENT_STATES": dutch.SETTLEMENT_STATES,
        "ago": ago,
        "since": since,
    }
    return environment


TEMPLATES = _templates()


def page(
    request: Request,
    visit: Visit,
    template: str,
    values: Mapping[str, Any],
    status: int = 200,
) -> HTMLResponse:
    """A page for this visit, with the cookie that its forms need."""
    base = request.scope.get("root_path", "")
    text = TEMPLATES.get_template(template).render(
        **values, base=base, csrf=visit.token, decides=visit.decides
    )
    answer = HTMLResponse(text, status)
    answer.set_cookie(
        COOKIE,
        visit.nonce,
        path=base or "/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


def pages(number: int, count: int) -> dict[str, int]:
    """Where a page stands in a list of `count` rows; the first page is 1."""
    last = max(1, -(-count // PAGE))
    number = min(max(1, number), last)
    return {"number": number, "last": last, "count": count, "offset": (number - 1) * PAGE}
