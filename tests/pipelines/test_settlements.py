"""When Amazon settles: every open item closed, every row explained, clearing zero to the cent."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden.adapters.retrying import Patience
from amazon_eboekhouden.config.connections import from_environment
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.money import cents_of, euros
from amazon_eboekhouden.pipelines import settlement_approval, settlements
from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings
from amazon_eboekhouden.provider import steps

from tests.domain.settlement.writing import file_of, row
from tests.pipelines.conftest import World
from tests.pipelines.test_orders import FROM, TO, WINDOW

SHARED = Path(__file__).parents[3] / "shared" / "data"
WRITES = ("AddMutatie", "AddRelatie", "AddFactuur")


def booked_month(world: World, orders: int = 80, seed: int = 21) -> dict[str, object]:
    truth = world.seed(seed=seed, orders=orders, **{"from": FROM, "to": TO})
    assert world.run("orders", *WINDOW).report["problems"] == []
    return truth


def test_clearing_is_zero_and_every_figure_is_true(world: World) -> None:
    truth = booked_month(world)
    result = world.run("settlements")
    assert result.report["problems"] == []
    assert result.status == 0
    settled = truth["settlements"]
    assert len(result.report["settlements"]) == len(settled)
    assert world.balance("1090") == 0
    assert world.balance("2090") == 0
    assert world.balance("2010") == sum(max(s["payout_cents"], 0) for s in settled)
    fees = -sum(s["fees_cents"] for s in settled)
    assert sum(world.balance(str(a)) for a in range(4610, 4618)) + world.balance("1635") == fees
    assert world.balance("1300") == 0


def test_a_settlement_is_never_fetched_or_booked_twice(world: World) -> None:
    booked_month(world, orders=40)
    world.run("settlements")
    before, documents = world.calls("books"), world.calls("amazon").get("getReportDocument")
    again = world.run("settlements")
    assert again.status == 0
    assert again.report["booked"] == 0
    assert world.calls("amazon").get("getReportDocument") == documents
    after = world.calls("books")
    assert [after.get(name) for name in WRITES] == [before.get(name) for name in WRITES]


def test_a_document_that_comes_damaged_keeps_no_other_settlement_waiting(world: World) -> None:
    truth = booked_month(world, orders=40)
    # As often as a download is tried.
    fault = {"operation": "document", "kind": "truncated_gzip", "times": Patience().attempts}
    world.post(f"{world.amazon}/control/faults", [fault])
    first = world.run("settlements")
    assert (first.status, first.codes) == (1, ["settlement-document-damaged"])
    assert len(first.report["settlements"]) == len(truth["settlements"]) - 1 > 0
    assert [one.problem.code for one in world.open_problems()] == ["settlement-document-damaged"]
    second = world.run("settlements")
    assert (second.status, world.open_problems()) == (0, [])
    assert len(second.report["settlements"]) == 1
    assert world.balance("1090") == world.balance("1300") == 0


def test_few_calls_write_a_settlement(world: World) -> None:
    """1 per payment, 2 per refund, and 2 per VAT regime and month + 12 for all the rest."""
    truth = booked_month(world, orders=60, seed=22)
    before = world.calls("books")
    known = {line["mutation_number"] for line in world.journal()}
    assert world.run("settlements").status == 0
    after = world.calls("books")
    lines = [line for line in world.journal() if line["mutation_number"] not in known]
    debtors = {one["mutation_number"]: one for one in lines if one["account"] == "1300"}
    kinds = [(one["kind"], cents_of(one["credit"] or "0") > 0) for one in debtors.values()]
    payments = kinds.count(("FactuurbetalingOntvangen", True))
    refunds = kinds.count(("FactuurbetalingOntvangen", False))
    assert payments > 30
    assert refunds > 0
    writes = {name: after.get(name, 0) - before.get(name, 0) for name in WRITES}
    assert writes["AddRelatie"] == writes["AddFactuur"] == 0
    rest = writes["AddMutatie"] - payments - 2 * refunds
    # One VAT regime with Dutch VAT, one for what waits for its invoice; a period has two months.
    assert 0 < rest <= len(truth["settlements"]) * (2 * 2 * 2 + 12)
    reads = sum(after.values()) - sum(before.values()) - writes["AddMutatie"]
    assert reads <= len(truth["settlements"]) * 8


def test_refunds_are_credit_notes(world: World) -> None:
    truth = booked_month(world, orders=120, seed=22)
    world.run("settlements")
    notes = {
        line["invoice_number"]: line
        for line in world.journal()
        if line["kind"] == "FactuurVerstuurd" and line["invoice_number"].startswith("C")
    }
    refunded = [order for order in truth["orders"] if order.get("refunds")]
    assert refunded
    assert {number.split("AMZ-")[1].rsplit("-", 1)[0] for number in notes} == {
        order["order_id"] for order in refunded
    }


def test_settled_before_invoiced_is_parked_and_unparked_by_itself(world: World) -> None:
    world.seed(seed=23, orders=30, **{"from": FROM, "to": TO})
    parked = world.run("settlements")
    assert parked.status == 1
    assert world.balance("1090") == 0
    assert world.balance("2090") != 0
    world.run("orders", *WINDOW)
    world.run("settlements")
    assert world.balance("2090") == 0
    assert world.balance("1090") == 0
    assert world.balance("1300") == 0
    assert world.open_problems() == []  # What was listed of it is nobody's work any more.


def test_the_dag_that_finds_settlements_unparks_as_well(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.seed(seed=23, orders=12, **{"from": FROM, "to": TO})
    world.run("settlements")
    assert world.balance("2090") != 0
    world.run("orders", *WINDOW)
    monkeypatch.setattr(steps, "get_current_context", dict)
    monkeypatch.setattr(steps, "connection_of", lambda name: from_environment(name, os.environ))
    assert steps.find_settlements() == []
    assert world.balance("2090") == 0
    assert world.balance("1090") == 0
    assert world.open_problems() == []


def test_a_part_payment_is_off_the_list_once_the_rest_is_paid(world: World) -> None:
    """An order that is paid by two settlements: nobody has to do anything."""
    world.seed(seed=24, orders=8, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    invoice = next(line for line in world.journal() if line["kind"] == "FactuurVerstuurd")
    order, gross = invoice["invoice_number"].removeprefix("AMZ-"), cents_of(invoice["debit"])
    for number, cents in (("18000000001", gross - 500), ("18000000002", 500)):
        file = world.home / f"{number}.txt"
        sale = row("Order/ItemPrice/Principal", str(euros(cents)), order)
        file.write_bytes(file_of([sale], number=number))
        codes = world.run("settlements", "--file", str(file)).codes
        assert codes == (["settlement-underpaid"] if cents > 500 else [])
    world.run("settlements")
    assert "settlement-underpaid" not in {p.problem.code for p in world.open_problems()}


def test_a_settlement_that_waits_for_a_person_is_not_booked(world: World) -> None:
    world.settings(("approval: automatic", "approval: required"))
    booked_month(world, orders=20)
    before = world.journal()
    result = world.run("settlements")
    assert result.status == 1
    assert set(result.codes) == {"settlement-waits-for-approval"}
    assert world.journal() == before


def test_a_settlement_that_waits_starts_no_second_run_and_is_approved_once(world: World) -> None:
    """As the DAGs do it: found, matched, waiting; then approved in its own run."""
    world.settings(("approval: automatic", "approval: required"))
    booked_month(world, orders=20)
    environment = environment_of(os.environ)
    runtime = Runtime(
        read_settings(environment, "demo"),
        environment,
        lambda conn_id: from_environment(conn_id, os.environ),
    )
    found = settlements.find(runtime)
    assert found
    for settlement_id in found:
        ref = settlements.match(runtime, settlement_id)
        assert settlement_approval.approval_needed(runtime, settlement_id, ref)
        settlements.wait_for_approval(runtime, settlement_id, ref)
    assert settlements.find(runtime) == []
    settlement_approval.approve_waiting(runtime, found[0], who="Airflow, Required Action")
    assert not settlement_approval.approval_needed(
        runtime, found[0], settlements.match(runtime, found[0])
    )
    report = settlements.book_matched(runtime, found[0], settlements.match(runtime, found[0]))
    assert report.problems == []
    assert world.balance("1090") == 0
    runtime.ledger.close()


def test_an_approved_settlement_is_booked_and_the_approval_is_remembered(world: World) -> None:
    world.settings(("approval: automatic", "approval: required"))
    truth = booked_month(world, orders=20)
    world.run("settlements")
    ids = [settlement["settlement_id"] for settlement in truth["settlements"]]
    approvals = [word for settlement_id in ids for word in ("--approve", settlement_id)]
    assert world.run("settlements", *approvals).status == 0
    assert world.balance("1090") == 0
    assert world.balance("1300") == 0
    assert world.run("settlements").report["booked"] == 0


def test_the_first_settlement_waits_and_the_others_follow_by_themselves(world: World) -> None:
    world.settings(("approval: automatic", "approval: first_then_automatic"))
    truth = booked_month(world, orders=40)
    waiting = world.run("settlements")
    assert set(waiting.codes) == {"settlement-waits-for-approval"}
    oldest = min(truth["settlements"], key=lambda settlement: settlement["end_utc"])
    assert world.run("settlements", "--approve", oldest["settlement_id"]).status == 0
    assert world.balance("1300") == 0


def test_the_manuals_way_only_proposes_and_says_what_it_loses(world: World) -> None:
    world.settings(("method: clearing", "method: open_items_to_costs"))
    booked_month(world, orders=20)
    before = world.journal()
    result = world.run("settlements")
    assert set(result.codes) == {"settlement-waits-for-approval"}
    assert all(
        summary["proposal"]["vat_lost_cents"] > 0 for summary in result.report["settlements"]
    )
    assert world.journal() == before


def manual(world: World, **options: Any) -> tuple[dict[str, Any], list[str], int]:
    """The manual's way: the truth, the words that approve it, and what it puts on costs."""
    world.settings(("method: clearing", "method: open_items_to_costs"))
    world.post(f"{world.books}/control/options", options)
    truth = booked_month(world, orders=12, seed=47)
    shown = world.run("settlements").report["settlements"]
    ids = [one["settlement_id"] for one in truth["settlements"]]
    costs = sum(one["proposal"]["left_over_cents"] for one in shown)
    return truth, [word for one in ids for word in ("--approve", one)], costs


def test_costs_go_by_way_of_clearing_where_they_are_refused_directly(world: World) -> None:
    """e-Boekhouden may refuse a payment whose account is no bank: two steps then, by itself."""
    truth, approvals, costs = manual(world, payment_header_any_category="refuse")
    first = world.run("settlements", *approvals)
    # The first settlement met the refusal; those after it knew by then.
    assert first.codes.count("booking-refused") == 1
    again = world.run("settlements")
    assert again.codes == []
    assert world.balance("4600") == costs > 0
    assert world.balance("1090") == 0
    assert world.balance("1010") == sum(one["payout_cents"] for one in truth["settlements"])
    before = world.journal()
    assert world.run("settlements").report["booked"] == 0
    assert world.journal() == before


def test_a_bank_line_that_stands_there_already_is_not_booked_twice(world: World) -> None:
    truth, approvals, _ = manual(world)
    first = truth["settlements"][0]
    line = {
        "BedragInvoer": f"{first['payout_cents'] / 100:.2f}",
        "TegenrekeningCode": "8000",
        "BTWCode": "GEEN",
    }
    action = {
        "do": "add",
        "Soort": "GeldOntvangen",
        "Datum": first["deposit_utc"][:10],
        "Rekening": "1010",
        "Omschrijving": "AMAZON PAYMENTS",
        "InExBTW": "IN",
        "MutatieRegels": [line],
    }
    world.post(f"{world.books}/control/mutations", action)
    result = world.run("settlements", *approvals)
    (found,) = [p for p in result.report["problems"] if p["code"].endswith("bank-line-by-hand")]
    assert found["row"] == f"settlement {first['settlement_id']}"
    mine = [line for line in world.journal() if first["settlement_id"] in line["description"]]
    assert mine == []


def test_a_preview_of_settlements_leaves_no_trace(world: World) -> None:
    booked_month(world, orders=20)
    before = world.journal()
    previewed = world.run("settlements", "--preview")
    assert previewed.report["booked"] == 0
    assert previewed.report["preview"]
    assert world.journal() == before
    booked = world.run("settlements").report["booked"]
    assert booked == len(previewed.report["preview"])


def test_a_file_that_does_not_add_up_is_refused_whole(world: World) -> None:
    header = "settlement-id\ttotal-amount\tcurrency\ttransaction-type\tamount-type\t"
    header += "amount-description\tamount\tposted-date-time\torder-id\n"
    body = "1\t10,00\tEUR\t\t\t\t\t\t\n1\t\t\tOrder\tItemPrice\tPrincipal\t9,99\t"
    body += "14.09.2026 07:49:55 UTC\t405-1234567-1234567\n"
    file = world.home / "settlement.txt"
    file.write_text(header + body)
    result = world.run("settlements", "--file", str(file))
    assert result.status == 1
    assert len(result.codes) == 1
    assert world.journal() == []


@pytest.mark.skipif(not SHARED.exists(), reason="the shared sample files are not here")
def test_a_sample_that_nobody_here_made_is_booked_or_listed_row_by_row(world: World) -> None:
    sample = SHARED / "settlements" / "us_synthetic_sample.txt"
    result = world.run("settlements", "--file", str(sample))
    (summary,) = result.report["settlements"]
    assert summary["total_cents"] == 58289
    assert summary["rows_cents"] == 58289
    assert "settlement-deposit-unknown" in result.codes
    assert world.journal() == []
    entered = world.run("settlements", "--deposit-eur", f"{summary['settlement_id']}=540.10")
    assert entered.report["booked"] > 0
    assert world.balance("1094") == 0
    assert world.balance("2010") == 54010


@pytest.mark.skipif(not SHARED.exists(), reason="Amazon's model is not here")
def test_amazons_own_examples_are_booked_or_listed(world: World) -> None:
    model = json.loads((SHARED / "spapi-models" / "orders_2026-01-01.json").read_text())
    orders = {order["orderId"]: order for order in examples(model)}
    assert orders
    world.post(f"{world.amazon}/control/orders", list(orders.values()))
    result = world.run("orders", "--from", "2019-01-01", "--to", "2026-11-01")
    listed = {o for p in result.report["problems"] for o in orders if o in p["row"]}
    accounted = result.report["booked"] + result.report["skipped"] + len(listed)
    assert accounted == len(orders)


def examples(value: object) -> list[dict[str, object]]:
    """Every order in the examples of Amazon's model."""
    if isinstance(value, list):
        return [found for entry in value for found in examples(entry)]
    if not isinstance(value, dict):
        return []
    own = [value] if isinstance(value.get("orderId"), str) and "orderItems" in value else []
    return own + [found for entry in value.values() for found in examples(entry)]
