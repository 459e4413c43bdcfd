"""Settings of a coupling: the values of one YAML file and their validation, nothing else.

Wrong settings are refused at the start: each problem names the file, the line, the cause and the
remedy. The shape is explained line by line in `couplings/example.yaml`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

# Marketplaces of Amazon's European region; GB is written UK by Amazon's sellers.
MarketplaceCode = Literal["NL", "BE", "DE", "FR", "IT", "ES", "IE", "SE", "PL", "UK", "TR"]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,10}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


def _name(value: str) -> str:
    if not value.replace("-", "_").isidentifier():
        raise ValueError("must be letters, digits, - or _ and start with a letter")
    return value


class _Settings(BaseModel):
    # A typing error in a name must not silently become a default.
    model_config = ConfigDict(extra="forbid", frozen=True)


class SkuRate(_Settings):
    """The rate of an article in a country, from and until days that both count."""

    percent: Annotated[Decimal, Field(ge=0, lt=100)]
    from_date: date = date.min
    until_date: date = date.max

    @model_validator(mode="after")
    def _from_before_until(self) -> SkuRate:
        if self.from_date > self.until_date:
            raise ValueError(f"until_date {self.until_date} lies before from_date")
        return self


def _one_or_more(value: object) -> object:
    # `NL: 9` is the short form of a rate that never changed.
    return value if isinstance(value, list | tuple) else [{"percent": value}]


def _apart(rates: tuple[SkuRate, ...]) -> tuple[SkuRate, ...]:
    ordered = sorted(rates, key=lambda rate: rate.from_date)
    for earlier, later in pairwise(ordered):
        if later.from_date <= earlier.until_date:
            raise ValueError(f"two rates hold on {later.from_date}")
    return tuple(ordered)


SkuRates = Annotated[
    tuple[SkuRate, ...], BeforeValidator(_one_or_more), AfterValidator(_apart), Field(min_length=1)
]


class VatSettings(_Settings):
    """How the seller is taxed. Source: accounting rules 5.1 to 5.5."""

    scheme: Literal["normal", "kor"] = "normal"
    oss: bool = True
    registrations: dict[Country, str] = Field(default_factory=dict)
    destination_since: date = date(2021, 7, 1)
    default_rate: Literal["standard", "held"] = "standard"
    invalid_vat_id: Literal["hold", "treat_as_b2c"] = "hold"
    amazon_business_eu: Literal["hold", "book"] = "hold"
    oss_turnover_in_3c: bool = False
    rates_by_sku: dict[str, dict[Country, SkuRates]] = Field(default_factory=dict)

    def rate_of_sku(self, sku: str, country: str, on: date) -> Decimal | None:
        """The article's own rate in a country on a day; None when the table has none."""
        for rate in self.rates_by_sku.get(sku, {}).get(country, ()):
            if rate.from_date <= on <= rate.until_date:
                return rate.percent
        return None


class SellerSettings(_Settings):
    """The Amazon side."""

    connection: str = Field(min_length=1)
    marketplaces: list[MarketplaceCode] = Field(min_length=1)
    established_in: Country = "NL"
    stock_in: list[Country] = Field(default_factory=list)
    vat: VatSettings = Field(default_factory=VatSettings)


class BooksSettings(_Settings):
    """The e-Boekhouden side."""

    connection: str = Field(min_length=1)
    document: Literal["mutation", "invoice"] = "mutation"
    document_b2b: Literal["mutation", "invoice"] | None = None
    invoice_template: str | None = None
    invoice_on: Literal["shipped", "unshipped"] = "shipped"
    invoice_unit: Literal["order", "shipment"] = "order"
    invoice_source: Literal["none", "own", "vcs_amazon", "vcs_upload"] = "none"
    relations: Literal["per_buyer", "per_country"] = "per_buyer"
    go_live: date
    closed_through: date | None = None
    payment_term_days: int = Field(default=30, ge=0, le=999)

    @model_validator(mode="after")
    def _shipments_when_shipped(self) -> BooksSettings:
        if self.invoice_unit == "shipment" and self.invoice_on == "unshipped":
            raise ValueError(
                "invoice_unit: shipment needs invoice_on: shipped, for nothing tells the shipments "
                "of what was not shipped"
            )
        return self

    @model_validator(mode="after")
    def _template_for_invoices(self) -> BooksSettings:
        if "invoice" in (self.document, self.document_b2b) and not self.invoice_template:
            raise ValueError(
                "invoice_template must name the factuursjabloon when invoices are made"
            )
        if "invoice" in (self.document, self.document_b2b) and self.invoice_source == "vcs_amazon":
            raise ValueError(
                "one sale has one invoice: with invoice_source: vcs_amazon Amazon makes it, so "
                "document and document_b2b must be mutation"
            )
        return self


class ClearingAccounts(_Settings):
    """One account of category FIN per settlement currency, kept in euros."""

    EUR: Code = "1090"
    GBP: Code = "1091"
    PLN: Code = "1092"
    SEK: Code = "1093"
    other: Code = "1094"

    @model_validator(mode="before")
    @classmethod
    def _euro_account_alone(cls, value: object) -> object:
        # `clearing: "1090"` is the short form for sellers who are paid in euros only.
        return {"EUR": value} if isinstance(value, str) else value

    def of(self, currency: str) -> str:
        """The clearing account of a settlement in this currency."""
        return str(getattr(self, currency, self.other)) if currency != "other" else self.other


class AccountSettings(_Settings):
    """Ledger account per role. Debtors, creditors and VAT accounts are found by category instead.

    Source: accounting rules, default mapping.
    """

    bank: Code = "1010"
    card: Code = "1020"
    clearing: ClearingAccounts = Field(default_factory=ClearingAccounts)
    reserve: Code = "1095"
    transit: Code = "2010"
    suspense: Code = "2090"
    before_go_live: Code = "2095"
    fee_accrual: Code = "2310"
    revenue: Code = "8000"
    revenue_low: Code = "8010"
    revenue_zero: Code = "8015"
    revenue_oss: Code = "8020"
    revenue_registered: Code = "8025"
    revenue_icp: Code = "8030"
    revenue_amazon_business: Code = "8035"
    revenue_export: Code = "8040"
    revenue_facilitator: Code = "8050"
    revenue_foreign_stock: Code = "8060"
    shipping: Code = "8100"
    shipping_untaxed: Code = "8120"
    gift_wrap: Code = "8110"
    payment_costs: Code = "8130"
    discounts: Code = "8190"
    reimbursements: Code = "8200"
    fee_referral: Code = "4610"
    fee_fba: Code = "4611"
    fee_storage: Code = "4612"
    fee_advertising: Code = "4613"
    fee_subscription: Code = "4614"
    fee_labels: Code = "4615"
    fee_refund_admin: Code = "4616"
    fee_other: Code = "4617"
    left_over: Code = "4600"
    differences: Code = "4900"
    exchange_differences: Code = "4910"
    oss_vat: dict[Country, Code] = Field(default_factory=dict)
    local_vat: dict[Country, Code] = Field(default_factory=dict)


class SettlementSettings(_Settings):
    """How Amazon's settlements are booked. Source: accounting rules 2.5."""

    method: Literal["clearing", "open_items_to_costs"] = "clearing"
    fee_vat: Literal["by_rule", "by_invoice"] = "by_rule"
    advertising_vat: Literal["by_rule", "by_invoice"] = "by_invoice"
    approval: Literal["first_then_automatic", "required", "automatic"] = "first_then_automatic"
    payment_date: Literal["posted", "settlement_end"] = "posted"
    invoices_of_others: Literal["by_amount", "by_order_id", "ignored"] = "by_amount"
    tolerance_cents: int = Field(default=2, ge=0, le=10)


class VatOverride(_Settings):
    """Another VAT code for a kind of sale at a rate."""

    sale_kind: str
    rate_percent: Decimal | None = None
    code: str
    account: Code | None = None


class FeeOverride(_Settings):
    """Another account or VAT code for a kind of fee from a date on."""

    fee_kind: str
    marketplace: MarketplaceCode | None = None
    from_date: date = date(2000, 1, 1)
    account: Code | None = None
    vat_code: str | None = None
    includes_vat: bool | None = None


class ServiceSettings(_Settings):
    """Addresses of the public services that are asked for rates and VAT numbers."""

    ecb: str = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
    vies: str = "https://ec.europa.eu/taxation_customs/vies/rest-api"


class CouplingSettings(_Settings):
    """One coupling: a seller's Amazon account and one administration."""

    name: Annotated[str, AfterValidator(_name)]
    active: bool = True
    activated_by: Literal["file", "person"] = "file"
    mode: Literal["live", "preview"] = "live"
    seller: SellerSettings
    books: BooksSettings
    accounts: AccountSettings = Field(default_factory=AccountSettings)
    vat: list[VatOverride] = Field(default_factory=list)
    fees: list[FeeOverride] = Field(default_factory=list)
    settlement: SettlementSettings = Field(default_factory=SettlementSettings)
    services: ServiceSettings = Field(default_factory=ServiceSettings)
