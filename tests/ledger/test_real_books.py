"""The ledger with the real client, over HTTP, against the sandbox's books: what is sent is what is
read back, for every kind of mutation that the coupling books.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from amazon_eboekhouden.adapters.retrying import Patience
from amazon_eboekhouden.domain.bookings import Booking, BookingKind, Mutation, MutationKind
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger
from coupling_sandbox.eboekhouden.app import create_app
from coupling_sandbox.server import serve_in_thread

from tests.adapters.world import Sandbox, books_credentials
from tests.ledger.world import (
    COUPLING,
    INSTALL_KEY,
    fees,
    invoice,
    line,
    natural,
    payment,
    relation,
)

ADMIN = "sandbox administration"
_QUICK = Patience(attempts=3, first_wait_s=0.001, longest_wait_s=0.002, short_wait_s=0.0)
# Real seconds: short, so that a settle time can pass inside a test.
_SETTINGS = LedgerSettings(lease_s=4, call_deadline_s=1, settle_s=0)


@pytest.fixture(scope="module")
def books() -> Iterator[Sandbox]:
    with serve_in_thread(create_app()) as url:
        yield Sandbox(url)


@pytest.fixture
def client(books: Sandbox) -> Iterator[EBoekhouden]:
    books.control("reset")
    with EBoekhouden(books_credentials(books.url), patience=_QUICK) as session:
        yield session


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[BookingLedger]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    opened = open_ledger(url, install_key=INSTALL_KEY, settings=_SETTINGS)
    yield opened
    opened.close()


def _of_every_kind() -> list[Booking]:
    credit = Mutation(
        kind=MutationKind.SALES_INVOICE,
        date=date(2026, 11, 20),
        account="1300",
        lines=(line("8000", -1210, -210),),
        description="Amazon credit",
        in_ex_vat="IN",
        relation_code="AZ0000000000001",
        invoice_number="CN-1",
        payment_term_days=30,
    )
    reserve = Mutation(
        kind=MutationKind.MONEY_SPENT,
        date=date(2026, 11, 20),
        account="1090",
        lines=(line("1095", 500),),
        description="Amazon reserve",
        in_ex_vat="EX",
    )
    back = Mutation(
        kind=MutationKind.MONEY_RECEIVED,
        date=date(2026, 11, 21),
        account="1090",
        lines=(line("1095", 500),),
        description="Amazon reserve",
        in_ex_vat="EX",
    )
    return [
        relation(1),
        invoice(1),
        payment(1),
        fees(),
        Booking(BookingKind.CREDIT_NOTE, "crn:1:a", credit, ("rel:1", natural(1))),
        Booking(BookingKind.MONEY, "mny:9:reserve+", reserve, settlement_id="9"),
        Booking(BookingKind.MONEY, "mny:9:reserve-", back, settlement_id="9"),
    ]


def _number_of_mutations(books: Sandbox) -> int:
    return len({row["mutation_number"] for row in books.journal()})


def test_every_kind_is_booked_once_and_reads_back_as_it_was_sent(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox
) -> None:
    bookings = _of_every_kind()
    report = ledger.book(ADMIN, COUPLING, bookings, client)
    assert (report.problems, sorted(report.booked)) == ([], sorted(b.natural for b in bookings))
    assert _number_of_mutations(books) == 6
    audit = ledger.audit(ADMIN, COUPLING, client)
    assert (audit.compared, audit.drifted, audit.problems) == (6, [], [])
    assert ledger.book(ADMIN, COUPLING, bookings, client).booked == []
    calls = books.calls()
    assert (calls["AddMutatie"], calls["AddRelatie"]) == (6, 1)


@pytest.mark.parametrize(
    "kind",
    ["soap_fault", "http_500_html", "http_503_empty", "reset", "reset_mid_body", "malformed"],
)
def test_every_lost_answer_is_adopted_by_its_token(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox, kind: str
) -> None:
    bookings = _of_every_kind()
    books.fault("AddMutatie", kind, times=2, when="after")
    books_now = ledger.book(ADMIN, COUPLING, bookings, client)
    for _ in range(3):
        books_now = ledger.book(ADMIN, COUPLING, bookings, client)
    assert books_now.problems == []
    assert set(ledger.booked(ADMIN)["state"]) == {"CONFIRMED"}
    assert _number_of_mutations(books) == 6


def test_a_session_that_ended_in_the_middle_costs_nothing_twice(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox
) -> None:
    books.fault("AddMutatie", "session_expired", after=1, times=1)
    report = ledger.book(ADMIN, COUPLING, _of_every_kind(), client)
    assert (report.problems, len(report.booked)) == ([], 7)
    assert _number_of_mutations(books) == 6


@pytest.mark.parametrize("reading", ["refuse", "accept"])
def test_an_invoice_that_a_person_booked_before(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox, reading: str
) -> None:
    httpx.post(f"{books.url}/control/options", json={"duplicate_invoice_number": reading})
    by_hand = ledger.keys.draft(ADMIN, invoice(1))
    client.add(relation(1).payload, by_hand.token, deadline_s=5)
    client.add(invoice(1).payload, "Rob", deadline_s=5)
    report = ledger.book(ADMIN, COUPLING, [relation(1), invoice(1)], client)
    ledger.audit(ADMIN, COUPLING, client)
    codes = {found.problem.code for found in ledger.open_problems(COUPLING)}
    if reading == "refuse":
        assert [found.code for found in report.problems] == ["booking-foreign"]
        assert (codes, _number_of_mutations(books)) == ({"booking-foreign"}, 1)
    else:
        assert (codes, _number_of_mutations(books)) == ({"booked-by-hand"}, 2)


def test_a_lost_ledger_is_rebuilt_from_the_books(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox, tmp_path: Path
) -> None:
    bookings = _of_every_kind()
    ledger.book(ADMIN, COUPLING, bookings, client)
    url = f"sqlite:///{tmp_path / 'new.db'}"
    new = open_ledger(url, install_key=INSTALL_KEY, settings=_SETTINGS)
    assert len(new.rebuild(ADMIN, COUPLING, client).by_token) == 7
    report = new.book(ADMIN, COUPLING, bookings, client)
    assert (report.problems, report.booked) == ([], [])
    assert _number_of_mutations(books) == 6
    new.close()
