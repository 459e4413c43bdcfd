"""Invoices that e-Boekhouden makes (AddFactuur), through the ledger and the real client.

The service tells the invoice number only, so what it booked is read back before anything counts as
booked; a lost answer, a taken number and an invoice without its mutation each end where they must.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from amazon_eboekhouden.adapters.retrying import Patience
from amazon_eboekhouden.domain.bookings import Booking, Mutation
from amazon_eboekhouden.domain.credit_notes import credit_note
from amazon_eboekhouden.domain.frames import MUTATION_LINES, MUTATIONS, RELATIONS
from amazon_eboekhouden.domain.handover import bookings
from amazon_eboekhouden.ledger import BookingLedger, LedgerSettings, open_ledger
from coupling_sandbox.eboekhouden.app import create_app
from coupling_sandbox.server import serve_in_thread

from tests.adapters.world import Sandbox, books_credentials
from tests.domain.orders.shop import booked, item, order
from tests.golden.sales import as_booked, settings_of
from tests.ledger.world import COUPLING, INSTALL_KEY

ADMIN = "sandbox administration"
_QUICK = Patience(attempts=3, first_wait_s=0.001, longest_wait_s=0.002, short_wait_s=0.0)
_SETTINGS = LedgerSettings(lease_s=4, call_deadline_s=1, settle_s=0)
TEN = item("199.90") | {
    "quantityOrdered": 10,
    "fulfillment": {"quantityFulfilled": 10, "quantityUnfulfilled": 0},
}


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


def ordered(client: EBoekhouden, *orders: Any, template: str = "Amazon") -> list[Booking]:
    """What these orders become: the relation, an invoice each, and credit notes in two parts."""
    wanted = {"document": "invoice", "invoice_template": template}
    made, _ = booked(*orders, settings=settings_of({"books": wanted}))
    notes, lines = [], [MUTATION_LINES.check(made.mutation_lines)]
    for invoice in as_booked(made.mutations).to_dict("records"):
        earlier: list[Any] = []
        for n, cents in enumerate((1001, invoice["gross_cents"] - 1001), 1):
            note = credit_note(
                invoice, refunded_cents=cents, event_id=f"R{n}", sequence=n,
                date=invoice["date"].date(), earlier=earlier,
            )  # fmt: skip
            assert isinstance(note, tuple)
            earlier.append(note[0])
            lines.append(MUTATION_LINES.of(note[1]))
        notes += earlier
    chart = client.ledger_accounts()
    found, problems = bookings(made.mutations, lines[0], made.relations, chart)
    for own, note_lines in zip(notes, lines[1:], strict=True):
        more, _ = bookings(MUTATIONS.of([own]), note_lines, RELATIONS.empty(), chart)
        found += more
    assert problems == []
    return found


def states(ledger: BookingLedger) -> dict[str, str]:
    rows = ledger.booked(ADMIN)
    return dict(zip(rows["invoice_number"], rows["state"], strict=True))


def only_invoices(found: list[Booking]) -> list[Booking]:
    return [one for one in found if one.kind.value in ("REL", "INV")]


def balances(books: Sandbox) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for row in books.journal():
        amount = Decimal(row["debit"] or 0) - Decimal(row["credit"] or 0)
        sums[row["account"]] = sums.get(row["account"], Decimal(0)) + amount
    return {account: amount for account, amount in sums.items() if amount}


def documents(books: Sandbox) -> int:
    return books.calls().get("AddFactuur", 0)


def test_invoices_are_made_and_booked_and_read_back(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox
) -> None:
    orders = [
        order([TEN], order_id="405-1"),
        order([item("10.03")], order_id="405-2"),
        order([item("59.50")], order_id="405-3", to="DE", postal_code="10115"),
    ]
    found = ordered(client, *orders)
    report = ledger.book(ADMIN, COUPLING, only_invoices(found), client)
    assert report.problems == []
    assert sorted(report.booked) == sorted(one.natural for one in only_invoices(found))
    assert balances(books)["1300"] == Decimal("269.43")
    calls = books.calls()
    assert (calls["AddFactuur"], calls.get("AddMutatie", 0)) == (3, 0)
    # One question for the last number, then windows for all of them together.
    assert calls["GetMutaties"] <= 4
    assert all(str(n).isdigit() for n in report.remote_ids.values())
    report = ledger.book(ADMIN, COUPLING, found, client)
    assert (report.problems, set(states(ledger).values())) == ([], {"CONFIRMED"})
    assert balances(books) == {}, "credited whole, every account is back at nothing"
    again = ledger.book(ADMIN, COUPLING, found, client)
    assert (again.booked, again.problems, documents(books)) == ([], [], 9)
    audit = ledger.audit(ADMIN, COUPLING, client)
    assert (audit.compared, audit.drifted, audit.problems) == (9, [], [])


def test_what_the_buyer_reads(ledger: BookingLedger, client: EBoekhouden, books: Sandbox) -> None:
    ledger.book(ADMIN, COUPLING, only_invoices(ordered(client, order([TEN]))), client)
    page = httpx.get(f"{books.url}/facturen").text
    assert "199,90" in page


@pytest.mark.parametrize(
    "kind",
    ["soap_fault", "http_500_html", "http_503_empty", "reset", "reset_mid_body", "malformed"],
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_makes_no_second_invoice(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox, kind: str, when: str
) -> None:
    found = only_invoices(ordered(client, order([TEN]), order([item("10.03")], order_id="405-2")))
    books.fault("AddFactuur", kind, times=2, when=when)
    give_up = time.monotonic() + 90  # An answer may come until the call's deadline has passed.
    report = ledger.book(ADMIN, COUPLING, found, client)
    while set(states(ledger).values()) != {"CONFIRMED"} and time.monotonic() < give_up:
        time.sleep(0.1)
        report = ledger.book(ADMIN, COUPLING, found, client)
    assert report.problems == []
    assert set(ledger.booked(ADMIN)["state"]) == {"CONFIRMED"}
    assert len({row["mutation_number"] for row in books.journal()}) == 2
    assert balances(books)["1300"] == Decimal("209.93")


def test_a_session_that_ended_costs_nothing_twice(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox
) -> None:
    found = only_invoices(ordered(client, order([TEN]), order([item("10.03")], order_id="405-2")))
    books.fault("AddFactuur", "session_expired", after=1, times=1)
    report = ledger.book(ADMIN, COUPLING, found, client)
    assert (report.problems, report.unknown) == ([], [])
    assert len({row["mutation_number"] for row in books.journal()}) == 2


def test_a_template_that_does_not_exist_is_a_problem(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox
) -> None:
    found = only_invoices(ordered(client, order([TEN]), template="Amazone"))
    report = ledger.book(ADMIN, COUPLING, found, client)
    assert [(p.code, "FACT_018" in p.cause) for p in report.problems] == [("booking-refused", True)]
    assert books.journal() == []


def test_a_total_that_is_a_cent_off_is_a_problem(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox
) -> None:
    """The service rounds prices to cents after all: 16.52 x 10 is not 165.21."""
    books.control("options", {"round_unit_price": True})
    report = ledger.book(ADMIN, COUPLING, only_invoices(ordered(client, order([TEN]))), client)
    assert [p.code for p in report.problems] == ["booking-conflict"]
    assert "amount" in report.problems[0].cause
    assert "CONFLICT" in states(ledger).values()
    again = ledger.book(ADMIN, COUPLING, only_invoices(ordered(client, order([TEN]))), client)
    assert (again.booked, documents(books)) == ([], 1)


def test_a_service_with_a_description_of_its_own(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox
) -> None:
    """Our token is nowhere in the books; the number and the service's word for it suffice."""
    books.control("options", {"invoice_mutation_description": "invoice_number"})
    found = only_invoices(ordered(client, order([TEN])))
    report = ledger.book(ADMIN, COUPLING, found, client)
    assert (report.problems, len(report.booked)) == ([], 2)
    audit = ledger.audit(ADMIN, COUPLING, client)
    assert (audit.compared, audit.drifted, audit.problems) == (1, [], [])


def test_an_invoice_of_a_person_under_our_number_is_not_ours(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox
) -> None:
    found = only_invoices(ordered(client, order([TEN])))
    relation, invoice = found
    client.add(relation.payload, "", deadline_s=5)
    client.add(invoice.payload, "Rob", deadline_s=5)
    report = ledger.book(ADMIN, COUPLING, found, client)
    assert [p.code for p in report.problems] == ["booking-foreign"]
    assert len({row["mutation_number"] for row in books.journal()}) == 1


def test_an_invoice_without_its_mutation_is_half_done(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody made the document and never booked it: making a second one would be worse."""
    found = only_invoices(ordered(client, order([TEN])))
    relation, invoice = found
    client.add(relation.payload, "", deadline_s=5)
    _made_but_not_booked(client, invoice, monkeypatch)
    assert client.has_invoice(invoice.invoice_number)
    assert not client.has_invoice("AMZ-999")
    report = ledger.book(ADMIN, COUPLING, found, client)
    assert [p.code for p in report.problems] == ["booking-half"]
    assert "HALF" in states(ledger).values()
    again = ledger.book(ADMIN, COUPLING, found, client)
    assert (again.booked, books.journal(), documents(books)) == ([], [], 2)


def _made_but_not_booked(
    client: EBoekhouden, invoice: Booking, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amazon_eboekhouden.adapters import eboekhouden_wire as wire

    assert isinstance(invoice.payload, Mutation)
    whole = wire.invoice_fields
    with monkeypatch.context() as patch:
        patch.setattr(
            wire,
            "invoice_fields",
            lambda *given: whole(*given) | {"InBoekhoudingPlaatsen": False},
        )
        client.add(invoice.payload, "", deadline_s=5)


def test_a_lost_ledger_is_rebuilt_with_its_invoices(
    ledger: BookingLedger, client: EBoekhouden, books: Sandbox, tmp_path: Path
) -> None:
    orders = [order([TEN]), order([item("10.03"), item("0.06", item_id="2")], order_id="405-2")]
    found = only_invoices(ordered(client, *orders))
    ledger.book(ADMIN, COUPLING, found, client)
    new = open_ledger(
        f"sqlite:///{tmp_path / 'new.db'}", install_key=INSTALL_KEY, settings=_SETTINGS
    )
    new.rebuild(ADMIN, COUPLING, client)
    report = new.book(ADMIN, COUPLING, found, client)
    assert (report.problems, report.booked, documents(books)) == ([], [], 2)
    new.close()
