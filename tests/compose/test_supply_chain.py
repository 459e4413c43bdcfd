"""What `make licences` and `make vulnerabilities` answer, above all when they can't know."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[2]


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / f"deploy/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


licences = _load("licences")
security = _load("security")


def test_the_table_is_up_to_date_and_every_licence_accepted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert licences.main(["--check"]) == 0, capsys.readouterr().err


def test_the_table_holds_every_pin() -> None:
    rows = licences.rows_of(licences.PAGE.read_text(encoding="utf-8"))
    assert list(rows) == licences.pins((REPOSITORY / "requirements.txt").read_text())


def test_an_old_table_is_noticed() -> None:
    page = licences.PAGE.read_text(encoding="utf-8")
    rows = licences.rows_of(page)
    first, *others = rows
    assert not licences.stale(rows, page)
    assert licences.stale({key: rows[key] for key in others}, page)
    assert licences.stale({**rows, first: "GPL-3.0-only"}, page)
    # What this machine does not have installed it can't judge.
    assert not licences.stale({**rows, first: licences.ELSEWHERE}, page)


@pytest.mark.parametrize(
    "licence",
    [
        "Apache-2.0",
        "MIT AND PSF-2.0",
        "Apache-2.0 OR GPL-3.0-only",
        "Artistic License or GNU General Public License (GPL)",
        "GNU Lesser General Public License v2 or later (LGPLv2+)",
        "MPL-2.0 AND MIT",
    ],
)
def test_accepted(licence: str) -> None:
    assert licences.accepted(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "GPL-3.0-only",
        "GNU General Public License v2 or later (GPLv2+)",
        "GNU Affero General Public License v3",
        "MIT AND GPL-2.0-only",
        "Proprietary",
        "not declared",
    ],
)
def test_not_accepted(licence: str) -> None:
    assert not licences.accepted(licence)


@pytest.mark.parametrize(
    ("tool", "answer", "status"),
    [
        ("echo '{\"dependencies\": []}' > {report}; exit 0", "no known vulnerability", 0),
        ("echo '{\"dependencies\": [1]}' > {report}; exit 1", "VULNERABLE", 2),
        ("echo 'no route to host' >&2; exit 1", "NOT CHECKED", 2),
        ("exit 0", "NOT CHECKED", 2),  # says all is well and has looked at nothing
    ],
    ids=["clean", "vulnerable", "offline", "silent"],
)
def test_vulnerabilities_never_says_clean_without_having_looked(
    tmp_path: Path, tool: str, answer: str, status: int
) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    for name in ("Makefile", "requirements.lock"):
        shutil.copy(REPOSITORY / name, tmp_path)
    tools = tmp_path / "tools/bin"
    tools.mkdir(parents=True)
    (tools.parent / ".ready").touch()
    audit = tools / "pip-audit"
    audit.write_text("#!/bin/sh\n" + tool.replace("{report}", "var/vulnerabilities.json") + "\n")
    audit.chmod(0o755)
    done = subprocess.run(
        [make, "vulnerabilities", "TOOLS=tools"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer in done.stdout
    assert done.returncode == status


def finding(file: str, rule: str, words: str) -> dict[str, object]:
    """A finding of bandit's on the first line of a file that holds these words."""
    lines = (REPOSITORY / file).read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if words in line)
    return {"filename": file, "test_id": rule, "line_range": [number], "line_number": number}


def test_what_bandit_finds_is_judged_on_its_line_or_in_the_table() -> None:
    unjudged = security.unjudged
    supervisor = "include/amazon_eboekhouden/provider/supervisor.py"
    judged = finding(supervisor, "B603", "subprocess.Popen(")
    assert unjudged([judged]) == []
    other_rule = {**judged, "test_id": "B602"}
    other_line = finding(supervisor, "B603", "import argparse")
    assert unjudged([judged, other_rule, other_line]) == [other_rule, other_line]
    assert unjudged([finding(supervisor, "B404", "import subprocess")]) == []
    assert all((REPOSITORY / file).exists() for file, _ in security.JUDGED)
