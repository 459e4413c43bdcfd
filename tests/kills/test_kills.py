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
    # Which points are still met depends on how far an orphan gets; most of them always are.
    assert figures.kills.total() >= 10, shown
    assert figures.posting_lines > 300
