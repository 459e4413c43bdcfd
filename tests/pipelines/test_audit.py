"""The nightly audit: each thing that is wrong is found, named, and gone when it is mended."""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from amazon_eboekhouden import cli
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.pipelines import audit, retention
from amazon_eboekhouden.pipelines.report import RunReport
from amazon_eboekhouden.pipelines.runtime import Runtime, read_settings

from tests.pipelines.conftest import World, books_connection
from tests.pipelines.test_orders import FROM, TO, WINDOW

HEADER = (
    "settlement-id\tsettlement-start-date\tsettlement-end-date\tdeposit-date\ttotal-amount\t"
    "currency\ttransaction-type\torder-id\tamount-type\tamount-description\tamount\t"
    "posted-date-time\tmarketplace-name\n"
)


def runtime(world: World, *, preview: bool = False) -> Runtime:
    environment = environment_of(os.environ)
    settings = read_settings(environment, "demo")
    return Runtime(settings, environment, cli._connection, preview=preview)


def audited(world: World) -> RunReport:
    return audit.run(runtime(world))


def codes(report: RunReport) -> set[str]:
    return {found.code for found in report.problems}


def person(world: World, **action: Any) -> None:
    world.post(f"{world.books}/control/mutations", action)


def settled(world: World, *, orders: int = 25, seed: int = 31) -> dict[str, Any]:
    truth = world.seed(seed=seed, orders=orders, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    world.run("settlements")
    return truth


def bank_lines_arrive(world: World) -> None:
    """The person books what the bank shows: each transfer from transit to the bank."""
    paid = world.balance("2010")
    line = {"BedragInvoer": paid / 100, "TegenrekeningCode": "2010", "BTWCode": "GEEN"}
    person(
        world,
        do="add",
        Soort="GeldOntvangen",
        Datum=date.today().isoformat(),  # noqa: DTZ011
        Rekening="1010",
        Omschrijving="Amazon",
        InExBTW="IN",
        MutatieRegels=[line],
    )


def settlement(
    number: int, start: str, end: str, rows: dict[str, int], marketplace: str = "Amazon.nl"
) -> str:
    """A settlement file in euros with rows without an order."""
    total = f"{sum(rows.values()) / 100:.2f}"
    times = f"{start} 10:00:00 UTC\t{end} 10:00:00 UTC\t{end} 12:00:00 UTC"
    lines = [f"{number}\t{times}\t{total}\tEUR\t\t\t\t\t\t\t\n"]
    lines += [
        f"{number}\t\t\t\t\t\tother-transaction\t\tother-transaction\t{kind}\t{cents / 100:.2f}\t"
        f"{start} 10:00:00 UTC\t{marketplace}\n"
        for kind, cents in rows.items()
    ]
    return HEADER + "".join(lines)


def publish(world: World, *files: str) -> None:
    for file in files:
        world.post(f"{world.amazon}/control/settlements", content=file.encode())


def test_books_that_are_right_raise_nothing(world: World) -> None:
    settled(world)
    bank_lines_arrive(world)
    report = audited(world)
    assert report.problems == []
    assert report.exit_status == 0
    assert report.details["drift"]["complete"] is True
    assert report.details["drift"]["compared"] > 25
    assert report.details["open_items"] == {"count": 0, "total": "0.00", "oldest_days": 0}
    assert report.details["balances"]["1090"] == "0.00"
    used = report.details["get_mutaties_this_month"]
    assert 0 < used["used"] < 40
    assert used["allowed"] == 5000


def test_an_audit_writes_nothing_in_the_books_and_is_cheap(world: World) -> None:
    settled(world)
    before, journal = world.calls("books"), world.journal()
    audited(world)
    after = world.calls("books")
    assert world.journal() == journal
    assert not {name for name in after if name.startswith("Add") and after[name] > before[name]}
    assert after["GetMutaties"] - before.get("GetMutaties", 0) <= 4


def test_before_the_first_booking_there_is_nothing_to_compare(world: World) -> None:
    report = audited(world)
    assert report.problems == []
    assert "nothing was booked yet" in report.details["note"]


def test_what_a_person_deleted_or_changed_is_listed_until_it_is_restored(world: World) -> None:
    settled(world)
    bank_lines_arrive(world)
    invoice = next(line for line in world.journal() if line["kind"] == "FactuurVerstuurd")
    person(world, do="change", number=int(invoice["mutation_number"]), Omschrijving="mine now")
    fee = next(line for line in world.journal() if line["account"].startswith("46"))
    person(world, do="delete", number=int(fee["mutation_number"]))
    report = audited(world)
    assert {"booking-deleted-by-person", "clearing-not-empty"} & codes(report)
    assert "booking-deleted-by-person" in codes(report)
    assert report.exit_status == 1


def test_a_payout_that_never_reached_the_bank_is_listed(world: World) -> None:
    settled(world)
    report = audited(world)
    assert codes(report) == {"transit-not-empty"}
    bank_lines_arrive(world)
    assert audited(world).problems == []


@pytest.mark.parametrize(("kind", "account"), [("Memoriaal", "1300"), ("GeldOntvangen", "8000")])
def test_a_transfer_booked_by_hand_elsewhere_is_noticed(
    world: World, kind: str, account: str
) -> None:
    """The bank line of a payout on debtors, or straight on revenue, instead of on transit."""
    settled(world)
    payouts = [one for one in world.journal() if one["account"] == "2010"]
    payout = max(payouts, key=lambda one: one["date"])
    line = {"BedragInvoer": payout["debit"], "TegenrekeningCode": account, "BTWCode": "GEEN"}
    person(
        world,
        do="add",
        Soort=kind,
        Datum=payout["date"],
        Rekening="1010",
        Omschrijving="AMAZON PAYMENTS",
        InExBTW="IN",
        MutatieRegels=[line],
    )
    before = world.journal()
    report = audited(world)
    (found,) = [one for one in report.problems if one.code == "bank-line-elsewhere"]
    assert found.row.startswith("mutation ")
    assert account in found.cause
    assert payout["debit"] in found.cause
    assert world.journal() == before


def test_a_booking_by_hand_on_clearing_is_found(world: World) -> None:
    settled(world)
    bank_lines_arrive(world)
    line = {"BedragInvoer": 12.34, "TegenrekeningCode": "4900", "BTWCode": "GEEN"}
    person(
        world,
        do="add",
        Soort="GeldUitgegeven",
        Datum=date.today().isoformat(),  # noqa: DTZ011
        Rekening="1090",
        Omschrijving="by hand",
        InExBTW="IN",
        MutatieRegels=[line],
    )
    report = audited(world)
    assert codes(report) == {"clearing-not-empty"}
    assert "-12.34" in report.problems[0].cause
    assert "clearing-not-empty" in {
        found.problem.code for found in runtime(world).ledger.open_problems("demo")
    }


def test_an_invoice_that_nobody_pays_is_listed_after_30_days(world: World) -> None:
    truth = world.seed(seed=33, orders=12, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    report = audited(world)
    booked = {o["order_id"] for o in truth["orders"] if o["expected"] == "booked"}
    old = [found for found in report.problems if found.code == "open-item-old"]
    limit = datetime.now(UTC).date() - timedelta(days=30)
    expected = {
        o["order_id"]
        for o in truth["orders"]
        if o["order_id"] in booked and o["shipped_utc"][:10] < limit.isoformat()
    }
    assert expected
    assert {found.order_id for found in old} == expected
    assert report.details["open_items"]["count"] == len(booked)


def test_a_payment_by_hand_makes_the_open_item_differ(world: World) -> None:
    world.seed(seed=34, orders=10, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    invoice = next(line for line in world.journal() if line["account"] == "1300")
    cents = round(float(invoice["debit"]) * 100)
    row = {"BedragInvoer": cents / 100, "TegenrekeningCode": "1300", "BTWCode": "GEEN"}
    person(
        world,
        do="add",
        Soort="FactuurbetalingOntvangen",
        Datum=date.today().isoformat(),  # noqa: DTZ011
        Rekening="1010",
        RelatieCode=invoice["relation"],
        Factuurnummer=invoice["invoice_number"],
        Omschrijving="paid by bank",
        InExBTW="EX",
        MutatieRegels=[row],
    )
    found = [one for one in audited(world).problems if one.code == "open-item-differs"]
    assert [one.order_id for one in found] == [invoice["invoice_number"].removeprefix("AMZ-")]
    assert f"0.00 EUR of invoice {invoice['invoice_number']}" in found[0].cause


def test_a_missing_settlement_is_a_gap(world: World) -> None:
    publish(
        world,
        settlement(1, "2026-09-01", "2026-09-15", {"Previous Reserve Amount Balance": 0}),
        settlement(3, "2026-09-29", "2026-10-13", {"Previous Reserve Amount Balance": 0}),
        settlement(8, "2026-09-20", "2026-10-04", {"Balanced": 0}, "Amazon.de"),
    )
    world.run("settlements")
    report = audited(world)
    (gap,) = [found for found in report.problems if found.code == "settlement-gap"]
    assert gap.row == "settlement 3"
    assert "2026-09-15" in gap.cause
    publish(
        world,
        settlement(2, "2026-09-15", "2026-09-29", {"Previous Reserve Amount Balance": 0}),
    )
    world.run("settlements")
    assert "settlement-gap" not in codes(audited(world))


def test_a_reserve_that_is_not_given_back_breaks_the_chain(world: World) -> None:
    publish(
        world,
        settlement(1, "2026-09-01", "2026-09-15", {"Current Reserve Amount": -5000}),
        settlement(2, "2026-09-15", "2026-09-29", {"Previous Reserve Amount Balance": 4000}),
    )
    world.run("settlements")
    report = audited(world)
    assert "settlement-reserve-broken" in codes(report)
    assert "settlement-carried-broken" in codes(report)  # -50.00 was carried on and never set off
    (broken,) = [found for found in report.problems if found.code == "settlement-reserve-broken"]
    assert "gives back 40.00 EUR of reserve, settlement 1 kept 50.00" in broken.cause


def test_the_reserve_account_holds_what_amazon_holds(world: World) -> None:
    publish(
        world,
        settlement(
            1, "2026-09-01", "2026-09-15", {"Current Reserve Amount": -5000, "Manual": 8000}
        ),
    )
    world.run("settlements")
    assert "reserve-differs" not in codes(audited(world))
    line = {"BedragInvoer": 1.0, "TegenrekeningCode": "1095", "BTWCode": "GEEN"}
    person(
        world,
        do="add",
        Soort="GeldOntvangen",
        Datum="2026-10-01",
        Rekening="1010",
        Omschrijving="by hand",
        InExBTW="IN",
        MutatieRegels=[line],
    )
    (found,) = [one for one in audited(world).problems if one.code == "reserve-differs"]
    assert "stands at 49.00 EUR, Amazon holds 50.00 EUR" in found.cause


def test_a_file_that_amazon_will_soon_delete_is_named(world: World) -> None:
    now = datetime.now(UTC)
    world.post(f"{world.amazon}/control/clock", {"now": (now - timedelta(days=80)).isoformat()})
    publish(world, settlement(1, "2026-08-01", "2026-08-15", {"Balanced": 0}))
    world.post(f"{world.amazon}/control/clock", {"now": now.isoformat()})
    report = audited(world)
    assert codes(report) == {"settlement-leaving"}
    day = (now + timedelta(days=10)).date()
    assert str(day.year) in report.problems[0].cause
    world.run("settlements")
    assert "settlement-leaving" not in codes(audited(world))


def test_a_lost_archive_is_found(world: World) -> None:
    settled(world, orders=10)
    bank_lines_arrive(world)
    for file in (world.home / "state" / "amazon-eboekhouden" / "archive").rglob("*"):
        if file.is_file() and b"settlement-id" in file.read_bytes()[:40]:
            file.unlink()
    assert codes(audited(world)) == {"settlement-file-missing"}


def test_the_meter_warns_before_booking_stops(world: World) -> None:
    settled(world, orders=8)
    bank_lines_arrive(world)
    subject = runtime(world)
    (administration,) = {subject.ledger.coupling_state("demo").administration}  # type: ignore[union-attr]
    for _ in range(3750):
        subject.ledger.store.count_call(administration, "GetMutaties")
    assert codes(audited(world)) == {"call-budget-low"}


def test_personal_data_goes_after_48_hours_and_a_waiting_settlement_stays(world: World) -> None:
    settled(world, orders=10)
    staging = world.home / "state" / "amazon-eboekhouden" / "staging"
    kinds: dict[str, list[Any]] = defaultdict(list)
    for file in staging.rglob("*"):
        if file.is_file():
            kinds["orders" if "/orders/" in file.as_posix() else "others"].append(file)
            old = (datetime.now(UTC) - timedelta(hours=49)).timestamp()
            os.utime(file, (old, old))
    report = audited(world)
    assert report.details["erased"]["staged_orders"] == len(kinds["orders"]) > 0
    assert report.details["erased"]["staged_others"] == 0
    assert not any(file.exists() for file in kinds["orders"])
    assert all(file.exists() for file in kinds["others"])
    assert report.details["erased"]["payloads"] == 0  # confirmed only just now


def test_sealed_payloads_go_48_hours_after_they_were_confirmed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(world, orders=10)
    monkeypatch.setattr(retention, "PERSONAL_KEPT", timedelta(0))
    erased = audited(world).details["erased"]["payloads"]
    assert erased == len(runtime(world).booked())
    assert audited(world).details["erased"]["payloads"] == 0


def test_a_preview_erases_and_remembers_nothing(world: World) -> None:
    settled(world, orders=10)
    report = audit.run(runtime(world, preview=True))
    assert "erased" not in report.details
    assert codes(report) == {"transit-not-empty"}
    assert runtime(world).ledger.open_problems("demo") == []


def test_books_that_do_not_answer_are_asked_again_and_close_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(world, orders=10)
    assert codes(audited(world)) == {"transit-not-empty"}
    fault = {"operation": "GetOpenPosten", "kind": "http_500_html", "times": None}
    world.post(f"{world.books}/control/faults", [fault])
    report = audited(world)
    assert codes(report) == {"service-unreachable"}
    assert report.exit_status == 3
    open_codes = {one.problem.code for one in runtime(world).ledger.open_problems("demo")}
    assert "transit-not-empty" in open_codes
    world.post(f"{world.books}/control/faults", [])
    monkeypatch.setenv("AIRFLOW_CONN_EBOEKHOUDEN_DEMO", books_connection(world.books, "{wrong}"))
    assert codes(audited(world)) == {"credentials-refused"}
    open_codes = {one.problem.code for one in runtime(world).ledger.open_problems("demo")}
    assert open_codes == {"credentials-refused", "transit-not-empty"}


def test_amazon_being_down_does_not_keep_the_books_from_being_compared(world: World) -> None:
    settled(world, orders=10)
    bank_lines_arrive(world)
    fault = {"operation": "getReports", "kind": "http_403_gateway", "times": None}
    world.post(f"{world.amazon}/control/faults", [fault])
    report = audited(world)
    assert codes(report) == {"service-unreachable"}
    assert report.details["drift"]["complete"] is True


def test_another_administration_is_never_compared(world: World) -> None:
    settled(world, orders=8)
    ledger = runtime(world).ledger
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE coupling SET administration = 'another'")
    before = httpx.get(f"{world.books}/control/calls").json()["calls"]
    report = audited(world)
    assert codes(report) == {"administration-changed"}
    after = httpx.get(f"{world.books}/control/calls").json()["calls"]
    assert after.get("GetSaldi") == before.get("GetSaldi")
