"""The dashboard as one app: protected, with its pages and actions."""

from __future__ import annotations

import os

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.provider.dashboard import (
    actions,
    activation_pages,
    approvals,
    connection_pages,
    pages,
    previews,
    proofs,
    settings_form,
    settlement_pages,
)
from amazon_eboekhouden.provider.dashboard.security import secure_app
from amazon_eboekhouden.provider.dashboard.shown import TEMPLATES
from amazon_eboekhouden.provider.dashboard.sources import Sources
from amazon_eboekhouden.provider.hooks import connection_of


def create_app(sources: Sources | None = None) -> FastAPI:
    """The dashboard.

    Args:
        sources: what it reads; None for this process's variables and Airflow's connections.
    """
    sources = sources or Sources(environment_of(os.environ), connection_of)
    app = secure_app(sources.csrf_key)
    app.state.sources = sources
    for room in (
        pages,
        settlement_pages,
        proofs,
        previews,
        connection_pages,
        activation_pages,
        settings_form,
        actions,
        approvals,
    ):
        app.include_router(room.router)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _wrong_address)
    return app


_WORDS = {
    401: "U bent niet aangemeld bij Airflow.",
    403: "U hebt hier geen recht op. Vraag uw beheerder om de rol Op of Admin.",
    404: "Deze pagina bestaat niet.",
    405: "Deze pagina bestaat niet.",
}


def _refused(request: Request, error: Exception) -> HTMLResponse:
    assert isinstance(error, HTTPException | StarletteHTTPException)  # noqa: S101 - for the types
    # What Airflow's own guards say is English; what ours say is meant for this page.
    ours = error.status_code not in (401, 404, 405) and error.detail not in ("Forbidden", None)
    text = error.detail if ours else _WORDS.get(error.status_code, str(error.detail))
    return _error_page(request, error.status_code, text)


def _wrong_address(request: Request, error: Exception) -> HTMLResponse:
    return _error_page(request, 422, "Dit adres klopt niet.")


def _error_page(request: Request, status: int, text: str) -> HTMLResponse:
    base = request.scope.get("root_path", "")
    shown = TEMPLATES.get_template("error.html").render(base=base, text=text, status=status)
    return HTMLResponse(shown, status)
