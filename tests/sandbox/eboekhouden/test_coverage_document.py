"""COVERAGE.md says what the code says."""

from __future__ import annotations

from coupling_sandbox.eboekhouden.coverage import BEGIN, DOCUMENT, END, render, updated
from coupling_sandbox.eboekhouden.errors import ERRORS
from coupling_sandbox.eboekhouden.options import Options
from coupling_sandbox.eboekhouden.schema import OPERATIONS


def test_the_document_is_up_to_date():
    document = DOCUMENT.read_text()
    assert document.count(BEGIN) == document.count(END) == 1
    assert updated(document) == document, "run python -m coupling_sandbox.eboekhouden.coverage"


def test_every_operation_option_and_error_is_listed():
    text = render()
    names = [f"`{name}(" for name in OPERATIONS]
    names += [f"`{name}`" for name in Options().as_json()]
    names += [f"`{row.wire}`" for row in ERRORS.values()]
    assert [name for name in names if name not in text] == []


def test_updating_keeps_what_stands_around():
    document = f"before\n{BEGIN}\noutdated text\n{END}\nafter\n"
    assert updated(document).startswith("before\n")
    assert updated(document).endswith("\nafter\n")
    assert "outdated text" not in updated(document)
