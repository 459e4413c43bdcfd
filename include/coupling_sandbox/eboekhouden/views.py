"""What the pages of the books show: rows and figures, computed from the books for one screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from coupling_sandbox.eboekhouden.administrations import Administration
from coupling_sandbox.eboekhouden.books import CREDITORS, DEBTORS, OpenItem, side_of
from coupling_sandbox.eboekhouden.invoices import Document, open_amount
from coupling_sandbox.eboekhouden.postings import SALES_INVOICE, Mutation

PAGE_SIZE = 50
AGES = ((30, "0 tot 30 dagen"), (60, "31 tot 60 dagen"), (90, "61 tot 90 dagen"), (None, "ouder"))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a long list, with where it stands."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int


def paged(rows: Sequence[Any], number: int) -> Page:
    """Cut page `number` (from 1) out of a list; beyond its ends the first or last page."""
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    number = min(max(number, 1), pages)
    start = (number - 1) * PAGE_SIZE
    return Page(rows[start : start + PAGE_SIZE], number, pages, len(rows))


def company_name(administration: Administration, code: str) -> str:
    """The name of a relation, or its code when it is gone."""
    relation = administration.relations.get(code)
    return str(relation["Bedrijf"]) if relation else code


def invoice_status(total: int, still_open: int) -> tuple[str, str]:
    """The state of an invoice in a word, and the style that goes with it."""
    if total < 0:
        return ("verrekend", "done") if not still_open else ("creditnota", "credit")
    if not still_open:
        return "betaald", "done"
    if still_open < 0:
        return "te veel betaald", "alarm"
    return ("open", "open") if still_open == total else ("deels betaald", "part")


def sales_invoices(administration: Administration, search: str) -> list[dict[str, Any]]:
    """The sales invoices, the newest first: booked ones, and documents that were not booked."""
    books = administration.books
    rows = [
        _booked_invoice(administration, mutation)
        for mutation in books.newest_first()
        if mutation.kind == SALES_INVOICE
    ]
    rows += [
        _document(administration, document)
        for documents in administration.documents.values()
        for document in documents
        if not document.booked
    ]
    return [row for row in rows if found(search, row["number"], row["relation"], row["name"])]


def _booked_invoice(administration: Administration, mutation: Mutation) -> dict[str, Any]:
    key = (DEBTORS, mutation.relation, mutation.invoice_number)
    item = administration.books.open_items[key]
    return _invoice_row(
        administration,
        number=mutation.invoice_number,
        date=mutation.date,
        relation=mutation.relation,
        net=sum(row.net for row in mutation.rows),
        vat=sum(row.vat for row in mutation.rows),
        still_open=item.open,
        mutation=mutation.number,
    )


def _document(administration: Administration, document: Document) -> dict[str, Any]:
    return {
        **_invoice_row(
            administration,
            number=document.number,
            date=document.date,
            relation=document.relation,
            net=document.net,
            vat=document.vat,
            still_open=open_amount(administration, document),
            mutation=None,
        ),
        "status": ("niet geboekt", "part"),
    }


def _invoice_row(
    administration: Administration,
    *,
    number: str,
    date: dt.date,
    relation: str,
    net: int,
    vat: int,
    still_open: int,
    mutation: int | None,
) -> dict[str, Any]:
    return {
        "number": number,
        "date": date,
        "relation": relation,
        "name": company_name(administration, relation),
        "net": net,
        "vat": vat,
        "gross": net + vat,
        "open": still_open,
        "status": invoice_status(net + vat, still_open),
        "mutation": mutation,
    }


def found(search: str, *texts: str) -> bool:
    """Whether a search text occurs in one of the texts; an empty one occurs everywhere."""
    wanted = search.casefold().strip()
    return not wanted or any(wanted in text.casefold() for text in texts)


def matching_mutations(administration: Administration, search: str, kind: str) -> list[Mutation]:
    """Mutations, the newest first, by kind and by a text in their header."""
    return [
        mutation
        for mutation in administration.books.newest_first()
        if (not kind or mutation.kind == kind)
        and found(
            search,
            str(mutation.number),
            mutation.invoice_number,
            mutation.relation,
            mutation.description,
            mutation.voucher,
        )
    ]


def open_items(
    administration: Administration, side: str, today: dt.date
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The open items of a side, the oldest first, and their totals by age."""
    items = [i for i in administration.books.open_items.values() if i.side == side and i.open]
    items.sort(key=lambda item: (item.date, item.invoice_number))
    rows = [_open_item(administration, item, today) for item in items]
    ages: list[dict[str, Any]] = [{"label": text, "total": 0, "count": 0} for _, text in AGES]
    for row in rows:
        age = ages[age_class(row["days"])]
        age["total"] += row["open"]
        age["count"] += 1
    largest = max((abs(age["total"]) for age in ages), default=0)
    for age in ages:
        age["share"] = round(100 * abs(age["total"]) / largest) if largest else 0
    return rows, ages


def age_class(days: int) -> int:
    """The index in AGES of an item of so many days."""
    return next(i for i, (limit, _) in enumerate(AGES) if limit is None or days <= limit)


def _open_item(administration: Administration, item: OpenItem, today: dt.date) -> dict[str, Any]:
    first = administration.books.mutations.get(item.mutations[0]) if item.mutations else None
    term = first.payment_term if first else ""
    days = (today - item.date).days
    return {
        "number": item.invoice_number,
        "relation": item.relation,
        "name": company_name(administration, item.relation),
        "date": item.date,
        "due": item.date + dt.timedelta(days=int(term)) if term.isdecimal() else None,
        "days": days,
        "age": age_class(days),
        "total": item.total,
        "paid": item.paid,
        "open": item.open,
        "mutation": first.number if first else None,
    }


def ledger_card(administration: Administration, code: str, number: int) -> dict[str, Any]:
    """The card of an account by date, with a running balance over the pages before this one."""
    lines = [
        (mutation, entry)
        for mutation in administration.books.of_account(code)
        for entry in mutation.entries
        if entry.account == code
    ]
    lines.sort(key=lambda line: (line[0].date, line[0].number))
    page = paged(lines, number)
    before = (page.number - 1) * PAGE_SIZE
    balance = sum(entry.debit - entry.credit for _, entry in lines[:before])
    opening, rows = balance, []
    for mutation, entry in page.rows:
        balance += entry.debit - entry.credit
        rows.append({"mutation": mutation, "entry": entry, "balance": balance})
    return {"page": page, "opening": opening, "rows": rows, "closing": balance}


def trial_balance(administration: Administration) -> dict[str, Any]:
    """Proef- en saldibalans: turnover and balance of every account that was used, with totals."""
    rows: list[dict[str, Any]] = []
    for account in administration.books.chart:
        debit, credit = administration.books.turnover(account.code)
        if debit or credit:
            balance = debit - credit
            rows.append(
                {
                    "account": account,
                    "debit": debit,
                    "credit": credit,
                    "balance_debit": max(balance, 0),
                    "balance_credit": max(-balance, 0),
                }
            )
    names = ("debit", "credit", "balance_debit", "balance_credit")
    profit_and_loss = [row for row in rows if row["account"].category == "VW"]
    return {
        "groups": [
            ("Balans", [row for row in rows if row["account"].category != "VW"]),
            ("Winst en verlies", profit_and_loss),
        ],
        "totals": {name: total(rows, name) for name in names},
        "result": total(profit_and_loss, "credit") - total(profit_and_loss, "debit"),
    }


def total(rows: Iterable[dict[str, Any]], name: str) -> int:
    """The sum of a column."""
    return sum(row[name] for row in rows)


def overview(administration: Administration, today: dt.date) -> dict[str, Any]:
    """The figures of the first page."""
    books = administration.books
    kinds: dict[str, int] = {}
    for mutation in books.mutations.values():
        kinds[mutation.kind] = kinds.get(mutation.kind, 0) + 1
    used_fin = [a for a in books.chart if a.category == "FIN" and books.of_account(a.code)]
    debtors, ages = open_items(administration, DEBTORS, today)
    creditors, _ = open_items(administration, CREDITORS, today)
    return {
        "kinds": sorted(kinds.items()),
        "money": [(account, books.balance(account.code)) for account in used_fin],
        "debtors": total(debtors, "open"),
        "debtors_count": len(debtors),
        "creditors": total(creditors, "open"),
        "ages": ages,
        "revenue": -sum(
            books.balance(a.code)
            for a in books.chart
            if a.category == "VW" and a.code.startswith("8")
        ),
        "costs": sum(
            books.balance(a.code)
            for a in books.chart
            if a.category == "VW" and not a.code.startswith("8")
        ),
        "newest": [m for m, _ in zip(books.newest_first(), range(12), strict=False)],
        "balanced": all(
            sum(e.debit - e.credit for e in m.entries) == 0 for m in books.mutations.values()
        ),
    }


def invoice_history(
    administration: Administration, side: str, relation: str, number: str
) -> list[Mutation]:
    """The invoice and its payments, in the order of booking."""
    return [
        mutation
        for mutation in administration.books.of_invoice(number)
        if side_of(mutation.kind) == side and mutation.relation == relation
    ]
