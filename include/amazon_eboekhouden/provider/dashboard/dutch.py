"""The words on the page: Dutch, with those of the bookkeeping program's own manual."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from string import Formatter

from amazon_eboekhouden.domain.money import in_dutch
from amazon_eboekhouden.domain.problems import CATALOGUE, Problem
from amazon_eboekhouden.ledger.rows_shown import BookingRow
from amazon_eboekhouden.provider.dashboard.dutch_audit import AUDIT
from amazon_eboekhouden.provider.dashboard.dutch_checks import SETTINGS
from amazon_eboekhouden.provider.dashboard.dutch_orders import ORDERS, Words
from amazon_eboekhouden.provider.dashboard.dutch_settlements import BOOKINGS, SETTLEMENTS

PROBLEMS: Mapping[str, Words] = {
    **SETTINGS,
    **ORDERS,
    **SETTLEMENTS,
    **BOOKINGS,
    **AUDIT,
}

KINDS: Mapping[str, str] = {
    "REL": "relatie",
    "INV": "factuur",
    "CRN": "creditnota",
    "PAY": "factuurbetaling",
    "FEE": "ingehouden kosten",
    "MNY": "geldmutatie",
    "IFE": "kostenfactuur Amazon",
    "REV": "tegenboeking",
}
# Kind of a mutation, with the words of the bookkeeping program.
MUTATION_KINDS: Mapping[str, str] = {
    "sales_invoice": "factuur verstuurd",
    "purchase_invoice": "factuur ontvangen",
    "payment_received": "factuurbetaling ontvangen",
    "payment_sent": "factuurbetaling verstuurd",
    "money_received": "geld ontvangen",
    "money_spent": "geld uitgegeven",
    "general_journal": "memoriaal",
}
# Why an order is rightly not booked.
SKIPPED: Mapping[str, str] = {
    "pending": "nog niet betaald",
    "not_shipped": "nog niet verzonden",
    "cancelled": "geannuleerd",
    "unfulfillable": "niet te leveren",
    "invoice_unconfirmed": "nog niet bevestigd",
    "replacement": "vervangende zending",
    "nothing_to_pay": "zonder bedrag",
    "multi_channel": "niet via Amazon verkocht",
    "other_marketplace": "van een andere marktplaats",
    "before_go_live": "van voor de ingangsdatum",
    "passed_over_by_a_person": "door iemand overgeslagen",
}
# Step in the natural key of a money mutation: what it is for.
MONEY_STEPS: Mapping[str, str] = {
    "payout": "uitbetaling",
    "reimbursement": "vergoedingen Amazon",
    "reserve": "reserve",
    "carried": "negatief saldo",
    "debt": "schuld andere rekening",
    "micro": "proefoverboeking",
    "suspense": "nog uit te zoeken",
    "before-go-live": "van voor ingang",
    "tolerance": "centenverschillen",
    "unpark": "alsnog naar de factuur",
}
# State of a booking: (word, light).
STATES: Mapping[str, tuple[str, str]] = {
    "PLANNED": ("wacht op verzending", "grey"),
    "SENDING": ("wordt verstuurd", "amber"),
    "UNKNOWN": ("onzeker", "amber"),
    "CONFIRMED": ("geboekt", "green"),
    "REJECTED": ("geweigerd", "red"),
    "CONFLICT": ("staat anders in de boeken", "red"),
    "NEEDS_HUMAN": ("wacht op uw keuze", "red"),
    "HALF": ("half geboekt", "red"),
    "DRIFTED": ("in de boeken veranderd", "red"),
    "SUPERSEDED": ("vervangen", "grey"),
    "IGNORED": ("genegeerd", "grey"),
}
REASONS: Mapping[str, str] = {
    "foreign": "factuurnummer door iemand anders geboekt",
    "absent": "verstuurd en nooit aangekomen",
    "duplicated": "staat dubbel",
    "not-visible": "niet te zien of zij er staat",
    "conflict": "andere inhoud dan verstuurd",
    "half": "factuur zonder mutatie",
    "deleted": "verwijderd uit de boeken",
    "changed": "veranderd in de boeken",
    "drift-duplicated": "staat dubbel",
    "adopted": "overgenomen zoals het er staat",
    "no-answer": "geen antwoord gekregen",
    "session-expired": "sessie verlopen",
    "number-exists": "nummer bestaat al",
}
CHOICES: Mapping[str, tuple[str, str]] = {
    "retry": ("Opnieuw aanbieden", "de boeking wordt nog eens verstuurd"),
    "adopt": ("Overnemen", "wat in de boeken staat telt als de onze"),
    "rebook": ("Onze boeken", "onze boeking wordt (opnieuw) verstuurd"),
    "ignore": ("Negeren", "er gebeurt niets meer mee"),
    "approve": ("Goedkeuren", "de afrekening mag geboekt worden"),
    "reject": ("Afwijzen", "de afrekening wordt zo niet geboekt"),
    "activate": ("Activeren", "de koppeling haalt op en boekt"),
    "deactivate": ("Deactiveren", "er wordt niets meer opgehaald of geboekt"),
}
# State of a settlement: (word, light).
SETTLEMENT_STATES: Mapping[str, tuple[str, str]] = {
    "found": ("gevonden, nog niet geboekt", "grey"),
    "waiting": ("wacht op goedkeuring", "amber"),
    "refused": ("niet te boeken", "red"),
    "booked": ("geboekt", "green"),
}


@dataclass(frozen=True, slots=True)
class Worded:
    """A problem as a person reads it."""

    title: str
    cause: str
    todo: str


def title_of(code: str) -> str:
    """Short name of a problem; the code itself when it has none."""
    return PROBLEMS[code][0] if code in PROBLEMS else code


def worded(found: Problem) -> Worded:
    """A problem in Dutch, with its own details; the stored wording where they can't be found."""
    if found.code not in PROBLEMS:
        return Worded(found.code, found.cause, found.todo)
    title, cause, todo = PROBLEMS[found.code]
    details = _details(found)
    return Worded(
        title,
        _filled(cause, details) or found.cause,
        _filled(todo, details) or found.todo,
    )


def kind_of(booking: BookingRow) -> str:
    """What kind of booking it is; of money, what for."""
    if booking.kind == "MNY":
        step = [*booking.natural.split(":"), "", ""][2].rstrip("+-")
        return MONEY_STEPS.get(step, KINDS["MNY"])
    return KINDS.get(booking.kind, booking.kind)


def row_in_dutch(row: str) -> str:
    """What a problem is about: `order 405-…` becomes `bestelling 405-…`."""
    for english, dutch in _ROWS:
        if row == english or row.startswith(english + " "):
            return dutch + row[len(english) :]
    return row


_ROWS = (
    ("order", "bestelling"),
    ("settlement", "afrekening"),
    ("ledger account", "grootboekrekening"),
    ("mutation", "mutatie"),
    ("connection", "verbinding"),
    ("coupling", "koppeling"),
    ("administration", "administratie"),
    ("chart of accounts", "grootboekrekeningen"),
)


def placeholders(text: str) -> set[str]:
    """Names of the details that a wording needs."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _filled(text: str, details: Mapping[str, str]) -> str:
    return text.format(**details) if placeholders(text) <= set(details) else ""


def _details(found: Problem) -> dict[str, str]:
    """The details of a stored problem, read back from its catalogue wording."""
    kind = CATALOGUE.get(found.code)
    if kind is None:
        return {}
    details: dict[str, str] = {}
    for wording, text in ((kind.cause, found.cause), (kind.todo, found.todo)):
        match = _pattern(wording).fullmatch(text)
        if match:
            details |= match.groupdict()
    return {name: _number_in_dutch(name, text) for name, text in details.items()}


def _number_in_dutch(name: str, text: str) -> str:
    is_number = name in NUMBERS and _NUMBER.fullmatch(text)
    return in_dutch(Decimal(text)) if is_number else text


# Details that are an amount, or a rate. A SKU, an account or the text of a file is none, whatever
# it looks like.
NUMBERS = frozenset(
    {
        *("amount", "balance", "base", "booked", "books", "carried", "difference", "excess"),
        *("found", "held", "invoiced", "kept", "left", "left_over", "net", "own", "paid", "parts"),
        *("payout", "rate", "recent", "refunded", "rest", "returned", "sum", "summary", "tax"),
        *("total", "vat"),
    }
)
_NUMBER = re.compile(r"-?[0-9]+\.[0-9]{1,2}")


@cache
def _pattern(wording: str) -> re.Pattern[str]:
    parts, seen = [], set[str]()
    for literal, name, _, _ in Formatter().parse(wording):
        parts.append(re.escape(literal))
        if name:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.*?)")
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL)
