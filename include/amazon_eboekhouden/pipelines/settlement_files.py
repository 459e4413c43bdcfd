"""Settlement files: found at Amazon, kept by their content, known to the ledger.

Every document is fetched once: the ledger remembers the documents of each settlement, and the same
settlement listed again under another document is recognised by its content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from amazon_eboekhouden.domain.errors import BadAnswer
from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller

DOCUMENTS = "settlement-documents"  # scope of the problems that damaged documents are
# States of a settlement in the ledger.
FOUND, REFUSED, WAITING, BOOKED = "found", "refused", "waiting", "booked"


@dataclass(frozen=True, slots=True)
class SettlementContent:
    """A settlement file, byte for byte.

    Attributes:
        settlement_id: Amazon's, or one made of the content when the file cannot be read.
        content: the document.
        charset: as Amazon named it, "" when unknown.
        deposit_eur_cents: what reached the bank, for other currencies; None when not entered.
        file_hash: SHA-256 of the content, "" for a file that is not archived.
        totals: what else the ledger remembers of the settlement.
    """

    settlement_id: str
    content: bytes
    charset: str
    deposit_eur_cents: int | None = None
    file_hash: str = ""
    totals: Mapping[str, Any] = field(default_factory=dict)


def new_documents(
    runtime: Runtime, amazon: AmazonSeller, found: list[Problem]
) -> Iterator[tuple[str, bytes, str]]:
    """Documents that were never fetched: id, content, charset.

    One that comes damaged keeps no other waiting; the next run fetches it again.

    Args:
        runtime: the coupling's runtime.
        amazon: open.
        found: gets a problem per damaged document.

    Raises:
        domain.errors.RemoteError: Amazon cannot be asked.
    """
    records = runtime.ledger.settlements.all(runtime.seller_id)
    fetched = {name for record in records for name in record.totals.get("documents", ())}
    for listed in amazon.settlement_reports():
        if listed.document_id and listed.document_id not in fetched:
            fetched.add(listed.document_id)
            try:
                document = amazon.fetch_document(listed.document_id)
            except BadAnswer as error:
                found.append(_damaged(listed.report_id, listed.created_utc, error))
                continue
            yield listed.document_id, document.content, document.charset


def _damaged(report_id: str, created_utc: datetime, error: BadAnswer) -> Problem:
    return problem(
        "settlement-document-damaged",
        f"settlement report {report_id}",
        created=f"{created_utc:%Y-%m-%d}",
        why=error.cause,
    )


def archive_new(runtime: Runtime, amazon: AmazonSeller) -> list[Problem]:
    """Archive every document that was never fetched.

    Returns:
        what a person must know of them: documents that came damaged, and settlements that Amazon
        shows with another content now.

    Raises:
        domain.errors.RemoteError: Amazon cannot be asked.
    """
    damaged: list[Problem] = []
    found: list[Problem] = []
    for document_id, content, charset in new_documents(runtime, amazon, damaged):
        archive(runtime, content, charset, document_id, found)
    runtime.ledger.record_problems(runtime.settings.name, DOCUMENTS, damaged)
    return damaged + found


def open_settlements(runtime: Runtime, *, waiting: bool) -> list[str]:
    """Settlements of this coupling that are not booked yet, oldest period first.

    Args:
        runtime: the coupling's runtime.
        waiting: those that wait for a person's approval as well.
    """
    states = (FOUND, REFUSED, WAITING) if waiting else (FOUND, REFUSED)
    return [
        record.settlement_id
        for record in runtime.ledger.settlements.all(runtime.seller_id)
        if record.coupling == runtime.settings.name and record.state in states
    ]


def any_booked(runtime: Runtime) -> bool:
    """Whether this coupling ever booked a settlement."""
    return any(
        record.coupling == runtime.settings.name and record.state == BOOKED
        for record in runtime.ledger.settlements.all(runtime.seller_id)
    )


def archive(
    runtime: Runtime,
    content: bytes,
    charset: str,
    document_id: str = "",
    found: list[Problem] | None = None,
) -> str:
    """Keep a file by its content and record its settlement; returns the settlement's id.

    Args:
        runtime: the coupling's runtime.
        content: the document.
        charset: as Amazon named it, "" when unknown.
        document_id: Amazon's, "" for a file.
        found: gets what a person must know of the file.
    """
    content_hash = runtime.archive.put(content)
    settlement_id, known = describe(content, charset)
    before = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    if before is not None and before.file_hash not in ("", content_hash):
        changed = _another_content(runtime, settlement_id, before.file_hash, content_hash)
        if found is not None:
            found.append(changed)
        content_hash = before.file_hash
    totals = dict(before.totals) if before else {}
    documents = sorted({*totals.get("documents", ()), document_id} - {""})
    runtime.ledger.settlements.record(
        runtime.seller_id,
        settlement_id,
        coupling=runtime.settings.name,
        file_hash=content_hash,
        archive=content_hash,
        totals={**totals, "documents": documents, "charset": totals.get("charset") or charset},
        **known,
    )
    return settlement_id


def archived(runtime: Runtime, settlement_id: str) -> SettlementContent:
    """The file of a settlement that was found.

    Raises:
        ValueError: no such settlement was found.
    """
    bound = runtime.ledger.coupling_state(runtime.settings.name)
    # The seller as the ledger remembers it: years later the connection may be gone.
    seller = bound.seller if bound and bound.seller else runtime.seller_id
    record = runtime.ledger.settlements.find(seller, settlement_id)
    if record is None:
        raise ValueError(f"settlement {settlement_id} was never found; run `settlements` first")
    return SettlementContent(
        settlement_id,
        runtime.archive.get(record.file_hash),
        str(record.totals.get("charset") or ""),
        record.totals.get("deposit_eur_cents"),
        record.file_hash,
        record.totals,
    )


def enter_deposit(runtime: Runtime, settlement_id: str, eur_cents: int) -> None:
    """Remember what a settlement in another currency brought to the bank, in EUR.

    Raises:
        ValueError: no such settlement was found.
    """
    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    if record is None:
        raise ValueError(f"settlement {settlement_id} was never found; run `settlements` first")
    totals = {**record.totals, "deposit_eur_cents": eur_cents}
    runtime.ledger.settlements.record(runtime.seller_id, settlement_id, totals=totals)


def describe(content: bytes, charset: str) -> tuple[str, dict[str, Any]]:
    """The settlement's id and what its header says, as the ledger records it."""
    read = read_settlement(content, charset=charset or None)
    if not isinstance(read, SettlementFile):
        # The reason is listed by `match`, every time until a version of the reader can read it.
        return f"file-{sha256(content).hexdigest()[:16]}", {"state": REFUSED}
    return read.header.settlement_id, {
        "start_date": read.header.start,
        "end_date": read.header.end,
        "total_cents": read.header.total_cents,
        "currency": read.header.currency,
    }


def _another_content(runtime: Runtime, settlement_id: str, known: str, found: str) -> Problem:
    """The file that was found first stays the one that is booked; a person hears of the other."""
    changed = problem(
        "settlement-file-changed",
        f"settlement {settlement_id}",
        known=known[:12],
        found=found[:12],
    )
    scope = f"settlement-file:{settlement_id}"
    runtime.ledger.record_problems(runtime.settings.name, scope, [changed])
    return changed
