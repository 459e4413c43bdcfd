"""The invoicing module: documents made from a template, booked in the administration or not.

Prices are without VAT; VAT is rounded half up once per VAT code over the invoice. That is why a
gross price that was divided by 1.21 and cut to cents misses its total by a cent (worked case G30).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from coupling_sandbox.eboekhouden.administrations import Administration
from coupling_sandbox.eboekhouden.books import DEBTORS
from coupling_sandbox.eboekhouden.errors import BooksError
from coupling_sandbox.eboekhouden.options import Options
from coupling_sandbox.eboekhouden.postings import SALES_INVOICE, Mutation, Row
from coupling_sandbox.eboekhouden.rules import (
    check_account_state,
    check_amounts,
    check_date,
    check_length,
    is_closed,
    side_of_code,
)
from coupling_sandbox.eboekhouden.vat import VAT_CODES, VatCode, rounded_cents, spread, vat_on_net

UNITS = ("", "stuk", "doos", "uur")

_LENGTHS = {
    "Factuursjabloon": (50, "FACT_SJAB_002"),
    "EmailVanAdres": (150, "LENGTH"),
    "EmailVanNaam": (150, "LENGTH"),
    "IncassoIBAN": (150, "FACT_INCASSO_009"),
    "IncassoRekeningNummer": (150, "LENGTH"),
    "IncassoTnv": (150, "FACT_INCASSO_011"),
    "IncassoPlaats": (150, "FACT_INCASSO_012"),
    "IncassoMachtigingID": (50, "FACT_INCASSO_004"),
    "IncassoOmschrijvingRegel1": (50, "FACT_INCASSO_013"),
    "IncassoOmschrijvingRegel2": (50, "FACT_INCASSO_014"),
    "IncassoOmschrijvingRegel3": (50, "FACT_INCASSO_015"),
    "BoekhoudmutatieOmschrijving": (200, "FACT_VERWERK_002"),
}


@dataclass(slots=True)
class Document:
    """One invoice of the invoicing module. Totals in cents."""

    number: str
    relation: str
    date: dt.date
    payment_term: int
    template: str
    lines: list[dict[str, Any]]
    net: int
    vat: int
    booked: bool
    rows: list[Row] = field(default_factory=list)

    @property
    def gross(self) -> int:
        """The total with VAT."""
        return self.net + self.vat


def add_invoice(
    administration: Administration, options: Options, given: dict[str, Any]
) -> Document:
    """Make an invoice and, if `InBoekhoudingPlaatsen`, book it; a refusal keeps nothing."""
    check_account_state(options)
    _check_header(administration, options, given)
    lines = given["Regels"] or []
    if not lines:
        raise BooksError("FACT_019")
    for line in lines:
        _check_line(administration, options, line)
    rows = _rows(lines, given["Datum"], options)
    document = Document(
        number=given["Factuurnummer"] or next_number(administration),
        relation=given["Relatiecode"],
        date=given["Datum"],
        payment_term=given["Betalingstermijn"],
        template=given["Factuursjabloon"],
        lines=lines,
        net=sum(row.net for row in rows),
        vat=sum(row.vat for row in rows),
        booked=given["InBoekhoudingPlaatsen"],
        rows=rows,
    )
    if document.booked:
        _book(administration, options, document, given["BoekhoudmutatieOmschrijving"] or "")
    administration.documents.setdefault(document.number, []).append(document)
    return document


def open_amount(administration: Administration, document: Document) -> int:
    """What is still open on a document, in cents; all of it while it is not booked."""
    if not document.booked:
        return document.gross
    key = (DEBTORS, document.relation, document.number)
    item = administration.books.open_items.get(key)
    return item.open if item else 0


def next_number(administration: Administration) -> str:
    """The next free number of the invoicing module's own series."""
    number = f"F{administration.next_document:05d}"
    while _number_in_use(administration, number):
        administration.next_document += 1
        number = f"F{administration.next_document:05d}"
    return number


def _number_in_use(administration: Administration, number: str) -> bool:
    booked = administration.books.of_invoice(number)
    return number in administration.documents or any(m.kind == SALES_INVOICE for m in booked)


def _check_header(administration: Administration, options: Options, given: dict[str, Any]) -> None:
    for name, (limit, key) in _LENGTHS.items():
        check_length(name, given[name] or "", limit, key)
    relation = administration.relations.get(given["Relatiecode"] or "")
    if relation is None:
        raise BooksError("FACT_002", f"({given['Relatiecode'] or 'leeg'})")
    _check_number(administration, options, given["Factuurnummer"] or "")
    check_date(given["Datum"], "FACT_013", "FACT_013")
    if not 0 <= given["Betalingstermijn"] <= 9999:
        raise BooksError("FACT_016", f"({given['Betalingstermijn']})")
    if (given["Factuursjabloon"] or "") not in options.invoice_templates:
        raise BooksError("FACT_018", f"({given['Factuursjabloon'] or 'leeg'})")
    if given["PerEmailVerzenden"] and not relation["Email"]:
        raise BooksError("FACT_EMAIL_001", f"({relation['Code']})")
    _check_direct_debit(given)
    if given["InBoekhoudingPlaatsen"] and is_closed(given["Datum"], options):
        raise BooksError("FACT_VERWERK_001", f"(t/m {options.closed_through})")


def _check_number(administration: Administration, options: Options, number: str) -> None:
    if not number:
        return
    if len(number) > 50:
        raise BooksError("FACT_007")
    if not number[-1].isdigit():
        raise BooksError("FACT_009", f"({number})")
    if options.duplicate_invoice_number == "refuse" and _number_in_use(administration, number):
        raise BooksError("FACT_101", f"({number})")


def _check_direct_debit(given: dict[str, Any]) -> None:
    if not given["AutomatischeIncasso"]:
        return
    if given["IncassoMachtigingSoort"] not in ("E", "D"):
        raise BooksError("FACT_INCASSO_002", f"({given['IncassoMachtigingSoort'] or 'leeg'})")
    if not given["IncassoMachtigingID"]:
        raise BooksError("FACT_INCASSO_003")
    if not given["IncassoIBAN"]:
        raise BooksError("FACT_INCASSO_008")


def _check_line(administration: Administration, options: Options, line: dict[str, Any]) -> None:
    if not line["Code"] and options.missing_invoice_row_code == "refuse":
        raise BooksError("FACT_ITEM_CODE")
    check_length("Code", line["Code"] or "", 50, "FACT_ITEM_003")
    if (line["Eenheid"] or "").lower() not in UNITS:
        raise BooksError("FACT_ITEM_010", f"({line['Eenheid']})")
    price, quantity = line["PrijsPerEenheid"], line["Aantal"]
    check_amounts(price, quantity)
    check_amounts(price * quantity)
    if not line["BTWCode"]:
        raise BooksError("FACT_ITEM_006")
    code = VAT_CODES.get(line["BTWCode"])
    if code is None or side_of_code(code, options) == "purchase":
        raise BooksError("FACT_ITEM_014", f"({line['BTWCode']})")
    if not line["TegenrekeningCode"]:
        raise BooksError("FACT_ITEM_007")
    account = administration.books.chart.get(line["TegenrekeningCode"])
    if account is None:
        raise BooksError("FACT_ITEM_012", f"({line['TegenrekeningCode']})")
    if account.category in ("FIN", "DEB", "CRED") and options.row_any_category == "refuse":
        raise BooksError("MUT_106", f"({account.code} is {account.category})")
    centre = line["KostenplaatsID"]
    if centre and all(c["KostenplaatsId"] != centre for c in administration.cost_centres):
        raise BooksError("MUT_117", f"({centre})")


def _rows(lines: list[dict[str, Any]], date: dt.date, options: Options) -> list[Row]:
    """The lines as rows: net per line rounded to cents, VAT per code rounded once and spread."""
    rows = [_row(line, date, options) for line in lines]
    for name in {row.vat_code for row in rows}:
        of_code = [row for row in rows if row.vat_code == name]
        nets = [row.net for row in of_code]
        total = vat_on_net(sum(nets), VAT_CODES[name].percent_on(date))
        for row, vat in zip(of_code, spread(total, nets), strict=True):
            row.vat = vat
            row.gross = row.net + vat
    return rows


def _row(line: dict[str, Any], date: dt.date, options: Options) -> Row:
    price: Decimal = line["PrijsPerEenheid"]
    if options.round_unit_price:
        price = Decimal(rounded_cents(price * 100)) / 100
    net = rounded_cents(price * line["Aantal"] * 100)
    code: VatCode = VAT_CODES[line["BTWCode"]]
    return Row(
        account=line["TegenrekeningCode"],
        entered=net,
        net=net,
        vat=0,
        gross=net,
        vat_code=code.code,
        percent=code.percent_on(date),
        cost_centre=line["KostenplaatsID"],
    )


def _book(
    administration: Administration, options: Options, document: Document, description: str
) -> None:
    as_sent = options.invoice_mutation_description == "as_sent"
    mutation = Mutation(
        kind=SALES_INVOICE,
        date=document.date,
        account=administration.books.chart.of_category("DEB").code,
        relation=document.relation,
        invoice_number=document.number,
        description=description if as_sent else f"Factuur {document.number}",
        payment_term=str(document.payment_term),
        in_ex="EX",
        rows=document.rows,
    )
    administration.books.post(mutation)
