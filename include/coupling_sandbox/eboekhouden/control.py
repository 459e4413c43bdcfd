"""The sandbox's own verbs: chart, options, journal, administrations, and a person at the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
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
from coupling_sandbox.given import check_kind, json_body

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
            except InvalidOperation:
                return refuse("an amount is no number")
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
        given = None if request.method == "GET" else await json_body(request)
        if isinstance(given, dict):
            _change_chart(chart, given)
        elif request.method != "GET":
            chart.replace(default_rows() if given is None else _objects(given))
        return JSONResponse([_account(account) for account in chart])

    async def options(self, request: Request) -> Response:
        """GET lists the options; POST changes those named."""
        if request.method == "POST":
            self.office.options = self.office.options.changed(await json_body(request, dict))
        return JSONResponse(self.office.options.as_json())

    async def administrations(self, request: Request) -> Response:
        """GET lists the administrations; POST adds one with its own credentials and books."""
        if request.method == "POST":
            self._add_administration(await json_body(request, dict))
        return JSONResponse([_administration(one) for one in self.office.administrations])

    def _add_administration(self, given: dict[str, Any]) -> None:
        known = ("username", "security_code_1", "security_code_2", "guid", "company")
        missing = [name for name in known if not given.get(name)]
        if missing:
            raise ValueError(f"missing field {missing[0]!r}; needed: {', '.join(known)}")
        for name, value in given.items():
            check_kind(name, value, "")
        if any(same_guid(one.guid, given["guid"]) for one in self.office.administrations):
            raise ValueError(f"administration {given['guid']} exists already")
        self.office.administrations.append(Administration(**given))

    async def mutations(self, request: Request) -> Response:
        """What a person does in the user interface; see `person`."""
        result = act(self.own(request), self.office.options, await json_body(request))
        return JSONResponse(result)

    async def relations(self, request: Request) -> Response:
        """Add relations as a person would: a list of objects with the fields of cRelatie."""
        own = self.own(request)
        like = dict.fromkeys(TEXT_FIELDS, "")
        blank = {"Gb_ID": 0, "GeenEmail": 0, "NieuwsbriefgroepenCount": 0}
        for fields in _records(await json_body(request, list), like):
            own.relations.add({**fields, **blank}, self.office.today())
        return JSONResponse({"relations": len(own.relations)})

    async def cost_centres(self, request: Request) -> Response:
        """Replace the cost centres: objects with `Omschrijving` and optionally the two ids."""
        like = {"KostenplaatsId": 0, "KostenplaatsParentId": 0, "Omschrijving": ""}
        given = _records(await json_body(request, list), like)
        for number, centre in enumerate(given, 1):
            centre["KostenplaatsId"] = centre["KostenplaatsId"] or number
        self.own(request).cost_centres = given
        return JSONResponse({"cost_centres": len(given)})

    async def articles(self, request: Request) -> Response:
        """Replace the articles: objects with the fields of cArtikel, amounts as decimal texts."""
        like: dict[str, Any] = {"ArtikelID": 0, "KostenplaatsID": 0, "Actief": True}
        like |= dict.fromkeys(_ARTICLE_TEXTS.split(), "")
        given = _records(await json_body(request, list), like | dict.fromkeys(_AMOUNTS, "0"))
        for number, article in enumerate(given, 1):
            article["ArtikelID"] = article["ArtikelID"] or number
            article |= {name: Decimal(article[name]) for name in _AMOUNTS}
        self.own(request).articles = given
        return JSONResponse({"articles": len(given)})


_ARTICLE_TEXTS = (
    "ArtikelOmschrijving ArtikelCode GroepOmschrijving GroepCode Eenheid BTWCode TegenrekeningCode"
)
_AMOUNTS = ("InkoopprijsExclBTW", "VerkoopprijsExclBTW", "VerkoopprijsInclBTW", "BtwPercentage")


def _objects(given: Any) -> list[dict[str, Any]]:
    """Return a list of objects; raise ValueError for anything else."""
    check_kind("the body", given, [])
    for one in given:
        check_kind("each entry", one, {})
    return list(given)


def _records(given: Any, like: dict[str, Any]) -> list[dict[str, Any]]:
    """Return objects with every field of `like`, those not given as there; the kinds must fit."""
    records = []
    for one in _objects(given):
        unknown = sorted(set(one) - set(like))
        if unknown:
            raise ValueError(f"unknown field {unknown[0]!r}; known: {', '.join(like)}")
        for name, value in one.items():
            check_kind(name, value, like[name])
        records.append({**like, **one})
    return records


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
