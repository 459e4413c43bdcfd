"""Every folder with an `input.json`: orders in, bookings out, to the cent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.golden.sales import HERE, outcome, settings_of

CASES = sorted(path.parent for path in HERE.glob("*/input.json"))
SHARED = HERE.parents[1].parent / "shared" / "data" / "golden" / "cases.json"
# The order's mutations among those of a worked case, and what our case calls them.
WORKED = ("G01", "G02", "G03", "G04", "G05", "G06", "G08", "G09", "G10", "G11", "G12", "G17",
          "G29", "G30")  # fmt: skip


def _outcome(case: Path) -> dict[str, Any]:
    own = case / "settings.yaml"
    overrides = yaml.safe_load(own.read_text()) if own.exists() else {}
    return outcome(json.loads((case / "input.json").read_text()), settings_of(overrides))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path, request: pytest.FixtureRequest) -> None:
    found = _outcome(case)
    expected = case / "expected.json"
    if request.config.getoption("--golden-rewrite", default=False):
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text())


def test_there_are_enough_own_cases() -> None:
    assert len([case for case in CASES if not case.name.startswith("g")]) >= 40


@pytest.mark.parametrize("case_id", WORKED)
def test_agrees_with_the_worked_case(case_id: str) -> None:
    """The lines as they are sent, against the page of worked cases."""
    if not SHARED.exists():
        pytest.skip("the worked cases are not on this machine")
    worked = {case["id"]: case for case in json.loads(SHARED.read_text())}[case_id]
    sent = [
        [_line(regel) for regel in mutation["regels"]]
        for mutation in worked["mutations"]
        if mutation["Soort"] == "FactuurVerstuurd"
    ]
    [case] = [path for path in CASES if path.name.startswith(case_id.lower())]
    ours = [
        [
            tuple(line[k] for k in ("account", "vat_code", "net", "vat", "gross"))
            for line in m["lines"]
        ]
        for m in _outcome(case)["mutations"]
    ]
    # A case about a refund only does not repeat the invoice.
    assert ours[len(ours) - len(sent) :] == sent


def _line(regel: dict[str, str]) -> tuple[str, ...]:
    names = ("TegenrekeningCode", "BTWCode", "BedragExclBTW", "BedragBTW", "BedragInclBTW")
    return tuple(regel[name] for name in names)
