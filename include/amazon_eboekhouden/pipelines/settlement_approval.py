"""The approval of a settlement: whether one is needed, what a person reads, what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from amazon_eboekhouden.domain.money import euros, in_dutch
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement.others import BY_AMOUNT
from amazon_eboekhouden.ledger.decisions import Choice
from amazon_eboekhouden.pipelines import settlement_files as files
from amazon_eboekhouden.pipelines.batches import problems_of, read_manifest
from amazon_eboekhouden.pipelines.runtime import Runtime

# Beyond so many the text only counts them; the page of the settlement has them all.
_LISTED_MOST = 100
_FOUND_BY = {BY_AMOUNT: "bedrag en datum"}


def approval_needed(runtime: Runtime, settlement_id: str, ref: str) -> bool:
    """Whether a person must approve before this settlement is booked.

    Source: accounting rules 2.5; `open_items_to_costs` always needs one.
    """
    manifest = read_manifest(runtime.staging, ref)
    if manifest["refused"]:
        return False
    said = runtime.ledger.decisions.about(subject_of(runtime, settlement_id))
    if said:  # The last word counts: what was rejected waits until it is approved after all.
        if said[-1].choice is not Choice.APPROVE:
            return True
        return _differs_from_what_was_shown(runtime, settlement_id, manifest)
    settings = runtime.settings.settlement
    if settings.method == "open_items_to_costs" or settings.approval == "required":
        return True
    if any(one["how"] == BY_AMOUNT for one in manifest["summary"]["invoices_of_others"]):
        return True
    return settings.approval != "automatic" and not files.any_booked(runtime)


def _differs_from_what_was_shown(
    runtime: Runtime, settlement_id: str, manifest: Mapping[str, Any]
) -> bool:
    """Whether other open items are found by amount now than those that a person approved."""
    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    summary = record.totals.get("summary") if record else None
    if summary is None:
        return False
    seen = {(one["order_id"], one["invoice"]) for one in summary["invoices_of_others"]}
    return any(
        one["how"] == BY_AMOUNT and (one["order_id"], one["invoice"]) not in seen
        for one in manifest["summary"]["invoices_of_others"]
    )


def approve(
    runtime: Runtime, settlement_id: str, *, who: str, why: str = "approved for booking"
) -> None:
    """A person's approval: the settlement may be booked."""
    subject = subject_of(runtime, settlement_id)
    runtime.ledger.decisions.record(subject, Choice.APPROVE, who=who, why=why)


def reject(runtime: Runtime, settlement_id: str, *, who: str, why: str) -> None:
    """A person's refusal: the settlement goes on waiting until somebody approves it."""
    subject = subject_of(runtime, settlement_id)
    runtime.ledger.decisions.record(subject, Choice.REJECT, who=who, why=why)


def approve_waiting(runtime: Runtime, settlement_id: str, *, who: str) -> None:
    """The approval of a settlement that was seen to wait; of any other there was none to give."""
    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    if record is None or record.state != files.WAITING:
        return
    said = runtime.ledger.decisions.about(subject_of(runtime, settlement_id))
    if not said or said[-1].choice is not Choice.APPROVE:
        approve(runtime, settlement_id, who=who)


def subject_of(runtime: Runtime, settlement_id: str) -> str:
    """What decisions about a settlement of this coupling's seller are filed under."""
    return decided_under(runtime.seller_id, settlement_id)


def decided_under(seller_id: str, settlement_id: str) -> str:
    """What decisions about a settlement are filed under."""
    return f"settlement:{seller_id}:{settlement_id}"


def approval_text(runtime: Runtime, ref: str) -> str:
    """What a person reads before approving: the statement, in Dutch."""
    summary = read_manifest(runtime.staging, ref).get("summary")
    return text_of(summary) if summary else ""


def problems_to_weigh(runtime: Runtime, ref: str) -> list[Problem]:
    """What will stand on the list of problems once the settlement is booked."""
    return problems_of(read_manifest(runtime.staging, ref))


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
        *(f"| {x['section']}: {x['line']} | {_amount(x['cents'])} |" for x in summary["lines"]),
        f"| **totaal volgens Amazon** | **{_amount(summary['total_cents'])}** |",
        *_on_accounts(summary.get("accounts", ())),
        *_of_others(summary.get("invoices_of_others", ())),
        *_still_open(summary),
    ]
    if "proposal" in summary:
        proposed = {k.removesuffix("_cents"): _amount(v) for k, v in summary["proposal"].items()}
        lines.append("")
        lines.append(
            "Voorstel: {paid} op facturen, {left_over} naar kosten; {vat_lost} btw wordt niet "
            "afgetrokken; {still_open} blijft open.".format(**proposed)
        )
    return "\n".join(lines)


def _still_open(summary: Mapping[str, Any]) -> Iterator[str]:
    """What this settlement leaves open on the invoices that it pays."""
    if summary.get("still_open_cents"):
        yield from ("", f"Op de facturen blijft {_amount(summary['still_open_cents'])} EUR open.")


def _on_accounts(accounts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What is booked on each ledger account, debit above zero."""
    if accounts:
        yield from ("", "| rekening | btw-code | bedrag (EUR) | btw |", "|---|---|---:|---:|")
    for one in accounts:
        net, vat = _amount(one["net_cents"]), _amount(one["vat_cents"])
        yield f"| {one['account']} | {one['vat_code']} | {net} | {vat} |"


def _of_others(found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Open items of another coupling that this settlement would pay."""
    if found:
        yield from ("", "Openstaande posten van een andere koppeling die hiermee betaald worden:")
        yield from ("", "| bestelling | factuur | datum | bedrag | gevonden op |")
        yield "|---|---|---|---:|---|"
    for one in found[:_LISTED_MOST]:
        how = _FOUND_BY.get(one["how"], "bestelnummer")
        amount = _amount(one["cents"])
        yield f"| {one['order_id']} | {one['invoice']} | {one['date']} | {amount} | {how} |"
    if len(found) > _LISTED_MOST:
        yield f"| en {len(found) - _LISTED_MOST} andere | | | | |"


def _amount(cents: int) -> str:
    return in_dutch(euros(cents))
