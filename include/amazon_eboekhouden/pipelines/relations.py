"""What is learned of a buyer later goes into his relation, and never over what stands there.

A relation is made once, with what the first order told. When a later order names the company, the
contact or the address, the fields that are still empty in the books are filled; a field in which
anything stands, by whomever, stays as it is. Asking twice changes nothing, so this needs no intent.
Source: accounting rules 8.5; e-Boekhouden reference 15.
"""

from __future__ import annotations

import logging
from collections import Counter

import pandas as pd

from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.domain.handover import relation_of_row
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)


def fill(runtime: Runtime, known: pd.DataFrame) -> RunReport:
    """Fill empty fields of relations that stand in the books; nothing in a preview.

    A relation that can't be reached now is left for the buyer's next order.

    Args:
        runtime: the coupling's runtime.
        known: RELATIONS, as the newest orders show them.
    """
    report = RunReport()
    if known.empty or runtime.preview:
        return report
    filled: dict[str, list[str]] = {}
    with runtime.books() as books:
        try:
            bound = runtime.ledger.coupling_state(runtime.settings.name)
            if bound is None or bound.administration != books.administration_guid():
                return report
            for row in known.to_dict("records"):
                relation = relation_of_row(row)
                if names := books.fill_relation(relation):
                    filled[relation.code] = list(names)
        except RemoteError as error:
            log.warning("coupling=%s relations not filled: %s", runtime.settings.name, error)
        books.close()
        report.calls = Counter(books.calls)
    if filled:
        report.details["relations_filled"] = filled
    return report
