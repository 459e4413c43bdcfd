"""What breaks an expectation is held back with what depends on it; the rest goes on."""

from __future__ import annotations

import gc
import weakref
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, RELATIONS
from amazon_eboekhouden.expectations.gate import Checked, check
from amazon_eboekhouden.expectations.mutation_lines import VAT_CODES
from amazon_eboekhouden.expectations.validation import _context, failures

MUTATION: dict[str, Any] = {
    "booking_kind": "INV",
    "kind": "sales_invoice",
    "date": pd.Timestamp("2026-10-01"),
    "account": "category:DEB",
    "relation_code": "AMZ-NL",
    "description": "Bestelling",
    "in_ex_vat": "IN",
    "payment_term_days": 30,
    "gross_cents": 121,
    "settlement_id": "",
    "depends_on": "",
    "facts": "{}",
}
LINE: dict[str, Any] = {
    "line": 1,
    "account": "8000",
    "vat_code": "HOOG_VERK_21",
    "vat_percent": Decimal(21),
    "net_cents": 100,
    "vat_cents": 21,
    "gross_cents": 121,
}


def checked(
    count: int = 3,
    mutation: dict[int, dict[str, Any]] | None = None,
    line: dict[int, dict[str, Any]] | None = None,
    relations: list[dict[str, Any]] | None = None,
) -> Checked:
    """`count` good bookings, some of them changed."""
    names = [f"inv:{i}" for i in range(count)]
    mutations = [
        {**MUTATION, "booking": n, "invoice_number": f"AMZ-{i}", "order_id": f"order-{i}"}
        | (mutation or {}).get(i, {})
        for i, n in enumerate(names)
    ]
    lines = [{**LINE, "booking": n} | (line or {}).get(i, {}) for i, n in enumerate(names)]
    return check(MUTATIONS.of(mutations), MUTATION_LINES.of(lines), RELATIONS.of(relations or []))


def test_the_library_does_not_fill_the_log_of_the_task(caplog: pytest.LogCaptureFixture) -> None:
    """It tells in hundreds of lines how it builds itself, and the findings drowned in them."""
    caplog.set_level("INFO")
    _context.cache_clear()
    checked()
    assert len(caplog.records) <= 1  # Where its temporary folder is, it always tells.


def test_good_bookings_pass_whole() -> None:
    result = checked()
    assert result.problems == []
    assert len(result.mutations) == len(result.mutation_lines) == 3


@pytest.mark.parametrize(
    ("mutation", "line", "rule"),
    [
        ({"gross_cents": 122}, {}, "add up to the total"),
        ({"date": pd.Timestamp("1926-10-01")}, {}, "date"),
        ({"in_ex_vat": "INCL"}, {}, "IN or EX"),
        ({"invoice_number": ""}, {}, "has an invoice number"),
        ({"invoice_number": "A" * 51}, {}, "at most 50"),
        ({"relation_code": ""}, {}, "relation code"),
        ({}, {"vat_cents": 22}, "add up to gross"),
        ({}, {"vat_code": "AFW_VERK"}, "VAT code may be used"),
        ({}, {"vat_code": "GEEN", "net_cents": 121, "vat_cents": 1}, "carries no VAT"),
        ({}, {"account": ""}, "ledger account"),
    ],
)
def test_one_bad_booking_is_held_back_alone(
    mutation: dict[str, Any], line: dict[str, Any], rule: str
) -> None:
    result = checked(mutation={1: mutation}, line={1: line})
    assert {found.code for found in result.problems} == {"expectation-failed"}
    assert {found.order_id for found in result.problems} == {"order-1"}
    assert any(rule in found.cause for found in result.problems)
    assert list(result.mutations["booking"]) == ["inv:0", "inv:2"]
    assert list(result.mutation_lines["booking"]) == ["inv:0", "inv:2"]


def test_the_twenty_first_bad_row_is_found_too() -> None:
    bad = {i: {"in_ex_vat": "?"} for i in range(50)}
    result = checked(count=60, mutation=bad)
    assert len(result.problems) == 50
    assert len(result.mutations) == 10


def test_what_depends_on_a_bad_booking_waits_with_it() -> None:
    payment = {"depends_on": "inv:0", "booking_kind": "PAY", "kind": "payment_received"}
    of_payment = {"depends_on": "inv:1"}
    result = checked(mutation={0: {"gross_cents": 1}, 1: payment, 2: of_payment})
    assert result.mutations.empty
    assert {found.order_id for found in result.problems} == {"order-0"}


def test_a_relation_without_a_name_is_held_back() -> None:
    fields = ("contact", "address", "postal_code", "city", "email", "vat_number", "company")
    relation = dict.fromkeys(fields, "") | {
        "booking": "rel:1",
        "relation_code": "AZ1",
        "is_business": False,
        "country": "NL",
        "order_id": "order-0",
    }
    result = checked(mutation={0: {"depends_on": "rel:1"}}, relations=[relation])
    assert result.relations.empty
    assert list(result.mutations["booking"]) == ["inv:1", "inv:2"]


def test_foreign_vat_can_never_reach_the_dutch_return() -> None:
    """Mistake 2 of existing couplings: the divergent code."""
    assert "AFW_VERK" not in VAT_CODES


def test_a_process_that_checks_all_day_keeps_no_results() -> None:
    for n in (1, -1, 1):
        assert len(failures(_frame(n), "kept", _positive, ["key"])) == (n < 0)
    assert list(_context().validation_results_store.list_keys()) == []


def test_a_process_that_checks_all_day_keeps_no_frame() -> None:
    frame = _frame(1)
    assert failures(frame, "kept", _positive, ["key"]) == []
    gone = weakref.ref(frame)
    del frame
    gc.collect()
    assert gone() is None


def test_an_expectation_that_cannot_be_evaluated_is_no_pass() -> None:
    with pytest.raises(RuntimeError, match="was not evaluated"):
        failures(_frame(1).drop(columns="n"), "evaluated", _positive, ["key"])


def _frame(n: int) -> pd.DataFrame:
    return pd.DataFrame({"key": pd.Series(["a"], dtype="str"), "n": pd.Series([n])})


def _positive(gx: Any) -> Any:
    return [gx.expectations.ExpectColumnValuesToBeBetween(column="n", min_value=0)]
