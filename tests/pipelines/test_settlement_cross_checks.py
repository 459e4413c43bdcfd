"""Amazon's finances beside the file: the control total warns, the euros at the bank are taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.domain.settlement.writing import file_of, row
from tests.pipelines.conftest import World
from tests.pipelines.test_orders import WINDOW

FEE = "other-transaction/other-transaction/Subscription Fee"
RESERVE = "other-transaction/other-transaction/Current Reserve Amount"
NUMBER = "18000000001"


def recent(*rows: Any) -> bytes:
    """A file of these rows that ended lately: what is older is not asked about any more."""
    month = (datetime.now(UTC) - timedelta(days=45)).strftime("%Y-%m-").encode()
    return file_of(rows).replace(b"2026-03-", month)


def listed_by_amazon(world: World, *rows: Any) -> None:
    world.post(f"{world.amazon}/control/settlements", content=recent(*rows))


def faulty(world: World, operation: str, kind: str, times: int = 9) -> None:
    fault = {"operation": operation, "kind": kind, "times": times, "when": "before"}
    world.post(f"{world.amazon}/control/faults", [fault])


def booked_file(world: World, *rows: Any) -> list[str]:
    """The codes after booking these rows from a file, as another content than Amazon's own."""
    file = world.home / "settlement.txt"
    file.write_bytes(recent(*rows))
    return world.run("settlements", "--file", str(file)).codes


def test_the_same_total_raises_nothing_and_is_asked_once(world: World) -> None:
    listed_by_amazon(world, row(FEE, "-47.19"))
    assert world.run("settlements").codes == []
    assert world.run("settlements").codes == []
    assert world.run("audit").codes == []
    assert world.calls("amazon")["listSummary"] == 1


def test_another_total_is_a_warning_and_holds_nothing(world: World) -> None:
    listed_by_amazon(world, row(FEE, "-47.19"))
    assert booked_file(world, row(FEE, "-40.00")) == ["settlement-summary-differs"]
    (found,) = [p.problem for p in world.open_problems()]
    assert "-40.00 EUR" in found.cause
    assert "-47.19" in found.cause
    assert "7.19" in found.cause
    assert world.balance("1095") == -4000
    assert world.balance("1090") == 0


def test_proceeds_may_leave_out_what_is_only_handed_on(world: World) -> None:
    """Whether Amazon's summary counts the reserve is not known: both are right."""
    listed_by_amazon(world, row(FEE, "-47.19"))
    assert booked_file(world, row(FEE, "-47.19"), row(RESERVE, "-10.00")) == []


@pytest.mark.parametrize("kind", ["http_403_gateway", "http_500_html", "malformed", "http_429"])
def test_no_answer_holds_nothing_and_is_asked_again_at_night(world: World, kind: str) -> None:
    listed_by_amazon(world, row(FEE, "-47.19"))
    faulty(world, "listSummary", kind)
    assert booked_file(world, row(FEE, "-40.00")) == []
    assert world.balance("1090") == 0
    world.post(f"{world.amazon}/control/faults", [])
    for _ in range(2):  # Listed every night, asked once.
        assert world.run("audit").codes.count("settlement-summary-differs") == 1
    assert world.calls("amazon")["listSummary"] <= 6


def krona(world: World) -> dict[str, Any]:
    """A seller on Amazon.se whose orders are booked."""
    world.settings(("[NL, BE, DE, FR, IT, ES, IE, SE, PL, UK, TR]", "[SE]"))
    options = {"profile": "year", "marketplaces": ["SE"], "failed_transfers": 0}
    truth = world.seed(seed=5, orders=12, **{"from": WINDOW[1], "to": WINDOW[3]}, **options)
    world.run("orders", *WINDOW)
    return truth


def test_the_euros_of_another_currency_are_taken_from_amazon(world: World) -> None:
    truth = krona(world)
    paid = [one for one in truth["settlements"] if one["total_cents"] > 0]
    assert paid
    assert all(one["converted_eur_cents"] for one in paid)
    result = world.run("settlements")
    assert "settlement-deposit-unknown" not in result.codes
    assert world.balance("2010") == sum(one["converted_eur_cents"] for one in paid)
    assert world.balance("1093") == 0


def test_what_a_person_enters_beats_what_amazon_tells(world: World) -> None:
    truth = krona(world)
    paid = [one for one in truth["settlements"] if one["total_cents"] > 0]
    faulty(world, "listFinancialEventGroups", "http_500_html", times=40)
    waiting = world.run("settlements")
    assert waiting.codes.count("settlement-deposit-unknown") == len(paid)
    entered = [part for one in paid for part in ("--deposit-eur", f"{one['settlement_id']}=100.00")]
    world.run("settlements", *entered)
    assert world.balance("2010") == 10_000 * len(paid)
    assert world.balance("1093") == 0
