"""The booking ledger: the one gate through which anything reaches the books."""

from amazon_eboekhouden.ledger.ledger import BookingLedger, open_ledger
from amazon_eboekhouden.ledger.report import BookingReport
from amazon_eboekhouden.ledger.settings import LedgerSettings

__all__ = ["BookingLedger", "BookingReport", "LedgerSettings", "open_ledger"]
