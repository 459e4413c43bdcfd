"""The 20 operations: what each does with its arguments, as dicts by the names of the schema."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from decimal import Decimal
from itertools import chain
from typing import Any

from coupling_sandbox.eboekhouden.administrations import Administration, Office
from coupling_sandbox.eboekhouden.books import CREDITORS, DEBTORS, OpenItem
from coupling_sandbox.eboekhouden.errors import BooksError
from coupling_sandbox.eboekhouden.invoices import Document, add_invoice, open_amount
from coupling_sandbox.eboekhouden.ledger_accounts import (
    add_account,
    find_accounts,
    render_account,
    update_account,
)
from coupling_sandbox.eboekhouden.mutations import (
    add_mutation,
    find_mutations,
    is_until,
    render_mutation,
)
from coupling_sandbox.eboekhouden.schema import ELEMENTS, TYPES, result_field
from coupling_sandbox.eboekhouden.writing import euros

Arguments = dict[str, Any]
Result = dict[str, Any]

NO_ERROR = {"LastErrorCode": "", "LastErrorDescription": ""}


class Operations:
    """Carries out operations for an office; `address` is the base URL for links to invoices."""

    def __init__(self, office: Office, address: str = "") -> None:
        self.office = office
        self.address = address

    def call(self, operation: str, arguments: Arguments) -> Result | None:
        """Carry out an operation; a refusal becomes ErrorMsg in its result."""
        handler = _HANDLERS[operation]
        try:
            if operation in _WITHOUT_SESSION:
                return handler(self, None, arguments)
            session = self.office.session(
                arguments["SessionID"] or "", arguments["SecurityCode2"] or ""
            )
            self._count(operation, session.administration)
            return handler(self, session.administration, _only_struct(arguments))
        except BooksError as error:
            return refusal(operation, error.code, error.description)

    def _count(self, operation: str, own: Administration) -> None:
        """Count a call for the month's budget; raise CALLS when that is used up."""
        options = self.office.options
        if operation != "GetMutaties" and options.calls_counted != "all":
            return
        month = self.office.today().strftime("%Y-%m")
        used = own.calls_by_month.get(month, 0)
        if used >= options.get_mutaties_calls_per_month:
            raise BooksError("CALLS", f"({options.get_mutaties_calls_per_month})")
        own.calls_by_month[month] = used + 1

    def newest(self, rows: list[Any]) -> list[Any]:
        """The last rows of a list, as many as an option allows."""
        cap = self.office.options.other_lists_cap
        return rows[-cap:] if cap else rows

    def list_result(self, field: str, rows: list[Any]) -> Result:
        """A result with a list; whether an empty one is there at all is an option."""
        if not rows and self.office.options.empty_lists == "absent":
            return {"ErrorMsg": NO_ERROR}
        return {"ErrorMsg": NO_ERROR, field: rows}


def refusal(operation: str, code: str, description: str) -> Result | None:
    """The result of an operation that was refused: the error, and zero for what must be there."""
    error = {"LastErrorCode": code, "LastErrorDescription": description}
    field = result_field(operation)
    if field is None:
        return None
    if field.type == "cError":
        return error
    required = {f.name: 0 for f in TYPES[field.type].fields if f.required}
    return {"ErrorMsg": error, **required}


def _only_struct(arguments: Arguments) -> Arguments:
    """The filter or object beside the session."""
    rest = [
        value for name, value in arguments.items() if name not in ("SessionID", "SecurityCode2")
    ]
    if len(rest) == 1 and isinstance(rest[0], dict):
        return rest[0]
    return arguments


Handler = Callable[[Operations, Any, Arguments], Result | None]


def _open_session(ops: Operations, _none: None, given: Arguments) -> Result:
    _check_source(ops, given)
    session_id = ops.office.open_session(*_credentials(given))
    return {"ErrorMsg": NO_ERROR, "SessionID": session_id}


def _open_session_sub(ops: Operations, _none: None, given: Arguments) -> Result:
    _check_source(ops, given)
    guid = given["AdministratieGUID"] or ""
    session_id = ops.office.open_session_sub(*_credentials(given), guid)
    return {"ErrorMsg": NO_ERROR, "SessionID": session_id}


def _check_source(ops: Operations, given: Arguments) -> None:
    if not given["Source"] and ops.office.options.missing_source == "refuse":
        raise BooksError("SOURCE")


def _credentials(given: Arguments) -> tuple[str, str, str]:
    username, code_1, code_2 = (
        given[name] or "" for name in ("Username", "SecurityCode1", "SecurityCode2")
    )
    return username, code_1, code_2


def _close_session(ops: Operations, _none: None, given: Arguments) -> None:
    ops.office.close_session(given["SessionID"] or "")


def _auto_login(ops: Operations, _none: None, given: Arguments) -> Result:
    session_id = given["SessionID"] or ""
    session = ops.office.session(session_id, given["SecurityCode2"] or "")
    if session.login.username != given["Username"]:
        raise BooksError("SECURITY_010")
    return {"ErrorMsg": NO_ERROR, "Token": hashlib.sha256(session_id.encode()).hexdigest()[:32]}


def _get_administrations(ops: Operations, _own: Administration, given: Arguments) -> Result:
    session = ops.office.session(given["SessionID"] or "", given["SecurityCode2"] or "")
    rows = [
        {"Bedrijf": a.company, "Plaats": a.place, "Guid": a.guid, "StartBoekjaar": a.financial_year}
        for a in ops.office.visible(session)
    ]
    return ops.list_result("Administraties", rows)


def _get_balance(ops: Operations, own: Administration, given: Arguments) -> Result:
    code = given["GbCode"] or ""
    if own.books.chart.get(code) is None:
        raise BooksError("LEDG_011", f"({code or 'leeg'})")
    return {"ErrorMsg": NO_ERROR, "Saldo": _balance(ops, own, code, given)}


def _get_balances(ops: Operations, own: Administration, given: Arguments) -> Result:
    category = given["Categorie"]
    rows = [
        {
            "ID": account.id,
            "Code": account.code,
            "Categorie": account.category,
            "Saldo": _balance(ops, own, account.code, given),
        }
        for account in own.books.chart
        if not category or account.category == category
    ]
    return ops.list_result("Saldi", rows)


def _balance(ops: Operations, own: Administration, code: str, given: Arguments) -> Decimal:
    # A date that was not sent reads as 0001-01-01, which is no bound.
    bounds = [None if d == dt.date.min else d for d in (given["DatumVan"], given["DatumTot"])]
    cents = own.books.balance(code, bounds[0], bounds[1], given["KostenPlaatsId"])
    return euros(cents if ops.office.options.balance_sign == "debit_positive" else -cents)


def _add_invoice(ops: Operations, own: Administration, given: Arguments) -> Result:
    document = add_invoice(own, ops.office.options, given)
    return {"ErrorMsg": NO_ERROR, "Factuurnummer": document.number}


def _get_invoices(ops: Operations, own: Administration, given: Arguments) -> Result:
    number, relation = given["Factuurnummer"], given["Relatiecode"]
    last = given["DatumTm"]
    documents = [
        document
        for document in chain.from_iterable(own.documents.values())
        if (not number or document.number == number)
        and (not relation or document.relation == relation)
        and document.date >= given["DatumVan"]
        and is_until(document.date, last, ops.office.options)
    ]
    shown = [_render_invoice(ops, own, one) for one in ops.newest(documents)]
    return ops.list_result("Facturen", shown)


def _render_invoice(ops: Operations, own: Administration, document: Document) -> Result:
    return {
        "Factuurnummer": document.number,
        "Relatiecode": document.relation,
        "Datum": document.date,
        "Betalingstermijn": document.payment_term,
        "TotaalExclBTW": euros(document.net),
        "TotaalBTW": euros(document.vat),
        "TotaalInclBTW": euros(document.gross),
        "TotaalOpenstaand": euros(open_amount(own, document)),
        "URLPDFBestand": f"{ops.address}/pdf/{own.guid.strip('{}')}/{document.number}.pdf",
        "Regels": document.lines,
    }


def _add_mutation(ops: Operations, own: Administration, given: Arguments) -> Result:
    number = add_mutation(own, ops.office.options, given)
    return {"ErrorMsg": NO_ERROR, "Mutatienummer": number}


def _get_mutations(ops: Operations, own: Administration, given: Arguments) -> Result:
    found = find_mutations(own.books, ops.office.options, given)
    return ops.list_result("Mutaties", [render_mutation(mutation) for mutation in found])


def _add_account(ops: Operations, own: Administration, given: Arguments) -> Result:
    return {"ErrorMsg": NO_ERROR, "Gb_ID": add_account(own, given).id}


def _update_account(ops: Operations, own: Administration, given: Arguments) -> Result:
    update_account(own, given)
    return NO_ERROR


def _get_accounts(ops: Operations, own: Administration, given: Arguments) -> Result:
    found = find_accounts(own, given["ID"], given["Code"] or "", given["Categorie"] or "")
    return ops.list_result("Rekeningen", [render_account(account) for account in found])


def _add_relation(ops: Operations, own: Administration, given: Arguments) -> Result:
    relation = own.relations.add(given, ops.office.today())
    return {"ErrorMsg": NO_ERROR, "Rel_ID": relation["ID"]}


def _update_relation(ops: Operations, own: Administration, given: Arguments) -> Result:
    own.relations.update(given)
    return NO_ERROR


def _get_relations(ops: Operations, own: Administration, given: Arguments) -> Result:
    found = own.relations.find(
        keyword=given["Trefwoord"] or "", code=given["Code"] or "", relation_id=given["ID"]
    )
    return ops.list_result("Relaties", ops.newest(found))


def _get_open_items(ops: Operations, own: Administration, given: Arguments) -> Result:
    side = DEBTORS if given["OpSoort"] == "Debiteuren" else CREDITORS
    items = [i for i in own.books.open_items.values() if i.side == side and i.open]
    items.sort(key=lambda item: (item.date, item.invoice_number))
    shown = [_render_open_item(own, item) for item in ops.newest(items)]
    return ops.list_result("Openposten", shown)


def _render_open_item(own: Administration, item: OpenItem) -> Result:
    relation = own.relations.get(item.relation)
    return {
        "MutDatum": item.date,
        "MutFactuur": item.invoice_number,
        "RelCode": item.relation,
        "RelBedrijf": relation["Bedrijf"] if relation else "",
        "Bedrag": euros(item.total),
        "Voldaan": euros(item.paid),
        "Openstaand": euros(item.open),
    }


def _get_cost_centres(ops: Operations, own: Administration, given: Arguments) -> Result:
    wanted = {
        "KostenplaatsId": given["KostenplaatsID"],
        "KostenplaatsParentId": given["KostenplaatsParentID"],
        "Omschrijving": given["Omschrijving"],
    }
    return ops.list_result("Kostenplaatsen", _matching(own.cost_centres, wanted))


def _get_articles(ops: Operations, own: Administration, given: Arguments) -> Result:
    return ops.list_result("Artikelen", _matching(own.articles, given))


def _matching(rows: list[Result], wanted: Arguments) -> list[Result]:
    return [row for row in rows if all(not v or row[name] == v for name, v in wanted.items())]


_WITHOUT_SESSION = frozenset({"OpenSession", "OpenSessionSub", "CloseSession", "AutoLogin"})

_HANDLERS: dict[str, Handler] = {
    "GetAdministraties": _get_administrations,
    "GetSaldo": _get_balance,
    "GetSaldi": _get_balances,
    "AddFactuur": _add_invoice,
    "GetFacturen": _get_invoices,
    "AddMutatie": _add_mutation,
    "GetMutaties": _get_mutations,
    "AddGrootboekrekening": _add_account,
    "UpdateGrootboekrekening": _update_account,
    "GetGrootboekrekeningen": _get_accounts,
    "AddRelatie": _add_relation,
    "UpdateRelatie": _update_relation,
    "GetRelaties": _get_relations,
    "GetOpenPosten": _get_open_items,
    "OpenSession": _open_session,
    "OpenSessionSub": _open_session_sub,
    "CloseSession": _close_session,
    "AutoLogin": _auto_login,
    "GetKostenplaatsen": _get_cost_centres,
    "GetArtikelen": _get_articles,
}
if set(_HANDLERS) != {name for name in ELEMENTS if name + "Response" in ELEMENTS}:
    raise RuntimeError("the operations carried out are not those of the schema")
