"""The proof of a settlement: from Amazon's total to the bank line, every row in one named line."""

from __future__ import annotations

import csv
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from amazon_eboekhouden.config.environment import environment_of
from amazon_eboekhouden.domain.settlement.proof import ranges

from tests.domain.settlement.writing import file_of
from tests.pipelines.conftest import World
from tests.pipelines.test_orders import WINDOW
from tests.pipelines.test_settlements import booked_month

HEADER = (
    "settlement-id\ttotal-amount\tcurrency\ttransaction-type\tamount-type\tamount-description\t"
    "amount\tposted-date-time\torder-id\n"
)


def proofs(world: World, settlement_id: str) -> tuple[list[dict[str, str]], str]:
    """The CSV of a settlement, and its page."""
    html, table = world.home / "proof.html", world.home / "proof.csv"
    result = world.run("statement", settlement_id, "--html", str(html), "--csv", str(table))
    assert result.status == 0, result.report
    rows = list(csv.DictReader(table.read_text("utf-8-sig").splitlines(), delimiter=";"))
    return rows, html.read_text("utf-8")


def cents(text: str) -> int:
    """Cents of an amount as the CSV or the journal writes it: always two decimals."""
    return int(text.replace(",", "").replace(".", ""))


def part(rows: list[dict[str, str]], name: str) -> list[dict[str, str]]:
    return [row for row in rows if row["Deel"] == name]


AMAZON, BOOKS = "Bij Amazon EUR", "In de boeken EUR"


def test_every_row_leads_to_its_mutation_and_to_the_bank(world: World) -> None:
    truth = booked_month(world, orders=60, seed=41)
    world.run("settlements")
    posted: dict[str, list[dict[str, str]]] = {}
    for line in world.journal():
        posted.setdefault(str(line["mutation_number"]), []).append(line)
    for settled in truth["settlements"]:
        rows, _ = proofs(world, settled["settlement_id"])
        each = part(rows, "Rij")
        assert len(each) == len({row["Regel in het bestand"] for row in each}) > 0
        assert all(row["Onderdeel"] and row["Regel"] and row["Grond"] for row in each)
        assert all(number in posted for row in each for number in numbers(row["Mutatie"]))
        mutations = part(rows, "Mutatie")
        assert {row["Stand"] for row in mutations} == {"geboekt"}
        for row in mutations:
            lines = posted[row["Mutatie"]]
            moved = sum(cents(line["debit"]) for line in lines if line["debit"])
            assert moved == abs(cents(row[BOOKS])), row
            if row["Factuur"]:
                assert row["Factuur"] in {line["invoice_number"] for line in lines}
        (bank,) = part(rows, "Bank")
        assert cents(bank[BOOKS]) == max(settled["payout_cents"], 0)


def numbers(text: str) -> list[str]:
    found: list[str] = []
    for piece in filter(None, text.split(", ")):
        first, _, last = piece.partition("-")
        found += map(str, range(int(first), int(last or first) + 1))
    return found


def test_the_rows_add_up_to_amazons_total_and_clearing_to_nothing(world: World) -> None:
    truth = booked_month(world, orders=40, seed=42)
    world.run("settlements")
    for settled in truth["settlements"]:
        rows, text = proofs(world, settled["settlement_id"])
        total = sum(cents(row[AMAZON]) for row in part(rows, "Totaal"))
        assert sum(cents(row[AMAZON]) for row in part(rows, "Rij")) == total
        on_clearing = [row for row in part(rows, "Mutatie") if row["Rekening"].startswith("1090")]
        assert sum(cents(row[BOOKS]) for row in on_clearing) == 0
        shown = f"{abs(total) // 100:,}".replace(",", ".") + f",{abs(total) % 100:02d}"
        assert shown in text


class Page(HTMLParser):
    """Tags that a page opens, and whether it fetches anything."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_stands_on_its_own_and_is_dutch(world: World) -> None:
    truth = booked_month(world, orders=20, seed=43)
    world.run("settlements")
    _, text = proofs(world, truth["settlements"][0]["settlement_id"])
    page = Page()
    page.feed(text)
    assert page.fetched == []
    assert "script" not in page.tags
    assert '<html lang="nl">' in text
    assert "Van Amazons totaal naar de bankregel" in text
    assert "alle" in text
    assert "mutaties staan in e-Boekhouden.nl" in text


def test_a_settlement_that_waits_shows_what_would_be_booked(world: World) -> None:
    world.settings(("approval: automatic", "approval: required"))
    truth = booked_month(world, orders=20, seed=44)
    world.run("settlements")
    before = world.journal()
    rows, text = proofs(world, truth["settlements"][0]["settlement_id"])
    assert {row["Stand"] for row in part(rows, "Mutatie")} == {"nog niet geboekt"}
    assert "Geboekt: 0 van" in text
    assert world.journal() == before


def test_the_proof_is_kept_beside_the_file_and_does_not_change(world: World) -> None:
    """Orders that are booked later, and the purge of staging, leave it as it was."""
    truth = booked_month(world, orders=20, seed=45)
    world.run("settlements")
    settlement_id = truth["settlements"][0]["settlement_id"]
    before = proofs(world, settlement_id)
    environment = environment_of(os.environ)
    for path in Path(environment.staging).rglob("*"):
        if path.is_file():
            path.unlink()
    world.run("orders", *WINDOW)
    assert proofs(world, settlement_id) == before


def test_parked_money_that_went_to_its_invoice_is_on_the_proof(world: World) -> None:
    truth = world.seed(seed=46, orders=10, **{"from": WINDOW[1], "to": WINDOW[3]})
    world.run("settlements")
    world.run("orders", *WINDOW)
    world.run("settlements")
    later = [
        row
        for settled in truth["settlements"]
        for row in part(proofs(world, settled["settlement_id"])[0], "Mutatie later")
    ]
    assert {row["Bestelling"] for row in later} >= {
        order["order_id"] for order in truth["orders"] if order.get("settled")
    }
    assert {row["Stand"] for row in later} == {"geboekt"}


def test_the_manuals_way_is_proved_against_the_bank(world: World) -> None:
    world.settings(("method: clearing", "method: open_items_to_costs"))
    truth = booked_month(world, orders=10, seed=47)
    world.run("settlements")
    settled = truth["settlements"][0]
    world.run("settlements", "--approve", settled["settlement_id"])
    rows, text = proofs(world, settled["settlement_id"])
    (bank,) = part(rows, "Bank")
    assert bank["Rekening"] == "1010"
    assert cents(bank[BOOKS]) == settled["payout_cents"]
    assert "4600" in text


def test_hostile_texts_stay_texts(world: World) -> None:
    """A row of Amazon's file that a spreadsheet could take for a formula, or a page for code."""
    kind = "=HYPERLINK(1)\t<script>alert(1)</script>\t@sum"
    file = world.home / "settlement.txt"
    file.write_text(
        HEADER
        + "77\t5.00\tEUR\t\t\t\t\t\t\n"
        + f"77\t\t\t{kind}\t5.00\t2026-09-14T07:49:55+00:00\t+405-1\n"
    )
    world.run("settlements", "--file", str(file))
    rows, text = proofs(world, "77")
    (row,) = part(rows, "Rij")
    assert row["Bestelling"] == "'+405-1"
    assert row["Omschrijving"].startswith("'=HYPERLINK")
    assert "<script>" not in text


def test_a_settlement_without_rows_has_its_proof(world: World) -> None:
    """Amazon closes a period in which nothing happened."""
    file = world.home / "settlement.txt"
    file.write_bytes(file_of([]))
    assert world.run("settlements", "--file", str(file)).status == 0
    for _ in range(2):
        result = world.run("statement", "18000000001", "--html", str(world.home / "page.html"))
        assert result.status == 0
        proof = result.report["statement"]
        assert (proof["total_cents"], proof["lines"], proof["mutations"]) == (0, [], 0)


def test_what_is_not_there_has_no_proof(world: World) -> None:
    assert world.run("statement", "12345").status == 2
    file = world.home / "settlement.txt"
    file.write_text(HEADER + "78\t5.00\tEUR\t\t\t\t\t\t\n78\t\t\tOrder\tItemPrice\tPrincipal\t4.00")
    refused = world.run("settlements", "--file", str(file))
    assert refused.status == 1
    with world.ledger() as ledger:
        (record,) = ledger.settlements.all("A3SANDBOXSELLER")
    assert world.run("statement", record.settlement_id).status == 1


@pytest.mark.parametrize(
    ("given", "text"),
    [(["3", "1", "2"], "1-3"), (["", "5", "7"], "5, 7"), ([], ""), (["9", "x"], "9, x")],
)
def test_mutation_numbers_in_few_words(given: list[str], text: str) -> None:
    assert ranges(given) == text
