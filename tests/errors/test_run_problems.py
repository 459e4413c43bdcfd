"""Problems of whole runs: a service that refuses, a settlement whose file changed."""

from __future__ import annotations

import httpx

from tests.pipelines.conftest import World, amazon_connection
from tests.pipelines.test_orders import FROM, TO, WINDOW


def test_amazon_refuses_a_window_that_is_not_over_yet(world: World) -> None:
    """Amazon's clock decides, not ours: the sandbox's stands before the window's end."""
    world.post(f"{world.amazon}/control/clock", {"now": FROM})
    result = world.run("orders", *WINDOW)
    assert result.status == 1
    assert result.codes == ["amazon-refused"]
    assert "searchOrders" in result.report["problems"][0]["cause"]
    assert world.calls("books") == {}


def test_books_that_answer_nonsense_are_named_and_nothing_is_written(world: World) -> None:
    world.seed(seed=41, orders=5, **{"from": FROM, "to": TO})
    fault = {"operation": "GetAdministraties", "kind": "soap_fault", "times": 9, "when": "before"}
    world.post(f"{world.books}/control/faults", [fault])
    result = world.run("orders", *WINDOW)
    assert result.status == 1
    assert result.codes[0] in ("books-refused", "service-unreachable")
    assert world.journal() == []


def test_an_administration_that_changed_stops_the_coupling(world: World) -> None:
    world.seed(seed=42, orders=5, **{"from": FROM, "to": TO})
    world.run("orders", *WINDOW)
    other = {
        "username": "other-user",
        "security_code_1": "f" * 32,
        "security_code_2": "{B1B2C3D4-0000-4000-8000-000000000002}",
        "guid": "{F5F6A7B8-0000-4000-8000-00000000CAFE}",
        "company": "Andere administratie",
    }
    world.post(f"{world.books}/control/administrations", other)
    connection = {
        "login": "other-user",
        "password": "f" * 32,
        "host": f"{world.books}/soap.asmx",
        "extra": {"security_code_2_secret": other["security_code_2"]},
    }
    world.connect_books(connection)
    for command in ("orders", "check"):
        window = WINDOW if command == "orders" else ()
        assert "administration-changed" in world.run(command, *window).codes
    answer = httpx.get(f"{world.books}/control/journal", params={"administration": other["guid"]})
    assert answer.json() == []


def test_another_seller_stops_the_coupling_and_one_without_a_name_is_asked_for(
    world: World,
) -> None:
    def connect(seller_id: str) -> None:
        connection = amazon_connection(world.amazon, seller_id=seller_id)
        world.monkeypatch.setenv("AIRFLOW_CONN_AMAZON_DEMO", connection)

    connect("")
    nameless = world.run("check")
    assert (nameless.status, nameless.codes) == (1, ["connection-incomplete"])
    assert nameless.report["problems"][0]["row"] == "connection amazon_demo"
    assert "Verkopers-ID" in nameless.report["problems"][0]["todo"]
    world.seed(seed=43, orders=5, **{"from": FROM, "to": TO})
    assert "seller-changed" not in world.run("orders", *WINDOW).codes
    connect("A3SANDBOXSELLER")
    assert world.run("check").codes == []
    assert world.run("orders", *WINDOW).report["booked"] == 0
    connect("A9ANOTHERSELLER")
    for command in ("orders", "check"):
        window = WINDOW if command == "orders" else ()
        assert "seller-changed" in world.run(command, *window).codes


def test_a_settlement_that_amazon_lists_with_another_content_is_shown(world: World) -> None:
    file = world.home / "one.txt"
    file.write_bytes(_settlement("10.00"))
    world.run("settlements", "--file", str(file))
    file.write_bytes(_settlement("20.00"))
    again = world.run("settlements", "--file", str(file))
    assert (again.status, again.report["booked"]) == (1, 0)
    assert "settlement-file-changed" in again.codes
    assert "settlement-file-changed" in {found.problem.code for found in world.open_problems()}


def _settlement(amount: str) -> bytes:
    names = ["settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date"]
    names += ["total-amount", "currency", "transaction-type", "order-id", "amount-type"]
    names += ["amount-description", "amount", "posted-date-time"]
    period = ["2026-09-01 00:00:00 UTC", "2026-09-15 00:00:00 UTC", "2026-09-17 00:00:00 UTC"]
    summary = ["77", *period, amount, "EUR", "", "", "", "", "", ""]
    row = ["77", "", "", "", "", "", "other-transaction", "", "other-transaction"]
    row += ["Previous Reserve Amount Balance", amount, "2026-09-02 10:00:00 UTC"]
    return "\n".join("\t".join(line) for line in (names, summary, row)).encode() + b"\n"
