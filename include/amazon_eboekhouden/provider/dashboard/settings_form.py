"""The settings as a form, and the form as a file.

Settings stay YAML under version control: nothing is written here. What a person fills in comes back
as a validated file to put in the folder of couplings.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.accounts import account_roles
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.provider.dashboard.dutch_settings import LABELS, MEANINGS, VALUES
from amazon_eboekhouden.provider.dashboard.pages import settings_of
from amazon_eboekhouden.provider.dashboard.security import (
    FIELD,
    MayRead,
    MayWrite,
    Submitted,
    ThisVisit,
)
from amazon_eboekhouden.provider.dashboard.shown import page
from amazon_eboekhouden.provider.dashboard.sources import ThisSources

_LISTS = ("seller.marketplaces", "seller.stock_in")
_HEADER = """\
# Koppeling {name}. Elke instelling staat uitgelegd in example.yaml; verkeerde waarden worden bij
# het begin geweigerd, met de regel. Zet dit bestand als {name}.yaml in de map met koppelingen.
"""
# A new coupling: it does nothing before a person activates it.
_NEW: Mapping[str, Any] = {
    "name": "winkel",
    "active": True,
    "activated_by": "person",
    "mode": "live",
    "seller": {"connection": "amazon_winkel", "marketplaces": ["NL", "BE", "DE", "FR"]},
    "books": {"connection": "eboekhouden_winkel", "go_live": "2026-01-01"},
}

router = APIRouter()


@router.get("/koppeling/{name}/instellingen", dependencies=[MayRead])
def form(sources: ThisSources, request: Request, visit: ThisVisit, name: str) -> HTMLResponse:
    """The settings of a coupling, to read and to change."""
    settings = settings_of(sources, name)
    return _form(request, visit, name, values_of(settings), settings)


@router.get("/nieuw", dependencies=[MayRead])
def new(request: Request, visit: ThisVisit) -> HTMLResponse:
    """The form of a coupling that does not exist yet."""
    settings = CouplingSettings.model_validate(dict(_NEW))
    return _form(request, visit, "", values_of(settings), settings)


@router.get("/koppeling/{name}/instellingen.yaml", dependencies=[MayRead])
def export(sources: ThisSources, name: str) -> Response:
    """The file as it stands, validated."""
    settings_of(sources, name)
    text = (sources.environment.couplings / f"{name}.yaml").read_text(encoding="utf-8")
    return _download(name, text)


@router.post("/koppeling/{name}/instellingen", dependencies=[MayWrite])
def changed(
    sources: ThisSources, request: Request, visit: ThisVisit, name: str, form: Submitted
) -> Response:
    """The file with what was filled in, to download; or the form again with what is wrong."""
    settings = settings_of(sources, name)
    file = sources.environment.couplings / f"{name}.yaml"
    known: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return _answer(request, visit, name, known, form, settings)


@router.post("/nieuw", dependencies=[MayWrite])
def made(sources: ThisSources, request: Request, visit: ThisVisit, form: Submitted) -> Response:
    """The file of a new coupling, to download; or the form again with what is wrong."""
    if form.get("name", "") in sources.names():
        raise HTTPException(409, "Er is al een koppeling met deze naam.")
    settings = CouplingSettings.model_validate(dict(_NEW))
    known = yaml.safe_load(yaml.safe_dump(dict(_NEW)))
    return _answer(request, visit, "", known, form, settings)


def values_of(settings: CouplingSettings) -> dict[str, str]:
    """Every setting of the form by its name, as text."""
    plain = settings.model_dump(mode="json")
    shown = {field: _text(_at(plain, field)) for field in LABELS}
    roles = {role.key: role.code for role in account_roles(settings)}
    return shown | {f"accounts.{key}": code for key, code in roles.items() if key in MEANINGS}


def filled_in(known: Mapping[str, Any], fields: Mapping[str, str]) -> tuple[str, list[str]]:
    """A coupling's file with what was filled in.

    Args:
        known: the file's settings as they are.
        fields: of the form.

    Returns:
        the file's text, and the settings that are wrong.
    """
    data: dict[str, Any] = yaml.safe_load(yaml.safe_dump(dict(known)))
    before = values_of_plain(data)
    for field, value in fields.items():
        if (field in LABELS or field.startswith("accounts.")) and before.get(field) != value:
            _put(data, field, _typed(field, value))
    name = str(data.get("name", ""))
    text = _HEADER.format(name=name) + yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    if not name.replace("-", "_").isidentifier():
        return text, ["name"]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{name}.yaml").write_text(text, encoding="utf-8")
        try:
            couplings.read(Path(folder), name)
        except couplings.Invalid as error:
            return text, [field for field, _, _ in error.faults]
    return text, []


def values_of_plain(data: Mapping[str, Any]) -> dict[str, str]:
    """The form's values of a file's settings; "" when they can't be read."""
    try:
        return values_of(CouplingSettings.model_validate(dict(data)))
    except ValueError:
        return {}


def _answer(
    request: Request,
    visit: ThisVisit,
    name: str,
    known: Mapping[str, Any],
    fields: Mapping[str, str],
    settings: CouplingSettings,
) -> Response:
    text, wrong = filled_in(known, fields)
    if wrong:
        shown = values_of(settings) | {key: value for key, value in fields.items() if key != FIELD}
        return _form(request, visit, name, shown, settings, wrong)
    return _download(str(yaml.safe_load(text)["name"]), text)


def _form(
    request: Request,
    visit: ThisVisit,
    name: str,
    values: Mapping[str, str],
    settings: CouplingSettings,
    wrong: list[str] | None = None,
) -> HTMLResponse:
    faults = wrong or []
    shown = {
        "name": name,
        "values": values,
        "accounts": [key for key in MEANINGS if f"accounts.{key}" in values],
        "wrong": [field for field in values if any(f.startswith(field) for f in faults)] or faults,
        "LABELS": LABELS,
        "MEANINGS": MEANINGS,
        "VALUES": VALUES,
    }
    return page(request, visit, "settings.html", shown, status=422 if faults else 200)


def _download(name: str, text: str) -> Response:
    disposition = f'attachment; filename="{name}.yaml"'
    return Response(
        text.encode(),
        media_type="application/yaml",
        headers={"Content-Disposition": disposition},
    )


def _at(data: Mapping[str, Any], field: str) -> Any:
    value: Any = data
    for part in field.split("."):
        value = value[part]
    return value


def _put(data: dict[str, Any], field: str, value: Any) -> None:
    *parts, last = field.split(".")
    for part in parts:
        inner = data.get(part)
        if part == "clearing" and isinstance(inner, str):  # its short form
            inner = {"EUR": inner}
        data[part] = inner if isinstance(inner, dict) else {}
        data = data[part]
    data[last] = value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _typed(field: str, value: str) -> Any:
    if field in _LISTS:
        return [part.strip().upper() for part in value.split(",") if part.strip()]
    if set(VALUES.get(field, ())) == {"true", "false"}:
        return value == "true"
    return value
