"""A ledger that was lost, or that came back from an old backup, is filled again from the books."""

from __future__ import annotations

from collections import Counter

from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime


def run(runtime: Runtime) -> RunReport:
    """Read all mutations and store what bears a token of this installation.

    Nothing is booked. What was found gets its order and settlement back when the same bookings
    are handed in again, by runs over their time: they are recognised, and not sent.

    Raises:
        ValueError: in a preview.
        domain.errors.RemoteError: the books cannot be asked; nothing is stored.
    """
    if runtime.preview:
        raise ValueError("rebuild has no preview; it books nothing, it only fills the ledger")
    name = runtime.settings.name
    with runtime.books() as books:
        administration = books.administration_guid()
        stopped = runtime.ledger.bind(name, administration, runtime.seller_id)
        if stopped is not None:
            return RunReport(problems=[stopped])
        found = runtime.ledger.rebuild(administration, name, books)
        books.close()  # Before the calls are counted: closing is one of them.
        calls = Counter(books.calls)
    relations = sum(natural.startswith("recovered:rel:") for natural in found.by_token)
    return RunReport(
        problems=list(found.problems),
        calls=calls,
        details={
            "rebuilt": {
                "bookings": len(found.by_token) - relations,
                "relations": relations,
                "known_before": found.known,
                "sent_since_the_backup": len(found.sent_since),
            }
        },
    )
