"""The mistakes of other couplings that concern refunds, each with its number in the list.

Source: accounting rules, section 12. The ones about sales stand beside the orders.
"""

from __future__ import annotations

import pandas as pd

from tests.domain.refunds.told import ORDER, books, credited, invoice, notes, refund
from tests.domain.settlement.writing import confirmed, file_of, row, settled

PRICE = "OurPricePrincipal"
REFUND = "Refund/ItemPrice/Principal"


def _sale(amount: str) -> dict[str, str]:
    return row("Order/ItemPrice/Principal", amount, ORDER)


def _vat(lines: pd.DataFrame) -> dict[str, int]:
    return lines.groupby("vat_code")["vat_cents"].sum().astype(int).to_dict()


def test_01_a_refund_netted_with_its_fees() -> None:
    """The credit note is what the buyer gets back, not what the balance falls by."""
    raw = refund({PRICE: "-121.00"}, fees={"Commission": "18.15", "RefundCommission": "-3.63"})
    made = credited([raw])
    assert notes(made) == [(f"CAMZ-{ORDER}-1", "2026-03-10", -12100)]
    assert _vat(made.mutation_lines) == {"HOOG_VERK_21": -2100}


def test_02_a_foreign_refund_in_the_dutch_return() -> None:
    """The refund of an OSS sale takes its VAT back from the country's account, under no code."""
    amounts = {"gross_cents": 11900, "net_cents": 10000}
    rate = {
        "sale_kind": "S6", "rate": "19", "code": "GEEN", "country": "DE", "vat_account": "1641",
        "why": "", "vat_cents": 1900, **amounts,
        "lines": [{"n": 1, "component": "goods", "account": "8020", **amounts}],
    }  # fmt: skip
    booked = books(invoice(ORDER, "119.00", facts={"rates": [rate]}))
    made = credited([refund({PRICE: "-59.50"})], booked)
    lines = made.mutation_lines[["account", "vat_code", "gross_cents"]].to_dict("records")
    assert lines == [
        {"account": "8020", "vat_code": "GEEN", "gross_cents": -5000},
        {"account": "1641", "vat_code": "GEEN", "gross_cents": -950},
    ]


def test_07_vat_that_amazon_keeps_credited_as_the_sellers() -> None:
    """Tax and withheld tax of a facilitator's refund cancel out."""
    parts = {
        PRICE: "-100.00",
        "OurPriceTax": "-20.00",
        "MarketplaceFacilitatorVAT-Principal": "20.00",
    }
    assert [cents for _, _, cents in notes(credited([refund(parts)]))] == [-10000]


def test_10_vat_on_a_reimbursement() -> None:
    """A reimbursement after a refund is no refund: it never becomes a credit note."""
    raw = refund({"FBAInventoryReimbursement": "25.00"}, kind="FBAInventoryReimbursement")
    made = credited([raw])
    assert made.mutations.empty
    assert made.problems == []


def test_15_refund_rows_without_sku_multiplied_by_a_join() -> None:
    parts = [
        row(REFUND, "-10.00", ORDER, **{"adjustment-id": "A1", "sku": s}) for s in ("", "X", "")
    ]
    made = settled(file_of([_sale("121.00"), *parts]), *books().to_dict("records")).made
    credit = made.mutations[made.mutations["booking_kind"] == "CRN"]
    assert credit["gross_cents"].astype(int).tolist() == [-3000]


def test_16_ids_that_differ_between_finances_and_settlement() -> None:
    """No id of a refund is the same on both sides: order, amount and day are."""
    booked = confirmed(books(), credited([refund({PRICE: "-30.00"}, refund_id="F-1")]).mutations)
    rows = [_sale("121.00"), row(REFUND, "-30.00", ORDER, **{"adjustment-id": "S-9"})]
    made = settled(file_of(rows), *booked.to_dict("records")).made
    assert "CRN" not in set(made.mutations["booking_kind"])
    assert made.problems == ()


def test_17_refunds_never_follow() -> None:
    """A refund that only finances show, or only the settlement, is credited all the same."""
    assert len(notes(credited([refund({PRICE: "-30.00"})]))) == 1
    rows = [_sale("121.00"), row(REFUND, "-30.00", ORDER, **{"adjustment-id": "A1"})]
    made = settled(file_of(rows), *books().to_dict("records")).made
    assert made.mutations["booking_kind"].tolist().count("CRN") == 1


def test_18_a_refund_in_the_period_of_its_settlement() -> None:
    """It happened on 31 March; that Amazon released and settled it in April changes no return."""
    raw = [
        refund({PRICE: "-30.00"}, number="D", status="DEFERRED_RELEASED",
               on="2026-03-31T20:00:00Z", RELEASE_TRANSACTION_ID="L"),
        refund({PRICE: "-30.00"}, number="L", on="2026-04-08T20:00:00Z",
               DEFERRED_TRANSACTION_ID="D"),
    ]  # fmt: skip
    assert [day for _, day, _ in notes(credited(raw))] == ["2026-03-31"]


def test_19_a_later_phase_alters_the_credit_note() -> None:
    first = credited([refund({PRICE: "-30.00"}, status="DEFERRED")])
    booked = confirmed(books(), first.mutations)
    released = refund({PRICE: "-31.00"}, number="L", DEFERRED_TRANSACTION_ID="T1")
    again = credited([released], booked)
    pd.testing.assert_frame_equal(again.mutations, first.mutations)
    assert [found.code for found in again.problems] == ["refund-amount-changed"]


def test_20_a_refund_paid_without_its_credit_note() -> None:
    """The payment back closes the credit note's own open item."""
    booked = confirmed(books(), credited([refund({PRICE: "-30.00"})]).mutations)
    rows = [_sale("121.00"), row(REFUND, "-30.00", ORDER, **{"adjustment-id": "A1"})]
    made = settled(file_of(rows), *booked.to_dict("records")).made
    paid = made.mutations[made.mutations["booking_kind"] == "PAY"]
    assert dict(zip(paid["invoice_number"], paid["gross_cents"].astype(int), strict=True)) == {
        f"AMZ-{ORDER}": 12100,
        f"CAMZ-{ORDER}-1": -3000,
    }
