"""Reports that Amazon makes on request: asked for once, waited for, fetched once.

What was asked for is remembered in staging, so that a run that was stopped goes on with the same
reports, and slices beside each other share them. A report that only helps (where an order left, VAT
per item) and that Amazon refuses holds up nothing: its orders are asked for one by one, or held.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from amazon_eboekhouden.config.marketplaces import ids_of
from amazon_eboekhouden.domain.backfill import WantedReport
from amazon_eboekhouden.domain.errors import (
    CredentialsRefused,
    NotNow,
    Refused,
    RemoteError,
    Unreachable,
)
from amazon_eboekhouden.pipelines.runtime import Runtime

if TYPE_CHECKING:
    from amazon_eboekhouden.adapters.amazon import AmazonSeller

log = logging.getLogger(__name__)

_OPERATION = "createReport"
# How long until a report that is being made is looked at again.
LOOK_AGAIN = timedelta(seconds=10)
# Amazon makes an order report in minutes; one that takes this long is asked for anew.
STUCK_AFTER = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Content:
    """A report as Amazon made it; empty when there is no data or Amazon refused it."""

    content: bytes = b""
    charset: str | None = None


@dataclass(frozen=True)
class RequestedReports:
    """The reports of one backfill.

    Attributes:
        runtime: the coupling's runtime.
        batch: where they are staged; customers stand in them.
    """

    runtime: Runtime
    batch: str

    def all_known(self, wanted: Iterable[WantedReport]) -> bool:
        """Whether every one was asked for."""
        return all(self._known(one) is not None for one in wanted)

    def ask(self, amazon: AmazonSeller, wanted: Iterable[WantedReport]) -> None:
        """Ask for those that were not asked for yet.

        Raises:
            RemoteError: NotNow without tokens; what was asked for is remembered.
        """
        for one in wanted:
            if self._known(one) is None:
                self._ask(amazon, one)

    def _ask(self, amazon: AmazonSeller, wanted: WantedReport, *, again: bool = False) -> None:
        try:
            report_id = amazon.create_report(
                wanted.report_type,
                data_start=wanted.window.from_utc,
                data_end=wanted.window.to_utc,
                marketplace_ids=ids_of(self.runtime.settings.seller.marketplaces),
                options=dict(wanted.options) or None,
            )
        except (Refused, CredentialsRefused) as error:
            if wanted.is_needed:
                raise
            self._do_without(wanted, error)
        else:
            asked = datetime.now(UTC).isoformat()
            known = {"report_id": report_id, "asked_utc": asked, "again": again}
            self._remember(wanted, known)

    def read(self, amazon: AmazonSeller, wanted: Iterable[WantedReport]) -> list[Content]:
        """All of them, in the same order.

        Raises:
            RemoteError: NotNow while one is being made; Refused when one that is needed failed.
        """
        later: NotNow | None = None
        found = []
        for one in wanted:
            try:
                found.append(self._read(amazon, one))
            except NotNow as error:  # The others may be there: fetch them while waiting.
                later = error if later is None else max(later, error, key=_when)
        if later is not None:
            raise later
        return found

    def _read(self, amazon: AmazonSeller, wanted: WantedReport) -> Content:
        known = self._known(wanted)
        if known is None:
            self._ask(amazon, wanted)
            known = self._known(wanted) or {}
        if "ref" not in known:
            known = self._fetched(amazon, wanted, known)
        content = self.runtime.staging.read_bytes(known["ref"]) if known["ref"] else b""
        return Content(content, known["charset"])

    def _fetched(
        self, amazon: AmazonSeller, wanted: WantedReport, known: dict[str, Any]
    ) -> dict[str, Any]:
        if "ref" in known:  # Refused when it was asked for again.
            return known
        listed = amazon.report(known["report_id"])
        if listed.status == "DONE":
            document = amazon.fetch_document(listed.document_id)
            ref = self.runtime.staging.write_bytes(self.batch, wanted.name, document.content)
            return self._remember(wanted, {**known, "ref": ref, "charset": document.charset})
        if listed.status == "CANCELLED":  # Amazon's word for: there is no data.
            return self._remember(wanted, {**known, "ref": "", "charset": None})
        if listed.status == "FATAL":
            return self._failed(amazon, wanted, known)
        now = datetime.now(UTC)
        if now - datetime.fromisoformat(known["asked_utc"]) > STUCK_AFTER:
            self._forget(wanted)
            raise Unreachable("Amazon", _OPERATION, f"{wanted.report_type} is not made for hours")
        raise NotNow("Amazon", _OPERATION, "the report is being made", now + LOOK_AGAIN)

    def _failed(
        self, amazon: AmazonSeller, wanted: WantedReport, known: dict[str, Any]
    ) -> dict[str, Any]:
        """A report that failed is asked for once more: some fail for no reason that lasts."""
        if not known["again"]:
            self._ask(amazon, wanted, again=True)
            return self._fetched(amazon, wanted, self._known(wanted) or {})
        error = Refused("Amazon", _OPERATION, f"the report {wanted.report_type} failed twice")
        if not wanted.is_needed:
            return self._do_without(wanted, error)
        self._forget(wanted)
        raise error

    def _do_without(self, wanted: WantedReport, error: RemoteError) -> dict[str, Any]:
        name = self.runtime.settings.name
        log.warning("coupling=%s goes on without %s: %s", name, wanted.report_type, error)
        return self._remember(wanted, {"ref": "", "charset": None})

    def _known(self, wanted: WantedReport) -> dict[str, Any] | None:
        return self.runtime.staging.read_checkpoint(self._place(wanted))

    def _remember(self, wanted: WantedReport, known: dict[str, Any]) -> dict[str, Any]:
        self.runtime.staging.write_checkpoint(self._place(wanted), known)
        return known

    def _forget(self, wanted: WantedReport) -> None:
        self.runtime.staging.clear_checkpoint(self._place(wanted))

    def forget(self, wanted: Iterable[WantedReport]) -> None:
        """They were used: a later backfill of the same window asks anew."""
        for one in wanted:
            self._forget(one)

    def _place(self, wanted: WantedReport) -> str:
        return f"{self.batch}/{wanted.name}"


def _when(error: NotNow) -> datetime:
    return error.retry_at_utc
