"""Refunds as Amazon's finances list them, hour by hour, and the credit notes side by side.

A case holds `input.json` (orders that are booked first, then the transactions that each hour
shows) and `expected.json` (what each hour books and lists). `make golden` rewrites the second.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from amazon_eboekhouden.domain.finances import refund_events
from amazon_eboekhouden.domain.frames import BOOKED, MUTATIONS
from amazon_eboekhouden.domain.money import euros
from amazon_eboekhouden.domain.refunds import RefundBookables, refund_bookables

from tests.golden.sales import as_booked, book, settings_of

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/input.json"))


def told(case: dict[str, Any]) -> dict[str, Any]:
    """What each hour of a case books, lists, and learns."""
    settings = settings_of(case.get("settings"))
    _, invoiced = book(case, settings)
    booked = as_booked(invoiced.mutations)
    settings = settings_of({**case.get("settings", {}), **case.get("settings_later", {})})
    aliases: dict[str, str] = {}
    hours = []
    for transactions in case["hours"]:
        events, unread = refund_events(transactions)
        known = set(booked["booking"])
        made = _made(events, booked, settings, aliases)
        aliases |= {name: key for key, ids in made.aliases.items() for name in ids}
        booked = _confirmed(booked, made.mutations)
        # The same hour once more books nothing else.
        again = _made(events, booked, settings, aliases)
        assert set(again.mutations["booking"]) <= set(booked["booking"])
        problems = [found.as_dict() for found in (*unread, *made.problems)]
        hours.append({"books": _shown(made, known), "problems": problems})
    return {"hours": hours}


def _made(events: Any, booked: pd.DataFrame, settings: Any, aliases: Any) -> RefundBookables:
    return refund_bookables(events, booked, MUTATIONS.empty(), settings, aliases=aliases)


def _confirmed(booked: pd.DataFrame, mutations: pd.DataFrame) -> pd.DataFrame:
    new = mutations[~mutations["booking"].isin(booked["booking"])]
    return BOOKED.check(pd.concat([booked, as_booked(new)], ignore_index=True))


def _shown(made: RefundBookables, known: set[str]) -> list[dict[str, Any]]:
    lines = made.mutation_lines
    return [
        {
            "booking": row["booking"],
            "seen": "again" if row["booking"] in known else "for the first time",
            "date": f"{row['date']:%Y-%m-%d}",
            "invoice_number": row["invoice_number"],
            "description": row["description"],
            "gross": str(euros(int(row["gross_cents"]))),
            "lines": [
                f"{one['account']} {one['vat_code']} {euros(int(one['net_cents']))} "
                f"+ {euros(int(one['vat_cents']))}"
                for one in lines[lines["booking"] == row["booking"]].to_dict("records")
            ],
        }
        for row in made.mutations.to_dict("records")
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path, request: pytest.FixtureRequest) -> None:
    found = told(json.loads((case / "input.json").read_text()))
    expected = case / "expected.json"
    if request.config.getoption("--golden-rewrite", default=False):
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text())


def test_there_are_cases_of_every_kind() -> None:
    assert len(CASES) >= 12
