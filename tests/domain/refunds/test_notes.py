"""Refund events to credit notes: one per event, whichever source told first."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.domain.frames import BOOKED, MUTATIONS
from amazon_eboekhouden.domain.money import euros
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.domain.refunds.told import ORDER, Json, books, credited, invoice, notes, refund, settings
from tests.domain.settlement.writing import confirmed, file_of, row, settled

PRICE = "OurPricePrincipal"
REFUND = "Refund/ItemPrice/Principal"


def after(booked: pd.DataFrame, *transactions: Json) -> pd.DataFrame:
    """The books after the credit notes of these transactions."""
    return confirmed(booked, credited(list(transactions), booked).mutations)


def test_a_refund_is_a_credit_note_of_its_day() -> None:
    made = credited([refund({PRICE: "-30.00"})])
    assert notes(made) == [(f"CAMZ-{ORDER}-1", "2026-03-10", -3000)]
    [line] = made.mutation_lines.to_dict("records")
    assert (line["account"], line["vat_code"]) == ("8000", "HOOG_VERK_21")
    assert (line["net_cents"], line["vat_cents"]) == (-2479, -521)


def test_several_refunds_are_numbered_in_their_order() -> None:
    later = refund({PRICE: "-5.00"}, number="T2", refund_id="R2", on="2026-03-12T08:00:00Z")
    made = credited([later, refund({PRICE: "-30.00"})])
    assert sorted(notes(made)) == [
        (f"CAMZ-{ORDER}-1", "2026-03-10", -3000),
        (f"CAMZ-{ORDER}-2", "2026-03-12", -500),
    ]


def test_an_event_seen_again_is_the_same_booking_byte_for_byte() -> None:
    first = credited([refund({PRICE: "-30.00"}, status="DEFERRED")])
    booked = confirmed(books(), first.mutations)
    released = refund({PRICE: "-30.00"}, number="L", refund_id="", on="2026-03-20T08:00:00Z",
                      DEFERRED_TRANSACTION_ID="T1")  # fmt: skip
    again = credited([released], booked)
    pd.testing.assert_frame_equal(again.mutations, first.mutations)
    pd.testing.assert_frame_equal(again.mutation_lines, first.mutation_lines)
    assert again.aliases == {first.mutations["booking"][0]: {"L"}}


def test_a_release_known_by_its_alias_alone_is_the_same_refund() -> None:
    booked = after(books(), refund({PRICE: "-30.00"}, status="DEFERRED"))
    natural = booked["booking"].tolist()[-1]
    bare = refund({PRICE: "-30.00"}, number="L", refund_id="R9")
    assert len(credited([bare], booked).mutations["booking"].unique()) == 1
    known = credited([bare], booked, aliases={"L": natural})
    assert known.mutations["booking"].tolist() == [natural]


def settlement_note(*rows: dict[str, str]) -> pd.DataFrame:
    """Books in which a settlement credited refunds of the order."""
    one = settled(file_of([*rows, row("Order/ItemPrice/Principal", "121.00", ORDER)]),
                  invoice(ORDER, "121.00"))  # fmt: skip
    return confirmed(books(), one.made.mutations)


def test_what_the_settlement_credited_is_not_credited_again() -> None:
    adjusted = {"adjustment-id": "A1"}
    booked = settlement_note(row(REFUND, "-30.00", ORDER, on="2026-03-10", **adjusted))
    made = credited([refund({PRICE: "-30.00"})], booked)
    assert notes(made) == []
    assert made.aliases == {f"crn:{ORDER}:A1": {"T1", "refund R1"}}
    # A second refund of the same amount is another one: the first is taken.
    second = refund({PRICE: "-30.00"}, number="T2", refund_id="R2", on="2026-03-12T10:00:00Z")
    both = credited([refund({PRICE: "-30.00"}), second], booked)
    assert [(number, cents) for number, _, cents in notes(both)] == [(f"CAMZ-{ORDER}-2", -3000)]


def test_a_refund_after_the_settlement_is_another_one() -> None:
    booked = settlement_note(
        row(REFUND, "-30.00", ORDER, on="2026-03-10", **{"adjustment-id": "A1"})
    )
    made = credited([refund({PRICE: "-30.00"}, on="2026-03-20T10:00:00Z")], booked)
    assert [(number, cents) for number, _, cents in notes(made)] == [(f"CAMZ-{ORDER}-2", -3000)]


def test_the_same_day_with_another_amount_is_held() -> None:
    booked = settlement_note(
        row(REFUND, "-30.00", ORDER, on="2026-03-10", **{"adjustment-id": "A1"})
    )
    made = credited([refund({PRICE: "-29.00"})], booked)
    assert notes(made) == []
    assert [found.code for found in made.problems] == ["refund-amount-changed"]


def test_a_refund_that_waits_on_suspense_is_left_to_the_settlement() -> None:
    facts = {"refunds": {f"{ORDER}:A1": {"place": "parked", "eur_cents": -3000, "cents": -3000,
                                         "currency": "EUR", "posted": "2026-03-10"}}}  # fmt: skip
    parked = invoice("", "30.00", booking="mny:1:suspense-:GEEN:2026-03", booking_kind="MNY",
                     settlement_id="1", facts={})  # fmt: skip
    parked |= {"facts": json.dumps(facts), "invoice_number": "", "order_id": ""}
    made = credited([refund({PRICE: "-30.00"})], books(invoice(ORDER, "121.00"), parked))
    assert notes(made) == []
    assert list(made.aliases) == [parked["booking"]]


def test_before_go_live_and_unknown_orders_are_left_to_the_settlement() -> None:
    early = refund({PRICE: "-30.00"}, on="2025-12-20T10:00:00Z")
    assert credited([early]).mutations.empty
    unknown = credited([refund({PRICE: "-30.00"}, order="402-9999999-9999999")])
    assert unknown.mutations.empty
    assert unknown.problems == []


def test_a_refund_of_an_order_that_is_held_waits_and_says_so() -> None:
    made = credited([refund({PRICE: "-30.00"})], BOOKED.empty(), held=[ORDER])
    assert [found.code for found in made.problems] == ["refund-waits-for-invoice"]
    passed = credited(
        [refund({PRICE: "-30.00"})], BOOKED.empty(), held=[ORDER], passed_over=[ORDER]
    )
    assert passed.problems == []


def test_an_invoice_of_the_same_run_is_credited() -> None:
    new = {
        **invoice(ORDER, "121.00"), "kind": "sales_invoice", "account": "category:DEB",
        "description": "", "in_ex_vat": "IN", "payment_term_days": 30, "depends_on": "",
    }  # fmt: skip
    planned = MUTATIONS.of([{name: new[name] for name in MUTATIONS.columns}])
    made = credited([refund({PRICE: "-121.00"})], BOOKED.empty(), planned=planned)
    assert notes(made) == [(f"CAMZ-{ORDER}-1", "2026-03-10", -12100)]
    assert made.mutations["depends_on"].tolist() == [new["booking"]]


def test_several_invoices_are_told_apart_by_shipment_or_held() -> None:
    parts = [
        invoice(ORDER, "60.00", booking=f"inv:X:{ORDER}:{name}", invoice_number=f"AZ-{name}")
        for name in ("S1", "S2")
    ]
    told = credited([refund({PRICE: "-10.00"}, SHIPMENT_ID="S2")], books(*parts))
    assert notes(told) == [("CAZ-S2-1", "2026-03-10", -1000)]
    silent = credited([refund({PRICE: "-10.00"})], books(*parts))
    assert [found.code for found in silent.problems] == ["refund-ambiguous"]
    assert silent.mutations.empty


def test_more_than_is_left_is_held() -> None:
    made = credited([refund({PRICE: "-122.00"})])
    assert [found.code for found in made.problems] == ["refund-too-large"]
    assert made.mutations.empty


def test_a_closed_period_stays_closed() -> None:
    closed = settings(
        books={"connection": "b", "go_live": "2026-01-01", "closed_through": "2026-03-31"}
    )
    made = credited([refund({PRICE: "-30.00"})], with_settings=closed)
    assert notes(made) == [(f"CAMZ-{ORDER}-1", "2026-04-01", -3000)]


def test_a_claim_decided_for_the_seller_takes_the_credit_note_back() -> None:
    booked = after(books(), refund({PRICE: "-30.00"}, kind="GuaranteeClaim"))
    back = refund({PRICE: "30.00"}, number="T2", refund_id="R2", kind="GuaranteeClaim",
                  on="2026-03-15T10:00:00Z")  # fmt: skip
    made = credited([back], booked)
    assert notes(made) == [(f"CAMZ-{ORDER}-1R", "2026-03-15", 3000)]
    again = credited([back], confirmed(booked, made.mutations))
    pd.testing.assert_frame_equal(again.mutations, made.mutations)
    pd.testing.assert_frame_equal(again.mutation_lines, made.mutation_lines)


def test_a_foreign_refund_keeps_the_rate_of_its_invoice() -> None:
    facts = {"currency": "SEK", "currency_gross_cents": 110000, "exchange_rate": "11.0"}
    booked = books(invoice(ORDER, "100.00", facts=facts))
    made = credited([refund({PRICE: "-550.00"}, currency="SEK")], booked)
    assert notes(made) == [(f"CAMZ-{ORDER}-1", "2026-03-10", -5000)]
    other = credited([refund({PRICE: "-50.00"})], booked)
    assert [found.code for found in other.problems] == ["refund-ambiguous"]


# --- and then the settlement comes ----------------------------------------------------------------


def settle(booked: pd.DataFrame, *rows: dict[str, str]) -> Any:
    content = file_of([*rows, row("Order/ItemPrice/Principal", "121.00", ORDER)])
    return settled(content, *booked.to_dict("records")).made


def credits_of(made: Any) -> list[str]:
    own = made.mutations[made.mutations["booking_kind"] == "CRN"]
    return own["invoice_number"].tolist()


def paid_of(made: Any) -> dict[str, int]:
    own = made.mutations[made.mutations["booking_kind"] == "PAY"]
    return dict(zip(own["invoice_number"], own["gross_cents"].astype(int), strict=True))


def test_the_settlement_pays_the_credit_note_that_finances_made() -> None:
    booked = after(books(), refund({PRICE: "-30.00"}))
    made = settle(booked, row(REFUND, "-30.00", ORDER, **{"adjustment-id": "A1"}))
    assert credits_of(made) == []
    assert paid_of(made)[f"CAMZ-{ORDER}-1"] == -3000
    assert made.problems == ()


def test_equal_refunds_of_different_days_are_paid_each_on_its_own_day() -> None:
    second = refund({PRICE: "-30.00"}, number="T2", refund_id="R2", on="2026-03-12T10:00:00Z")
    booked = after(books(), refund({PRICE: "-30.00"}), second)
    made = settle(booked, row(REFUND, "-30.00", ORDER, on="2026-03-12", **{"adjustment-id": "A2"}))
    assert credits_of(made) == []
    assert paid_of(made)[f"CAMZ-{ORDER}-2"] == -3000


def test_equal_refunds_that_no_day_tells_apart_are_held() -> None:
    second = refund({PRICE: "-30.00"}, number="T2", refund_id="R2", on="2026-03-08T10:00:00Z")
    booked = after(books(), refund({PRICE: "-30.00"}, on="2026-03-06T10:00:00Z"), second)
    made = settle(booked, row(REFUND, "-30.00", ORDER, on="2026-03-12", **{"adjustment-id": "A1"}))
    assert [found.code for found in made.problems] == ["settlement-refund-ambiguous"]
    assert credits_of(made) == []


@pytest.mark.parametrize(("status", "on"), [("RELEASED", "2026-03-10"), ("DEFERRED", "2026-03-14")])
def test_another_amount_than_finances_showed_is_held_not_credited_twice(
    status: str, on: str
) -> None:
    booked = after(books(), refund({PRICE: "-30.00"}, status=status))
    made = settle(booked, row(REFUND, "-29.00", ORDER, on=on, **{"adjustment-id": "A1"}))
    assert [found.code for found in made.problems] == ["settlement-refund-differs"]
    assert credits_of(made) == []


def test_a_refund_that_finances_missed_is_credited_by_the_settlement() -> None:
    booked = after(books(), refund({PRICE: "-30.00"}))
    rows = [
        row(REFUND, "-30.00", ORDER, on="2026-03-10", **{"adjustment-id": "A1"}),
        row(REFUND, "-7.00", ORDER, on="2026-03-12", **{"adjustment-id": "A2"}),
    ]
    made = settle(booked, *rows)
    assert credits_of(made) == [f"CAMZ-{ORDER}-2"]
    assert made.problems == ()


AMOUNTS = st.lists(st.integers(min_value=1, max_value=4_000), min_size=1, max_size=3)


@hypothesis_settings(max_examples=25, deadline=None)
@given(AMOUNTS, st.randoms(use_true_random=False))
def test_a_refund_of_everything_returns_every_account_to_zero(
    cents: list[int], random: Any
) -> None:
    """Whatever the parts, their order, and which source tells of which part first."""
    gross = sum(cents)
    booked = books(invoice(ORDER, str(euros(gross))))
    parts = [
        refund({PRICE: str(euros(-part))}, number=f"T{n}", refund_id=f"R{n}",
               on=f"2026-03-{10 + n:02d}T10:00:00Z")
        for n, part in enumerate(cents)
    ]  # fmt: skip
    rows = [
        row(
            REFUND,
            str(euros(-part)),
            ORDER,
            on=f"2026-03-{10 + n:02d}",
            **{"adjustment-id": f"A{n}"},
        )
        for n, part in enumerate(cents)
    ]
    early = [part for part in parts if random.random() < 0.5]
    first = credited(early, booked)
    known = confirmed(booked, first.mutations)
    sale = row("Order/ItemPrice/Principal", str(euros(gross)), ORDER)
    made = settled(file_of([sale, *rows]), *known.to_dict("records")).made
    assert made.problems == ()
    late = credited(parts, confirmed(known, made.mutations))
    assert set(late.mutations["booking"]) == set(first.mutations["booking"])
    credit_lines = pd.concat([first.mutation_lines, made.mutation_lines])
    taken = credit_lines[credit_lines["account"] == "8000"]
    group = json.loads(booked["facts"][0])["rates"][0]
    assert -int(taken["net_cents"].sum()) == group["net_cents"]
    assert -int(taken["vat_cents"].sum()) == group["vat_cents"]
    payments = made.mutations[made.mutations["booking_kind"] == "PAY"]
    assert int(payments["gross_cents"].sum()) == 0


def test_another_amount_is_listed_until_the_settlement_has_decided() -> None:
    booked = after(books(), refund({PRICE: "-30.00"}, status="DEFERRED"))
    released = refund({PRICE: "-29.00"}, number="L", DEFERRED_TRANSACTION_ID="T1")
    assert [p.code for p in credited([released], booked).problems] == ["refund-amount-changed"]
    made = settle(booked, row(REFUND, "-29.00", ORDER, on="2026-03-14", **{"adjustment-id": "A1"}))
    assert [p.code for p in made.problems] == ["settlement-refund-differs"]
    assert credited([released], confirmed(booked, made.mutations)).problems == []
