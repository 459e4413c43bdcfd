"""The worked bookkeeping cases: accepted as they stand, with exactly their postings."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

CASES_FILE = Path(__file__).parents[4] / "shared/data/golden/cases.json"
CASES = json.loads(CASES_FILE.read_text()) if CASES_FILE.exists() else []

# The cases name VAT and creditor accounts by their category.
ACCOUNTS = {
    "BTW_HOOG": "1630",
    "BTW_LAAG": "1631",
    "BTW_VERLEGD_4B": "1632",
    "VOORBEL": "1635",
    "CRED": "1700",
}
ROW = ("BedragInvoer", "BedragExclBTW", "BedragBTW", "BedragInclBTW")


def account(symbol):
    return ACCOUNTS.get(symbol, symbol)


def as_sent(case_mutation):
    rows = [
        {
            **{name: Decimal(row.get(name, "0")) for name in ROW},
            "BTWCode": row["BTWCode"],
            "BTWPercentage": 0,
            "TegenrekeningCode": account(row["TegenrekeningCode"]),
            "KostenplaatsID": 0,
        }
        for row in case_mutation["regels"]
    ]
    header = {k: v for k, v in case_mutation.items() if k not in ("regels", "entries")}
    header["Rekening"] = account(header["Rekening"])
    return {
        "MutatieNr": 0,
        "Datum": "2026-03-01",
        **header,
        "MutatieRegels": {"cMutatieRegel": rows},
    }


@pytest.mark.skipif(not CASES, reason="the golden cases are not beside this checkout")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case_is_accepted_and_gives_its_postings(books, case):
    for code in {m["RelatieCode"] for m in case["mutations"] if m.get("RelatieCode")}:
        books.relation(code)
    expected = []
    for given in case["mutations"]:
        result = books.call("AddMutatie", as_sent(given))
        assert not result.ErrorMsg.LastErrorCode, result.ErrorMsg
        for name, debit, credit in given["entries"]:
            expected.append((account(name), Decimal(debit), Decimal(credit)))
    booked = [(e["account"], Decimal(e["debit"]), Decimal(e["credit"])) for e in books.journal()]
    assert booked == expected
    assert books.balances() == {account(k): Decimal(v) for k, v in case["balances"].items()}
    assert books.open_items() == {
        number: Decimal(amount) for number, amount in case["open_items"].items() if Decimal(amount)
    }
