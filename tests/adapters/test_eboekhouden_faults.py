"""What every fault of the service turns into: a class of outcome for writes, an error for reads."""

import time

import pytest
from amazon_eboekhouden.adapters.eboekhouden import EBoekhouden
from amazon_eboekhouden.domain.errors import BadAnswer, RemoteError, Unreachable
from amazon_eboekhouden.domain.outcomes import OutcomeKind

from tests.adapters.test_eboekhouden import CUSTOMER, INVOICE
from tests.adapters.world import ONCE, QUICK, books_credentials

MEGABYTES = 40 * 1024 * 1024
SIZED = {"gzip_bomb": {"size_bytes": MEGABYTES}, "oversized": {"size_bytes": MEGABYTES}}
REPLACED = [
    *("http_429", "http_500_html", "http_503_empty", "http_403_gateway", "reset"),
    *("soap_fault", "hang"),
]
SPOILED = ["reset_mid_body", "truncated_gzip", "gzip_bomb", "malformed", "oversized", "dtd"]
BAD = {"truncated_gzip", "gzip_bomb", "malformed", "oversized", "dtd"}
NOT_TRIED_AGAIN = {"http_403_gateway", "gzip_bomb", "oversized", "dtd"}


@pytest.mark.parametrize("kind", REPLACED)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_without_a_clear_answer_is_unknown_whatever_it_did(session, books, kind, when):
    session.add(CUSTOMER, "T0", deadline_s=10)
    books.fault("AddMutatie", kind, when=when)
    outcome = session.add(INVOICE, "T1", deadline_s=2)
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert len(session.mutations()) == (1 if when == "after" else 0)
    assert books.calls()["AddMutatie"] == 1


@pytest.mark.parametrize("kind", SPOILED)
def test_a_write_with_a_broken_answer_is_unknown_although_it_was_booked(session, books, kind):
    session.add(CUSTOMER, "T0", deadline_s=10)
    books.fault("AddMutatie", kind, **SIZED.get(kind, {}))
    assert session.add(INVOICE, "T1", deadline_s=10).kind is OutcomeKind.UNKNOWN
    assert len(session.mutations()) == 1
    assert books.calls()["AddMutatie"] == 1


@pytest.mark.parametrize("kind", [*REPLACED[:-1], *SPOILED])
def test_a_read_is_tried_again_when_that_can_help(session, books, kind):
    session.add(CUSTOMER, "T0", deadline_s=10)
    session.add(INVOICE, "T1", deadline_s=10)
    books.fault("GetMutaties", kind, **SIZED.get(kind, {}))
    if kind in NOT_TRIED_AGAIN:
        with pytest.raises(BadAnswer):
            session.mutations()
        assert books.calls()["GetMutaties"] == 1
    else:
        assert len(session.mutations()) == 1
        assert books.calls()["GetMutaties"] == 2


@pytest.mark.parametrize("kind", [*REPLACED[:-1], *SPOILED])
def test_a_read_that_goes_on_failing_ends_in_a_typed_error_of_few_tries(session, books, kind):
    session.open_items()
    books.fault("GetOpenPosten", kind, times=None, **SIZED.get(kind, {}))
    with pytest.raises(RemoteError) as raised:
        session.open_items()
    bad = kind in BAD | NOT_TRIED_AGAIN
    assert isinstance(raised.value, BadAnswer if bad else Unreachable)
    assert books.calls()["GetOpenPosten"] <= 1 + QUICK.attempts


def test_a_hanging_service_is_left_at_the_deadline(books):
    with EBoekhouden(books_credentials(books.url), call_deadline_s=2, patience=ONCE) as one:
        one.open_items()
        books.fault("GetOpenPosten", "hang")
        books.fault("AddRelatie", "hang")
        books.control(
            "faults",
            [{"operation": "GetOpenPosten", "kind": "hang"}, {"operation": "*", "kind": "hang"}],
        )
        started = time.monotonic()
        with pytest.raises(Unreachable):
            one.open_items()
        assert one.add(CUSTOMER, "T", deadline_s=1).kind is OutcomeKind.UNKNOWN
        assert time.monotonic() - started < 25  # Without it: the default of 30 seconds each.


def test_a_slow_answer_inside_the_deadline_is_a_good_answer(session, books):
    books.fault("AddRelatie", "slow", seconds=0.4)
    assert session.add(CUSTOMER, "T", deadline_s=5).kind is OutcomeKind.CONFIRMED


def test_a_whole_answer_in_another_charset_is_a_good_answer(session, books):
    books.fault("AddRelatie", "wrong_charset")  # UTF-16 with its mark: XML's own rules allow it.
    assert session.add(CUSTOMER, "T", deadline_s=5).kind is OutcomeKind.CONFIRMED


def test_a_dtd_is_refused_at_once(session, books):
    session.open_items()
    books.fault("GetOpenPosten", "dtd")
    with pytest.raises(BadAnswer):
        session.open_items()
    assert books.calls()["GetOpenPosten"] == 2


def test_an_expired_session_is_renewed_once_for_a_read(session, books):
    session.open_items()
    books.fault("GetOpenPosten", "session_expired")
    assert session.open_items() == []
    assert books.calls()["OpenSession"] == 2
    assert books.calls()["GetOpenPosten"] == 3


def test_a_session_that_expires_again_and_again_is_not_renewed_for_ever(session, books):
    books.fault("GetOpenPosten", "session_expired", times=None)
    with pytest.raises(RemoteError) as raised:
        session.open_items()
    assert raised.value.code == "E0023"
    assert books.calls()["OpenSession"] == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_session_that_expires_under_a_write_is_reported_and_renewed_for_the_next(
    session, books, when
):
    session.open_items()
    books.fault("AddRelatie", "session_expired", when=when)
    assert session.add(CUSTOMER, "T", deadline_s=10).kind is OutcomeKind.SESSION_EXPIRED
    assert books.calls()["AddRelatie"] == 1
    next_one = session.add(CUSTOMER, "T", deadline_s=10).kind
    assert next_one is (OutcomeKind.CONFIRMED if when == "before" else OutcomeKind.DUPLICATE)
    assert books.calls()["OpenSession"] == 2


def test_a_session_of_twenty_minutes_ago_is_renewed(session, books):
    session.open_items()
    books.control("clock", {"advance_s": 3600})
    assert session.open_items() == []


@pytest.mark.parametrize("kind", ["http_503_empty", "reset", "hang", "malformed"])
@pytest.mark.parametrize("operation", ["OpenSession"])
def test_a_login_that_fails_means_that_nothing_was_sent(books, kind, operation):
    with EBoekhouden(books_credentials(books.url), patience=QUICK) as one:
        books.fault(operation, kind)
        assert one.add(CUSTOMER, "T", deadline_s=2).kind is OutcomeKind.NOT_SENT
        assert "AddRelatie" not in books.calls()
        assert one.add(CUSTOMER, "T", deadline_s=10).kind is OutcomeKind.CONFIRMED


def test_closing_never_raises(books):
    one = EBoekhouden(books_credentials(books.url), patience=QUICK)
    one.open_items()
    books.fault("CloseSession", "reset")
    one.close()
    one.close()


def test_the_answer_to_another_question_is_not_taken_for_an_absence(session, books):
    session.add(CUSTOMER, "T0", deadline_s=10)
    session.add(INVOICE, "T1", deadline_s=10)
    assert len(session.mutations(number_from=1, number_to=1)) == 1
    books.fault("GetMutaties", "repeated_page")
    with pytest.raises(BadAnswer, match="not asked for"):
        session.mutations(number_from=2, number_to=400)
    assert len(session.mutations()) == 1
    books.fault("GetMutaties", "repeated_page")
    with pytest.raises(BadAnswer, match="not asked for"):
        session.mutations(invoice_number="another")


def test_an_element_outside_the_description_makes_a_write_unknown(session, books):
    session.add(CUSTOMER, "T0", deadline_s=10)
    books.control("options", {"unknown_element_in_answer": True})
    assert session.add(INVOICE, "T1", deadline_s=10).kind is OutcomeKind.UNKNOWN
    with pytest.raises(BadAnswer):
        session.mutations()
    books.control("options", {"unknown_element_in_answer": False})
    assert len(session.mutations()) == 1
