"""What the ledger remembers beside bookings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from amazon_eboekhouden.domain.problems import Problem
from amazon_eboekhouden.ledger import BookingLedger
from amazon_eboekhouden.ledger.decisions import Choice

from tests.ledger.world import ADMIN, COUPLING, Hand


def _problem(number: int, code: str = "proceeds-missing") -> Problem:
    return Problem(code, f"order {number}", "cause", "todo", order_id=str(number))


def _open(ledger: BookingLedger) -> list[str]:
    return [found.problem.row for found in ledger.open_problems(COUPLING)]


def test_a_coupling_is_bound_once_and_another_answer_stops_it(ledger: BookingLedger) -> None:
    assert ledger.coupling_state(COUPLING) is None
    assert ledger.bind(COUPLING, ADMIN, "SELLER") is None
    other = ledger.bind(COUPLING, "another administration", "SELLER")
    assert other is not None
    assert other.code == "administration-changed"
    state = ledger.coupling_state(COUPLING)
    assert state is not None
    assert (state.administration, state.seller) == (ADMIN, "SELLER")
    assert state.stop_reason == "administration-changed"
    seller = ledger.bind(COUPLING, ADMIN, "OTHER")
    assert seller is not None
    assert seller.code == "seller-changed"
    assert ledger.bind(COUPLING, ADMIN, "SELLER") is None, "the right connection goes on"
    ledger.couplings.activate(COUPLING, active=False, reason="moved to another product")
    stopped = ledger.bind(COUPLING, ADMIN, "SELLER")
    assert stopped is not None
    assert stopped.code == "coupling-stopped"
    ledger.couplings.activate(COUPLING, active=True)
    assert ledger.bind(COUPLING, ADMIN, "SELLER") is None


def test_a_seller_that_the_connection_named_later_is_bound_then(ledger: BookingLedger) -> None:
    """What was left empty is no other seller: filling it in must not stop the coupling."""
    assert ledger.bind(COUPLING, ADMIN, "") is None
    assert ledger.bind(COUPLING, ADMIN, "SELLER") is None
    for seller in ("OTHER", ""):
        found = ledger.bind(COUPLING, ADMIN, seller)
        assert found is not None
        assert (found.code, seller in found.cause) == ("seller-changed", True)
    other = ledger.bind(COUPLING, "another administration", "SELLER")
    assert other is not None
    assert other.code == "administration-changed"


def test_the_watermark_never_goes_back(ledger: BookingLedger) -> None:
    assert ledger.watermark(COUPLING) is None
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    for moment in (noon, noon - timedelta(hours=3)):
        ledger.set_watermark(COUPLING, moment)
        assert ledger.watermark(COUPLING) == noon


def test_a_problem_closes_only_when_its_order_was_looked_at_again(
    ledger: BookingLedger, hand: Hand
) -> None:
    ledger.record_order_problems(COUPLING, [_problem(1), _problem(2)], considered=["1", "2"])
    assert _open(ledger) == ["order 1", "order 2"]
    hand.move(3600)
    ledger.record_order_problems(COUPLING, [_problem(3)], considered=["3", "4"])
    assert _open(ledger) == ["order 1", "order 2", "order 3"]
    assert ledger.held_orders(COUPLING) == ["1", "2", "3"]
    hand.move(3600)
    ledger.record_order_problems(COUPLING, [_problem(1)], considered=["1", "2"])
    assert _open(ledger) == ["order 1", "order 3"]
    assert ledger.held_orders(COUPLING) == ["3", "1"]
    first = ledger.open_problems(COUPLING)[0]
    assert first.last_seen_utc - first.first_seen_utc == timedelta(hours=2)
    ledger.record_problems(COUPLING, "settlements", [_problem(1)])
    assert _open(ledger) == ["order 1", "order 3"], "what two saw appears once"
    ledger.record_problems("another", "orders", [])
    assert _open(ledger) == ["order 1", "order 3"]


def test_a_settlement_is_found_once_and_approved_by_somebody(ledger: BookingLedger) -> None:
    settlements = ledger.settlements
    assert settlements.find("SELLER", "123") is None
    settlements.record(
        "SELLER",
        "123",
        coupling=COUPLING,
        file_hash="abc",
        start_date=date(2026, 11, 1),
        end_date=date(2026, 11, 14),
        total_cents=-512,
        currency="EUR",
    )
    settlements.record("SELLER", "123", state="booked", totals={"fees_cents": 12})
    (found,) = settlements.all("SELLER")
    assert found == settlements.find("SELLER", "123")
    assert (found.file_hash, found.state, found.totals) == ("abc", "booked", {"fees_cents": 12})
    assert (found.total_cents, found.end_date) == (-512, date(2026, 11, 14))
    # What one remembers does not take away what another one did.
    settlements.record("SELLER", "123", totals={"chain": {"end": "2026-11-14"}})
    (found,) = settlements.all("SELLER")
    assert found.totals == {"fees_cents": 12, "chain": {"end": "2026-11-14"}}
    subject = "settlement:SELLER:123"
    ledger.decisions.record(subject, Choice.APPROVE, who="Anna", why="agrees with Amazon")
    (decision,) = ledger.decisions.about(subject)
    assert (decision.choice, decision.who) == (Choice.APPROVE, "Anna")


def test_tokens_are_shared_and_come_back_with_time(ledger: BookingLedger, hand: Hand) -> None:
    budget = ledger.rate_budget("SELLER")
    rate = 1 / 60
    assert [budget.take("searchOrders", rate, 2) for _ in range(2)] == [None, None]
    until = ledger.take_tokens("SELLER", "searchOrders", rate, 2)
    assert until is not None
    assert timedelta(0) < until - hand.now_utc() - timedelta(seconds=60) < timedelta(seconds=1)
    assert ledger.take_tokens("ANOTHER", "searchOrders", rate, 2) is None
    hand.move(60.01)
    assert budget.take("searchOrders", rate, 2) is None
    budget.learn("searchOrders", 1.0)
    hand.move(1)
    assert budget.take("searchOrders", rate, 2) is None, "the learnt rate holds"
    hand.move(100)
    budget.empty("searchOrders")
    assert budget.take("searchOrders", rate, 2) is not None
