"""Ours: the last step of an hour, exactly once: ledger, lease, one SOAP session."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS
from amazon_eboekhouden.domain.windows import chosen
from amazon_eboekhouden.pipelines.batches import read_frame, read_manifest
from amazon_eboekhouden.pipelines.orders import extract, load, transform, validate

from benchmarks.peers.measure import measured
from benchmarks.sandbox import runtime


def main(after: str, before: str, plan: str) -> None:
    """Write what is to be booked to `plan`, for the others, and book it."""
    start, end = datetime.fromisoformat(after), datetime.fromisoformat(before)
    warm = start + timedelta(hours=12)
    with runtime() as given:
        # The ledger is made, the libraries and the WSDL are loaded: as for those beside us.
        load(given, _ready(given, start, warm))
        ref = _ready(given, warm, end)
        Path(plan).write_text(json.dumps(_plan(given, ref)))
        measured(lambda: {"booked": load(given, ref).booked})


def _ready(given: Any, start: datetime, end: datetime) -> str:
    return validate(given, transform(given, extract(given, chosen(start, end))))


def _plan(given: Any, ref: str) -> list[dict[str, Any]]:
    manifest = read_manifest(given.staging, ref)
    mutations = read_frame(given.staging, manifest, "mutations", MUTATIONS)
    lines = read_frame(given.staging, manifest, "mutation_lines", MUTATION_LINES)
    own: dict[str, list[dict[str, Any]]] = {}
    for line in lines.to_dict("records"):
        row = {k: str(v) if k == "vat_percent" else v for k, v in line.items() if k != "booking"}
        own.setdefault(str(line["booking"]), []).append(row)
    return [
        {
            "date": f"{one['date']:%Y-%m-%d}",
            "relation": one["relation_code"],
            "invoice": one["invoice_number"],
            "description": one["description"],
            "term": int(one["payment_term_days"]),
            "lines": own[one["booking"]],
        }
        for one in mutations.to_dict("records")
    ]


if __name__ == "__main__":
    main(*sys.argv[1:4])
