"""The books as a bookkeeper sees them: Dutch pages, rendered on the server, self-contained."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from coupling_sandbox.eboekhouden import views
from coupling_sandbox.eboekhouden.administrations import Administration, Office
from coupling_sandbox.eboekhouden.books import CREDITORS, DEBTORS, decimal_text
from coupling_sandbox.eboekhouden.pdf import render_pdf
from coupling_sandbox.eboekhouden.postings import KINDS

_TEMPLATES = Path(__file__).parent / "templates"

MINUS = "\N{MINUS SIGN}"

KIND_NAMES = {
    "FactuurOntvangen": "Factuur ontvangen",
    "FactuurVerstuurd": "Factuur verstuurd",
    "FactuurbetalingOntvangen": "Factuurbetaling ontvangen",
    "FactuurbetalingVerstuurd": "Factuurbetaling verstuurd",
    "GeldOntvangen": "Geld ontvangen",
    "GeldUitgegeven": "Geld uitgegeven",
    "Memoriaal": "Memoriaal",
}


def euros(cents: int, blank_zero: bool = False) -> str:
    """Cents as Dutch text: 1.234,56; a real minus sign."""
    if not cents and blank_zero:
        return ""
    text = decimal_text(abs(cents))
    whole, _, rest = text.partition(".")
    grouped = f"{int(whole):,}".replace(",", ".")
    return f"{MINUS if cents < 0 else ''}{grouped},{rest}"


def day(date: dt.date | None) -> str:
    """A date as Dutch text: 31-12-2026."""
    return date.strftime("%d-%m-%Y") if date else ""


class Pages:
    """The pages over one office. `?administratie=GUID` selects the administration."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters.update(euros=euros, day=day)
        self.environment.globals.update(KIND_NAMES=KIND_NAMES, KINDS=KINDS)

    def routes(self) -> list[Route]:
        """The routes of all pages."""
        return [
            Route("/", self.overview),
            Route("/facturen", self.invoices),
            Route("/facturen/{relation}/{number:path}", self.invoice),
            Route("/mutaties", self.mutations),
            Route("/mutaties/{number:int}", self.mutation),
            Route("/open-posten", self.open_items),
            Route("/relaties", self.relations),
            Route("/relaties/{code:path}", self.relation),
            Route("/grootboek", self.accounts),
            Route("/grootboek/{code}", self.account),
            Route("/proefbalans", self.trial_balance),
            Route("/style.css", self.stylesheet),
            Route("/pdf/{guid}/{number}.pdf", self.pdf),
        ]

    async def stylesheet(self, _request: Request) -> Response:
        """The one stylesheet."""
        return Response((_TEMPLATES / "style.css").read_text(), media_type="text/css")

    async def overview(self, request: Request) -> Response:
        """The first page: what stands where, and what came last."""
        own = self._own(request)
        return self._render(request, "overview.html", **views.overview(own, self.office.today()))

    async def invoices(self, request: Request) -> Response:
        """Sales invoices."""
        search = request.query_params.get("zoek", "")
        rows = views.sales_invoices(self._own(request), search)
        page = views.paged(rows, _page_number(request))
        return self._render(request, "invoices.html", page=page, search=search)

    async def invoice(self, request: Request) -> Response:
        """One invoice with what was paid on it."""
        own = self._own(request)
        relation, number = request.path_params["relation"], request.path_params["number"]
        side = CREDITORS if request.query_params.get("kant") == "C" else DEBTORS
        item = own.books.open_items.get((side, relation, number))
        if item is None:
            return self._missing(request, f"Factuur {number} van relatie {relation}")
        history = views.invoice_history(own, side, relation, number)
        status = views.invoice_status(item.total, item.open)
        return self._render(
            request, "invoice.html", item=item, history=history, status=status, side=side
        )

    async def mutations(self, request: Request) -> Response:
        """Mutations, the newest first."""
        search = request.query_params.get("zoek", "")
        kind = request.query_params.get("soort", "")
        rows = views.matching_mutations(self._own(request), search, kind)
        page = views.paged(rows, _page_number(request))
        return self._render(request, "mutations.html", page=page, search=search, kind=kind)

    async def mutation(self, request: Request) -> Response:
        """One mutation: its header, its lines, its postings."""
        number = request.path_params["number"]
        mutation = self._own(request).books.mutations.get(number)
        if mutation is None:
            return self._missing(request, f"Mutatie {number}")
        return self._render(request, "mutation.html", mutation=mutation)

    async def open_items(self, request: Request) -> Response:
        """Open items with their age."""
        side = CREDITORS if request.query_params.get("kant") == "C" else DEBTORS
        rows, ages = views.open_items(self._own(request), side, self.office.today())
        page = views.paged(rows, _page_number(request))
        sums = {name: views.total(rows, name) for name in ("total", "paid", "open")}
        return self._render(request, "open_items.html", page=page, ages=ages, side=side, sums=sums)

    async def relations(self, request: Request) -> Response:
        """Relations."""
        search = request.query_params.get("zoek", "")
        found = self._own(request).relations.find(keyword=search)
        page = views.paged(found, _page_number(request))
        return self._render(request, "relations.html", page=page, search=search)

    async def relation(self, request: Request) -> Response:
        """One relation with its mutations."""
        own = self._own(request)
        relation = own.relations.get(request.path_params["code"])
        if relation is None:
            return self._missing(request, f"Relatie {request.path_params['code']}")
        mutations = list(reversed(own.books.of_relation(relation["Code"])))
        page = views.paged(mutations, _page_number(request))
        items = [i for i in own.books.open_items.values() if i.relation == relation["Code"]]
        still_open = sum(item.open for item in items)
        return self._render(
            request, "relation.html", relation=relation, page=page, still_open=still_open
        )

    async def accounts(self, request: Request) -> Response:
        """The chart of accounts with balances."""
        own = self._own(request)
        rows = [(account, own.books.balance(account.code)) for account in own.books.chart]
        only_used = request.query_params.get("alles") is None
        shown = [row for row in rows if not only_used or own.books.of_account(row[0].code)]
        return self._render(
            request, "accounts.html", rows=shown, only_used=only_used, total=len(rows)
        )

    async def account(self, request: Request) -> Response:
        """The card of one account."""
        own = self._own(request)
        code = request.path_params["code"]
        account = own.books.chart.get(code)
        if account is None:
            return self._missing(request, f"Grootboekrekening {code}")
        card = views.ledger_card(own, code, _page_number(request))
        debit, credit = own.books.turnover(code)
        return self._render(
            request, "account.html", account=account, debit=debit, credit=credit, **card
        )

    async def trial_balance(self, request: Request) -> Response:
        """Proef- en saldibalans."""
        return self._render(
            request, "trial_balance.html", **views.trial_balance(self._own(request))
        )

    async def pdf(self, request: Request) -> Response:
        """The document that `URLPDFBestand` points to."""
        try:
            own = self.office.administration(request.path_params["guid"])
            document = own.documents[request.path_params["number"]][-1]
        except KeyError:
            return Response("Not found", 404)
        lines = [f"{own.company}", f"Factuur {document.number}", f"Datum {day(document.date)}"]
        lines += [f"Aan {views.company_name(own, document.relation)}", ""]
        for row, line in zip(document.rows, document.lines, strict=True):
            lines.append(f"{line['Aantal']:f} x {line['Omschrijving'] or ''}  {euros(row.net)}")
        lines += ["", f"Btw EUR {euros(document.vat)}", f"Totaal EUR {euros(document.gross)}"]
        return Response(render_pdf(lines), media_type="application/pdf")

    def _own(self, request: Request) -> Administration:
        try:
            return self.office.administration(request.query_params.get("administratie", ""))
        except KeyError:
            return self.office.administration()

    def _render(self, request: Request, template: str, code: int = 200, **values: Any) -> Response:
        own = self._own(request)
        chosen = request.query_params.get("administratie", "")

        def link(path: str, **query: Any) -> str:
            kept = {"administratie": chosen, **query}
            text = urlencode({name: value for name, value in kept.items() if value})
            return quote(path, safe="/") + (f"?{text}" if text else "")

        def to_page(number: int) -> str:
            query = {k: v for k, v in request.query_params.items() if k != "administratie"}
            return link(request.url.path, **{**query, "pagina": number if number > 1 else ""})

        html = self.environment.get_template(template).render(
            link=link,
            to_page=to_page,
            own=own,
            administrations=self.office.administrations,
            path=request.url.path,
            today=self.office.today(),
            account_name=lambda code: getattr(own.books.chart.get(code), "description", ""),
            relation_name=lambda code: views.company_name(own, code),
            **values,
        )
        return HTMLResponse(html, code)

    def _missing(self, request: Request, what: str) -> Response:
        return self._render(request, "missing.html", 404, what=what)


def _page_number(request: Request) -> int:
    text = request.query_params.get("pagina", "1")
    return int(text) if text.isdecimal() else 1
