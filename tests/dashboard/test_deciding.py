"""What the buttons do to the ledger, and who may press them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.dashboard.conftest import AIRFLOW_WARNINGS, HELD, Browser, hold, spoil
from tests.ledger.world import ADMIN, COUPLING, natural, order_id
from tests.torture.remote import FakeRemote, Variant

pytestmark = AIRFLOW_WARNINGS


def state_of(sources: Any, number: int) -> str:
    frame = sources.ledger.booked(ADMIN)
    return str(frame.loc[frame["booking"] == natural(number), "state"].item())


def test_skipping_takes_the_order_off_the_list_and_remembers_who(
    admin: Browser, sources: Any
) -> None:
    hold(sources)
    answer = admin.post(f"/koppeling/demo/bestelling/{HELD}/overslaan", why="al met de hand")
    assert answer.status_code == 303
    assert sources.ledger.open_problems("demo") == []
    page = admin.get(answer.headers["location"]).text
    assert "Overgeslagen" in page
    assert "admin-anna" in page
    assert "al met de hand" in page


def test_skipping_needs_a_reason(admin: Browser, sources: Any) -> None:
    hold(sources)
    path = f"/koppeling/demo/bestelling/{HELD}/overslaan"
    assert admin.post(path, why=" ").status_code == 400
    assert len(sources.ledger.open_problems("demo")) == 1


def test_offering_again_sends_what_was_refused(
    admin: Browser, booked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An Airflow that has not read the DAGs, whatever other tests have put in its database.
    monkeypatch.setattr("amazon_eboekhouden.provider.dashboard.airflow_state.ORDERS_DAG", "absent")
    spoil(booked, 2, "REJECTED", "MUT012")
    answer = admin.post(f"/koppeling/demo/bestelling/{order_id(2)}/opnieuw")
    assert answer.status_code == 303
    # No run could be started: the next one takes the order along.
    assert answer.headers["location"].endswith("gedaan=aangeboden")
    assert state_of(booked, 2) == "PLANNED"
    remote = FakeRemote(Variant(), time.monotonic, deadline_s=30)
    booked.ledger.heal(ADMIN, COUPLING, remote)
    assert state_of(booked, 2) == "CONFIRMED"


@pytest.mark.parametrize(
    ("choice", "after"), [("adopt", "CONFIRMED"), ("rebook", "PLANNED"), ("ignore", "IGNORED")]
)
def test_a_foreign_booking_is_decided_with_who_and_why(
    admin: Browser, booked: Any, choice: str, after: str
) -> None:
    spoil(booked, 2, "NEEDS_HUMAN", "foreign")
    page = admin.get("/koppeling/demo/beslissen").text
    assert f'name="choice" value="{choice}"' in page
    answer = admin.post(
        "/koppeling/demo/beslis", booking=natural(2), choice=choice, why="gezien in de boeken"
    )
    assert answer.status_code == 303
    assert state_of(booked, 2) == after
    last = next(s for s in booked.ledger.explain(order_id(2)) if s.booking == natural(2)).events[-1]
    assert (last.actor, last.detail) == ("admin-anna", f"{choice}: gezien in de boeken")
    assert booked.ledger.open_problems("demo") == []


def test_buttons_are_shown_to_those_who_may_press_them(
    admin: Browser, browser_of: Any, booked: Any
) -> None:
    hold(booked)
    spoil(booked, 2, "NEEDS_HUMAN", "foreign")
    for path in ("/", "/koppeling/demo/wacht", "/koppeling/demo/beslissen"):
        assert "<button" in admin.get(path).text.replace('<button class="quiet">Zoek', "")
        assert 'method="post"' not in browser_of("viewer").get(path).text


@pytest.mark.parametrize("why", ["", "  ", "ab"])
def test_no_decision_without_a_reason(admin: Browser, booked: Any, why: str) -> None:
    spoil(booked, 2, "NEEDS_HUMAN", "foreign")
    fields = {"booking": natural(2), "choice": "ignore", "why": why}
    assert admin.post("/koppeling/demo/beslis", **fields).status_code == 400
    assert state_of(booked, 2) == "NEEDS_HUMAN"


def test_only_choices_that_the_ledger_accepts_are_offered(admin: Browser, booked: Any) -> None:
    """Every state and reason: what is offered works, what is not offered is refused."""
    from amazon_eboekhouden.ledger.states import TROUBLED, UNCERTAIN, State

    path = "/koppeling/demo/beslis"
    for state in sorted(TROUBLED | UNCERTAIN):
        for reason in ("absent", "deleted", "duplicated", "foreign"):
            for choice in ("adopt", "rebook", "ignore", "retry"):
                spoil(booked, 2, state, reason)
                page = admin.get("/koppeling/demo/beslissen").text
                offered = f'name="choice" value="{choice}"' in page
                answer = admin.post(path, booking=natural(2), choice=choice, why="gezien")
                if choice == "rebook" and state is State.REJECTED:
                    assert not offered  # it is called "offer again" there
                else:
                    assert answer.status_code == (303 if offered else 409), (state, reason, choice)


@pytest.mark.parametrize("choice", ["approve", "delete", ""])
def test_other_choices_are_refused(admin: Browser, booked: Any, choice: str) -> None:
    fields = {"booking": natural(1), "choice": choice, "why": "zomaar"}
    assert admin.post("/koppeling/demo/beslis", **fields).status_code == 400
