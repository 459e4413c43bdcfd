"""Invoices that e-Boekhouden makes, and invoices per shipment: from the order to the payout."""

from __future__ import annotations

from tests.pipelines.conftest import World
from tests.pipelines.test_orders import FROM, TO, WINDOW


def with_books(world: World, **books: str) -> None:
    """The coupling of the demo with other settings of its books."""
    more = "".join(f"  {name}: {value}\n" for name, value in books.items())
    world.settings(("  document: mutation\n", ""), ("books:\n", f"books:\n{more}"))


def test_a_month_of_invoices_closes_with_its_settlements(world: World) -> None:
    with_books(world, document="invoice", invoice_template="Amazon")
    truth = world.seed(seed=21, orders=40, refunded=0.3, **{"from": FROM, "to": TO})
    orders = world.run("orders", *WINDOW)
    expected = [order for order in truth["orders"] if order["expected"] == "booked"]
    assert (orders.report["problems"], orders.report["unknown"]) == ([], 0)
    assert orders.report["booked"] == len(expected)
    assert world.balance("1300") == sum(order["gross_cents"] for order in expected)
    for rate, account in (("21", "1630"), ("9", "1631")):
        vat = [v["vat_cents"] for o in expected for v in o["vat"] if v["rate_percent"] == rate]
        assert -world.balance(account) == sum(vat), f"{rate} %"
    settled = world.run("settlements")
    assert settled.report["problems"] == []
    assert (world.balance("1090"), world.balance("2090")) == (0, 0)
    assert world.balance("1300") == 0, "every invoice and credit note is paid"
    calls = world.calls("books")
    notes = [o for o in truth["orders"] for _ in o.get("refunds", ())]
    assert notes
    assert calls["AddFactuur"] == len(expected) + len(notes)
    again = world.run("orders", *WINDOW)
    assert (again.report["booked"], again.report["problems"]) == (0, [])
    assert world.calls("books")["AddFactuur"] == calls["AddFactuur"]


def test_shipments_are_invoiced_one_by_one_and_paid_one_by_one(world: World) -> None:
    with_books(world, invoice_unit="shipment")
    wishes = {"profile": "year", "marketplaces": ["NL"], "business": 0, "special": 0, "fba": 0}
    truth = world.seed(
        seed=5, orders=120, unknown_fees=False, refunded=0, **wishes, **{"from": FROM, "to": TO}
    )
    orders = world.run("orders", *WINDOW)
    assert orders.report["problems"] == []
    expected = [order for order in truth["orders"] if order["expected"] == "booked"]
    split = [order for order in expected if len(order["shipments"]) == 2]
    assert split
    debtors = [line for line in world.journal() if line["account"] == "1300"]
    assert len(debtors) == len(expected) + len(split)
    for order in split:
        own = [line for line in debtors if line["invoice_number"][4:].startswith(order["order_id"])]
        days = {line["date"] for line in own}
        assert sum(round(float(line["debit"]) * 100) for line in own) == order["gross_cents"]
        assert {line["invoice_number"][-2:] for line in own} == {"-1", "-2"}
        assert len(days) <= 2
    settled = world.run("settlements")
    # Rows of other kinds have problems of their own; none is about which invoice is paid.
    assert not {"settlement-order-ambiguous", "settlement-order-parked"} & set(settled.codes)
    assert world.balance("1090") == 0
    paid = {
        line["invoice_number"]
        for line in world.journal()
        if line["kind"] == "FactuurbetalingOntvangen"
    }
    numbers = {line["invoice_number"] for line in debtors}
    assert {n for n in paid if n.startswith("AMZ-")} <= numbers
    assert any(n.endswith("-2") for n in paid)
