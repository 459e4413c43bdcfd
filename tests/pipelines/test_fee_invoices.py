"""Amazon's fee invoice: beside what was booked, to the cent; booked where fees wait for it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from amazon_eboekhouden.pipelines import fee_invoice_entry

from tests.domain.settlement.writing import file_of, row
from tests.pipelines.conftest import Result, World

COMMISSION = "Order/ItemFees/Commission"
FBA = "Order/ItemFees/FBAPerUnitFulfillmentFee"
ADS = "ServiceFee/Cost of Advertising/TransactionTotalAmount"
ORDER = "402-0000015-0000015"


def by_invoice(world: World) -> None:
    world.settings(("fee_vat: by_rule", "fee_vat: by_invoice"))


def settle(world: World, *rows: Any, number: str = "18000000001") -> None:
    file = world.home / f"{number}.txt"
    file.write_bytes(file_of(rows, number=number))
    world.run("settlements", "--file", str(file))


def g15(world: World) -> None:
    """The worked case: fees of 9.08 and 4.24 in March 2026."""
    settle(
        world,
        row(COMMISSION, "-9.08", ORDER),
        row(FBA, "-4.24", ORDER),
        row("other-transaction/FBA Inventory Reimbursement/WAREHOUSE_LOST", "49.99"),
    )


def entered(
    world: World, net: str, vat: str, *more: str, number: str = "NL-AEU-2026-0001"
) -> Result:
    given = ("--number", number, "--net", net, "--vat", vat, "--period", "2026-03")
    return world.run("fee-invoice", *given, *more)


def balances(world: World) -> dict[str, int]:
    found: Counter[str] = Counter()
    for line in world.journal():
        for side, sign in (("debit", 1), ("credit", -1)):
            if line[side]:
                found[line["account"]] += sign * int(line[side].replace(".", ""))
    return {account: cents for account, cents in found.items() if cents}


def test_the_worked_case_g15(world: World) -> None:
    by_invoice(world)
    g15(world)
    assert balances(world)["2310"] == 1332
    result = entered(world, "11,00", "2,31")
    assert (result.status, result.report["booked"]) == (0, 1)
    after = balances(world)
    assert "2310" not in after
    assert {a: after[a] for a in ("4610", "4611", "4900", "1635")} == {
        "4610": 750,
        "4611": 350,
        "4900": 1,
        "1635": 231,
    }
    assert "1700" not in after
    (shown,) = result.report["fee_invoices"]
    assert shown["covers"] == "accrued"
    assert shown["difference_cents"] == -1


def test_an_invoice_is_booked_once_however_often_it_is_entered(world: World) -> None:
    by_invoice(world)
    g15(world)
    entered(world, "11.00", "2.31")
    before = world.journal()
    again = entered(world, "11.00", "2.31")
    assert (again.status, again.report["booked"], again.report["already_booked"]) == (0, 0, 1)
    assert world.journal() == before


def test_an_invoice_that_differs_is_not_booked_until_a_person_accepts_it(world: World) -> None:
    by_invoice(world)
    g15(world)
    before = world.journal()
    result = entered(world, "10.00", "2.10")
    assert result.codes == ["fee-invoice-differs"]
    assert "-1.22 EUR" in result.report["problems"][0]["cause"]
    assert world.journal() == before
    assert [found.problem.code for found in world.open_problems()] == ["fee-invoice-differs"]
    accepted = entered(world, "10.00", "2.10", "--accept-difference")
    assert (accepted.status, accepted.report["booked"]) == (0, 1)
    assert balances(world)["2310"] == 122
    assert balances(world)["1635"] == 210
    assert world.open_problems() == []


def test_two_invoices_share_what_waits(world: World) -> None:
    by_invoice(world)
    g15(world)
    one = entered(world, "7.50", "1.58", "--kinds", "referral")
    two = entered(world, "3.50", "0.74", "--kinds", "fba", number="NL-AEU-2026-0002")
    assert (one.status, two.status) == (0, 0)
    assert "2310" not in balances(world)
    assert balances(world)["1635"] == 232
    assert "4900" not in balances(world)


def test_fees_booked_by_rule_are_compared_and_nothing_is_booked(world: World) -> None:
    g15(world)
    before = world.journal()
    good = entered(world, "11.00", "2.31")
    assert (good.status, good.report["booked"]) == (0, 0)
    (shown,) = good.report["fee_invoices"]
    assert (shown["covers"], shown["agrees"]) == ("by_rule", True)
    assert [kind["difference_cents"] for kind in shown["kinds"]] == [-1]
    wrong = entered(world, "13.32", "0.00")
    assert wrong.codes == ["fee-invoice-differs"]
    assert "-2.31 EUR of it VAT" in wrong.report["problems"][0]["cause"]
    assert world.journal() == before


def test_per_kind_from_a_csv(world: World) -> None:
    g15(world)
    file = world.home / "invoice.csv"
    file.write_text(
        "number;period;date;kind;net;vat\r\n"
        "X-1;2026-03;2026-04-02;referral;7,51;1,57\r\n"
        "X-1;2026-03;2026-04-02;fba;3,00;0,63\r\n",
        encoding="utf-8-sig",
    )
    result = world.run("fee-invoice", "--csv", str(file))
    assert result.codes == ["fee-invoice-differs"]
    (shown,) = result.report["fee_invoices"]
    kinds = {kind["kind"]: kind["difference_cents"] for kind in shown["kinds"]}
    assert kinds == {"referral": 0, "fba": -61}


def test_invoices_of_several_marketplaces_agree_together(world: World) -> None:
    g15(world)
    assert entered(world, "5.00", "1.05").codes == ["fee-invoice-differs"]
    assert entered(world, "6.00", "1.26", number="NL-AEU-2026-0002").status == 0
    # The audit looks again, and the first one agrees now too.
    world.run("audit")
    assert "fee-invoice-differs" not in {found.problem.code for found in world.open_problems()}


def test_advertising_waits_by_default_and_its_invoice_books_it(world: World) -> None:
    settle(world, row(ADS, "-121.00"), row(COMMISSION, "-9.08", ORDER))
    assert balances(world)["2310"] == 12100
    result = entered(world, "100.00", "21.00", "--kinds", "advertising")
    assert (result.status, result.report["booked"]) == (0, 1)
    assert balances(world)["4613"] == 10000
    assert "2310" not in balances(world)


def test_an_invoice_without_vat_asks_for_its_code(world: World) -> None:
    settle(world, row(ADS, "-121.00"))
    before = world.journal()
    asked = entered(world, "121.00", "0.00", "--kinds", "advertising")
    assert asked.codes == ["fee-invoice-rate-unclear"]
    assert world.journal() == before
    told = entered(world, "121.00", "0.00", "--kinds", "advertising", "--vat-code", "BI_EU_INK")
    assert told.status == 0
    assert balances(world)["4613"] == 12100
    assert "2310" not in balances(world)


def test_one_invoice_for_fees_by_rule_and_fees_that_waited(world: World) -> None:
    """Amazon.pl's fees wait, all others are booked by rule; one invoice bills both."""
    settle(
        world,
        row(COMMISSION, "-9.08", ORDER, **{"marketplace-name": "Amazon.nl"}),
        row(COMMISSION, "-12.10", ORDER, **{"marketplace-name": "Amazon.pl"}),
    )
    assert balances(world)["2310"] == 1210
    result = entered(world, "17.50", "3.68")
    assert (result.status, result.report["booked"]) == (0, 1), result.report
    assert result.report["fee_invoices"][0]["covers"] == "both"
    assert balances(world)["4610"] == 1750
    assert balances(world)["1635"] == 368
    assert "2310" not in balances(world)


def test_a_credit_note_gives_back(world: World) -> None:
    by_invoice(world)
    settle(world, row(COMMISSION, "9.08", ORDER), row(FBA, "4.24", ORDER))
    assert balances(world)["2310"] == -1332
    assert entered(world, "-11.00", "-2.31").status == 0
    assert "2310" not in balances(world)
    assert balances(world)["1635"] == -231


def test_a_closed_period_is_left_alone(world: World) -> None:
    by_invoice(world)
    g15(world)
    world.settings(("go_live: 2026-01-01", "go_live: 2026-01-01\n  closed_through: 2026-04-30"))
    entered(world, "11.00", "2.31")
    dates = {line["date"] for line in world.journal() if line["kind"] == "FactuurOntvangen"}
    assert dates == {"2026-05-01"}


def test_a_preview_keeps_and_books_nothing(world: World) -> None:
    by_invoice(world)
    g15(world)
    before = world.journal()
    shown = entered(world, "11.00", "2.31", "--preview")
    (mutation,) = [p["mutation"] for p in shown.report["preview"] if "mutation" in p]
    assert mutation["kind"] == "purchase_invoice"
    assert world.journal() == before
    assert entered(world, "11.00", "2.31").report["booked"] == 1


def test_the_audit_compares_again_when_a_late_settlement_brings_more(world: World) -> None:
    g15(world)
    assert entered(world, "11.00", "2.31").status == 0
    settle(world, row(COMMISSION, "-5.00", ORDER), number="18000000002")
    world.run("audit")
    found = [p.problem for p in world.open_problems() if p.problem.code == "fee-invoice-differs"]
    assert [p.row for p in found] == ["fee invoice NL-AEU-2026-0001"]
    assert "-5.01 EUR" in found[0].cause


@pytest.mark.parametrize(
    "arguments",
    [
        ("--number", "X"),
        ("--number", "X", "--net", "1.234", "--vat", "0", "--period", "2026-03"),
        ("--number", "X", "--net", "1", "--vat", "0", "--period", "March"),
        ("--number", "X", "--net", "1", "--vat", "0", "--period", "2026-03", "--kinds", "tea"),
        ("--number", "X", "--net", "1", "--vat", "0", "--period", "2026-03", "--vat-code", "AFW"),
        ("--csv", "nothing.csv"),
    ],
)
def test_wrong_entries_are_refused(world: World, arguments: tuple[str, ...]) -> None:
    assert world.run("fee-invoice", *arguments).status == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "number;net;vat\nX;1;0\n",
        "number;period;net;vat;kind\nX;2026-03;1;0;fba\nX;2026-03;1;0;\n",
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "invoice.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"columns|kind"):
        fee_invoice_entry.from_csv(file)
