"""Asking Amazon's finances about a settlement: its control total, and what reached the bank.

Neither holds a settlement: a question that gets no answer is asked again by a later run.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd

from amazon_eboekhouden.domain.errors import RemoteError
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.settlement.cross_checks import (
    handed_on_cents,
    proceeds_cents,
    summary_problems,
    transferred_eur_cents,
)
from amazon_eboekhouden.domain.settlement.file import SettlementHeader
from amazon_eboekhouden.ledger.settlements import SettlementRecord
from amazon_eboekhouden.pipelines.runtime import Runtime

log = logging.getLogger(__name__)

# What the ledger keeps of an answer, beside a settlement's totals.
PROCEEDS, CONVERTED = "proceeds", "converted_eur_cents"
# A period is fourteen days as a rule, of a quiet seller more.
_STARTED_WITHIN = timedelta(days=1)
# One bucket's burst; the rest is asked the next night.
_LATE_A_NIGHT = 10
_WARNED_FOR = timedelta(days=90)


@dataclass
class Asked:
    """Questions about one settlement, with the calls they took.

    Attributes:
        runtime: the coupling's runtime; in a preview no answer is kept.
        totals: what the ledger remembers of the settlement.
        calls: per operation.
    """

    runtime: Runtime
    totals: Mapping[str, Any]
    calls: Counter[str] = field(default_factory=Counter)

    def transferred(self, header: SettlementHeader) -> int | None:
        """The euros that a settlement in another currency brought to the bank, if Amazon tells."""
        if header.currency == "EUR" or header.total_cents <= 0:
            return None
        if self.totals.get(CONVERTED) is not None:
            return int(self.totals[CONVERTED])
        since = datetime.combine(header.start, time(), UTC) - _STARTED_WITHIN
        try:
            with self.runtime.amazon(background=True) as amazon:
                try:
                    groups = amazon.event_groups(since)
                finally:
                    self.calls.update(amazon.calls)
        except RemoteError as error:
            self._unanswered(header.settlement_id, error)
            return None
        cents = transferred_eur_cents(header, groups)
        if cents is not None:
            self._keep(header.settlement_id, {CONVERTED: cents})
        return cents

    def control_total(self, header: SettlementHeader, rows: pd.DataFrame) -> list[Problem]:
        """A warning when Amazon's finances come to another total than its file.

        Args:
            header: of the file.
            rows: MATCHED or SETTLED.
        """
        kept = self.totals.get(PROCEEDS) or self._proceeds(
            header.settlement_id, header.currency, handed_on_cents(rows)
        )
        if not kept:
            return []
        return summary_problems(
            header.settlement_id,
            header.currency,
            header.total_cents,
            kept["cents"],
            kept["handed_on"],
        )

    def _proceeds(
        self, settlement_id: str, currency: str, handed_on: int, *, late: bool = False
    ) -> dict[str, Any] | None:
        try:
            # A booking does not wait for this; a night has time.
            with self.runtime.amazon(background=not late) as amazon:
                try:
                    summary = amazon.settlement_summary(settlement_id)
                finally:
                    self.calls.update(amazon.calls)
        except RemoteError as error:
            self._unanswered(settlement_id, error)
            return None
        cents = proceeds_cents(summary, currency)
        if cents is None:
            return None
        found = {"cents": cents, "handed_on": handed_on, "late": late}
        self._keep(settlement_id, {PROCEEDS: found})
        return found

    def _keep(self, settlement_id: str, totals: Mapping[str, Any]) -> None:
        known = self.runtime.ledger.settlements.find(self.runtime.seller_id, settlement_id)
        if not self.runtime.preview and known is not None:
            self.runtime.ledger.settlements.record(
                self.runtime.seller_id, settlement_id, totals=totals
            )

    def _unanswered(self, settlement_id: str, error: RemoteError) -> None:
        name = self.runtime.settings.name
        log.info("coupling=%s settlement=%s finances: %s", name, settlement_id, error)


def late_warnings(
    runtime: Runtime, records: Sequence[SettlementRecord], today: date, calls: Counter[str]
) -> list[Problem]:
    """Control totals of settlements that were booked before Amazon answered about them.

    Args:
        runtime: the coupling's runtime.
        records: the coupling's settlements.
        today: what lies more than ninety days back is left alone.
        calls: counts what is asked.
    """
    recent = [one for one in records if one.end_date and one.end_date >= today - _WARNED_FOR]
    problems = []
    asked = 0
    for record in reversed(recent):
        kept = record.totals.get(PROCEEDS)
        handed_on = _handed_on(record)
        if kept is None and handed_on is not None and asked < _LATE_A_NIGHT:
            asked += 1
            one = Asked(runtime, record.totals, calls)
            kept = one._proceeds(record.settlement_id, record.currency, handed_on, late=True)
        if kept and kept["late"]:
            problems += summary_problems(
                record.settlement_id,
                record.currency,
                record.total_cents or 0,
                kept["cents"],
                kept["handed_on"],
            )
    return problems


def _handed_on(record: SettlementRecord) -> int | None:
    """What the audit's chain knows of the balances in a settlement; None before it read it."""
    link = record.totals.get("chain")
    if link is None or record.total_cents is None:
        return None
    handed_on: int = (
        link["returned_cents"] - link["kept_cents"] + link["carried_cents"] + link["debt_cents"]
    )
    return handed_on
