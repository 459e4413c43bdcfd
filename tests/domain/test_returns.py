"""OSS, ICP and the Dutch boxes from the facts of bookings."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.config.vat import box_of, sale_rows
from amazon_eboekhouden.domain.credit_notes import credit_note
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.domain.returns import (
    Quarter,
    icp_rows,
    oss_rows,
    uncertain_documents,
    vat_rows,
)

DOMESTIC = [("21", "HOOG_VERK_21", "NL", "", 12100, 10000)]
Q3, Q4 = Quarter(2026, 3), Quarter(2026, 4)


def invoice(order: str, on: date, kind: str = "S6", **changes: Any) -> dict[str, Any]:
    """A BOOKED row; `rates` as (percent, code, country, VAT account, gross, net)."""
    rates = changes.pop("rates", [("19", "GEEN", "DE", "1641", 11900, 10000)])
    currency, paid = changes.pop("currency", "EUR"), sum(rate[4] for rate in rates)
    facts = {
        "sale_kind": kind,
        "ship_from": changes.pop("ship_from", "NL"),
        "ship_to": "DE",
        "marketplace": "DE",
        "ship_date": on.isoformat(),
        "currency": currency,
        "currency_gross_cents": changes.pop("currency_gross_cents", paid),
        "exchange_rate": "1",
        "exchange_date": on.isoformat(),
        "relation": "rel:1",
        "rates": [
            {
                "sale_kind": kind,
                "rate": percent,
                "code": code,
                "country": country,
                "vat_account": account,
                "why": "",
                "lines": [
                    {
                        "n": n,
                        "component": "goods",
                        "account": "8020",
                        "gross_cents": gross,
                        "net_cents": net,
                    }
                ],
            }
            for n, (percent, code, country, account, gross, net) in enumerate(rates, start=1)
        ],
    }
    row = {
        "booking": f"inv:X:{order}:0",
        "booking_kind": "INV",
        "state": "CONFIRMED",
        "order_id": order,
        "settlement_id": "",
        "invoice_number": f"AMZ-{order}",
        "relation_code": "AZ1",
        "date": pd.Timestamp(on),
        "gross_cents": paid,
        "remote_id": "1",
        "facts": json.dumps(facts),
    }
    return row | changes


def credited(row: dict[str, Any], cents: int, on: date) -> dict[str, Any]:
    """The BOOKED row of a credit note."""
    note = credit_note(row, refunded_cents=cents, event_id="r1", sequence=1, date=on)
    assert not isinstance(note, Problem)
    kept = {name: note[0][name] for name in BOOKED.columns if name in note[0]}
    return kept | {"date": pd.Timestamp(on), "state": "CONFIRMED", "remote_id": "2"}


def no_rate(currency: str, quarter: Quarter) -> Decimal | None:
    raise AssertionError(f"{currency} needs no rate")


def oss(rows: list[dict[str, Any]], quarter: Quarter = Q4, rate_of: Any = no_rate) -> Any:
    return oss_rows(BOOKED.of(rows), quarter, rate_of)


def test_oss_adds_up_per_country_and_rate() -> None:
    rows = oss(
        [
            invoice("1", date(2026, 10, 1)),
            invoice("2", date(2026, 12, 31)),
            invoice("3", date(2027, 1, 1)),
            invoice("4", date(2026, 11, 5), rates=[("7", "GEEN", "DE", "1641", 1070, 1000)]),
            invoice("5", date(2026, 11, 5), "S10", rates=DOMESTIC),
        ]
    )
    found = [(r["rate_percent"], r["rate_kind"], r["net_cents"], r["vat_cents"]) for r in rows]
    assert found == [
        (Decimal(7), "verlaagd", 1000, 70),
        (Decimal(19), "standaard", 20000, 3800),
    ]
    assert rows[1]["documents"] == 2
    assert rows[1]["booked_vat_cents"] == 3800


def test_vat_in_euros_is_reported_as_it_was_booked() -> None:
    """Amazon's own cents, on an invoice that Amazon issued, are a cent beside ours."""
    rates = [("19", "GEEN", "DE", "1641", 11900, 10001)]
    [row] = oss([invoice("1", date(2026, 10, 1), rates=rates)])
    assert (row["net_cents"], row["vat_cents"]) == (10001, 1899)


def test_a_departure_abroad_has_a_row_of_its_own() -> None:
    rows = oss(
        [
            invoice("1", date(2026, 10, 1)),
            invoice("2", date(2026, 10, 1), "S4", ship_from="PL"),
        ]
    )
    assert [row["departure"] for row in rows] == ["NL", "PL"]


def test_a_refund_in_the_same_quarter_lowers_it_a_later_one_corrects_it() -> None:
    row = invoice("1", date(2026, 9, 30))
    rows = [row, credited(row, 5950, date(2026, 10, 2))]
    assert oss(rows, Q3)[0]["vat_cents"] == 1900
    [correction] = oss(rows, Q4)
    assert (correction["correction_of"], correction["vat_cents"]) == ("2026-Q3", -950)
    same = [row, credited(row, 5950, date(2026, 9, 30))]
    assert oss(same, Q3)[0]["vat_cents"] == 950


def test_other_currencies_take_the_rate_of_the_quarters_end() -> None:
    row = invoice(
        "1",
        date(2026, 9, 30),
        rates=[("25", "GEEN", "SE", "1647", 10000, 8000)],
        currency="SEK",
        currency_gross_cents=112000,
    )
    rates = {Q3: Decimal("11.2"), Q4: Decimal("10")}
    asked = []

    def rate_of(currency: str, quarter: Quarter) -> Decimal:
        asked.append((currency, quarter))
        return rates[quarter]

    [found] = oss([row], Q3, rate_of)
    assert (found["net_cents"], found["vat_cents"], found["booked_vat_cents"]) == (8000, 2000, 2000)
    # A correction uses the rate of the quarter that it corrects.
    [later] = oss([row, credited(row, 10000, date(2026, 10, 5))], Q4, rate_of)
    assert (later["net_cents"], later["vat_cents"]) == (-8000, -2000)
    assert asked == [("SEK", Q3), ("SEK", Q3)]


def test_without_a_rate_the_amounts_of_the_return_are_missing() -> None:
    row = invoice("1", date(2026, 10, 1), currency="SEK", currency_gross_cents=130000)
    [found] = oss([row], Q4, lambda *_: None)
    assert found["vat_cents"] is None
    assert found["booked_vat_cents"] == 1900


def test_icp_per_vat_number() -> None:
    icp = [("0", "BI_EU_VERK", "", "", 10000, 10000)]
    booked = BOOKED.of(
        [
            invoice("1", date(2026, 10, 1), "S9", rates=icp),
            invoice("2", date(2026, 10, 2), "S9", rates=icp, relation_code="AZ2"),
            invoice("3", date(2026, 10, 3), "S9", rates=icp, relation_code="AZ3"),
            invoice("4", date(2026, 10, 3)),
        ]
    )
    numbers = {"AZ1": "DE136695976", "AZ2": "DE136695976", "AZ3": ""}
    rows = icp_rows(booked, Q4, numbers.__getitem__)
    found = [(r["vat_number"], r["relation_code"], r["net_cents"]) for r in rows]
    assert found == [("", "AZ3", 10000), ("DE136695976", "", 20000)]
    assert rows[1]["country"] == "DE"


def test_boxes_of_the_dutch_return_with_the_fees() -> None:
    fee = invoice("", date(2026, 11, 1), booking="fee:1:HOOG_INK_21:2026-11:-", gross_cents=1331)
    fee |= {"booking_kind": "FEE", "facts": json.dumps({"vat_code": "HOOG_INK_21"})}
    back = {**fee, "booking": "fee:1:HOOG_INK_21:2026-11:+", "gross_cents": 121}
    reverse = {**fee, "booking": "fee:1:BI_EU_INK:2026-11:-", "gross_cents": 1000}
    reverse["facts"] = json.dumps({"vat_code": "BI_EU_INK"})
    rows = vat_rows(
        BOOKED.of(
            [
                invoice("1", date(2026, 10, 1), "S10", rates=DOMESTIC),
                invoice("2", date(2026, 10, 1)),
                fee,
                back,
                reverse,
            ]
        ),
        Q4,
    )
    found = [(r["box"], r["net_cents"], r["vat_cents"], r["documents"]) for r in rows]
    assert found == [
        ("1a", 10000, 2100, 1),
        ("4b", 1000, 210, 1),
        ("5b", 2000, 420, 3),
        ("", 10000, 1900, 1),
    ]


def test_amazons_fee_invoice_brings_its_vat_where_fees_waited_for_it() -> None:
    waiting = invoice("", date(2026, 11, 1), booking="fee:1:GEEN:2026-11:-", gross_cents=1331)
    waiting |= {"booking_kind": "FEE", "facts": json.dumps({"vat_code": "GEEN"})}
    vat = {"HOOG_INK_21": [1100, 231], "BU_EU_INK": [500, 0], "GEEN": [-1831, 0]}
    came = {**waiting, "booking": "ife:INV-1", "booking_kind": "IFE", "gross_cents": 0}
    came["facts"] = json.dumps({"vat": vat})
    rows = vat_rows(BOOKED.of([waiting, came]), Q4)
    found = [(r["box"], r["net_cents"], r["vat_cents"], r["documents"]) for r in rows]
    assert found == [("4a", 500, 105, 1), ("5b", 1600, 336, 2)]


def test_foreign_vat_is_in_no_box_of_the_dutch_return() -> None:
    """A distance sale in box 3c: the turnover stands there, the VAT is the other country's."""
    sale = [("19", "AFST_VERK", "DE", "1641", 11900, 10000)]
    rows = vat_rows(BOOKED.of([invoice("1", date(2026, 10, 1), "S6-3C", rates=sale)]), Q4)
    assert [(r["box"], r["net_cents"], r["vat_cents"]) for r in rows] == [
        ("3c", 10000, 0),
        ("", 0, 1900),
    ]


def test_the_standard_rate_of_a_region_is_a_standard_rate() -> None:
    """The Azores: 16 % is Portugal's standard rate there, 9 % is a reduced one."""
    azores = [
        ("16", "GEEN", "PT", "1673", 11600, 10000),
        ("9", "GEEN", "PT", "1673", 10900, 10000),
    ]
    rows = oss([invoice("1", date(2026, 10, 1), rates=azores)])
    assert [(row["rate_percent"], row["rate_kind"]) for row in rows] == [
        (Decimal(9), "verlaagd"),
        (Decimal(16), "standaard"),
    ]


def test_only_what_is_confirmed_counts_and_the_rest_is_told() -> None:
    booked = BOOKED.of(
        [
            invoice("1", date(2026, 10, 1), state="UNKNOWN"),
            invoice("2", date(2026, 10, 1), state="REJECTED"),
        ]
    )
    assert oss_rows(booked, Q4, no_rate) == []
    assert uncertain_documents(booked, Q4) == 1
    assert uncertain_documents(booked, Q3) == 0


def test_the_box_of_a_code_is_that_of_the_table() -> None:
    assert {row.code: row.box for row in sale_rows()} == {
        row.code: box_of(row.code) for row in sale_rows()
    }
    assert box_of("BI_EU_VERK_D") == "3b"


@pytest.mark.parametrize(
    ("day", "quarter", "last"),
    [
        (date(2026, 1, 1), Quarter(2026, 1), date(2026, 3, 31)),
        (date(2026, 6, 30), Quarter(2026, 2), date(2026, 6, 30)),
        (date(2026, 12, 31), Quarter(2026, 4), date(2026, 12, 31)),
    ],
)
def test_quarters(day: date, quarter: Quarter, last: date) -> None:
    assert Quarter.of(day) == quarter
    assert quarter.last_day == last


def test_a_quarter_that_is_none() -> None:
    with pytest.raises(ValueError, match="2026-Q4"):
        Quarter(2026, 5)
