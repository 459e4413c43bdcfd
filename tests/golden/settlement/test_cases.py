"""Settlements, input and expected output side by side: one folder per case.

A case holds `settlement*.txt` (files as Amazon delivers them, in the order of their dates),
`given.yaml` (what was booked before, settings that differ) and `expected.txt` (what is booked, what
is listed, what remains). `python tests/golden/settlement/test_cases.py CASE…` prints what the
program makes of cases, to be checked by hand before it becomes the expectation.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.frames import BOOKED
from amazon_eboekhouden.domain.money import cents_of, euros, vat_inside
from amazon_eboekhouden.domain.settlement.bookings import settlement_bookings
from amazon_eboekhouden.domain.settlement.file import SettlementFile, read_settlement
from amazon_eboekhouden.domain.settlement.left_over import propose_left_over
from amazon_eboekhouden.domain.settlement.matching import match
from amazon_eboekhouden.domain.settlement.tie_out import control_sums, gate
from amazon_eboekhouden.domain.settlement.unparking import unpark

FOLDER = Path(__file__).parent
CASES = sorted(path.parent for path in FOLDER.glob("*/given.yaml"))
WORKED = FOLDER.parents[3] / "shared" / "data" / "golden" / "cases.json"
WORD = {
    "sales_invoice": "FactuurVerstuurd",
    "payment_received": "FactuurbetalingOntvangen",
    "money_received": "GeldOntvangen",
    "money_spent": "GeldUitgegeven",
}
DEBTORS = {"category:DEB": "1300"}


@dataclass
class Story:
    """What happened to a case: the books as the ledger knows them, and every mutation made."""

    settings: CouplingSettings
    booked: pd.DataFrame
    made: list[dict[str, Any]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def confirm(self, mutations: pd.DataFrame, lines: pd.DataFrame) -> None:
        """Book mutations: from now on the ledger knows them."""
        rows = mutations.to_dict("records")
        by_booking = {name: part.to_dict("records") for name, part in lines.groupby("booking")}
        self.made += [{**row, "lines": by_booking[row["booking"]]} for row in rows]
        names = [n for n in BOOKED.columns if n not in ("state", "remote_id")]
        known = [
            {**{n: row[n] for n in names}, "state": "CONFIRMED", "remote_id": "1"} for row in rows
        ]
        self.booked = BOOKED.check(pd.concat([self.booked, BOOKED.of(known)], ignore_index=True))


def told(folder: Path) -> Story:
    """A case from beginning to end."""
    given = yaml.safe_load((folder / "given.yaml").read_text())
    story = Story(
        settings_of(given.get("settings", {})), BOOKED.of(map(invoice_row, given["booked"]))
    )
    for path in sorted(folder.glob("settlement*.txt")):
        story.text.append(f"== {path.name}")
        settlement = read_settlement(path.read_bytes(), charset=given.get("charset"))
        if isinstance(settlement, list):
            story.text += [f"refused: {p.row}: {p.cause} [{p.code}]" for p in settlement]
        elif story.settings.settlement.method == "clearing":
            settle(story, settlement, given)
        else:
            propose(story, settlement)
    for late in given.get("booked_later", []):
        story.text.append(f"== invoice {late['invoice']} is booked")
        row = invoice_row(late)
        story.booked = BOOKED.check(pd.concat([story.booked, BOOKED.of([row])], ignore_index=True))
    if given.get("booked_later"):
        mutations, lines = unpark(story.booked, story.settings)
        show(story, mutations, lines)
        story.confirm(mutations, lines)
        again, _ = unpark(story.booked, story.settings)
        assert again.empty, "un-parking twice"
    story.text.append("== balances")
    story.text += [f"{a} {euros(c)}" for a, c in sorted(balances(story.made).items()) if c]
    return story


def settle(story: Story, settlement: SettlementFile, given: dict[str, Any]) -> None:
    """Match and book by `clearing`; the control sums hold, and a second run makes nothing new."""
    rates = {
        (currency, date.fromisoformat(str(day))): Decimal(rate)
        for currency, days in given.get("rates", {}).items()
        for day, rate in days.items()
    }
    deposits = given.get("deposits_eur", {})
    deposit = deposits.get(settlement.header.settlement_id, given.get("deposit_eur"))
    options: dict[str, Any] = {
        "rates": rates,
        "deposit_eur_cents": None if deposit is None else cents_of(deposit),
    }
    matched = match(settlement, story.booked, story.settings)
    made = settlement_bookings(settlement, matched, story.booked, story.settings, **options)
    show(story, made.mutations, made.mutation_lines)
    story.text += [f"problem: {p.row}: {p.cause} [{p.code}]" for p in made.problems]
    if made.waits:
        return
    assert gate(settlement, made, "1090") == []
    sums = control_sums(settlement, made)
    assert (sums.c4_fees_cents, sums.c4_suspense_cents) == (0, 0)
    story.confirm(made.mutations, made.mutation_lines)
    again = match(settlement, story.booked, story.settings)
    second = settlement_bookings(settlement, again, story.booked, story.settings, **options)
    new = set(map(str, second.mutations.to_dict("records"))) - set(
        map(str, made.mutations.to_dict("records"))
    )
    assert new == set(), "a second run made something new"


def propose(story: Story, settlement: SettlementFile) -> None:
    """The manual's method: only a proposal."""
    matched = match(settlement, story.booked, story.settings)
    made = propose_left_over(settlement, matched, story.booked, story.settings)
    show(story, made.mutations, made.mutation_lines)
    found = (*made.problems, *made.to_look_at)
    story.text += [f"problem: {p.row}: {p.cause} [{p.code}]" for p in found]
    story.text.append(
        f"fees {euros(made.fees_cents)}, left over {euros(made.left_over_cents)}, VAT lost "
        f"{euros(made.vat_lost_cents)}, still open {euros(made.still_open_cents)}"
    )
    story.confirm(made.mutations, made.mutation_lines)


def show(story: Story, mutations: pd.DataFrame, lines: pd.DataFrame) -> None:
    """Write the mutations down."""
    by_booking = {name: part.to_dict("records") for name, part in lines.groupby("booking")}
    for row in mutations.to_dict("records"):
        after = f"  after {row['depends_on']}" if row["depends_on"] else ""
        story.text.append(
            f"{row['date']:%Y-%m-%d} {WORD[row['kind']]} "
            f"{DEBTORS.get(row['account'], row['account'])} {row['in_ex_vat']} "
            f"{euros(row['gross_cents'])}  {row['booking']}{after}"
        )
        for line in by_booking[row["booking"]]:
            story.text.append(
                f"    {DEBTORS.get(line['account'], line['account'])} {line['vat_code']} "
                f"{euros(line['net_cents'])} + {euros(line['vat_cents'])}"
            )


def balances(made: list[dict[str, Any]]) -> dict[str, int]:
    """Balance per account of what was made, debit positive; VAT under its code."""
    total: Counter[str] = Counter()
    for mutation in made:
        sign = (
            -1 if mutation["kind"] in ("sales_invoice", "money_received", "payment_received") else 1
        )
        for line in mutation["lines"]:
            total[DEBTORS.get(line["account"], line["account"])] += sign * line["net_cents"]
            total[f"VAT {line['vat_code']}"] += sign * line["vat_cents"]
        header = DEBTORS.get(mutation["account"], mutation["account"])
        total[header] -= sign * mutation["gross_cents"]
    return dict(total)


def settings_of(given: dict[str, Any]) -> CouplingSettings:
    """Settings of a coupling, with what a case wants otherwise."""
    base: dict[str, Any] = {
        "name": "demo",
        "seller": {
            "connection": "amazon",
            "marketplaces": ["NL", "DE", "SE"],
            **given.get("seller", {}),
        },
        "books": {"connection": "books", "go_live": "2026-01-01", **given.get("books", {})},
        "settlement": given.get("settlement", {}),
        "fees": given.get("fees", []),
    }
    return CouplingSettings.model_validate(base)


def invoice_row(given: dict[str, Any]) -> dict[str, Any]:
    """A BOOKED row of an invoice, a credit note or a payment by an earlier settlement."""
    kind = given.get("kind", "INV")
    order = given["order"]
    keys = {
        "INV": f"inv:A1805IZSGTT6HS:{order}:{given.get('shipment', 0)}",
        "CRN": f"crn:{order}:{given.get('event', 0)}",
        "PAY": f"pay:{given.get('settlement')}:{given['invoice']}",
    }
    facts = {**given.get("facts", {})}
    oss = facts.pop("oss", "")
    if kind == "INV":
        facts["rates"] = [rate_group(cents_of(str(given["gross"])), is_oss=bool(oss))]
    return {
        "booking": given.get("booking", keys[kind]),
        "booking_kind": kind,
        "state": given.get("state", "CONFIRMED"),
        "order_id": order,
        "settlement_id": str(given.get("settlement", "")),
        "invoice_number": given["invoice"],
        "relation_code": "AMZ-NL",
        "date": pd.Timestamp(str(given.get("date", "2026-03-02"))),
        "gross_cents": cents_of(str(given["gross"])),
        "remote_id": "1",
        "facts": json.dumps(facts),
    }


def rate_group(gross: int, *, is_oss: bool) -> dict[str, Any]:
    """What the facts of an invoice say of its VAT: domestic 21 %, or OSS to Germany at 19 %."""
    percent, code, account, vat_account = (
        (Decimal(19), "GEEN", "8020", "1641")
        if is_oss
        else (Decimal(21), "HOOG_VERK_21", "8000", "")
    )
    vat = vat_inside(gross, percent)
    amounts = {"gross_cents": gross, "net_cents": gross - vat}
    return {
        "sale_kind": "S6" if is_oss else "S10",
        "rate": str(percent),
        "code": code,
        "country": "DE" if is_oss else "NL",
        "vat_account": vat_account,
        "why": "",
        "vat_cents": vat,
        "lines": [{"n": 1, "component": "goods", "account": account, **amounts}],
        **amounts,
    }


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_case(folder: Path) -> None:
    expected = (folder / "expected.txt").read_text()
    assert "\n".join(told(folder).text) + "\n" == expected


def worked_mutations(case: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The mutations of a worked case that a settlement makes: no invoices, no lines of the bank."""
    for mutation in case["mutations"]:
        lines = mutation["regels"]
        is_sale = mutation["Soort"] == "FactuurVerstuurd" and "-" not in lines[0]["BedragInvoer"]
        is_purchase = mutation["Soort"] == "FactuurOntvangen"
        is_bank = mutation["Rekening"] == "1010" and mutation["Soort"] == "GeldOntvangen"
        if not (is_sale or is_purchase or is_bank):
            yield (
                mutation["Soort"],
                mutation["Rekening"],
                mutation["InExBTW"],
                tuple(
                    sorted((r["TegenrekeningCode"], r["BedragInvoer"], r["BTWCode"]) for r in lines)
                ),
            )


@pytest.mark.skipif(not WORKED.exists(), reason="the worked cases are not here")
@pytest.mark.parametrize(
    "folder", [f for f in CASES if f.name.startswith("G")], ids=lambda folder: folder.name
)
def test_worked_case(folder: Path) -> None:
    """The same figures as the worked case of that name, mutation by mutation."""
    cases = {case["id"]: case for case in json.loads(WORKED.read_text())}
    story = told(folder)
    made = Counter(
        (
            WORD[m["kind"]],
            DEBTORS.get(m["account"], m["account"]),
            m["in_ex_vat"],
            tuple(
                sorted(
                    (
                        DEBTORS.get(line["account"], line["account"]),
                        str(
                            euros(
                                line["gross_cents"] if m["in_ex_vat"] == "IN" else line["net_cents"]
                            )
                        ),
                        line["vat_code"],
                    )
                    for line in m["lines"]
                )
            ),
        )
        for m in story.made
    )
    wanted = Counter(worked_mutations(cases[folder.name.split("-")[0]]))
    partial = "(part of a settlement)" in cases[folder.name.split("-")[0]]["title"]
    assert wanted - made == Counter()
    assert partial or made == wanted


def test_there_are_enough_cases() -> None:
    assert len([folder for folder in CASES if not folder.name.startswith("G")]) >= 40


if __name__ == "__main__":
    for name in sys.argv[1:]:
        sys.stdout.write("\n".join(told(FOLDER / name).text) + "\n")
