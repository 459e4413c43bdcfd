"""The proof of a settlement to download: a page to file and a CSV for a spreadsheet."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from amazon_eboekhouden.domain.errors import RemoteError, SettingsError
from amazon_eboekhouden.domain.settlement.proof import Proof, csv_of
from amazon_eboekhouden.pipelines import statements
from amazon_eboekhouden.pipelines.runtime import Runtime
from amazon_eboekhouden.provider.dashboard.pages import settings_of
from amazon_eboekhouden.provider.dashboard.security import MayRead
from amazon_eboekhouden.provider.dashboard.sources import Sources, ThisSources

router = APIRouter(dependencies=[MayRead])


@router.get("/koppeling/{name}/afrekeningen/{settlement_id}/bewijs.html")
def page(sources: ThisSources, name: str, settlement_id: str) -> Response:
    """The page; it carries its own looks, so it is downloaded and not shown here."""
    text = statements.page_of(_proof(sources, name, settlement_id), name)
    return _download(text.encode(), "text/html; charset=utf-8", settlement_id, "html")


@router.get("/koppeling/{name}/afrekeningen/{settlement_id}/bewijs.csv")
def table(sources: ThisSources, name: str, settlement_id: str) -> Response:
    """Amazon's total, every row, every mutation and the bank line."""
    text = csv_of(_proof(sources, name, settlement_id))
    return _download(text.encode("utf-8-sig"), "text/csv; charset=utf-8", settlement_id, "csv")


def _proof(sources: Sources, name: str, settlement_id: str) -> Proof:
    settings = settings_of(sources, name)
    if not sources.overview(name).settlements([], limit=1, only=settlement_id):
        raise HTTPException(404, "Deze afrekening is niet bekend.")
    runtime = Runtime(settings, sources.environment, sources.connections, preview=True)
    try:
        made = statements.proof_of(runtime, settlement_id)
    except FileNotFoundError:
        raise HTTPException(
            409, "Het bestand van deze afrekening is niet in het archief."
        ) from None
    except (RemoteError, SettingsError):
        raise HTTPException(409, "Nu niet te maken: een dienst geeft geen antwoord.") from None
    finally:
        runtime.ledger.close()
    if isinstance(made, list):
        raise HTTPException(409, "Het bestand van deze afrekening is geweigerd.")
    return made


def _download(content: bytes, media_type: str, settlement_id: str, ending: str) -> Response:
    name = "".join(c for c in settlement_id if c.isascii() and (c.isalnum() or c in "-_"))
    disposition = f'attachment; filename="afrekening-{name}.{ending}"'
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})
