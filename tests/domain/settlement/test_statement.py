"""The statement: from Amazon's total to the bank line, in words a bookkeeper reads."""

from __future__ import annotations

from amazon_eboekhouden.domain.settlement.statement import statement

from tests.domain.settlement.writing import file_of, invoice, row, settled

ORDER = "402-0000001-0000001"
FEE = "other-transaction/other-transaction/Subscription Fee"


def test_the_lines_lead_from_the_sales_to_the_bank() -> None:
    rows = [
        row("Order/ItemPrice/Principal", "41.31", ORDER),
        row("Order/ItemPrice/Tax", "8.68", ORDER),
        row("Order/ItemFees/Commission", "-9.08", ORDER),
        row("other-transaction/other-transaction/Current Reserve Amount", "-10.00"),
    ]
    one = settled(file_of(rows), invoice(ORDER, "49.99"))
    page = statement(one.file, one.made)
    assert [(line.section, line.line, line.rows, line.amount_cents) for line in page.lines] == [
        ("Facturen betaald", "Verkopen", 2, 4999),
        ("Ingehouden kosten", "Verkoopcommissie", 1, -908),
        ("Reserve", "Reserve ingehouden", 1, -1000),
    ]
    assert page.total_cents == page.transit_cents == 3091
    assert (page.carried_cents, page.waits) == (0, False)
    (payment,) = [entry for entry in page.entries if entry.invoice_number]
    assert (payment.order_id, payment.cents) == (ORDER, 4999)
    assert payment.accounts == (("category:DEB", "GEEN", 4999, 0),)


def test_a_negative_total_is_carried_and_asks_nothing_of_the_bank() -> None:
    one = settled(file_of([row(FEE, "-47.19")]))
    page = statement(one.file, one.made)
    assert (page.transit_cents, page.carried_cents) == (0, 4719)
    assert sum(entry.cents for entry in page.entries) == 0


def test_it_costs_as_many_mutations_as_promised() -> None:
    orders = [f"402-{n:07d}-{n:07d}" for n in range(20)]
    rows = [row("Order/ItemPrice/Principal", "10.00", order) for order in orders]
    rows += [row("Order/ItemFees/Commission", "-1.00", order) for order in orders]
    rows += [row("Refund/ItemPrice/Principal", "-10.00", order) for order in orders[:3]]
    rows += [row("Refund/ItemFees/Commission", "1.00", order) for order in orders[:3]]
    one = settled(file_of(rows), *(invoice(order, "10.00") for order in orders))
    regimes, months = 1, 1
    assert len(one.made.mutations) <= 20 + 2 * 3 + 2 * regimes * months + 12
    assert one.made.problems == ()
