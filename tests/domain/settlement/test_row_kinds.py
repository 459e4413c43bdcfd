"""Every row kind has one destination; an unknown one goes to suspense and says what to add."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from amazon_eboekhouden.config.fees import BY_INVOICE, fee_kinds, fee_rule
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.config.settlement_rows import (
    Destination,
    plain,
    proposed_line,
    rule_of,
    rules_of,
    shipped_rules,
)

ON = date(2026, 3, 10)
SEEN = Path(__file__).parents[4] / "shared" / "data" / "settlements" / "vocabulary_seen.csv"
HEADER = "since,transaction_type,amount_type,amount_description,destination,fee_kind,line"


@pytest.mark.skipif(not SEEN.exists(), reason="the list of kinds seen is not here")
def test_every_kind_seen_has_one_destination() -> None:
    for seen in csv.DictReader(SEEN.read_text(encoding="utf-8").splitlines()):
        description = seen["amount_description"]
        description = "anything" if description == "*" else description
        kind = (seen["transaction_type"], seen["amount_type"], description)
        rule = rule_of(kind, ON)
        assert rule is not None, proposed_line(kind)
        literal = [
            other
            for other in shipped_rules()
            if other != rule and other.patterns == rule.patterns and other.since == rule.since
        ]
        assert literal == [], f"{kind} has two destinations"


def test_fee_rows_and_only_they_name_a_fee_kind_that_has_a_rule() -> None:
    for rule in shipped_rules():
        assert (rule.destination == Destination.FEE) == bool(rule.fee_kind), rule
        assert rule.fee_kind in fee_kinds() | {""}, rule
        assert rule.line, rule


def test_unknown_kind_has_no_rule_and_its_line_can_be_added() -> None:
    kind = ("other-transaction", "other-transaction", "Mystery, Fee 2027")
    assert rule_of(kind, ON) is None
    line = f"2026-01-01,{proposed_line(kind)},fee,other,Raadsel"
    rules = rules_of([HEADER, line])
    found = rule_of(kind, ON, rules)
    assert found is not None
    assert (found.destination, found.fee_kind) == (Destination.FEE, "other")
    assert rule_of(kind, date(2025, 12, 31), rules) is None


def test_the_most_literal_rule_wins_and_of_equals_the_newest() -> None:
    rules = rules_of(
        [
            HEADER,
            "2000-01-01,T,A,*,suspense,,x",
            "2000-01-01,T,A,Fee*,fee,other,x",
            "2000-01-01,T,A,Fee one,fee,fba,x",
            "2026-01-01,T,A,Fee one,fee,storage,x",
        ]
    )
    kinds = {text: rule_of(("T", "A", text), ON, rules) for text in ("any", "Fee two", "fee  ONE")}
    assert {t: r.fee_kind for t, r in kinds.items() if r} == {
        "any": "",
        "Fee two": "other",
        "fee  ONE": "storage",
    }
    before = rule_of(("T", "A", "Fee one"), date(2025, 1, 1), rules)
    assert before is not None
    assert before.fee_kind == "fba"


@pytest.mark.parametrize("line", ["2000-01-01,T,A", "2000-01-01,T,A,D,nowhere,,x"])
def test_a_broken_table_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"settlement_rows|nowhere"):
        rules_of([HEADER, line])


def test_names_are_compared_without_case_and_extra_blanks() -> None:
    assert plain("  Shipping  Label ") == "shipping label"


@pytest.mark.parametrize(
    ("fee_kind", "marketplace", "on", "wanted"),
    [
        ("referral", "NL", date(2024, 7, 31), ("4610", "BI_EU_INK", False)),
        ("referral", "NL", date(2024, 8, 1), ("4610", "HOOG_INK_21", True)),
        ("fba", "", ON, ("4611", "HOOG_INK_21", True)),
        ("fba", "PL", ON, ("2310", "GEEN", True)),
        ("advertising", "DE", ON, ("2310", "GEEN", True)),
        ("deals", "DE", ON, ("4613", "HOOG_INK_21", True)),
    ],
)
def test_fee_rules(
    fee_kind: str,
    marketplace: str,
    on: date,
    wanted: tuple[str, str, bool],
    settings: CouplingSettings,
) -> None:
    rule = fee_rule(fee_kind, marketplace, on, settings)
    assert (rule.account, rule.vat_code, rule.includes_vat) == wanted


def test_a_chosen_fee_vat_beats_the_invoice(settings: CouplingSettings) -> None:
    chosen = CouplingSettings.model_validate(
        settings.model_dump()
        | {
            "fees": [
                {"fee_kind": "advertising", "vat_code": "HOOG_INK_21"},
                {"fee_kind": "advertising", "vat_code": "BI_EU_INK", "marketplace": "DE"},
                {"fee_kind": "storage", "account": "4999"},
            ]
        }
    )
    assert fee_rule("advertising", "NL", ON, chosen).vat_code == "HOOG_INK_21"
    german = fee_rule("advertising", "DE", ON, chosen)
    assert (german.vat_code, german.includes_vat, german.vat_percent) == ("BI_EU_INK", False, 0)
    storage = fee_rule("storage", "NL", ON, chosen)
    assert (storage.account, storage.vat_code) == ("4999", "HOOG_INK_21")


def test_a_kind_of_fee_may_wait_for_the_invoice_alone(settings: CouplingSettings) -> None:
    """INVOICE is no code of the books: the fee waits on the accrual, without VAT."""
    chosen = CouplingSettings.model_validate(
        settings.model_dump() | {"fees": [{"fee_kind": "fba", "vat_code": BY_INVOICE}]}
    )
    rule = fee_rule("fba", "NL", ON, chosen)
    assert rule.waits_for_invoice
    assert (rule.account, rule.vat_code) == (settings.accounts.fee_accrual, "GEEN")
    assert not fee_rule("storage", "NL", ON, chosen).waits_for_invoice


def test_an_unknown_fee_kind_is_a_wrong_program(settings: CouplingSettings) -> None:
    with pytest.raises(KeyError, match="no fee rule"):
        fee_rule("mystery", "NL", ON, settings)


@pytest.mark.parametrize(
    ("kind", "destination", "fee_kind"),
    [
        (("AmazonFees", "Coupon Performance Based Fee", "Base fee"), "fee", "deals"),
        (("AmazonFees", "Deal Participation Fee", "Base fee"), "fee", "deals"),
        (
            ("AmazonFees", "Eco-contribution for EPR Pay on Behalf - GB - Packaging", "Base fee"),
            "fee",
            "other",
        ),
        (("AmazonFees", "FBA fulfilment fee per unit - Reversal", "Base fee"), "fee", "fba"),
        (("FBAFees", "FBA Long Term Storage Fee", "Tax on fee"), "fee", "storage"),
        (("FBAFees", "FBA Removal Order: Disposal Fee", "Base fee"), "fee", "fba"),
        (("Order", "ItemFees", "Digital Services Fee"), "fee", "digital_services"),
        (("Liquidations", "ItemFees", "LiquidationsBrokerageFee"), "suspense", ""),
        (
            ("Debt Adjustment", "Debt Adjustment", "Cross-Account Debt Adjustment for BE"),
            "debt",
            "",
        ),
        (("Order_Retrocharge", "ItemWithheldTax", "MarketplaceFacilitatorTax-Other"), "order", ""),
        (("other-transaction", "FBA Inventory Reimbursement", "FREE_REPLACEMENT_REFUND_ITEMS"),
         "reimbursement", ""),
    ],
)  # fmt: skip
def test_kinds_that_sellers_of_other_marketplaces_see(
    kind: tuple[str, str, str], destination: str, fee_kind: str
) -> None:
    rule = rule_of(kind, ON)
    assert rule is not None
    assert (rule.destination, rule.fee_kind) == (destination, fee_kind)
