"""The proof of a settlement: kept when it is booked, shown as a page or a CSV whenever asked.

What was booked is kept beside Amazon's file, with every row's place and the reason for it, so that
the proof reads the same years later, whatever the tables of a newer version say.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from amazon_eboekhouden.adapters import parquet
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, Frame
from amazon_eboekhouden.domain.money import euros, in_dutch
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement import proof as proofs
from amazon_eboekhouden.domain.settlement.bookings import SETTLED
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.proof import Proof
from amazon_eboekhouden.pipelines import settlement_files as files
from amazon_eboekhouden.pipelines.runtime import Runtime
from amazon_eboekhouden.pipelines.settlement_cross_checks import CONVERTED
from amazon_eboekhouden.pipelines.settlement_work import work

KEPT: Mapping[str, Frame] = {
    "rows": SETTLED,
    "mutations": MUTATIONS,
    "mutation_lines": MUTATION_LINES,
}
_TOTALS_KEY = "proof"


def keep(runtime: Runtime, settlement_id: str, frames: Mapping[str, pd.DataFrame]) -> None:
    """Keep what a settlement books, beside its file, for as long as that is kept."""
    hashes = {name: runtime.archive.put(parquet.written(frames[name])) for name in KEPT}
    record = runtime.ledger.settlements.find(runtime.seller_id, settlement_id)
    totals = {**(record.totals if record else {}), _TOTALS_KEY: hashes}
    runtime.ledger.settlements.record(runtime.seller_id, settlement_id, totals=totals)


def proof_of(runtime: Runtime, settlement_id: str) -> Proof | list[Problem]:
    """The proof of a settlement; of one that is not booked yet, what would be booked.

    Returns:
        the proof, or why the file is refused.

    Raises:
        ValueError: no such settlement was found.
    """
    found = files.archived(runtime, settlement_id)
    read = read_settlement(found.content, charset=found.charset or None)
    if not isinstance(read, SettlementFile):
        return read
    kept = found.totals.get(_TOTALS_KEY)
    waits = False
    if kept:
        frames = {name: kept_frame(runtime.archive.get(kept[name]), KEPT[name]) for name in KEPT}
    else:
        deposit = found.deposit_eur_cents
        if deposit is None:
            deposit = found.totals.get(CONVERTED)
        worked = work(runtime, read, deposit, found.totals, ask=False)
        waits = worked.waits
        frames = {
            "rows": worked.rows,
            "mutations": worked.mutations,
            "mutation_lines": worked.mutation_lines,
        }
    return proofs.proof(
        read.header,
        frames["rows"],
        frames["mutations"],
        frames["mutation_lines"],
        runtime.booked(),
        runtime.settings.accounts,
        file_hash=found.file_hash,
        waits=waits,
    )


def page_of(made: Proof, coupling: str) -> str:
    """The proof as one HTML page that needs nothing else: to print, mail or file."""
    template = _templates().get_template("statement.html")
    return template.render(
        proof=made,
        page=made.page,
        coupling=coupling,
        payments=_payments(made),
        totals=_totals(made),
    )


def summary_of(made: Proof) -> dict[str, Any]:
    """The proof in a few plain values, for a terminal or a program."""
    page = made.page
    return {
        **page.head,
        "lines": [
            {
                "section": line.section,
                "line": line.line,
                "rows": line.rows,
                "cents": line.amount_cents,
                "mutations": line.numbers,
            }
            for line in made.lines
        ],
        "accounts": proofs.accounts_shown(made.accounts),
        "mutations": len(page.entries),
        "booked": made.booked,
        "bank_eur_cents": made.bank_cents,
        "bank_account": made.bank_account,
        "file": made.file_hash,
    }


def _payments(made: Proof) -> list[Any]:
    return [entry for entry in made.entries if entry.invoice_number]


def _totals(made: Proof) -> dict[str, int]:
    """Sums that a reader checks the page by."""
    return {
        "lines": sum(line.amount_cents for line in made.lines),
        "rows": sum(line.rows for line in made.lines),
        "net": sum(found.net_cents for found in made.accounts),
        "vat": sum(found.vat_cents for found in made.accounts),
    }


def kept_frame(content: bytes, contract: Frame) -> pd.DataFrame:
    """A frame that was kept with a settlement."""
    frame = parquet.read(content)
    return contract.check(frame) if len(frame) else contract.empty()


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": lambda cents: in_dutch(euros(cents)),
        "day": lambda day: f"{day:%d-%m-%Y}" if day else "\N{EN DASH}",
        "account": proofs.account_word,
        "accounts": proofs.accounts_text,
        "kind": lambda kind: proofs.KIND_WORDS.get(kind, ""),
        "state": proofs.state_word,
    }
    return environment
