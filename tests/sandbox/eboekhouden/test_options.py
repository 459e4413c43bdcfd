"""Every option in both positions."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest
import zeep
from coupling_sandbox.eboekhouden.options import Options

ALL = {"MutatieNr": 0, "DatumVan": "1980-01-01", "DatumTm": "2049-12-31"}


def is_booked(result):
    return isinstance(result, int) and result > 0


# One row per switch that decides whether something is booked:
# option, accepting position, refusing position, what is tried, the error in the refusing position.
def second_invoice(b):
    b.add()
    return b.add()


def paying(gross, **fields):
    def act(b):
        b.add()
        return b.add(**b.payment(gross, **fields))

    return act


def zero_purchase(b):
    rows = [b.row("4610", "12.10", "2.10", "HOOG_INK_21"), b.row("2310", "-12.10", "0", "GEEN")]
    return b.add(kind="FactuurOntvangen", Rekening="1700", InExBTW="EX", rows=rows)


def eu_purchase(b):
    rows = [b.row("4610", "12.10", "0", "BI_EU_VERK")]
    return b.add(kind="FactuurOntvangen", Rekening="1700", InExBTW="EX", rows=rows)


DECIDING = [
    ("duplicate_invoice_number", "accept", "refuse", second_invoice, "SBX_MUT_019"),
    ("negative_payment", "accept", "refuse", paying("-10"), "SBX_PAYMENT_NEGATIVE"),
    (
        "payment_header_any_category",
        "accept",
        "refuse",
        paying("121", Rekening="4600"),
        "SBX_MUT_009",
    ),
    ("zero_total_purchase_invoice", "accept", "refuse", zero_purchase, "SBX_ZERO_TOTAL"),
    (
        "row_any_category",
        "accept",
        "refuse",
        lambda b: b.add(**b.money(account="1010", code="GEEN", vat="0")),
        "SBX_MUT_106",
    ),
    ("partial_payment", "accept", "refuse", paying("100"), "SBX_PAYMENT_PARTIAL"),
    ("over_payment", "accept", "refuse", paying("130"), "SBX_PAYMENT_OVER"),
    (
        "mutation_description_limit",
        200,
        50,
        lambda b: b.add(Omschrijving="x" * 51),
        "SBX_LENGTH",
    ),
    ("closed_through", "2026-02-28", "2026-03-01", lambda b: b.add(), "SBX_MUT_005"),
    ("closed_through", None, "2026-03-01", lambda b: b.add(), "SBX_MUT_005"),
    ("opening_balance_date", "2026-02-28", "2026-03-01", lambda b: b.add(), "SBX_MUT_022"),
    ("account_state", "active", "closed_by_accountant", lambda b: b.add(), "SBX_SECURITY_007"),
    ("account_state", "active", "trial_limit", lambda b: b.add(), "SBX_MODULE_001"),
    (
        "missing_description",
        "accept",
        "refuse",
        lambda b: b.add(Omschrijving=None),
        "SBX_DESCRIPTION",
    ),
    (
        "missing_payment_term",
        "accept",
        "refuse",
        lambda b: b.add(Betalingstermijn=None),
        "SBX_MUT_015",
    ),
    (
        "payment_term_elsewhere",
        "accept",
        "refuse",
        lambda b: b.add(**b.money(Betalingstermijn="30")),
        "SBX_MUT_016",
    ),
    (
        "relation_on_money",
        "accept",
        "refuse",
        lambda b: b.add(**b.money(RelatieCode="R")),
        "SBX_MUT_014",
    ),
    (
        "vat_amount_mismatch",
        "accept",
        "refuse",
        lambda b: b.add(rows=[b.row(vat="20.00")]),
        "SBX_VAT_AMOUNT",
    ),
    (
        "row_sum_tolerance_cents",
        1,
        0,
        lambda b: b.add(rows=[b.row(BedragExclBTW="99.99")]),
        "SBX_MUT_118",
    ),
    ("bi_eu_verk_side", "purchase", "sale", eu_purchase, "SBX_MUT_110"),
    (
        "mutation_rows_limit",
        2,
        1,
        lambda b: b.add(rows=[b.row(), b.row()]),
        "SBX_MUT_101",
    ),
]


@pytest.mark.parametrize(
    ("option", "accepting", "refusing", "act", "code"),
    DECIDING,
    ids=[f"{row[0]}={row[2]}" for row in DECIDING],
)
def test_an_option_decides_whether_it_is_booked(books, option, accepting, refusing, act, code):
    books.relation()
    books.options(**{option: refusing})
    assert act(books) == code
    books.http.post("/control/reset")
    again = type(books)(books.service, books.http)
    again.relation()
    again.options(**{option: accepting})
    assert is_booked(act(again))


def test_server_recomputes_vat(books):
    books.relation()
    rows = [books.row(gross="1.99", vat="0.35") for _ in range(3)]
    books.add(rows=rows)
    assert books.balances()["1630"] == Decimal("-1.05")
    books.options(server_recomputes_vat=True)
    books.add(Factuurnummer="A-2", rows=rows)
    assert books.balances()["1630"] == Decimal("-1.05") - Decimal("1.04")
    assert books.open_items()["A-2"] == Decimal("5.97")


def test_server_recomputes_vat_on_net_amounts(books):
    books.relation()
    books.options(server_recomputes_vat=True)
    books.add(InExBTW="EX", rows=[books.row(gross="120.00", vat="20.00")])
    assert books.balances()["1630"] == Decimal("-21.00")
    assert books.open_items()["A-1"] == Decimal("121.00")


def test_cap_before_filter(books):
    books.relation()
    for number in range(1, 7):
        books.add(Factuurnummer=f"A-{number}")
    books.options(get_mutaties_cap=3)
    assert [m.MutatieNr for m in books.find()] == [4, 5, 6]
    assert [m.MutatieNr for m in books.find(MutatieNrTm=4)] == [2, 3, 4]
    assert [m.MutatieNr for m in books.find(Factuurnummer="A-1")] == [1]
    books.options(cap_before_filter=True)
    assert [m.MutatieNr for m in books.find()] == [4, 5, 6]
    assert [m.MutatieNr for m in books.find(MutatieNrTm=4)] == [4]
    assert books.find(Factuurnummer="A-1") == []


def test_empty_lists(books):
    assert books.call("GetMutaties", ALL).Mutaties is None
    text = raw(books, "GetKostenplaatsen")
    assert b"Kostenplaatsen" not in text.replace(b"GetKostenplaatsen", b"")
    books.options(empty_lists="empty")
    assert b"<Kostenplaatsen />" in raw(books, "GetKostenplaatsen")
    assert not books.call("GetMutaties", ALL).Mutaties


def raw(books, operation):
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{operation} xmlns="http://www.e-boekhouden.nl/soap"><SessionID>{books.session_id}'
        f"</SessionID><SecurityCode2>{books.code_2}</SecurityCode2></{operation}></s:Body>"
        "</s:Envelope>"
    )
    answer = books.http.post("/soap.asmx", content=envelope, headers={"content-type": "text/xml"})
    assert answer.status_code == 200
    return answer.content


def test_get_mutaties_calls_per_month(books):
    books.http.post("/control/clock", json={"now": "2026-03-31T12:00:00+00:00"})
    again = type(books)(books.service, books.http)
    again.options(get_mutaties_calls_per_month=2)
    assert [again.error("GetMutaties", ALL) for _ in range(3)] == ["", "", "SBX_CALLS"]
    books.http.post("/control/clock", json={"now": "2026-04-01T12:00:00+00:00"})
    april = type(books)(books.service, books.http)
    assert april.error("GetMutaties", ALL) == ""


@pytest.mark.parametrize(("counted", "codes"), [("get_mutaties", ""), ("all", "SBX_CALLS")])
def test_calls_counted(books, counted, codes):
    books.options(calls_counted=counted, get_mutaties_calls_per_month=2)
    assert [books.error("GetRelaties", {"ID": 0}) for _ in range(3)] == ["", "", codes]
    assert books.error("GetMutaties", ALL) == codes


def test_other_lists_cap(books):
    for code in "RST":
        books.relation(code)
        books.add(Factuurnummer=f"A-{code}", RelatieCode=code)
    assert set(books.open_items()) == {"A-R", "A-S", "A-T"}
    books.options(other_lists_cap=2)
    assert set(books.open_items()) == {"A-S", "A-T"}
    found = books.call("GetRelaties", {"ID": 0}).Relaties.cRelatie
    assert [one.Code for one in found] == ["S", "T"]
    assert len(books.find()) == 3


@pytest.mark.parametrize(("position", "found"), [("no_bound", 1), ("year_one", 0)])
def test_missing_dates(books, position, found):
    books.relation()
    books.add()
    books.options(missing_dates=position)
    assert raw(books, "GetMutaties").count(b"<cMutatieList>") == found
    assert len(books.find()) == 1


@pytest.mark.parametrize(("position", "code"), [("accept", None), ("refuse", "SBX_SOURCE")])
def test_missing_source(books, position, code):
    books.options(missing_source=position)
    login = ("sandbox", "0123456789abcdef0123456789abcdef", books.code_2)
    opened = books.service.OpenSession(*login)
    assert opened.ErrorMsg.LastErrorCode == code
    assert bool(opened.SessionID) == (code is None)


def test_session_minutes(books):
    books.options(session_minutes=5)
    books.http.post("/control/clock", json={"advance_s": 299})
    assert books.error("GetRelaties", {"ID": 0}) == ""
    books.http.post("/control/clock", json={"advance_s": 301})
    assert books.error("GetRelaties", {"ID": 0}) == "E0023"


@pytest.mark.parametrize(("expiry", "code"), [("idle", ""), ("absolute", "E0023")])
def test_session_expiry(books, expiry, code):
    books.options(session_expiry=expiry)
    for _ in range(2):
        books.http.post("/control/clock", json={"advance_s": 15 * 60})
        last = books.error("GetRelaties", {"ID": 0})
    assert last == code


def test_comma_joined_invoice_number(books):
    books.relation()
    books.add()
    books.add(Factuurnummer="A-2")
    both = books.payment("200.00", Factuurnummer="A-1,A-2")
    assert books.add(**both) == "SBX_MUT_115"
    books.options(comma_joined_invoice_number="split")
    number = books.add(**both)
    [found] = books.find(MutatieNr=number)
    rows = found.MutatieRegels.cMutatieListRegel
    assert [(r.Factuurnummer, r.BedragInclBTW) for r in rows] == [
        ("A-1", Decimal("121.00")),
        ("A-2", Decimal("79.00")),
    ]
    assert books.open_items() == {"A-2": Decimal("42.00")}


def test_a_split_payment_gives_the_rest_to_the_last_invoice(books):
    books.relation()
    books.add()
    books.add(Factuurnummer="A-2")
    books.options(comma_joined_invoice_number="split")
    books.add(**books.payment("300.00", Factuurnummer="A-1,A-2"))
    assert books.open_items() == {"A-2": Decimal("-58.00")}
    assert books.balances()["1090"] == Decimal("300.00")


@pytest.mark.parametrize(
    ("sign", "header"), [("debit_header", Decimal("5.00")), ("credit_header", Decimal("-5.00"))]
)
def test_memorial_sign(books, sign, header):
    books.options(memorial_sign=sign)
    given = books.money(
        kind="Memoriaal", Rekening="4900", rows=[books.row("1010", "5.00", "0", "GEEN")]
    )
    assert is_booked(books.add(**given))
    assert books.balances() == {"4900": header, "1010": -header}


@pytest.mark.parametrize(
    ("sign", "balance"), [("debit_positive", "121.0"), ("credit_positive", "-121.0")]
)
def test_balance_sign(books, sign, balance):
    books.relation()
    books.add()
    books.options(balance_sign=sign)
    filters = {"GbCode": "1300", "KostenPlaatsId": 0, "DatumVan": None, "DatumTot": None}
    assert str(books.call("GetSaldo", filters).Saldo) == balance


def test_unknown_element_in_answer(books):
    assert books.error("GetRelaties", {"ID": 0}) == ""
    books.options(unknown_element_in_answer=True)
    with pytest.raises(zeep.exceptions.XMLParseError):
        books.call("GetRelaties", {"ID": 0})


def test_every_option_has_a_test():
    tested = {row[0] for row in DECIDING} | {
        name.removeprefix("test_") for name in globals() if name.startswith("test_")
    }
    elsewhere = {  # test_invoices
        "round_unit_price",
        "invoice_mutation_description",
        "invoice_templates",
        "missing_invoice_row_code",
    }
    assert set(Options().as_json()) <= tested | elsewhere | {"get_mutaties_cap"}


@pytest.mark.parametrize(
    "body",
    [
        {"no_such_option": 1},
        {"negative_payment": "maybe"},
        {"server_recomputes_vat": 1},
        {"get_mutaties_cap": 0},
        {"get_mutaties_cap": True},
        {"closed_through": "yesterday"},
        {"invoice_templates": "Amazon"},
        [],
    ],
)
def test_options_that_cannot_be_are_refused_and_change_nothing(http, body):
    before = http.get("/control/options").json()
    answer = http.post("/control/options", json=body)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["error"]
    assert http.get("/control/options").json() == before
