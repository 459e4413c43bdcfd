"""Every behaviour of the real service that could not be verified, as a switch with a default.

The defaults accept every worked case of the golden file. The list of options in `COVERAGE.md` is
generated from this table.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from coupling_sandbox.given import texts

_R20: Final = "e-Boekhouden reference, section 20"


def _switch(default: str, other: str, *more: str, meaning: str, source: str = _R20) -> Any:
    values = (default, other, *more)
    return field(default=default, metadata={"values": values, "meaning": meaning, "source": source})


def _flag(default: bool, meaning: str, source: str = _R20) -> Any:
    values = (default, not default)
    return field(default=default, metadata={"values": values, "meaning": meaning, "source": source})


def _number(default: int, meaning: str, source: str = _R20, least: int = 1) -> Any:
    return field(
        default=default,
        metadata={"values": int, "least": least, "meaning": meaning, "source": source},
    )


def _day(meaning: str, source: str = _R20) -> Any:
    return field(default=None, metadata={"values": dt.date, "meaning": meaning, "source": source})


@dataclass(frozen=True, slots=True)
class Options:
    """The switches and their present positions. Change them with `changed`."""

    duplicate_invoice_number: str = _switch(
        "refuse", "accept", meaning="a sales invoice number that already exists"
    )
    negative_payment: str = _switch(
        "accept",
        "refuse",
        meaning="FactuurbetalingOntvangen with a negative amount (a refund on a credit note)",
    )
    payment_header_any_category: str = _switch(
        "accept", "refuse", meaning="a payment whose header is not FIN, such as a 4xxx account"
    )
    zero_total_purchase_invoice: str = _switch(
        "accept",
        "refuse",
        meaning="FactuurOntvangen with total 0.00 and a negative row on a BAL account",
    )
    row_any_category: str = _switch(
        "refuse", "accept", meaning="rows of invoices and money on FIN, DEB or CRED (MUT_106)"
    )
    server_recomputes_vat: bool = _flag(
        False, "BedragBTW as sent, or recomputed from the total per VAT code"
    )
    cap_before_filter: bool = _flag(
        False, "the newest 500 within the filter, or the filter within the newest 500 of all"
    )
    empty_lists: str = _switch(
        "absent", "empty", meaning="an empty list: wrapper left out, or present and empty"
    )
    get_mutaties_cap: int = _number(500, "rows that GetMutaties gives at most")
    get_mutaties_calls_per_month: int = _number(5000, "GetMutaties calls per calendar month")
    calls_counted: str = _switch(
        "get_mutaties",
        "all",
        meaning="which calls count for the month: GetMutaties alone, or all with a session",
        source="e-Boekhouden reference, section 21",
    )
    other_lists_cap: int = _number(
        0,
        "newest rows that GetFacturen, GetRelaties and GetOpenPosten give at most; 0 = all",
        "e-Boekhouden reference, section 21",
        least=0,
    )
    missing_dates: str = _switch(
        "no_bound",
        "year_one",
        meaning="a filter without DatumVan or DatumTm: no bound, or 0001-01-01 as ASMX reads it",
        source="unverified; a client notes that GetFacturen by relation needs both dates",
    )
    missing_source: str = _switch(
        "accept",
        "refuse",
        meaning="OpenSession without Source",
        source="e-Boekhouden reference, section 6: one client calls it required",
    )
    session_minutes: int = _number(20, "minutes after which a session expires")
    session_expiry: str = _switch(
        "idle", "absolute", meaning="the minutes count from the last call, or from the opening"
    )
    partial_payment: str = _switch("accept", "refuse", meaning="a payment below the open amount")
    over_payment: str = _switch("accept", "refuse", meaning="a payment above the open amount")
    comma_joined_invoice_number: str = _switch(
        "refuse",
        "split",
        meaning="a payment whose header names several invoices, comma-joined: refused, or split",
    )
    mutation_description_limit: int = _number(
        200, "characters in a mutation's Omschrijving (or 50)"
    )
    memorial_sign: str = _switch(
        "debit_header", "credit_header", meaning="what a positive Memoriaal row does to the header"
    )
    closed_through: dt.date | None = _day(  # noqa: RUF009 - it returns a dataclass field
        "last day of the closed period; null = nothing is closed"
    )
    opening_balance_date: dt.date | None = _day(  # noqa: RUF009 - it returns a field
        "date of the opening balance; mutations must be later (MUT_022)", "REST error list"
    )
    account_state: str = _switch(
        "active",
        "not_activated",
        "overdue",
        "closed_by_accountant",
        "trial_limit",
        meaning="state of the account (SECURITY_004, SECURITY_005, SECURITY_007, MODULE_001)",
        source="REST error list",
    )
    missing_description: str = _switch(
        "accept",
        "refuse",
        meaning="a mutation without Omschrijving (required by the manual)",
        source="e-Boekhouden reference, section 11; the golden cases name none",
    )
    missing_payment_term: str = _switch(
        "accept",
        "refuse",
        meaning="an invoice without Betalingstermijn (required by the manual)",
        source="e-Boekhouden reference, section 11; the golden cases name none",
    )
    payment_term_elsewhere: str = _switch(
        "accept",
        "refuse",
        meaning="a Betalingstermijn on a mutation that is no invoice (MUT_016)",
        source="REST error list",
    )
    relation_on_money: str = _switch(
        "refuse",
        "accept",
        meaning="a relation on GeldOntvangen, GeldUitgegeven or Memoriaal (MUT_014)",
        source="REST error list; that it means these kinds is inferred",
    )
    vat_amount_mismatch: str = _switch(
        "accept",
        "refuse",
        meaning="BedragBTW more than a cent per row away from the rate of its code",
        source="unverified",
    )
    row_sum_tolerance_cents: int = _number(
        1,
        "cents by which BedragExclBTW + BedragBTW may miss BedragInclBTW; the total wins (MUT_118)",
        "one client rounds the two parts apart and runs against the live service",
        least=0,
    )
    bi_eu_verk_side: str = _switch(
        "sale",
        "purchase",
        meaning="side of BI_EU_VERK; the REST list puts it under purchase, probably a slip",
        source="e-Boekhouden reference, section 9",
    )
    balance_sign: str = _switch(
        "debit_positive",
        "credit_positive",
        meaning="sign of a balance in GetSaldo and GetSaldi",
        source="unverified",
    )
    round_unit_price: bool = _flag(
        False, "PrijsPerEenheid of AddFactuur rounded to cents first", "accounting, section 13"
    )
    invoice_mutation_description: str = _switch(
        "as_sent",
        "invoice_number",
        meaning="Omschrijving of the mutation that AddFactuur books",
        source="reliability reference, section 1.4",
    )
    unknown_element_in_answer: bool = _flag(
        False, "an element outside the description in every answer (strict clients refuse it)"
    )
    mutation_rows_limit: int = _number(
        1000, "rows of one mutation (MUT_101)", "REST error list; the number is a guess"
    )
    missing_invoice_row_code: str = _switch(
        "accept",
        "refuse",
        meaning="a row of AddFactuur without Code (required by the manual)",
        source="e-Boekhouden reference, section 11",
    )
    invoice_templates: tuple[str, ...] = field(
        default=("Factuursjabloon", "Amazon"),
        metadata={
            "values": list,
            "meaning": "names of the invoice templates that AddFactuur finds",
            "source": "made up; SOAP offers no list of templates",
        },
    )

    def changed(self, body: dict[str, Any]) -> Options:
        """Return the options with the values of `body`; raise ValueError on an unknown one."""
        by_name = {f.name: f for f in fields(self)}
        unknown = sorted(set(body) - set(by_name))
        if unknown:
            raise ValueError(f"unknown option {unknown[0]!r}; known: {', '.join(by_name)}")
        values = {name: _coerced(name, by_name[name], value) for name, value in body.items()}
        return replace(self, **values)

    def as_json(self) -> dict[str, Any]:
        """The present positions as JSON values."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


def _coerced(name: str, definition: Any, value: Any) -> Any:
    allowed = definition.metadata["values"]
    if isinstance(allowed, tuple):
        for one in allowed:
            if type(one) is type(value) and one == value:
                return one
        raise ValueError(f"option {name!r} takes one of {list(allowed)}, not {value!r}")
    if allowed is int:
        return _coerced_number(name, value, definition.metadata["least"])
    if allowed is dt.date:
        return None if value is None else dt.date.fromisoformat(value)
    return texts(name, value)


def _coerced_number(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"option {name!r} takes a whole number from {least}, not {value!r}")
    return value
