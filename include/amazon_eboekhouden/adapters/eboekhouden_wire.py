"""Bookings to e-Boekhouden's fields and back. Everything is checked here, before anything is sent.

The vendor's words and spellings stand as its interface description has them (RelatieCode, but
Relatiecode on invoices). Lengths count UTF-16 units, as the service's platform does: an emoji is 2.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.adapters.eboekhouden_codes import VAT_CODES
from amazon_eboekhouden.domain.bookings import (
    DocumentLine,
    Mutation,
    MutationKind,
    MutationLine,
    Relation,
)
from amazon_eboekhouden.domain.books import BookedLine, BookedMutation, BookedRelation, OpenItem
from amazon_eboekhouden.domain.money import CENT, cents_of, euros
from amazon_eboekhouden.domain.relations import NAMELESS

FIRST_DATE, LAST_DATE = date(1980, 1, 1), date(2049, 12, 31)

_KIND_WORDS: Mapping[MutationKind, str] = {
    MutationKind.SALES_INVOICE: "FactuurVerstuurd",
    MutationKind.PURCHASE_INVOICE: "FactuurOntvangen",
    MutationKind.PAYMENT_RECEIVED: "FactuurbetalingOntvangen",
    MutationKind.PAYMENT_SENT: "FactuurbetalingVerstuurd",
    MutationKind.MONEY_RECEIVED: "GeldOntvangen",
    MutationKind.MONEY_SPENT: "GeldUitgegeven",
    MutationKind.GENERAL_JOURNAL: "Memoriaal",
}
_KINDS = {word: kind for kind, word in _KIND_WORDS.items()}
_INVOICES = (MutationKind.SALES_INVOICE, MutationKind.PURCHASE_INVOICE)
_PAYMENTS = (MutationKind.PAYMENT_RECEIVED, MutationKind.PAYMENT_SENT)

_MUTATION_LENGTHS = {
    "Rekening": 10,
    "RelatieCode": 15,
    "Factuurnummer": 50,
    "Boekstuk": 50,
    "Betalingstermijn": 4,
}
_INVOICE_LENGTHS = {"Factuurnummer": 50, "Relatiecode": 15, "Factuursjabloon": 50}
_LINE_LENGTHS = {"BTWCode": 12, "TegenrekeningCode": 10}
_RELATION_LENGTHS = {
    "Code": 15,
    "Bedrijf": 100,
    "Contactpersoon": 150,
    "Adres": 150,
    "Postcode": 50,
    "Plaats": 50,
    "Land": 50,
    "Email": 150,
    "BTWNummer": 50,
}


class NotSendable(ValueError):
    """A booking that the wire can't carry as it is; nothing was sent.

    Attributes:
        code: "local-length", "local-missing", "local-value", "local-date" or "local-amounts".
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(detail)


def clean(text: str) -> str:
    """Text that XML can carry: composed (NFC), control characters as blanks, no lone surrogates."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # Nearly every text: nothing to compose or to leave out.
    kept = (
        " " if unicodedata.category(letter) == "Cc" else letter
        for letter in text
        if unicodedata.category(letter) != "Cs" and ord(letter) & 0xFFFE != 0xFFFE
    )
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def cut(text: str, limit: int) -> str:
    """The first `limit` UTF-16 units of a text, never half a character."""
    units = text.encode("utf-16-le")
    return text if len(units) <= 2 * limit else units[: 2 * limit].decode("utf-16-le", "ignore")


def mutation_fields(mutation: Mutation, token: str, description_limit: int) -> dict[str, Any]:
    """The fields of `oMut`.

    Raises:
        NotSendable: with the reason.
    """
    _check_mutation(mutation)
    term = str(mutation.payment_term_days) if mutation.kind in _INVOICES else ""
    texts = {
        "Rekening": clean(mutation.account),
        "RelatieCode": clean(mutation.relation_code),
        "Factuurnummer": clean(mutation.invoice_number),
        "Boekstuk": clean(token),
        "Betalingstermijn": term,
    }
    _check_lengths(texts, _MUTATION_LENGTHS)
    return {
        "MutatieNr": 0,  # Required by the description, ignored by the service.
        "Soort": _KIND_WORDS[mutation.kind],
        "Datum": mutation.date.isoformat(),
        **_known(texts),
        "Omschrijving": cut(clean(f"{token} {mutation.description}"), description_limit),
        "InExBTW": mutation.in_ex_vat or None,
        "MutatieRegels": {
            "cMutatieRegel": [_line_fields(line, mutation.in_ex_vat) for line in mutation.lines]
        },
    }


def invoice_fields(mutation: Mutation, token: str, description_limit: int) -> dict[str, Any]:
    """The fields of `oFact`: an invoice that the service makes from a template and books.

    Raises:
        NotSendable: with the reason.
    """
    _check_mutation(mutation)
    document = mutation.document
    if document is None:
        raise NotSendable("local-missing", "an invoice needs its document")
    texts = {
        "Factuurnummer": clean(mutation.invoice_number),
        "Relatiecode": clean(mutation.relation_code),
        "Factuursjabloon": clean(document.template),
    }
    _check_lengths(texts, _INVOICE_LENGTHS)
    if not texts["Factuursjabloon"] or not document.lines:
        raise NotSendable("local-missing", "an invoice needs its template and its lines")
    if not texts["Factuurnummer"][-1:].isdigit():
        raise NotSendable("local-value", "the number of an invoice must end in a digit")
    day = mutation.date.isoformat()
    return {
        **texts,
        "Datum": day,
        "Betalingstermijn": mutation.payment_term_days,
        "PerEmailVerzenden": False,
        "AutomatischeIncasso": False,
        "IncassoMachtigingDatumOndertekening": day,  # Required by the description, meaningless.
        "IncassoMachtigingFirst": False,
        "InBoekhoudingPlaatsen": True,
        "BoekhoudmutatieOmschrijving": cut(
            clean(f"{token} {mutation.description}"), description_limit
        ),
        "Regels": {"cFactuurRegel": [_document_line_fields(line) for line in document.lines]},
    }


def _document_line_fields(line: DocumentLine) -> dict[str, Any]:
    if line.vat_code not in VAT_CODES:
        raise NotSendable("local-value", f"{line.vat_code!r} is no VAT code")
    texts = {"BTWCode": line.vat_code, "TegenrekeningCode": clean(line.account)}
    _check_lengths(texts, _LINE_LENGTHS)
    text = clean(line.text)
    return {
        "Aantal": line.pieces,
        "Eenheid": "",
        "Code": cut(clean(line.code) or text, 50),
        "Omschrijving": text,
        "PrijsPerEenheid": line.unit_price,
        "KostenplaatsID": 0,
        **texts,
    }


def _check_mutation(mutation: Mutation) -> None:
    if not FIRST_DATE <= mutation.date <= LAST_DATE:
        raise NotSendable("local-date", f"the date {mutation.date} is not in 1980 to 2049")
    if mutation.in_ex_vat not in ("IN", "EX") and (
        mutation.in_ex_vat or mutation.kind in _INVOICES
    ):
        raise NotSendable("local-value", f"{mutation.in_ex_vat!r} is neither IN nor EX")
    needed = {"account": mutation.account, "lines": mutation.lines}
    if mutation.kind in (*_INVOICES, *_PAYMENTS):
        needed |= {"relation code": mutation.relation_code, "number": mutation.invoice_number}
    for name, value in needed.items():
        if not value:
            raise NotSendable("local-missing", f"a {mutation.kind} needs its {name}")


def _line_fields(line: MutationLine, in_ex_vat: str) -> dict[str, Any]:
    if line.vat_code not in VAT_CODES:
        raise NotSendable("local-value", f"{line.vat_code!r} is no VAT code")
    if line.net_cents + line.vat_cents != line.gross_cents:
        raise NotSendable("local-amounts", "net and VAT of a line do not add up to its gross")
    texts = {"BTWCode": line.vat_code, "TegenrekeningCode": clean(line.account)}
    _check_lengths(texts, _LINE_LENGTHS)
    if not texts["TegenrekeningCode"]:
        raise NotSendable("local-missing", "a line needs its account")
    return {
        "BedragInvoer": euros(line.gross_cents if in_ex_vat == "IN" else line.net_cents),
        "BedragExclBTW": euros(line.net_cents),
        "BedragBTW": euros(line.vat_cents),
        "BedragInclBTW": euros(line.gross_cents),
        "BTWPercentage": line.vat_percent.quantize(CENT),
        "KostenplaatsID": 0,
        **texts,
    }


def relation_fields(relation: Relation, today: date) -> dict[str, Any]:
    """The fields of `oRel`.

    Raises:
        NotSendable: with the reason.
    """
    texts = _relation_texts(relation)
    if not texts["Code"] or not texts["Bedrijf"]:
        raise NotSendable("local-missing", "a relation needs its code and its company")
    _check_lengths(texts, _RELATION_LENGTHS)
    return {
        "ID": 0,
        "AddDatum": today.isoformat(),
        **_known(texts),
        "BP": "B" if relation.is_business else "P",
        "Gb_ID": 0,
        "GeenEmail": 0,
        "NieuwsbriefgroepenCount": 0,
    }


def _relation_texts(relation: Relation) -> dict[str, str]:
    return {
        "Code": clean(relation.code),
        "Bedrijf": clean(relation.company),
        "Contactpersoon": clean(relation.contact),
        "Adres": clean(relation.address),
        "Postcode": clean(relation.postal_code),
        "Plaats": clean(relation.city),
        "Land": clean(relation.country),
        "Email": clean(relation.email),
        "BTWNummer": clean(relation.vat_number),
    }


def filled_relation(
    row: Mapping[str, Any], relation: Relation
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields of `oRel` that fill what is empty in a relation, and which ones those are.

    Everything that stands in the books is sent back as it is, for what is left out or sent empty
    may be blanked. A buyer without a name gets it when it becomes known.

    Args:
        row: the cRelatie as it was read just now.
        relation: as it is known.

    Raises:
        NotSendable: a field is too long.
    """
    texts = _known(_relation_texts(relation))
    _check_lengths(texts, _RELATION_LENGTHS)
    standing = {name: value for name, value in row.items() if value not in (None, "")}
    filled = {
        name: text
        for name, text in texts.items()
        if not str(standing.get(name, "")).strip()
        or (name == "Bedrijf" and standing[name] == NAMELESS != text)
    }
    added = row["AddDatum"]
    scalars = {
        "ID": row["ID"],
        "AddDatum": added.date().isoformat() if isinstance(added, datetime) else added,
        "Gb_ID": row["Gb_ID"] or 0,
        "GeenEmail": row["GeenEmail"] or 0,
        "NieuwsbriefgroepenCount": row["NieuwsbriefgroepenCount"] or 0,
    }
    return {**standing, **filled, **scalars}, tuple(sorted(filled))


def _known(texts: Mapping[str, str]) -> dict[str, str]:
    # A field that is sent empty is blanked by the service; one that is left out is not touched.
    return {name: text for name, text in texts.items() if text}


def _check_lengths(texts: Mapping[str, str], limits: Mapping[str, int]) -> None:
    for name, text in texts.items():
        units = len(text.encode("utf-16-le")) // 2
        if units > limits[name]:
            raise NotSendable(
                "local-length", f"{name} has {units} characters, {limits[name]} are allowed"
            )


def listed(wrapper: Any, name: str) -> list[Any]:
    """The items of an `ArrayOf…` as a list: the wrapper may be absent, empty or hold holes."""
    items = None if wrapper is None else wrapper[name]
    return [item for item in items or [] if item is not None]


def booked_mutation(row: Any) -> BookedMutation:
    """A cMutatieList as ours."""
    header = _text(row.Factuurnummer)
    lines = tuple(
        BookedLine(
            account=_text(line.TegenrekeningCode),
            vat_code=_text(line.BTWCode),
            net_cents=cents(line.BedragExclBTW),
            vat_cents=cents(line.BedragBTW),
            gross_cents=cents(line.BedragInclBTW),
            # A payment made by a person may carry "760-1,760" in its header; its rows know better.
            invoice_number=_text(line.Factuurnummer) or ("" if "," in header else header),
        )
        for line in listed(row.MutatieRegels, "cMutatieListRegel")
    )
    return BookedMutation(
        number=int(row.MutatieNr),
        kind=_KINDS.get(_text(row.Soort)),
        date=_date(row.Datum),
        account=_text(row.Rekening),
        relation_code=_text(row.RelatieCode),
        invoice_number=header,
        voucher=_text(row.Boekstuk),
        description=_text(row.Omschrijving),
        in_ex_vat=_text(row.InExBTW),
        lines=lines,
    )


def concerns(mutation: BookedMutation, invoice_number: str) -> bool:
    """Whether a mutation names an invoice, in its header (where several are joined) or its rows."""
    named = {number.strip().casefold() for number in mutation.invoice_number.split(",")}
    named |= {line.invoice_number.strip().casefold() for line in mutation.lines}
    return clean(invoice_number).casefold() in named


def booked_relation(row: Any) -> BookedRelation:
    """A cRelatie as ours."""
    return BookedRelation(int(row.ID), _text(row.Code), _text(row.Bedrijf), _text(row.BTWNummer))


def open_item(row: Any) -> OpenItem:
    """A cOpenPost as ours."""
    return OpenItem(
        invoice_number=_text(row.MutFactuur),
        relation_code=_text(row.RelCode),
        date=_date(row.MutDatum),
        total_cents=cents(row.Bedrag),
        paid_cents=cents(row.Voldaan),
        open_cents=cents(row.Openstaand),
    )


def cents(amount: Any) -> int:
    """Cents of an amount as the service sends it: xs:decimal, or xs:double that zeep made float."""
    # A double's shortest text is what the books hold; its last binary digits are not.
    return cents_of(Decimal(str(amount)).quantize(CENT))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _date(value: Any) -> date:
    return value.date() if isinstance(value, datetime) else value
