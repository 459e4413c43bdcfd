"""Which reports a window of history needs: the plan of a backfill.

```
window      |------------------ from … to ------------------|
orders      |--- 30 days ---|--- 30 days ---|--- the rest --|   a slice each: one report
shipments |-- … ------------ 7 days more on both sides ------ … --|   cut apart from the slices
```

Order reports cost the same few calls whatever the number of orders. They do not tell from where
Amazon sent an order and when: the report of shipments does, which shows a row up to a week after
the goods left. Source: Amazon reference 5.3 and 9; accounting rules 8.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain import order_reports, shipment_reports, vat_reports
from amazon_eboekhouden.domain.windows import Window, chosen

# Longer windows Amazon refuses for order reports.
REPORT_DAYS = timedelta(days=30)
SHIPMENTS_LATE = timedelta(days=7)
# Orders of the last night's sweep: what changed late, and shipments shown late.
SWEEP = timedelta(days=7)


class ReportKind(StrEnum):
    """What a report is good for."""

    ORDERS = "orders"
    SHIPMENTS = "shipments"
    INVOICE_DATA = "vat-invoice-data"


@dataclass(frozen=True, slots=True)
class WantedReport:
    """One report to ask Amazon for.

    Attributes:
        kind: what it is read as.
        report_type: Amazon's name of it.
        window: of the data.
        options: Amazon's reportOptions.
        is_needed: without it nothing of its window can be read; any other only saves calls, or
            tells what is held until it is known.
    """

    kind: ReportKind
    report_type: str
    window: Window
    options: Mapping[str, str] = field(default_factory=dict)
    is_needed: bool = False

    @property
    def name(self) -> str:
        """Unique in a backfill."""
        return f"{self.kind}-{self.window.name}"


def slices(window: Window) -> list[Window]:
    """The window in parts that one order report covers, oldest first."""
    return _cut(window.from_utc, window.to_utc)


def sweep(to_utc: datetime) -> Window:
    """The window of a night: the last seven days."""
    return chosen(to_utc - SWEEP, to_utc)


def wanted_reports(
    part: Window, whole: Window, settings: CouplingSettings, now_utc: datetime
) -> Sequence[WantedReport]:
    """The reports that a slice needs; slices beside each other share some.

    Args:
        part: one of `slices(whole)`.
        whole: the window of the backfill.
        settings: of the coupling: who has no stock at Amazon needs no report of shipments, who does
            not use Amazon's VAT service has none of its own.
        now_utc: later than this nothing can be asked for.
    """
    orders = WantedReport(ReportKind.ORDERS, order_reports.BY_LAST_UPDATE, part, is_needed=True)
    around = _cut(whole.from_utc - SHIPMENTS_LATE, min(whole.to_utc + SHIPMENTS_LATE, now_utc))
    near = [
        cell
        for cell in around
        if cell.from_utc < part.to_utc + SHIPMENTS_LATE
        and cell.to_utc > part.from_utc - SHIPMENTS_LATE
    ]
    wanted = [orders]
    if settings.seller.stock_in:
        wanted += [WantedReport(ReportKind.SHIPMENTS, shipment_reports.REPORT, one) for one in near]
    if settings.books.invoice_source in ("vcs_amazon", "vcs_upload"):
        # Otherwise only those without an invoice come.
        all_of_them = {"ReportOption=all": "true"}
        wanted += [
            WantedReport(ReportKind.INVOICE_DATA, vat_reports.INVOICE_DATA, one, all_of_them)
            for one in near
        ]
    return wanted


def _cut(from_utc: datetime, to_utc: datetime) -> list[Window]:
    parts = []
    start = from_utc
    while start < to_utc:
        end = min(start + REPORT_DAYS, to_utc)
        parts.append(Window(start, end))
        start = end
    return parts
