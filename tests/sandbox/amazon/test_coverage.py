"""COVERAGE.md says what the code does."""

from coupling_sandbox.amazon.coverage import PAGE, refreshed
from coupling_sandbox.fault_list import KINDS


def test_the_generated_tables_are_up_to_date():
    page = PAGE.read_text(encoding="utf-8")
    assert refreshed(page) == page, "run python -m coupling_sandbox.amazon.coverage"


def test_every_fault_is_explained():
    page = PAGE.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
