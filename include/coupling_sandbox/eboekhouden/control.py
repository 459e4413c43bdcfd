"""The sandbox's own verbs: chart, options, journal, administrations, and a person at the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coupling_sandbox.control import refuse
from coupling_sandbox.eboekhouden.administrations import (
    Administration,
    Office,
    same_guid,
)
from coupling_sandbox.eboekhouden.chart import Chart, LedgerAccount, default_rows
from coupling_sandbox.eboekhouden.errors import BooksError
from coupling_sandbox.eboekhouden.person import act
from coupling_sandbox.eboekhouden.relations import TEXT_FIELDS

Verb = Callable[[Request], Awaitable[Response]]


class Control:
    """The control verbs on one office."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def routes(self) -> list[Route]:
        """The routes of all verbs."""
        both = ["GET", "POST"]
        return [
            Route("/control/journal", self.guarded(self.journal), methods=["GET"]),
            Route("/control/ledgers", self.guarded(self.ledgers), methods=[*both, "PUT"]),
            Route("/control/options", self.guarded(self.options), methods=both),
            Route("/control/administrations", self.guarded(self.administrations), methods=both),
            Route("/control/mutations", self.guarded(self.mutations), methods=["POST"]),
            Route("/control/relations", self.guarded(self.relations), methods=["POST"]),
            Route("/control/cost-centres", self.guarded(self.cost_centres), methods=["POST"]),
            Route("/control/articles", self.guarded(self.articles), methods=["POST"]),
        ]

    def guarded(self, verb: Verb) -> Verb:
        """Answer 400 with the cause when a body cannot be used."""

        async def answer(request: Request) -> Response:
            try:
                return await verb(request)
            except BooksError as error:
                return refuse(f"{error.code}: {error.description}")
            except KeyError as error:
                return refuse(f"unknown or missing: {error.args[0]}")
            except (ValueError, TypeError, AttributeError) as error:
                return refuse(str(error))

        return answer

    def own(self, request: Request) -> Administration:
        """The administration that `?administration=GUID` names, or the first."""
        return self.office.administration(request.query_params.get("administration", ""))

    async def journal(self, request: Request) -> Response:
        """All posting lines."""
        return JSONResponse(list(self.own(request).books.journal()))

    async def ledgers(self, request: Request) -> Response:
        """GET lists; PUT, or POST of a list, replaces the chart; POST adds and removes accounts."""
        chart = self.own(request).books.chart
        given = None if request.method == "GET" else await request.json()
        if isinstance(given, dict):
            _change_chart(chart, given)
        elif request.method != "GET":
            chart.replace(default_rows() if given is None else given)
        return JSONResponse([_account(account) for account in chart])

    async def options(self, request: Request) -> Response:
        """GET lists the options; POST changes those named."""
        if request.method == "POST":
            self.office.options = self.office.options.changed(await request.json())
        return JSONResponse(self.office.options.as_json())

    async def administrations(self, request: Request) -> Response:
        """GET lists the administrations; POST adds one with its own credentials and books."""
        if request.method == "POST":
            self._add_administration(await request.json())
        return JSONResponse([_administration(one) for one in self.office.administrations])

    def _add_administration(self, given: dict[str, Any]) -> None:
        known = ("username", "security_code_1", "security_code_2", "guid", "company")
        missing = [name for name in known if not given.get(name)]
        if missing:
            raise ValueError(f"missing field {missing[0]!r}; needed: {', '.join(known)}")
        if any(same_guid(one.guid, given["guid"]) for one in self.office.administrations):
            raise ValueError(f"administration {given['guid']} exists already")
        self.office.administrations.append(Administration(**given))

    async def mutations(self, request: Request) -> Response:
        """What a person does in the user interface; see `person`."""
        result = act(self.own(request), self.office.options, await request.json())
        return JSONResponse(result)

    async def relations(self, request: Request) -> Response:
        """Add relations as a person would: a list of objects with the fields of cRelatie."""
        own = self.own(request)
        for given in await request.json():
            fields = {name: str(given.get(name, "")) for name in TEXT_FIELDS}
            blank = {"Gb_ID": 0, "GeenEmail": 0, "NieuwsbriefgroepenCount": 0}
            own.relations.add({**fields, **blank}, self.office.today())
        return JSONResponse({"relations": len(own.relations)})

    async def cost_centres(self, request: Request) -> Response:
        """Replace the cost centres: objects with `Omschrijving` and optionally the two ids."""
        self.own(request).cost_centres = [
            {"KostenplaatsId": number, "KostenplaatsParentId": 0, "Omschrijving": "", **given}
            for number, given in enumerate(await request.json(), 1)
        ]
        return JSONResponse({"cost_centres": len(self.own(request).cost_centres)})

    async def articles(self, request: Request) -> Response:
        """Replace the articles: objects with the fields of cArtikel."""
        blank = {
            "InkoopprijsExclBTW": "0",
            "VerkoopprijsExclBTW": "0",
            "VerkoopprijsInclBTW": "0",
            "BtwPercentage": "0",
            "KostenplaatsID": 0,
            "Actief": True,
        }
        texts = "ArtikelOmschrijving ArtikelCode GroepOmschrijving GroepCode Eenheid BTWCode"
        empty = dict.fromkeys([*texts.split(), "TegenrekeningCode"], "")
        self.own(request).articles = [
            {"ArtikelID": number, **empty, **blank, **given}
            for number, given in enumerate(await request.json(), 1)
        ]
        return JSONResponse({"articles": len(self.own(request).articles)})


def _change_chart(chart: Chart, given: dict[str, Any]) -> None:
    unknown = set(given) - {"add", "remove"}
    if unknown:
        raise ValueError(f"unknown field {sorted(unknown)[0]!r}; known: add, remove")
    for code in given.get("remove", ()):
        chart.remove(str(code))
    for row in given.get("add", ()):
        chart.add(str(row["code"]), str(row.get("description", "")), str(row["category"]))


def _account(account: LedgerAccount) -> dict[str, Any]:
    return {
        "id": account.id,
        "code": account.code,
        "description": account.description,
        "category": account.category,
        "group": account.group,
    }


def _administration(one: Administration) -> dict[str, Any]:
    names = ("guid", "company", "place", "username", "security_code_1", "security_code_2")
    return {**{name: getattr(one, name) for name in names}, "accountant": one.accountant}
