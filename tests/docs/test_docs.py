"""The documents are tested: what exists is described, and what is described exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from amazon_eboekhouden import cli
from amazon_eboekhouden.config.environment import PREFIX
from amazon_eboekhouden.domain.problems import CATALOGUE
from amazon_eboekhouden.provider import get_provider_info

from tests.docs.errors_page import PAGE, page

REPOSITORY = Path(__file__).parents[2]
DOCS = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *REPOSITORY.glob("docs/**/*.md")]
OPERATING = (REPOSITORY / "docs" / "operating.md").read_text()
TESTS = "\n".join(file.read_text() for file in (REPOSITORY / "tests").rglob("*.py"))


def test_the_page_of_problems_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make docs`"


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_problem_has_a_test_that_provokes_it(code: str) -> None:
    assert f'"{code}"' in TESTS


def test_every_command_is_described() -> None:
    described = OPERATING
    for action in cli._parser()._subparsers._group_actions:  # type: ignore[union-attr]
        for name, command in action.choices.items():
            assert f"`{name}" in described, name
            for option in command._actions:
                for flag in option.option_strings:
                    if flag.startswith("--") and flag not in ("--help",):
                        assert flag in described, f"{name} {flag}"


def test_every_variable_is_described() -> None:
    source = (REPOSITORY / "include/amazon_eboekhouden/config/environment.py").read_text()
    for name in re.findall(r'(?:text|seconds)\("([A-Z_]+)"', source):
        assert PREFIX + name in OPERATING, name


def test_every_field_of_the_connection_forms_is_described() -> None:
    for kind in get_provider_info()["connection-types"]:
        for name, field in kind["conn-fields"].items():
            assert name in OPERATING, name
            assert field["label"]
        for label in kind["ui-field-behaviour"]["relabeling"].values():
            assert label in OPERATING, label


@pytest.mark.parametrize("file", DOCS, ids=lambda f: str(f.relative_to(REPOSITORY)))
def test_links_lead_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", file.read_text()):
        if "://" not in target:
            assert (file.parent / target).exists(), target


@pytest.mark.parametrize("file", DOCS, ids=lambda f: str(f.relative_to(REPOSITORY)))
def test_commands_in_the_documents_exist(file: Path) -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    for block in re.findall(r"```(?:\w*)\n(.*?)```", file.read_text(), re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True) if "'" not in line else line.split()
            if words[:1] == ["make"]:
                assert f"\n{words[1]}:" in makefile, line
            if words[:1] == ["amazon-eboekhouden"] and len(words) > 1:
                cli._parser().parse_args([w for w in words[1:] if w != "…"])


def test_the_readme_shows_what_the_demo_prints() -> None:
    """Labels of the pasted output are the ones that the demo writes."""
    source = (REPOSITORY / "include/coupling_sandbox/demo/tie_out.py").read_text()
    shown = (REPOSITORY / "README.md").read_text()
    for label in re.findall(r'Line\(\s*"([^"]+)"', source):
        assert label in shown, label


def test_the_rooms_in_the_architecture_are_the_folders_that_exist() -> None:
    page = (REPOSITORY / "docs" / "architecture.md").read_text()
    package = REPOSITORY / "include" / "amazon_eboekhouden"
    rooms = {path.name for path in package.iterdir() if (path / "__init__.py").exists()}
    drawn = set(re.findall(r"^  ([a-z]+)/ ", page, re.MULTILINE))
    assert rooms <= drawn
    assert drawn - {"couplings"} <= rooms
