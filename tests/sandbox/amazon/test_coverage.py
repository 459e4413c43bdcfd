"""COVERAGE.md says what the code does."""

import re

from coupling_sandbox.amazon.coverage import BEGIN, PAGE, refreshed
from coupling_sandbox.fault_list import KINDS


def test_the_generated_tables_are_up_to_date():
    page = PAGE.read_text(encoding="utf-8")
    assert refreshed(page) == page, "run python -m coupling_sandbox.amazon.coverage"


def test_every_fault_is_explained():
    page = PAGE.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []


def names_in(value):
    """Yield the names of all fields of a truth, but not the names that are data themselves."""
    if isinstance(value, list):
        for one in value:
            yield from names_in(one)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            if name not in ("payments", "fees", "balances", "rows", "totals", "options"):
                yield from names_in(inner)


def test_every_field_of_the_truth_is_documented(seller):
    seller.control(
        "seed",
        {"profile": "year", "orders": 150, "refunded": 0.5},
    )  # fmt: skip
    section = PAGE.read_text(encoding="utf-8").split("### The truth")[1].split(BEGIN)[0]
    documented = set(re.findall(r"[a-z_]+", section))
    assert set(names_in(seller.truth())) <= documented
