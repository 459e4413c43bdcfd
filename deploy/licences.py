"""Writes the table of licences in docs/licences.md, from what the installed packages declare.

    python deploy/licences.py           writes the table
    python deploy/licences.py --check   fails when it is out of date, or a licence is not accepted

Only what the product ships counts: the names of requirements.txt, not the tools of its developers.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
PAGE = REPOSITORY / "docs/licences.md"
START, END = "<!-- table: make licences -->", "<!-- end of table -->"
Rows = dict[tuple[str, str], str]  # (name, version) to licence
ELSEWHERE = "(for other systems or Pythons; not installed here)"

# What an Apache-2.0 product may install unchanged. Where there is a choice, one of these is enough.
PERMISSIVE = re.compile(
    r"Apache|MIT|BSD|ISC|PSF|Python Software Foundation|Unlicense|Zlib|CC0|Artistic"
)
# Allowed unchanged and replaceable, which an installed Python package is.
WEAK_COPYLEFT = re.compile(r"LGPL|Lesser General Public|MPL|Mozilla")


def pins(text: str) -> list[tuple[str, str]]:
    """Names and versions, in the order of the file; a name twice when its version depends."""
    return re.findall(r"(?m)^([\w.-]+)(?:\[[^\]]*\])?==([^\s;]+)", text)


def licence_of(name: str, version: str) -> str:
    """What a package declares: its SPDX expression, else its classifiers, else its free text."""
    try:
        declared = metadata(name).json
    except PackageNotFoundError:
        return ELSEWHERE
    if declared["version"] != version:
        return ELSEWHERE
    expression = declared.get("license_expression")
    classifiers = [
        line.split(" :: ")[-1]
        for line in declared.get("classifier") or []
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    words = str(declared.get("license") or "").strip().splitlines()
    declarations = [str(expression or ""), " or ".join(classifiers), *words, "not declared"]
    return next(text for text in declarations if text)


def accepted(licence: str) -> bool:
    """Whether the product may ship under this licence."""
    choices = [c for c in re.split(r"\bOR\b|\bor\b(?! later)", licence) if c.strip()]
    return licence == ELSEWHERE or any(
        all(
            PERMISSIVE.search(part) or WEAK_COPYLEFT.search(part)
            for part in re.split(r"\bAND\b", choice)
        )
        for choice in choices
    )


def table(rows: Rows) -> str:
    """The rows as Markdown."""
    lines = [f"| {name} | {version} | {licence} |" for (name, version), licence in rows.items()]
    return "\n".join(["| package | version | licence |", "|---|---|---|", *lines])


def rows_of(page: str) -> Rows:
    """The rows of a table back from Markdown."""
    lines = re.findall(r"(?m)^\| (\S+) \| (\S+) \| (.*) \|$", page.partition(START)[2])
    return {(name, version): licence for name, version, licence in lines[1:]}


def stale(rows: Rows, page: str) -> bool:
    """Whether the page says something else; what is not installed here can't be judged here."""
    written = rows_of(page)
    return list(rows) != list(written) or any(
        written[key] != licence and ELSEWHERE not in (written[key], licence)
        for key, licence in rows.items()
    )


def main(arguments: Sequence[str]) -> int:
    """Write or check the page; 1 when something needs a person."""
    page = PAGE.read_text(encoding="utf-8")
    listed = pins((REPOSITORY / "requirements.txt").read_text(encoding="utf-8"))
    rows = {(name, version): licence_of(name, version) for name, version in listed}
    refused = [(*key, licence) for key, licence in rows.items() if not accepted(licence)]
    for name, version, licence in refused:
        sys.stderr.write(f"licence not accepted: {name} {version}: {licence}\n")
    if list(arguments) == ["--check"]:
        if stale(rows, page):
            sys.stderr.write(f"{PAGE.name} is out of date: run make licences\n")
        return int(stale(rows, page) or bool(refused))
    before, after = page.partition(START)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{START}\n{table(rows)}\n{END}{after}", encoding="utf-8")
    sys.stdout.write(f"{len(rows)} packages; see docs/{PAGE.name}\n")
    return int(bool(refused))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
