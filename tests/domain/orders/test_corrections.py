"""What changes after booking: a credit note over the whole and a new invoice, if that is sure."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.corrections import in_place_of
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.invoices import Bookables
from amazon_eboekhouden.domain.questions import vat_numbers_to_ask
from amazon_eboekhouden.domain.returns import Quarter, icp_rows, oss_rows
from amazon_eboekhouden.domain.settlement.known import known_of

from tests.domain.orders.shop import ORDER_ID, Json, book, item, order, with_vat_number
from tests.domain.refunds.told import credited, refund
from tests.domain.settlement.writing import confirmed, file_of, row, settled
from tests.golden.sales import INSTALL_KEY, as_booked, read, settings_of

EARLY = settings_of({"books": {"invoice_on": "unshipped"}})
WAITING = {"fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "AMAZON"}
SHIPPED = {"fulfillmentStatus": "SHIPPED", "fulfilledBy": "AMAZON"}
FIRST, SECOND = f"AMZ-{ORDER_ID}", f"AMZ-{ORDER_ID}-V2"
GERMAN, AUSTRIAN = "DE136695976", "ATU33864707"
VIES = {
    number: {"valid": True, "asked_on": "2026-10-05", "consultation": "WAPI"}
    for number in (GERMAN, AUSTRIAN)
}


def two(count: int = 2, **fields: Any) -> Json:
    """An order of two articles, or of the first alone: the other one was cancelled."""
    items = [item("20.00", item_id="1"), item("30.00", item_id="2")]
    return order(items[:count], **fields)


def later(
    raw: Json, booked: pd.DataFrame, settings: CouplingSettings = EARLY, **world: Any
) -> Bookables:
    """What an order becomes when it is seen again."""
    _, made = book({"orders": [raw], **world}, settings, booked)
    return made


def booked_first(raw: Json, settings: CouplingSettings = EARLY, **world: Any) -> pd.DataFrame:
    _, made = book({"orders": [raw], **world}, settings)
    assert made.problems == []
    return as_booked(made.mutations)


def amounts(made: Bookables) -> dict[str, int]:
    """Cents per document number."""
    rows = made.mutations[made.mutations["booking_kind"].isin(["INV", "CRN"])]
    return dict(zip(rows["invoice_number"], rows["gross_cents"].astype(int), strict=True))


def set_offs(made: Bookables) -> dict[str, int]:
    rows = made.mutations[made.mutations["booking_kind"] == "PAY"]
    return dict(zip(rows["invoice_number"], rows["gross_cents"].astype(int), strict=True))


def balances(*made: Bookables) -> Counter[str]:
    """Net and VAT per account or code, over all these documents; a booking counts once."""
    total: Counter[str] = Counter()
    seen: set[str] = set()
    for one in made:
        documents = one.mutations[one.mutations["booking_kind"].isin(["INV", "CRN"])]
        for line in one.mutation_lines.to_dict("records"):
            if line["booking"] in set(documents["booking"]) - seen:
                total[line["account"]] += int(line["net_cents"])
                total[f"VAT {line['vat_code']}"] += int(line["vat_cents"])
        seen |= set(documents["booking"])
    return Counter({name: cents for name, cents in total.items() if cents})


def test_a_quantity_cancelled_before_shipping_is_credited_whole_and_invoiced_anew() -> None:
    booked = booked_first(two(fulfillment=WAITING))
    changed = two(1, fulfillment=WAITING, lastUpdatedTime="2026-10-08T11:00:00Z")
    made = later(changed, booked)
    assert made.problems == []
    assert amounts(made) == {FIRST: 5000, f"C{FIRST}-1": -5000, SECOND: 2000}
    days = dict(zip(made.mutations["invoice_number"], made.mutations["date"], strict=True))
    assert days[f"C{FIRST}-1"].date() == days[SECOND].date() == date(2026, 10, 8)
    # The open items of the first invoice and its credit note close each other.
    assert set_offs(made) == {FIRST: 5000, f"C{FIRST}-1": -5000}
    new = booked_first(two(1, fulfillment=WAITING))
    assert int(new["gross_cents"][0]) == 2000
    assert balances(made) == {"8000": 1653, "VAT HOOG_VERK_21": 347}


def test_the_correction_is_repeated_and_not_made_again() -> None:
    changed = two(1, fulfillment=WAITING, lastUpdatedTime="2026-10-08T11:00:00Z")
    made = later(changed, booked_first(two(fulfillment=WAITING)))
    booked = as_booked(made.mutations)
    shipped = two(1, fulfillment=SHIPPED, lastUpdatedTime="2026-10-10T11:00:00Z")
    again = later(shipped, booked)
    assert again.problems == []
    _same(again, made)


def test_a_correction_of_which_only_the_credit_note_was_booked_goes_on() -> None:
    changed = two(1, fulfillment=WAITING, lastUpdatedTime="2026-10-08T11:00:00Z")
    made = later(changed, booked_first(two(fulfillment=WAITING)))
    half = made.mutations[made.mutations["invoice_number"] != SECOND]
    again = later({**changed, "lastUpdatedTime": "2026-10-09T11:00:00Z"}, as_booked(half))
    assert again.problems == []
    _same(again, made)


def _same(one: Bookables, other: Bookables) -> None:
    for frame in ("mutations", "mutation_lines"):
        first, second = (
            getattr(made, frame).sort_values(list(getattr(made, frame).columns[:2]))
            for made in (one, other)
        )
        assert first.to_dict("records") == second.to_dict("records")


def test_a_second_change_corrects_the_second_invoice() -> None:
    three = order([item(f"{n}0.00", item_id=str(n)) for n in (1, 2, 3)], fulfillment=WAITING)
    booked = booked_first(three)
    for kept, day in ((2, 8), (1, 9)):
        raw = {**three, "orderItems": three["orderItems"][:kept]}
        made = later({**raw, "lastUpdatedTime": f"2026-10-0{day}T11:00:00Z"}, booked)
        booked = as_booked(made.mutations)
    assert amounts(made) == {
        FIRST: 6000, f"C{FIRST}-1": -6000, SECOND: 3000, f"C{SECOND}-1": -3000,
        f"AMZ-{ORDER_ID}-V3": 1000,
    }  # fmt: skip


def test_fewer_pieces_that_were_seen_after_shipping_only() -> None:
    booked = booked_first(two(fulfillment=WAITING))
    made = later(two(1, fulfillment=SHIPPED), booked)
    assert amounts(made)[SECOND] == 2000


def test_a_lower_amount_of_a_shipped_order_waits_for_its_refund() -> None:
    """Mistake 17, the other way round: crediting the change and the refund would be twice."""
    settings = settings_of()
    booked = booked_first(two(), settings)
    made = later(two(1), booked, settings)
    assert [found.code for found in made.problems] == ["order-changed"]
    assert amounts(made) == {}
    # The refund event comes, from finances: nothing is left to correct.
    event = refund({"OurPricePrincipal": "-30.00"}, order=ORDER_ID, on="2026-10-09T10:00:00Z")
    notes = credited([event], booked, with_settings=settings)
    known = confirmed(booked, notes.mutations)
    after = later(two(1), known, settings)
    assert after.problems == []
    assert amounts(after) == {FIRST: 5000}


def test_what_was_refunded_or_paid_is_not_corrected() -> None:
    booked = booked_first(two(fulfillment=WAITING))
    event = refund({"OurPricePrincipal": "-5.00"}, order=ORDER_ID, on="2026-10-09T10:00:00Z")
    refunded = confirmed(booked, credited([event], booked).mutations)
    made = later(two(1, fulfillment=WAITING), refunded)
    assert [found.code for found in made.problems] == ["order-changed"]
    sale = row("Order/ItemPrice/Principal", "50.00", ORDER_ID, on="2026-10-09")
    paid = settled(file_of([sale]), *booked.to_dict("records")).made
    made = later(two(1, fulfillment=WAITING), confirmed(booked, paid.mutations))
    assert [found.code for found in made.problems] == ["order-changed"]


def test_the_settlement_pays_the_invoice_that_took_the_others_place() -> None:
    made = later(two(1, fulfillment=WAITING), booked_first(two(fulfillment=WAITING)))
    booked = as_booked(made.mutations)
    rows = [
        row("Order/ItemPrice/Principal", "20.00", ORDER_ID, on="2026-10-09"),
        row("Refund/ItemPrice/Principal", "-20.00", ORDER_ID, on="2026-10-12",
            **{"adjustment-id": "A1"}),
    ]  # fmt: skip
    one = settled(file_of(rows), *booked.to_dict("records"))
    assert one.made.problems == ()
    paid = one.made.mutations[one.made.mutations["booking_kind"] == "PAY"]
    assert sorted(zip(paid["invoice_number"], paid["gross_cents"].astype(int), strict=True)) == [
        (SECOND, 2000),
        (f"C{SECOND}-1", -2000),
    ]


def test_a_settlement_sees_only_the_invoice_that_stands_unless_it_paid_the_other() -> None:
    """Read again after the correction, a settlement that paid the first invoice still does."""
    made = later(two(1, fulfillment=WAITING), booked_first(two(fulfillment=WAITING)))
    known = known_of(as_booked(made.mutations), "18000000001", {ORDER_ID})
    both = known.invoices[ORDER_ID]
    assert sorted(one.invoice_number for one in both) == [FIRST, SECOND]
    assert [one.invoice_number for one in in_place_of(both, ())] == [SECOND]
    assert [one.invoice_number for one in in_place_of(both, [FIRST])] == [FIRST]


def test_a_cancelled_order_credits_the_invoice_that_stands() -> None:
    made = later(two(1, fulfillment=WAITING), booked_first(two(fulfillment=WAITING)))
    gone = two(1, fulfillment={**WAITING, "fulfillmentStatus": "CANCELLED"})
    cancelled = later(gone, as_booked(made.mutations))
    assert amounts(cancelled) == {f"C{SECOND}-1": -2000}
    assert balances(made, cancelled) == {}


# --- the VAT number -------------------------------------------------------------------------------


def sold(number: str = "", **fields: Any) -> Json:
    raw = order([item("119.00")], to="DE", postal_code="10115", marketplace="DE", **fields)
    raw["buyer"] = {"buyerName": "Firma", "buyerCompanyName": "Firma GmbH"}
    return with_vat_number(raw, number) if number else raw


def test_a_number_that_comes_later_makes_an_icp_supply_of_the_sale() -> None:
    settings = settings_of()
    booked = booked_first(sold(), settings)
    corrected = sold(GERMAN, lastUpdatedTime="2026-10-20T11:00:00Z")
    made = later(corrected, booked, settings, vies=VIES)
    assert made.problems == []
    assert amounts(made) == {FIRST: 11900, f"C{FIRST}-1": -11900, SECOND: 11900}
    assert balances(made) == {"8030": 11900}
    [relation] = made.relations.to_dict("records")
    assert relation["vat_number"] == GERMAN
    _same(later(corrected, as_booked(made.mutations), settings, vies=VIES), made)


def test_a_correction_belongs_to_the_quarter_of_the_sale() -> None:
    """In the OSS and ICP returns both halves correct the quarter of the first invoice."""
    settings = settings_of()
    booked = booked_first(sold(), settings)
    corrected = sold(GERMAN, lastUpdatedTime="2027-01-20T11:00:00Z")
    after = as_booked(later(corrected, booked, settings, vies=VIES).mutations)
    quarter = Quarter(2027, 1)
    [oss] = oss_rows(after, quarter, lambda currency, of: None)
    assert (oss["correction_of"], oss["net_cents"], oss["vat_cents"]) == ("2026-Q4", -10000, -1900)
    [icp] = icp_rows(after, quarter, lambda code: GERMAN)
    assert (icp["correction_of"], icp["net_cents"]) == ("2026-Q4", 11900)


def test_an_invoice_that_was_paid_is_set_off_against_the_new_one() -> None:
    settings = settings_of()
    booked = booked_first(sold(), settings)
    sale = row("Order/ItemPrice/Principal", "119.00", ORDER_ID, on="2026-10-09")
    paid = settled(file_of([sale]), *booked.to_dict("records")).made
    made = later(sold(GERMAN), confirmed(booked, paid.mutations), settings, vies=VIES)
    assert set_offs(made) == {SECOND: 11900, f"C{FIRST}-1": -11900}
    assert sum(set_offs(made).values()) == 0


def test_another_number_is_another_line_of_the_icp_return() -> None:
    settings = settings_of()
    booked = booked_first(sold(AUSTRIAN), settings, vies=VIES)
    made = later(sold(GERMAN), booked, settings, vies=VIES)
    assert amounts(made) == {FIRST: 11900, f"C{FIRST}-1": -11900, SECOND: 11900}
    codes = dict(
        zip(made.mutations["invoice_number"], made.mutations["relation_code"], strict=True)
    )
    assert codes[FIRST] == codes[f"C{FIRST}-1"] != codes[SECOND]


@pytest.mark.parametrize("shown", ["", AUSTRIAN])
def test_a_number_that_is_gone_or_the_same_changes_nothing(shown: str) -> None:
    settings = settings_of()
    booked = booked_first(sold(AUSTRIAN), settings, vies=VIES)
    made = later(sold(shown), booked, settings, vies=VIES)
    assert made.problems == []
    assert amounts(made) == {FIRST: 11900}


def test_a_number_that_is_wrong_is_held_and_nothing_is_credited() -> None:
    settings = settings_of()
    booked = booked_first(sold(), settings)
    wrong = {GERMAN: {"valid": False, "asked_on": "2026-10-20", "consultation": ""}}
    made = later(sold(GERMAN), booked, settings, vies=wrong)
    assert [found.code for found in made.problems] == ["vat-number-invalid"]
    assert amounts(made) == {}


def test_a_number_corrected_after_a_refund_is_a_persons() -> None:
    settings = settings_of()
    booked = booked_first(sold(), settings)
    event = refund({"OurPricePrincipal": "-19.00"}, order=ORDER_ID, on="2026-10-09T10:00:00Z")
    known = confirmed(booked, credited([event], booked, with_settings=settings).mutations)
    made = later(sold(GERMAN), known, settings, vies=VIES)
    assert [found.code for found in made.problems] == ["vat-number-changed"]
    assert amounts(made) == {}


def test_a_dutch_number_changes_nothing_about_a_domestic_sale() -> None:
    settings = settings_of()
    raw = order([item("121.00")])
    booked = booked_first(raw, settings)
    made = later(with_vat_number(raw, "NL004495445B01"), booked, settings)
    assert made.problems == []
    assert amounts(made) == {FIRST: 12100}


def test_only_a_number_that_changed_is_asked_for_again() -> None:
    settings = settings_of()
    booked = booked_first(sold(AUSTRIAN), settings, vies=VIES)
    for number, asked in ((AUSTRIAN, []), (GERMAN, [GERMAN])):
        orders = read({"orders": [sold(number)]}, settings).orders
        assert vat_numbers_to_ask(orders, booked, settings, INSTALL_KEY) == asked
        assert vat_numbers_to_ask(orders, BOOKED.empty(), settings, INSTALL_KEY) == [number]


def test_a_closed_period_is_not_touched() -> None:
    booked = booked_first(two(fulfillment=WAITING))
    closed = settings_of({"books": {"invoice_on": "unshipped", "closed_through": "2026-12-31"}})
    made = later(two(1, fulfillment=WAITING), booked, closed)
    documents = made.mutations[made.mutations["invoice_number"] != FIRST]
    assert {day.date() for day in documents["date"]} == {date(2027, 1, 1)}
