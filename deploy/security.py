"""A second opinion on our own code: bandit, beside ruff's S rules. Fails on anything unjudged.

    python deploy/security.py PATH-OF-BANDIT

Ruff judges the same rules line by line (`# noqa: S603 - why` is bandit's B603), and fails on a
judgement that is not needed. What bandit finds beyond those stands here, per file and rule, with
the reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
SCANNED = ("include", "dags", "plugins", "deploy")
# For every file: the import of a module is no use of it; every use is judged by S603 and S607.
EVERYWHERE = {"B404"}
_WORDS = "names of fields and of a kind of token, not what is in them"
_SANDBOX = "credentials that the sandbox publishes; they open nothing else"
JUDGED: Mapping[tuple[str, str], str] = {
    ("deploy/first_start.py", "B603"): "fixed words; ruff sees that by itself",
    ("include/amazon_eboekhouden/config/connections.py", "B105"): _WORDS,
    ("include/amazon_eboekhouden/config/connections.py", "B106"): _SANDBOX,
    ("include/amazon_eboekhouden/pipelines/order_pages.py", "B105"): "a page's token is no secret",
    ("include/amazon_eboekhouden/provider/__init__.py", "B105"): _WORDS,
    ("include/coupling_sandbox/amazon/coverage.py", "B105"): _WORDS,
    ("include/coupling_sandbox/amazon/login.py", "B105"): _SANDBOX,
    ("include/coupling_sandbox/demo/__main__.py", "B105"): _SANDBOX,
    ("include/coupling_sandbox/demo/http.py", "B107"): "no token is the default",
    ("include/coupling_sandbox/eboekhouden/writing.py", "B406"): "it writes XML and reads none",
    ("include/coupling_sandbox/eboekhouden/wsdl.py", "B406"): "it writes XML and reads none",
}


def main() -> int:
    """Print what is unjudged; 1 when there is any, or when bandit could not look."""
    command = [sys.argv[1], "-q", "-r", *SCANNED, "-f", "json"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
    report = json.loads(done.stdout) if done.stdout else {"results": [], "errors": [done.stderr]}
    found = unjudged(report["results"])
    for one in found:
        place = f"{one['filename']}:{one['line_number']}"
        sys.stdout.write(f"{place}: {one['test_id']} {one['issue_text']}\n")
    for error in report["errors"]:
        sys.stdout.write(f"NOT LOOKED AT: {error}\n")
    lines = report.get("metrics", {}).get("_totals", {}).get("loc", 0)
    judged = len(report["results"]) - len(found)
    sys.stdout.write(f"bandit: {lines} lines, {len(found)} findings, {judged} judged\n")
    return 1 if found or report["errors"] or not lines else 0


def unjudged(results: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Findings that neither a line of ours nor the table above has judged."""
    return [
        one
        for one in results
        if one["test_id"] not in EVERYWHERE
        and (one["filename"].removeprefix("./"), one["test_id"]) not in JUDGED
        and not _judged_on_its_lines(one)
    ]


def _judged_on_its_lines(one: Mapping[str, Any]) -> bool:
    lines = (REPOSITORY / one["filename"]).read_text(encoding="utf-8").splitlines()
    span = one["line_range"]
    # A statement's judgement may stand on its first or its last line.
    near = lines[min(span) - 1 : max(span) + 1]
    rule = "S" + one["test_id"][1:]
    return any("noqa:" in line and rule in line for line in near)


if __name__ == "__main__":
    sys.exit(main())
