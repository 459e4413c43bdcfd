"""Every problem and every reason of a booking is told in Dutch."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from amazon_eboekhouden.domain.problems import CATALOGUE, Problem, problem

from tests.dashboard.conftest import AIRFLOW_WARNINGS

pytestmark = AIRFLOW_WARNINGS
ROOT = Path(__file__).parents[2]


def test_every_problem_has_dutch_words_with_all_its_details() -> None:
    from amazon_eboekhouden.provider.dashboard import dutch

    assert set(dutch.PROBLEMS) == set(CATALOGUE)
    for code, kind in CATALOGUE.items():
        names = dutch.placeholders(kind.cause + kind.todo)
        details = {name: f"~{name}~" for name in names}
        shown = dutch.worded(problem(code, "order 1", **details))
        assert shown.title == dutch.PROBLEMS[code][0]
        for name in dutch.placeholders(dutch.PROBLEMS[code][1] + dutch.PROBLEMS[code][2]):
            assert f"~{name}" in shown.cause + shown.todo, (code, name)
        assert shown.cause != kind.cause


def test_amounts_and_rates_stand_as_a_dutch_reader_writes_them() -> None:
    from amazon_eboekhouden.provider.dashboard import dutch

    def cause(code: str, **details: object) -> str:
        return dutch.worded(problem(code, "order 1", **details)).cause

    due = {"invoice": "AMZ-1.50", "excess": "1234.50", "account": "2090.10"}
    assert "1.234,50 EUR" in cause("settlement-overpaid", **due)
    assert "AMZ-1.50;" in cause("settlement-overpaid", **due)
    assert "op 2090.10." in cause("settlement-overpaid", **due)
    minus = cause("reserve-differs", account="1095", balance="-0.05", held="10.00")
    assert "\N{MINUS SIGN}0,05 EUR; Amazon houdt 10,00 EUR" in minus
    assert "25,5 %" in cause("vat-sku-contradicted", item="item 1", sku="1.50", rate="25.5")
    assert "SKU 1.50 " in cause("vat-sku-contradicted", item="item 1", sku="1.50", rate="25.5")
    # What a file holds is quoted, comma or point: that may be what is wrong with it.
    assert "Bedrag 12.50 past niet" in cause("settlement-amount", text="12.50")


def test_every_amount_in_a_problem_is_known_as_one() -> None:
    """Read from the program: which details are filled in with `euros`."""
    from amazon_eboekhouden.provider.dashboard.dutch import NUMBERS, placeholders

    named = {name for kind in CATALOGUE.values() for name in placeholders(kind.cause + kind.todo)}
    filled: set[str] = set()
    for file in (ROOT / "include" / "amazon_eboekhouden").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg and _is_euros(node.value):
                filled.add(node.arg)
            elif isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                filled |= {
                    k.value for k, v in pairs if isinstance(k, ast.Constant) and _is_euros(v)
                }
    assert len(filled & named) >= 20
    assert filled & named <= NUMBERS
    assert named >= NUMBERS


def _is_euros(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "euros"
    )


def test_every_reason_of_a_booking_has_dutch_words() -> None:
    """The reasons are read from the program that gives them."""
    from amazon_eboekhouden.domain import sale_kinds, vat_lines
    from amazon_eboekhouden.provider.dashboard.dutch_why import WHY, why_in_dutch

    given = [call.args[1] for call in _calls(sale_kinds, "Sale")]
    rate_of = next(node for node in ast.walk(_tree(vat_lines)) if _is_function(node, "_rate_of"))
    given += [
        node.value.elts[1]
        for node in ast.walk(rate_of)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple)
    ]
    texts = [_plain(node) for node in given]
    assert len(texts) >= 20
    for text in texts:
        shown = why_in_dutch(text)
        assert shown != text, text
        assert shown.count("~") == text.count("~"), text
    assert why_in_dutch("gezien in de boeken") == "gezien in de boeken"
    assert len(set(WHY.values())) == len(WHY)


def _tree(module: Any) -> ast.Module:
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def _is_function(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == name


def _calls(module: Any, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def _plain(node: ast.expr) -> str:
    """The text of a string, `~` for what is filled in."""
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "~" for part in node.values]
        return "".join(str(part) for part in parts)
    assert isinstance(node, ast.Constant), ast.dump(node)
    return str(node.value)


def test_words_of_an_unknown_or_older_problem_are_shown_as_they_are() -> None:
    from amazon_eboekhouden.provider.dashboard import dutch

    assert dutch.worded(Problem("new-code", "r", "c", "t")) == dutch.Worded("new-code", "c", "t")
    older = dutch.worded(Problem("registration-missing", "r", "an older text", "do this"))
    assert (older.cause, older.todo) == ("an older text", "do this")
