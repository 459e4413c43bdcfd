"""Under random valid and invalid traffic the books always balance (hypothesis)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

from coupling_sandbox.clock import Clock
from coupling_sandbox.eboekhouden.administrations import Office
from coupling_sandbox.eboekhouden.operations import Operations
from coupling_sandbox.eboekhouden.person import act
from coupling_sandbox.eboekhouden.postings import KINDS
from coupling_sandbox.eboekhouden.vat import VAT_CODES, spread
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ACCOUNTS = ["1010", "1090", "1300", "1630", "1635", "1700", "2010", "2310", "4610", "8000", "x"]
cents = st.integers(-50_000, 50_000).map(lambda n: Decimal(n) / 100)
odd_amounts = st.decimals(-100, 100, places=4)
amounts = st.one_of(cents, odd_amounts)


@st.composite
def rows(draw):
    net, vat = draw(amounts), draw(st.one_of(st.just(Decimal(0)), amounts))
    gross = draw(st.one_of(st.just(net + vat), st.just(net + vat), amounts))
    return {
        "BedragInvoer": draw(st.sampled_from([net, gross])),
        "BedragExclBTW": draw(st.sampled_from([net, Decimal(0)])),
        "BedragBTW": vat,
        "BedragInclBTW": draw(st.sampled_from([gross, Decimal(0)])),
        "BTWCode": draw(st.sampled_from([*VAT_CODES, "GEEN", "GEEN", "nonsense"])),
        "BTWPercentage": Decimal(0),
        "TegenrekeningCode": draw(st.sampled_from(ACCOUNTS)),
        "KostenplaatsID": draw(st.sampled_from([0, 0, 0, 1, 9])),
    }


@st.composite
def mutations(draw):
    return {
        "MutatieNr": 0,
        "Soort": draw(st.sampled_from([*KINDS, "FactuurVerstuurd", "OpeningsSaldo"])),
        "Datum": dt.date(2026, 1, 1) + dt.timedelta(days=draw(st.integers(0, 40))),
        "Rekening": draw(st.sampled_from(ACCOUNTS)),
        "RelatieCode": draw(st.sampled_from(["R", "R", "S", ""])),
        "Factuurnummer": draw(st.sampled_from(["1", "2", "1,2", ""])),
        "Boekstuk": "",
        "Omschrijving": "",
        "Betalingstermijn": draw(st.sampled_from(["", "30"])),
        "Betalingskenmerk": "",
        "InExBTW": draw(st.sampled_from(["IN", "EX", ""])),
        "MutatieRegels": draw(st.lists(rows(), max_size=4)),
    }


switches = st.fixed_dictionaries(
    {
        "duplicate_invoice_number": st.sampled_from(["refuse", "accept"]),
        "server_recomputes_vat": st.booleans(),
        "row_any_category": st.sampled_from(["refuse", "accept"]),
        "relation_on_money": st.sampled_from(["refuse", "accept"]),
        "comma_joined_invoice_number": st.sampled_from(["refuse", "split"]),
        "memorial_sign": st.sampled_from(["debit_header", "credit_header"]),
    }
)
deletions = st.integers(1, 12).map(lambda number: {"do": "delete", "number": number})
traffic = st.lists(st.one_of(mutations(), mutations(), mutations(), deletions), max_size=25)


def assert_balanced(books):
    per_account = Counter()
    for mutation in books.all():
        assert sum(e.debit - e.credit for e in mutation.entries) == 0
        assert all((e.debit > 0) != (e.credit > 0) for e in mutation.entries)
        for entry in mutation.entries:
            per_account[entry.account] += entry.debit - entry.credit
    for account in {*ACCOUNTS, *per_account}:
        assert books.balance(account) == per_account[account]
        assert books.balance(account, dt.date(2026, 1, 1)) == per_account[account]
        debit, credit = books.turnover(account)
        assert debit - credit == per_account[account]


def assert_open_items_follow(books):
    totals, paid = Counter(), Counter()
    for mutation in books.all():
        side = "D" if mutation.kind in ("FactuurVerstuurd", "FactuurbetalingOntvangen") else "C"
        for row in mutation.rows:
            number = row.invoice_number or mutation.invoice_number
            if mutation.kind in ("FactuurVerstuurd", "FactuurOntvangen"):
                totals[side, mutation.relation, mutation.invoice_number] += row.gross
            elif mutation.kind.startswith("Factuurbetaling"):
                paid[side, mutation.relation, number] += row.gross
    for key, item in books.open_items.items():
        assert (item.total, item.paid) == (totals[key], paid[key])
    assert set(totals) | set(paid) <= set(books.open_items)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(switches, traffic)
def test_the_books_balance_whatever_comes(options, steps):
    office = Office(Clock())
    own = office.administration()
    office.options = office.options.changed(options)
    service = Operations(office)
    session = office.open_session(own.username, own.security_code_1, own.security_code_2)
    login = {"SessionID": session, "SecurityCode2": own.security_code_2}
    own.cost_centres = [{"KostenplaatsId": 1, "KostenplaatsParentId": 0, "Omschrijving": "A"}]
    for code in ("R", "S"):
        own.relations.add({"Code": code, "Bedrijf": code}, dt.date(2026, 1, 1))
    for step in steps:
        before = len(own.books.mutations)
        if "do" in step:
            if step["number"] in own.books.mutations:
                act(own, office.options, step)
            continue
        result = service.call("AddMutatie", {**login, "oMut": step})
        accepted = not result["ErrorMsg"]["LastErrorCode"]
        assert accepted == (result["Mutatienummer"] > 0)
        assert len(own.books.mutations) == before + accepted
    assert_balanced(own.books)
    assert_open_items_follow(own.books)


@given(st.integers(-(10**6), 10**6), st.lists(st.integers(-(10**4), 10**4), min_size=1))
def test_a_spread_adds_up(total, weights):
    assert sum(spread(total, weights)) == total


def test_left_over_cents_go_to_the_largest_remainders():
    assert spread(100, [2, 3, 4]) == [22, 33, 45]
    assert spread(-100, [-2, -3, -4]) == [-22, -33, -45]
    assert spread(100, [-2, -3, -4]) == [22, 33, 45]
    assert spread(7, [0, 0]) == [7, 0]


def test_an_exact_tie_goes_to_the_largest_amount_then_the_lowest_row():
    assert spread(231, [750, 350]) == [158, 73]
    assert spread(1, [100, 100]) == [1, 0]
    assert spread(-231, [-750, -350]) == [-157, -74]
