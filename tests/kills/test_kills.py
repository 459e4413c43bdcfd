"""A dozen kills of real Airflow processes; the long campaign is `make kills`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kills import points
from tests.kills.__main__ import campaign, table


@pytest.mark.e2e
@pytest.mark.timeout(1500)
def test_a_dozen_kills_leave_the_books_of_an_undisturbed_run(tmp_path: Path) -> None:
    plan = points.in_turn(points.SMOKE, points.LOCAL)
    figures = campaign(tmp_path / "kills", points.mixed(plan, 1), orders=40, seed=1)
    shown = table(figures)
    assert figures.wrong == [], shown
    assert figures.kills.total() == len(points.SMOKE), shown
    assert figures.posting_lines > 300
    # Two copies of a task did work side by side, as Airflow does after a crash.
    assert figures.overlaps > 0, shown
