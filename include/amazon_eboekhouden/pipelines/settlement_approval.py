"""What a person reads before a settlement is approved: its statement, and what to weigh."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.settlement.others import BY_AMOUNT

# Beyond so many the text only counts them; the page of the settlement has them all.
_LISTED_MOST = 100
_FOUND_BY = {BY_AMOUNT: "bedrag en datum"}


def text_of(summary: Mapping[str, Any]) -> str:
    """The text of an approval.

    Args:
        summary: of a settlement, as `settlements` keeps it in its batch.
    """
    currency = summary["currency"]
    lines = [
        f"Afrekening **{summary['settlement_id']}**, {summary['start']} tot {summary['end']}",
        "",
        f"| regel | bedrag ({currency}) |",
        "|---|---:|",
        *(f"| {x['section']}: {x['line']} | {euros(x['cents'])} |" for x in summary["lines"]),
        f"| **totaal volgens Amazon** | **{euros(summary['total_cents'])}** |",
        *_on_accounts(summary.get("accounts", ())),
        *_of_others(summary.get("invoices_of_others", ())),
        *_still_open(summary),
    ]
    if "proposal" in summary:
        proposed = {k.removesuffix("_cents"): euros(v) for k, v in summary["proposal"].items()}
        lines.append("")
        lines.append(
            "Voorstel: {paid} op facturen, {left_over} naar kosten; {vat_lost} btw wordt niet "
            "afgetrokken; {still_open} blijft open.".format(**proposed)
        )
    return "\n".join(lines)


def _still_open(summary: Mapping[str, Any]) -> Iterator[str]:
    """What this settlement leaves open on the invoices that it pays."""
    if summary.get("still_open_cents"):
        yield from ("", f"Op de facturen blijft {euros(summary['still_open_cents'])} EUR open.")


def _on_accounts(accounts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is booked on each ledger account, debit above zero."""
    if accounts:
        yield from ("", "| rekening | btw-code | bedrag (EUR) | btw |", "|---|---|---:|---:|")
    for one in accounts:
        net, vat = euros(one["net_cents"]), euros(one["vat_cents"])
        yield f"| {one['account']} | {one['vat_code']} | {net} | {vat} |"


def _of_others(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Open items of another coupling that this settlement would pay."""
    if found:
        yield from ("", "Openstaande posten van een andere koppeling die hiermee betaald worden:")
        yield from ("", "| bestelling | factuur | datum | bedrag | gevonden op |")
        yield "|---|---|---|---:|---|"
    for one in found[:_LISTED_MOST]:
        how = _FOUND_BY.get(one["how"], "bestelnummer")
        amount = euros(one["cents"])
        yield f"| {one['order_id']} | {one['invoice']} | {one['date']} | {amount} | {how} |"
    if len(found) > _LISTED_MOST:
        yield f"| en {len(found) - _LISTED_MOST} andere | | | | |"
