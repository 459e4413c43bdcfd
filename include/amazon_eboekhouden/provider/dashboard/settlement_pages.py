"""One settlement: from Amazon's total to its rows, and from a row to its mutations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

import pandas as pd
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse

from amazon_eboekhouden.config.settlement_rows import proposed_line, rule_of
from amazon_eboekhouden.domain.settlement.bookings import SETTLED
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.statement import SECTIONS
from amazon_eboekhouden.ledger.overview_settlements import SettlementRow
from amazon_eboekhouden.pipelines.runtime import Runtime
from amazon_eboekhouden.pipelines.settlement_approval import decided_under
from amazon_eboekhouden.pipelines.statements import kept_frame
from amazon_eboekhouden.provider.dashboard.pages import PageNumber, Result, settings_of
from amazon_eboekhouden.provider.dashboard.security import MayRead, ThisVisit
from amazon_eboekhouden.provider.dashboard.shown import PAGE, page, pages
from amazon_eboekhouden.provider.dashboard.sources import Sources, ThisSources, clearing_accounts

router = APIRouter(dependencies=[MayRead])


@dataclass(frozen=True, slots=True)
class Line:
    """A named line of the statement: rows of the file and their sum."""

    section: str
    line: str
    rows: int
    cents: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file, and the mutations it went into."""

    number: int
    kind: str
    line: str
    order_id: str
    cents: int
    mutations: tuple[str, ...]


@router.get("/koppeling/{name}/afrekeningen/{settlement_id}")
def settlement(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    name: str,
    settlement_id: str,
    number: PageNumber = 1,
    result: Result = "",
) -> HTMLResponse:
    """One settlement: its statement, its bookings, and what was decided about it."""
    found = _found(sources, name, settlement_id)
    view = sources.overview(name)
    shown = pages(number, found.bookings)
    values = {
        "name": name,
        "settlement": found,
        "lines": _lines(sources, found, name),
        "of_others": found.totals.get("summary", {}).get("invoices_of_others", ()),
        "proposal": found.totals.get("summary", {}).get("proposal"),
        "bookings": view.bookings_of(settlement_id, limit=PAGE, offset=shown["offset"]),
        "problems": view.problems(limit=PAGE, scope=f"settlement:{settlement_id}"),
        "decisions": sources.ledger.decisions.about(decided_under(found.seller, settlement_id)),
        "pages": shown,
        "result": result,
    }
    return page(request, visit, "settlement.html", values)


@router.get("/koppeling/{name}/afrekeningen/{settlement_id}/regels")
def rows(
    sources: ThisSources,
    request: Request,
    visit: ThisVisit,
    name: str,
    settlement_id: str,
    order: Annotated[str, Query(alias="bestelling", max_length=60)] = "",
    number: PageNumber = 1,
) -> HTMLResponse:
    """The rows of Amazon's file, each with its line of the statement and its mutations."""
    found = _found(sources, name, settlement_id)
    with sources.runtime(name, preview=True) as runtime:
        frame = _rows(runtime, found)
    if order:
        frame = frame[frame["order_id"] == order]
    shown = pages(number, len(frame))
    part = frame.iloc[shown["offset"] : shown["offset"] + PAGE]
    naturals = {key for text in part["bookings"] for key in text.split()}
    values = {
        "name": name,
        "settlement": found,
        "order": order,
        "rows": _shown(part, sources.overview(name).mutation_numbers(naturals)),
        "total_cents": int(frame["amount_cents"].sum()),
        "pages": shown,
    }
    return page(request, visit, "settlement_rows.html", values)


def _found(sources: Sources, name: str, settlement_id: str) -> SettlementRow:
    clearing = clearing_accounts(settings_of(sources, name))
    found = sources.overview(name).settlements(clearing, limit=1, only=settlement_id)
    if not found:
        raise HTTPException(404, "Deze afrekening is niet bekend.")
    return found[0]


def _lines(sources: Sources, found: SettlementRow, name: str) -> list[Line]:
    """The statement: as it was booked, or as it was worked out for a person to approve."""
    if found.totals.get("proof"):
        with sources.runtime(name, preview=True) as runtime:
            frame = _rows(runtime, found)
        named = frame.groupby(["section", "line"], sort=False, observed=True)
        sums = named["amount_cents"].agg(["size", "sum"])
        order = {section: n for n, section in enumerate(dict.fromkeys(SECTIONS.values()))}
        lines = [
            Line(str(section), str(line), int(rows), int(cents))
            for (section, line), rows, cents in zip(
                sums.index, sums["size"], sums["sum"], strict=True
            )
        ]
        return sorted(lines, key=lambda one: (order.get(one.section, 99), one.line))
    listed = found.totals.get("summary", {}).get("lines", [])
    return [Line(one["section"], one["line"], one["rows"], one["cents"]) for one in listed]


def _rows(runtime: Runtime, found: SettlementRow) -> pd.DataFrame:
    """Rows as they were booked; of a settlement that is not booked yet, as the file has them."""
    kept = found.totals.get("proof")
    wanted = kept["rows"] if kept else found.file_hash
    if not wanted or not runtime.archive.has(wanted):
        raise HTTPException(409, "Het bestand van deze afrekening is niet in het archief.")
    content = runtime.archive.get(wanted)
    return _kept(content) if kept else _of_file(content, str(found.totals.get("charset") or ""))


# What is kept never changes: its content is its name.
@lru_cache(maxsize=4)
def _kept(content: bytes) -> pd.DataFrame:
    frame = kept_frame(content, SETTLED)
    return frame.assign(section=frame["place"].map(SECTIONS))


@lru_cache(maxsize=4)
def _of_file(content: bytes, charset: str) -> pd.DataFrame:
    read = read_settlement(content, charset=charset or None)
    if not isinstance(read, SettlementFile):
        raise HTTPException(409, "Het bestand van deze afrekening is geweigerd.")
    names = ("transaction_type", "amount_type", "amount_description")
    kinds = list(zip(*(read.rows[one] for one in names), read.rows["posted"], strict=True))
    known = {kind: rule_of(kind[:3], kind[3].date()) for kind in set(kinds)}
    lines = [found.line if (found := known[kind]) else "Onbekend" for kind in kinds]
    texts = [proposed_line(kind[:3]) for kind in kinds]
    return read.rows.assign(kind=texts, line=lines, bookings="")


def _shown(part: pd.DataFrame, mutations: Mapping[str, str]) -> list[Row]:
    found: list[Any] = list(part.itertuples(index=False))
    return [
        Row(
            int(row.row),
            str(row.kind).replace(",", " · "),
            row.line,
            row.order_id,
            int(row.amount_cents),
            tuple(
                dict.fromkeys(mutations[key] for key in row.bookings.split() if key in mutations)
            ),
        )
        for row in found
    ]
