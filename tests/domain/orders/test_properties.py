"""What holds for every invoice and credit note, whatever the amounts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from amazon_eboekhouden.config.vat import DUTCH_VAT_CODES
from amazon_eboekhouden.domain.credit_notes import credit_note
from amazon_eboekhouden.domain.money import euros, vat_inside
from amazon_eboekhouden.domain.problems import Problem
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.orders.shop import Json, booked, item, order, row, vat
from tests.golden.sales import as_booked

SKUS = {"BOOK": {"NL": "9", "DE": "7", "FR": "5.5", "FI": "13.5", "BE": "6"}}
RATED = vat(rates_by_sku=SKUS)
cents = st.integers(min_value=1, max_value=200_000)


def _amount(value: int) -> str:
    return f"{euros(value)}"


@st.composite
def items(draw: st.DrawFn, number: int) -> Json:
    """An item that costs at least a cent after its discounts."""
    goods, shipping, wrap = draw(cents), draw(st.just(0) | cents), draw(st.just(0) | cents)
    off_goods = draw(st.integers(0, goods - 1)) if draw(st.booleans()) else 0
    off_shipping = draw(st.just(0) | st.just(shipping))
    rows = [row("ITEM", _amount(goods))]
    rows += [row("SHIPPING", _amount(shipping))] if shipping else []
    rows += [row("GIFT_WRAP", _amount(wrap))] if wrap else []
    off = off_goods + off_shipping
    if off:
        sign = draw(st.sampled_from((1, -1)))
        details = {"ITEM": _amount(sign * off_goods), "SHIPPING": _amount(sign * off_shipping)}
        rows.append(row("DISCOUNT", _amount(sign * off), **details))
    total = goods + shipping + wrap - off
    sku = draw(st.sampled_from(("BOOK", "LAMP")))
    return item(_amount(total), *rows, item_id=f"{number}", sku=sku)


@st.composite
def orders(draw: st.DrawFn) -> Json:
    """An order of one to five items to a country at home, in the EU, or outside it."""
    count = draw(st.integers(1, 5))
    to = draw(st.sampled_from(("NL", "DE", "FR", "FI", "BE", "CH")))
    tip = draw(st.just(0) | st.integers(1, 1000))
    own = [draw(items(n)) for n in range(1, count + 1)]
    paid = sum(Decimal(one["proceeds"]["proceedsTotal"]["amount"]) for one in own)
    grand = {"amount": f"{paid + euros(tip)}", "currencyCode": "EUR"}
    whole: Json = {"grandTotal": grand}
    if tip:
        whole["breakdowns"] = [row("DELIVERY_TIP", _amount(tip)) | {"status": "FINALIZED"}]
    return order(own, to=to, proceeds=whole)


def _paid(raw: Json) -> int:
    return int(Decimal(raw["proceeds"]["grandTotal"]["amount"]) * 100)


def _balances(lines: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Net per account and VAT per code, as the books would hold them."""
    sums: Counter[str] = Counter()
    for line in lines:
        sums[line["account"]] += line["net_cents"]
        sums[line["vat_code"]] += line["vat_cents"]
    return Counter({name: value for name, value in sums.items() if value})


@given(orders())
@settings(deadline=None, max_examples=40)
def test_the_invoice_is_what_the_buyer_paid(raw: Json) -> None:
    bookables, lines = booked(raw, settings=RATED)
    [invoice] = bookables.mutations.to_dict("records")
    assert invoice["gross_cents"] == _paid(raw)
    assert sum(line["gross_cents"] for line in lines) == _paid(raw)
    assert all(line["net_cents"] + line["vat_cents"] == line["gross_cents"] for line in lines)
    assert all(line["vat_cents"] == 0 for line in lines if line["vat_code"] not in DUTCH_VAT_CODES)


@given(orders())
@settings(deadline=None, max_examples=40)
def test_vat_is_half_up_of_the_sum_per_rate(raw: Json) -> None:
    bookables, lines = booked(raw, settings=RATED)
    facts = json.loads(bookables.mutations["facts"][0])
    own = sum(rate["vat_cents"] for rate in facts["rates"])
    for rate in facts["rates"]:
        assert rate["vat_cents"] == vat_inside(rate["gross_cents"], Decimal(rate["rate"]))
    to_authorities = sum(
        line["vat_cents"] + (line["net_cents"] if line["account"].startswith("16") else 0)
        for line in lines
    )
    assert to_authorities == own


@given(orders(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=25)
def test_the_order_of_lines_never_matters(raw: Json, random: Any) -> None:
    mixed = json.loads(json.dumps(raw))
    random.shuffle(mixed["orderItems"])
    for one in mixed["orderItems"]:
        random.shuffle(one["proceeds"]["breakdowns"])
    first, second = (booked(one, settings=RATED)[0] for one in (raw, mixed))
    assert first.mutations.to_dict("records") == second.mutations.to_dict("records")
    assert first.mutation_lines.to_dict("records") == second.mutation_lines.to_dict("records")


def _credit(invoice: Any, refunded: int, earlier: list[Any]) -> tuple[Any, list[Any]]:
    note = credit_note(
        invoice,
        refunded_cents=refunded,
        event_id=f"R{len(earlier)}",
        sequence=len(earlier) + 1,
        date=date(2026, 11, 1),
        earlier=earlier,
    )
    assert not isinstance(note, Problem)
    return note


@given(orders())
@settings(deadline=None, max_examples=25)
def test_a_full_refund_mirrors_the_invoice(raw: Json) -> None:
    bookables, lines = booked(raw, settings=RATED)
    [invoice] = as_booked(bookables.mutations).to_dict("records")
    _, credited = _credit(invoice, _paid(raw), [])
    names = ("account", "vat_code", "net_cents", "vat_cents", "gross_cents")
    mirrored = [
        {name: -line[name] if name.endswith("_cents") else line[name] for name in names}
        for line in lines
    ]
    assert [{name: line[name] for name in names} for line in credited] == mirrored


@given(orders(), st.lists(st.integers(1, 99), max_size=4))
@settings(deadline=None, max_examples=40)
def test_refunds_that_add_up_to_everything_leave_nothing(raw: Json, percents: list[int]) -> None:
    bookables, lines = booked(raw, settings=RATED)
    [invoice] = as_booked(bookables.mutations).to_dict("records")
    left, earlier, balance = _paid(raw), [], _balances(lines)
    for percent in [*percents, 100]:
        part = left * percent // 100
        if not part:
            continue
        mutation, credited = _credit(invoice, part, earlier)
        assert sum(line["gross_cents"] for line in credited) == -part == mutation["gross_cents"]
        earlier.append(mutation)
        balance.update(_balances(credited))
        left -= part
    assert left == 0
    assert not any(balance.values())
