"""A run's report for a person at a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from amazon_eboekhouden.domain.journal import JournalLine, journal
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.pipelines.report import RunReport


def text_of(report: RunReport, *, counts: bool) -> str:
    """The report as lines.

    Args:
        report: what a command did.
        counts: its first line is what was booked.
    """
    lines = []
    if counts:
        lines.append(
            f"booked {report.booked}, already booked {report.already_booked}, skipped "
            f"{report.skipped}, unknown {report.unknown}, problems {len(report.problems)}"
        )
    lines += [f"  skipped {count}: {why}" for why, count in sorted(report.skipped_reasons.items())]
    for found in report.problems:
        lines += [f"  {found.row}: {found.cause}", f"    [{found.code}] {found.todo}"]
    for shown in report.preview:
        lines += _preview_text(shown)
    if "story" in report.details:
        lines.append(str(report.details["story"]))
    for name, value in report.details.items():
        lines += _detail_text(name, value)
    if report.retry_after_utc is not None:
        lines.append(f"not finished; come back after {report.retry_after_utc.isoformat()}")
    return "\n".join(lines or ["nothing to report"]) + "\n"


def _preview_text(shown: dict[str, Any]) -> list[str]:
    """What would be booked: of a mutation its journal lines, of a relation only which one."""
    if "mutation" not in shown:
        relation = shown["relation"]
        return [
            f"  would add relation {relation['code']} ({relation['country']}) for {shown['row']}"
        ]
    mutation = shown["mutation"]
    number = f" {mutation['invoice_number']}" if mutation["invoice_number"] else ""
    kind = str(mutation["kind"]).replace("_", " ")
    title = f"  would book {kind}{number}, {mutation['date']}, {mutation['description']}"
    return [title, *(_journal_text(line) for line in journal(mutation))]


def _journal_text(line: JournalLine) -> str:
    name = f"{line.account or 'VAT'} {line.vat_code}".strip()
    debit, credit = (
        f"{euros(cents)}" if cents else "" for cents in (line.debit_cents, line.credit_cents)
    )
    return f"    {name:<24}{debit:>14}{credit:>14}"


def _detail_text(name: str, value: Any) -> list[str]:
    if name in ("story", "order"):  # The story is the order, for a person.
        return []
    if name == "statement":
        return _proof_text(value)
    # Other commands give a count under the same name.
    if isinstance(value, list) and name in _LISTS:
        return _LISTS[name](value)
    return [f"  {name}: {value if isinstance(value, str) else json.dumps(value)}"]


def _mapping_text(accounts: list[dict[str, Any]]) -> list[str]:
    return [
        f"  {one['account']:<10} {one['category']:<5} {one['description']} ({one['role']})"
        for one in accounts
    ]


def _table_text(rows: list[dict[str, Any]]) -> list[str]:
    """Rows of a report below each other, amounts in euros."""
    if not rows:
        return ["  no rows"]
    names = [name.removesuffix("_cents") for name in rows[0]]
    table = [names, *([_cell(name, value) for name, value in row.items()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  " + "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in table
    ]


def _cell(name: str, value: Any) -> str:
    return f"{euros(value)}" if name.endswith("_cents") and value is not None else f"{value}"


def _settlement_text(summary: dict[str, Any]) -> list[str]:
    """The statement of one settlement, line by line."""
    currency = summary["currency"]
    return [
        f"settlement {summary['settlement_id']}, {summary['start']} to {summary['end']}",
        *(
            f"  {line['section']}: {line['line']}".ljust(62) + f"{euros(line['cents']):>14}"
            for line in summary["lines"]
        ),
        f"  total according to Amazon, {currency}".ljust(62)
        + f"{euros(summary['total_cents']):>14}",
        *map(_of_another, summary.get("invoices_of_others", ())),
        *_proposal_text(summary.get("proposal")),
    ]


def _of_another(found: dict[str, Any]) -> str:
    """An open item of another coupling that the settlement pays."""
    how = found["how"].replace("_", " ")
    line = f"  order {found['order_id']} pays {found['invoice']} of another, found by {how}"
    return line.ljust(62) + f"{euros(found['cents']):>14}"


def _proposal_text(proposal: dict[str, int] | None) -> list[str]:
    """The manual's method: what it books beside what Amazon withheld, and what it loses."""
    if not proposal:
        return []
    names = {
        "paid": "paid on invoices",
        "left_over": "left-over invoices to costs",
        "fees": "fees that Amazon withheld",
        "vat_lost": "VAT in them that is not deducted",
        "still_open": "stays open",
        "unplaced": "of the deposit, on no invoice",
    }
    return [
        f"  {text}".ljust(62) + f"{euros(proposal[f'{name}_cents']):>14}"
        for name, text in names.items()
        if proposal[f"{name}_cents"] or name != "unplaced"
    ]


def _proof_text(made: dict[str, Any]) -> list[str]:
    """The proof of one settlement: its lines with their mutations, and the ledger accounts."""
    return [
        *_settlement_text(made),
        *(
            f"  account {found['account']} {found['vat_code']}".ljust(62)
            + f"{euros(found['net_cents']):>14}"
            + (f"  VAT {euros(found['vat_cents'])}" if found["vat_cents"] else "")
            for found in made["accounts"]
        ),
        f"  {made['booked']} of {made['mutations']} mutations booked",
        f"  bank line, EUR, against account {made['bank_account']}".ljust(62)
        + f"{euros(made['bank_eur_cents']):>14}",
    ]


def _fee_invoice_text(shown: dict[str, Any]) -> list[str]:
    """A fee invoice beside the books, per kind."""
    lines = [f"fee invoice {shown['number']}, fees of {shown['month']}"]
    if "kinds" not in shown:
        return [*lines, "  booked before"]
    head = ("kind", "booked net", "booked VAT", "waiting", "billed net", "billed VAT", "difference")
    lines.append("  " + head[0].ljust(18) + "".join(name.rjust(12) for name in head[1:]))
    names = ("booked_net", "booked_vat", "accrued", "invoiced_net", "invoiced_vat", "difference")
    for kind in shown["kinds"]:
        amounts = "".join(f"{euros(kind[f'{name}_cents']):>12}" for name in names)
        lines.append("  " + (kind["kind"] or "all together").ljust(18) + amounts)
    return lines


_LISTS: Mapping[str, Callable[[list[dict[str, Any]]], list[str]]] = {
    "mapping": _mapping_text,
    "rows": _table_text,
    "fee_invoices": lambda found: [line for one in found for line in _fee_invoice_text(one)],
    "settlements": lambda found: [line for one in found for line in _settlement_text(one)],
}
