"""The connections, each with a test that names the field that is wrong.

Airflow's own *Test* beside a connection is off until somebody turns it on, and Airflow 3.3.2
refuses it for connections without a port. This page needs neither.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from airflow.models.connection import Connection as AirflowConnection
from airflow.utils.session import create_session
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select

from amazon_eboekhouden.config import couplings
from amazon_eboekhouden.config.connections import AMAZON, EBOEKHOUDEN
from amazon_eboekhouden.domain.errors import SettingsError
from amazon_eboekhouden.pipelines import check
from amazon_eboekhouden.provider.dashboard.security import MayRead, MayWrite, Submitted, ThisVisit
from amazon_eboekhouden.provider.dashboard.shown import page
from amazon_eboekhouden.provider.dashboard.sources import Sources, ThisSources

TYPES = {AMAZON: "Amazon Selling Partner", EBOEKHOUDEN: "e-Boekhouden"}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Known:
    """A connection of one of our types.

    Attributes:
        conn_id: its id.
        kind: its type.
        used_by: names of the couplings that use it.
        stored: it stands in Airflow's own list; others come from variables or a secrets backend.
    """

    conn_id: str
    kind: str
    used_by: tuple[str, ...]
    stored: bool

    @property
    def title(self) -> str:
        """What the form calls its type."""
        return TYPES[self.kind]


@router.get("/verbindingen", dependencies=[MayRead])
def connections(sources: ThisSources, request: Request, visit: ThisVisit) -> HTMLResponse:
    """Every connection to Amazon and e-Boekhouden.nl."""
    values = {"connections": known_connections(sources), "tested": "", "good": False, "text": ""}
    return page(request, visit, "connections.html", values)


@router.post("/verbindingen/{conn_id}/test", dependencies=[MayWrite])
def test(
    sources: ThisSources, request: Request, visit: ThisVisit, conn_id: str, form: Submitted
) -> HTMLResponse:
    """Ask the service whether it accepts this connection; nothing is kept and nothing written."""
    known = known_connections(sources)
    wanted = next((one for one in known if one.conn_id == conn_id), None)
    if wanted is None:
        raise HTTPException(404, "Deze verbinding is niet bekend.")
    good, text = _tried(sources, wanted)
    values = {"connections": known, "tested": conn_id, "good": good, "text": text}
    return page(request, visit, "connections.html", values)


def known_connections(sources: Sources) -> list[Known]:
    """Connections in Airflow's list, and the ones that couplings name."""
    used: dict[tuple[str, str], list[str]] = {}
    for name in sources.names():
        try:
            settings = sources.settings(name)
        except couplings.Invalid:
            continue
        used.setdefault((settings.seller.connection, AMAZON), []).append(name)
        used.setdefault((settings.books.connection, EBOEKHOUDEN), []).append(name)
    stored = _stored()
    return [
        Known(conn_id, kind, tuple(used.get((conn_id, kind), ())), (conn_id, kind) in stored)
        for conn_id, kind in sorted({*stored, *used}, key=lambda one: (one[1], one[0]))
    ]


def _stored() -> set[tuple[str, str]]:
    query = select(AirflowConnection.conn_id, AirflowConnection.conn_type)
    query = query.where(AirflowConnection.conn_type.in_(TYPES))
    with create_session() as session:
        return {(str(conn_id), str(kind)) for conn_id, kind in session.execute(query)}


def _tried(sources: Sources, wanted: Known) -> tuple[bool, str]:
    found = sources.connections(wanted.conn_id)
    if found is None:
        return False, "Airflow kent deze verbinding niet: maak haar onder Beheer, Connecties."
    try:
        return check.try_connection(found, wanted.kind, os.environ)
    except SettingsError as error:
        return False, "; ".join(one.cause for one in error.problems)
