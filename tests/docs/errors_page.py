"""Writes `docs/errors.md` from the catalogue: `python -m tests.docs.errors_page`."""

from __future__ import annotations

from pathlib import Path

from amazon_eboekhouden.domain import problems

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
HEAD = """# Problems, their causes and remedies

Generated from the catalogue in `domain/problems.py` (`make docs`); do not edit. Words in braces are
filled in from the row. Every code has a test in `tests/errors/` or beside the room that raises it.
"""
SECTIONS = {
    "Settings and connections": problems._SETTINGS,
    "Runs": problems._RUNS,
    "Orders": problems._ORDERS,
    "Settlements": problems._SETTLEMENTS,
    "Booking": problems._BOOKING,
    "Nightly audit and explain": problems._AUDIT,
    "Reports for VAT returns": problems._REPORTS,
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, kinds in SECTIONS.items():
        parts.append(f"\n## {title}\n")
        for code, kind in kinds.items():
            parts.append(f"\n### {code}\n\n- cause: {kind.cause}\n- what to do: {kind.todo}\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
