"""What Amazon charges or pays the account itself: every row kind sellers have seen.

Sources of the kinds: settlements of real sellers and sellers' mapping tables (amazon-sp-api
reference, 8.4). Frequencies are per 1,000 orders; a kind with a frequency comes at least once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from coupling_sandbox.amazon.generator.money import Row, Transaction
from coupling_sandbox.amazon.generator.options import SeedOptions

OTHER = "other-transaction"
EPR = "EPR Pay on Behalf Fee - Do-it-yourself (DIY)"


@dataclass(frozen=True)
class Kind:
    """One row kind: the three names, the range of cents, how often, and its nature."""

    transaction: str
    amount_type: str
    description: str
    low: int
    high: int
    per_1000: float = 0.05
    balance: bool = False


KINDS = (
    Kind("ServiceFee", "Cost of Advertising", "TransactionTotalAmount", -9000, -1500, 4.0),
    Kind("ServiceFee", "Refund for Advertiser", "TransactionTotalAmount", 200, 900, 0.1),
    Kind(OTHER, OTHER, "Shipping label purchase for return", -650, -395, 6.0),
    Kind(OTHER, OTHER, "Shipping label purchase", -950, -495, 0.8),
    Kind(OTHER, OTHER, "StorageRenewalBilling", -900, -100, 0.6),
    Kind(OTHER, OTHER, "FBAInboundTransportationFee", -9000, -1500, 0.8),
    Kind(OTHER, OTHER, "RemovalComplete", -300, -60, 0.8),
    Kind(OTHER, OTHER, "DisposalComplete", -120, -30, 0.6),
    Kind("FBAFees", "FBA Inventory Storage Fee", "Base fee", -6000, -800, 1.0),
    Kind("FBAFees", "FBA Amazon-Partnered Carrier Shipment Fee", "Base fee", -4000, -900, 0.3),
    Kind("FBAFees", "FBA Amazon-Partnered Carrier Shipment Fee", "Discount on Fee", 100, 400, 0.1),
    Kind("FBAFees", "AWD Storage Fee", "Base fee", -500, -100),
    Kind("FBAFees", "FBA Customer Returns Fee", "Base fee", -400, -150, 0.8),
    Kind(OTHER, "EPR Pay on Behalf service fee", EPR, -300, -50, 0.2),
    Kind(OTHER, "EPR Pay on Behalf eco-contribution", EPR, -900, -100, 0.2),
    Kind(OTHER, "FBA Inventory Reimbursement", "WAREHOUSE_LOST", 500, 6000, 0.8),
    Kind(OTHER, "FBA Inventory Reimbursement", "WAREHOUSE_DAMAGE", 500, 6000, 1.0),
    Kind(OTHER, "FBA Inventory Reimbursement", "REVERSAL_REIMBURSEMENT", 500, 4000, 0.6),
    Kind(OTHER, "FBA Inventory Reimbursement", "MISSING_FROM_INBOUND", 500, 9000, 0.2),
    Kind(OTHER, "FBA Inventory Reimbursement", "CS_ERROR_ITEMS", 500, 3000, 0.2),
    Kind(OTHER, "FBA Inventory Reimbursement", "CS_ERROR_NON_ITEMIZED", 100, 900),
    Kind(OTHER, "FBA Inventory Reimbursement", "INCORRECT_FEES_NON_ITEMIZED", 100, 900),
    Kind(OTHER, "FBA Inventory Reimbursement", "FREE_REPLACEMENT_REFUND_ITEMS", 500, 3000, 0.2),
    Kind(OTHER, "FBA Inventory Reimbursement", "COMPENSATED_CLAWBACK", -3000, -500, 0.2),
    Kind("SAFE-T Reimbursement", "Other transactions", "SAFE-T reimbursement", 500, 4000, 0.2),
    Kind("CouponRedemptionFee", "CouponRedemptionFee", "Coupon 10% - Yogamat", -60, -50, 1.0),
    Kind("Lightning Deal Fee", "LightningDealFee", "LightningDealFee", -3500, -3500),
    Kind("Promotion Fee", "PromotionFee", "Promotion Fee", -2500, -2500),
    Kind("Promotion Fee", "Deals", "Promotion Fee", -1500, -1500),
    Kind("Vine Enrollment Fee", "Vine Enrollment Fee", "Vine Enrollment Fee", -20000, -20000),
    Kind("Fee Adjustment", "Item Fee Adjustment", "FBA Pick & Pack Fee", 20, 200, 0.2),
    Kind("Grade and Resell Fees", "Grade and Resell Charge", "Grading fee", -250, -150),
    Kind("Income Tax Charged", OTHER, "MiscAdjustment", -200, -100),
    Kind("TBYB Customer Return Fee", "ItemFees", "FBACustomerReturnPerUnitFee", -300, -150),
    Kind("Tax", "Tax Withheld", "Tax withheld on services", -500, -100),
    Kind(OTHER, "Amazon Warehousing & Distribution (AWD)", "AWD Storage Fee", -900, -200),
    Kind(OTHER, "ItemFees", "FBACustomerReturnPerOrderFee", -200, -100),
    Kind(OTHER, "ItemFees", "FBACustomerReturnWeightBasedFee", -200, -100),
    Kind(OTHER, "Manual Processing Fee Reimbursement", "Manual Processing Fee Reimbursement",
         50, 200),
    Kind(OTHER, "Inbound Defect Fee", "Missing box label", -500, -100),
    Kind(OTHER, "Capacity Reservation Fee", "Reservation Fee", -2000, -500),
    Kind(OTHER, OTHER, "FBA Inbound Placement Service Fee", -800, -100, 0.2),
    Kind(OTHER, OTHER, "Inventory Placement Service Fee", -800, -100),
    Kind(OTHER, OTHER, "A2ZGuaranteeRecovery", 500, 3000),
    Kind(OTHER, OTHER, "ChargeBackRecovery", 500, 3000),
    Kind(OTHER, OTHER, "Adjustment", -400, 400),
    Kind(OTHER, OTHER, "BuyerRecharge", 300, 2000),
    Kind(OTHER, OTHER, "CommissionCorrection", 20, 300),
    Kind(OTHER, OTHER, "HighVolumeListing", -900, -100),
    Kind(OTHER, OTHER, "MiscAdjustment", -300, 300),
    Kind(OTHER, OTHER, "NonSubscriptionFeeAdj", 50, 400),
    Kind(OTHER, OTHER, "Paid Services Fee", -4000, -1000),
    Kind(OTHER, OTHER, "SubscriptionFeeCorrection", 3900, 3900),
    Kind(OTHER, OTHER, "WarehousePrep", -300, -50, 0.1),
    Kind("Commingling VAT", OTHER, "Commingling VAT", -300, -50),
    Kind("Liquidations", "ItemPrice", "Principal", 300, 2000),
    Kind("Liquidations Adjustments", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal",
         -90, -20),
    Kind("Transfers", "Micro Deposit", "Micro Deposit", -1, -1, balance=True),
    Kind("Debt Adjustment", "Debt Adjustment", "Cross-Account Debt Adjustment", -900, 900,
         balance=True),
)  # fmt: skip
# Names that no list knew when they first came.
UNKNOWN = (
    Kind("FBAFees", "FBA Sustainable Packaging Fee", "Base fee", -200, -40),
    Kind(OTHER, "Seller Wellness Programme", "Quarterly contribution", -1500, -300),
)
TRANSFER_FAILED = (
    "Transfer of funds unsuccessful: Amazon has cancelled your transfer of funds.",
    "Transfer of funds unsuccessful: We could not transfer funds to your bank account because the "
    "account number is invalid.",
    "Transfer of funds unsuccessful: An unexpected issue occurred. Please contact Seller Support "
    "for more information.",
    "Transfer of funds unsuccessful: A transfer could not be initiated because the transfer amount "
    "does not meet the minimum.",
)


def events(options: SeedOptions) -> Iterator[tuple[str, Transaction]]:
    """Yield (stream, transaction) of everything that hangs on no order."""
    rng = Random(f"{options.seed}/events")  # noqa: S311
    kinds = (*KINDS, *(UNKNOWN if options.unknown_fees else ()))
    streams = options.marketplaces or ("DE", "NL", "FR", "IT", "ES", "BE", "UK", "PL")
    span = int((options.end - options.start).total_seconds())
    for kind in kinds:
        for _ in range(max(1, round(kind.per_1000 * options.orders / 1000))):
            posted = options.start + timedelta(seconds=rng.randrange(span))
            cents = rng.randint(kind.low, kind.high) or kind.high
            row = Row(kind.amount_type, kind.description, cents)
            extra = {"balance": True} if kind.balance else {}
            yield rng.choice(streams), Transaction(kind.transaction, posted, [row], extra=extra)
