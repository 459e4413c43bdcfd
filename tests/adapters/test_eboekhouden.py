"""The books over the real zeep, against the sandbox: what comes in, what is read back."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from amazon_eboekhouden.domain.bookings import Mutation, MutationKind, MutationLine, Relation
from amazon_eboekhouden.domain.books import Books, LedgerAccount
from amazon_eboekhouden.domain.errors import BadAnswer, CredentialsRefused, Refused, Unreachable
from amazon_eboekhouden.domain.outcomes import OutcomeKind

from tests.adapters.world import QUICK, books_credentials

CUSTOMER = Relation("AMZ1", False, "Zoë Müller", city="Utrecht", country="NL", email="z@ex.nl")
LINE = MutationLine("8000", "HOOG_VERK_21", Decimal(21), 10_000, 2_100, 12_100)
INVOICE = Mutation(
    MutationKind.SALES_INVOICE,
    date(2026, 11, 1),
    "1300",
    (LINE, replace(LINE, account="8100", net_cents=413, vat_cents=87, gross_cents=500)),
    "Amazon-bestelling 405-1234567-1234567",
    in_ex_vat="IN",
    relation_code="AMZ1",
    invoice_number="405-1234567-1234567",
    payment_term_days=30,
)
PAYMENT = Mutation(
    MutationKind.PAYMENT_RECEIVED,
    date(2026, 11, 15),
    "1090",
    (MutationLine("1300", "GEEN", Decimal(0), 12_600, 0, 12_600),),
    "Amazon-uitbetaling",
    in_ex_vat="EX",
    relation_code="AMZ1",
    invoice_number="405-1234567-1234567",
)


def as_books(books: Books) -> Books:
    """Holds the adapter to the seam, for the type checker and the reader."""
    return books


def test_an_invoice_is_booked_and_read_back_as_it_was_sent(session, books):
    assert as_books(session).add(CUSTOMER, "AZB-1", deadline_s=10).kind is OutcomeKind.CONFIRMED
    outcome = session.add(INVOICE, "AZB-2", deadline_s=10)
    assert (outcome.kind, outcome.remote_id) == (OutcomeKind.CONFIRMED, "1")
    (booked,) = session.mutations(number_from=1, number_to=400)
    assert (booked.number, booked.kind) == (1, MutationKind.SALES_INVOICE)
    assert (booked.date, booked.account) == (date(2026, 11, 1), "1300")
    assert booked.voucher == "AZB-2"
    assert booked.description == "AZB-2 Amazon-bestelling 405-1234567-1234567"
    assert booked.invoice_number == "405-1234567-1234567"
    assert [
        (line.account, line.vat_code, line.net_cents, line.vat_cents, line.gross_cents)
        for line in booked.lines
    ] == [
        ("8000", "HOOG_VERK_21", 10_000, 2_100, 12_100),
        ("8100", "HOOG_VERK_21", 413, 87, 500),
    ]
    assert booked.gross_cents == INVOICE.gross_cents
    journal = {(line["account"], line["debit"], line["credit"]) for line in books.journal()}
    assert ("1300", "126.00", "0.00") in journal


def test_a_relation_is_found_by_its_code_and_a_second_one_is_a_duplicate(session):
    assert session.relation("AMZ1") is None
    session.add(CUSTOMER, "AZB-1", deadline_s=10)
    found = session.relation("AMZ1")
    assert found is not None
    assert (found.code, found.company) == ("AMZ1", "Zoë Müller")
    assert session.relation("AMZ") is None
    again = session.add(CUSTOMER, "AZB-1", deadline_s=10)
    assert (again.kind, again.code) == (OutcomeKind.DUPLICATE, "CREL001")


def test_a_payment_closes_the_open_item_and_balances_follow(session):
    session.add(CUSTOMER, "AZB-1", deadline_s=10)
    session.add(INVOICE, "AZB-2", deadline_s=10)
    (item,) = session.open_items()
    assert (item.invoice_number, item.relation_code) == ("405-1234567-1234567", "AMZ1")
    assert (item.total_cents, item.paid_cents, item.open_cents) == (12_600, 0, 12_600)
    assert session.add(PAYMENT, "AZB-3", deadline_s=10).kind is OutcomeKind.CONFIRMED
    assert [item.open_cents for item in session.open_items()] in ([], [0])
    balances = session.balances()
    assert (balances["1090"], balances["1300"]) == (12_600, 0)
    assert (balances["8000"], balances["8100"]) == (-10_000, -413)
    assert session.balances(until=date(2026, 11, 14))["1090"] == 0
    both = session.mutations(invoice_number="405-1234567-1234567")
    assert [(one.number, one.kind) for one in both] == [
        (1, MutationKind.SALES_INVOICE),
        (2, MutationKind.PAYMENT_RECEIVED),
    ]
    assert [line.invoice_number for line in both[1].lines] == ["405-1234567-1234567"]


def test_the_other_kinds_reach_the_books_under_the_vendors_words(session, books):
    spent = Mutation(
        MutationKind.MONEY_SPENT,
        date(2026, 11, 15),
        "1090",
        (MutationLine("4600", "HOOG_INK_21", Decimal(21), 1_000, 210, 1_210),),
        "Amazon-kosten",
        in_ex_vat="IN",
    )
    received = replace(
        spent,
        kind=MutationKind.MONEY_RECEIVED,
        lines=(MutationLine("2010", "GEEN", Decimal(0), 500, 0, 500),),
    )
    accounts = {account.code for account in session.ledger_accounts()}
    if "4600" not in accounts:
        session.add_ledger_account(LedgerAccount("4600", "Amazon-kosten", "VW"))
    assert session.add(spent, "T1", deadline_s=10).kind is OutcomeKind.CONFIRMED
    assert session.add(received, "T2", deadline_s=10).kind is OutcomeKind.CONFIRMED
    assert [one.kind for one in session.mutations()] == [
        MutationKind.MONEY_SPENT,
        MutationKind.MONEY_RECEIVED,
    ]
    assert {line["kind"] for line in books.journal()} == {"GeldUitgegeven", "GeldOntvangen"}


def test_the_administration_is_the_one_that_the_session_works_in(session, books):
    assert session.administration_guid() == "{E5F6A7B8-0000-4000-8000-00000000BEEF}"


def test_an_accountant_names_the_administration(books):
    books.control("reset")
    guid = "{E5F6A7B8-0000-4000-8000-00000000BEEF}"
    with EBoekhouden(
        books_credentials(books.url, administration_guid="{0}"), patience=QUICK
    ) as one:
        with pytest.raises(CredentialsRefused) as refused:
            one.administration_guid()
        assert refused.value.field == "administration_guid"
    with EBoekhouden(books_credentials(books.url, administration_guid=guid), patience=QUICK) as one:
        assert one.administration_guid() == guid
        assert one.calls["OpenSessionSub"] == 1


def test_a_ledger_account_can_be_made_once_and_only_of_two_categories(session):
    session.add_ledger_account(LedgerAccount("4699", "Proef", "VW"))
    assert LedgerAccount("4699", "Proef", "VW") in session.ledger_accounts()
    with pytest.raises(Refused) as refused:
        session.add_ledger_account(LedgerAccount("4699", "Proef", "VW"))
    assert refused.value.code.endswith("LEDG_013")
    calls = session.calls["AddGrootboekrekening"]
    with pytest.raises(Refused):
        session.add_ledger_account(LedgerAccount("1099", "Bank", "FIN"))
    assert session.calls["AddGrootboekrekening"] == calls


@pytest.mark.parametrize("empty_lists", ["absent", "empty"])
def test_empty_answers_are_empty_lists(session, books, empty_lists):
    books.control("options", {"empty_lists": empty_lists})
    assert session.mutations() == []
    assert session.open_items() == []
    assert session.relation("NIETS") is None


def test_one_session_and_one_description_serve_everything(session, books):
    session.add(CUSTOMER, "T", deadline_s=10)
    session.add(INVOICE, "T2", deadline_s=10)
    session.open_items()
    session.mutations()
    session.close()
    calls = books.calls()
    assert calls["OpenSession"] == calls["CloseSession"] == 1
    assert calls["AddMutatie"] == calls["AddRelatie"] == 1
    counted = {name: n for name, n in session.calls.items() if name != "WSDL"}
    assert counted == {name: n for name, n in calls.items() if name.lower() != "wsdl"}


def test_the_description_is_read_once_per_process(books):
    for _ in range(3):
        with EBoekhouden(books_credentials(books.url)) as one:
            one.open_items()
    assert sum(n for name, n in books.calls().items() if name.lower() == "wsdl") <= 1


@pytest.mark.parametrize("field", ["username", "security_code_1", "security_code_2"])
def test_a_wrong_login_names_what_may_be_wrong_and_sends_nothing(books, field):
    wrong = books_credentials(books.url, **{field: "wrong-value-123"})
    with EBoekhouden(wrong, patience=QUICK) as one:
        with pytest.raises(CredentialsRefused) as refused:
            one.administration_guid()
        assert field in refused.value.field
        assert "wrong-value-123" not in str(refused.value)
        outcome = one.add(CUSTOMER, "T", deadline_s=10)
    assert (outcome.kind, outcome.code) == (OutcomeKind.NOT_SENT, "credentials-refused")
    assert "AddRelatie" not in books.calls()


def test_the_address_may_be_given_with_its_query(books):
    given = replace(books_credentials(books.url), url=f"{books.url}/soap.asmx?WSDL")
    with EBoekhouden(given, patience=QUICK) as one:
        assert one.open_items() == []


def test_nobody_listening_means_not_sent(books):
    nobody = books_credentials("http://127.0.0.1:1")
    with EBoekhouden(nobody, patience=QUICK) as one:
        assert one.add(CUSTOMER, "T", deadline_s=5).kind is OutcomeKind.NOT_SENT
        with pytest.raises(Unreachable):
            one.open_items()


def test_a_service_that_vanishes_after_the_login_means_not_sent(books):
    from coupling_sandbox.eboekhouden.app import create_app
    from coupling_sandbox.server import serve_in_thread

    with serve_in_thread(create_app()) as url:
        one = EBoekhouden(books_credentials(url), patience=QUICK)
        one.open_items()
    assert one.add(CUSTOMER, "T", deadline_s=5).kind is OutcomeKind.NOT_SENT
    one.close()


def test_an_address_that_is_no_such_service_is_told_apart_from_an_outage(answering):
    answering.answer = lambda _asked: (404, {}, b"<html>nothing here</html>")
    with EBoekhouden(books_credentials(answering.url), patience=QUICK) as one:
        with pytest.raises(BadAnswer, match="is the address right"):
            one.open_items()
        assert one.add(CUSTOMER, "T", deadline_s=5).kind is OutcomeKind.NOT_SENT
