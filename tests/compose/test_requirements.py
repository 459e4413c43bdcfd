"""The lists of packages agree with each other, and nothing gets in without a hash."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([\w.!+]+)(?:\s*;\s*(.+?))?\s*\\?$")
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-browser.lock")
LISTS = ("requirements.txt",)


def pins(text: str) -> dict[tuple[str, str], str]:
    """Version of each (name, marker); a name may stand twice for different Pythons."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith((" ", "#")):
            match = PIN.match(line)
            assert match, f"not a pin: {line!r}"
            found[canonical(match[1]), match[3] or ""] = match[2]
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def without_hash(text: str) -> list[str]:
    """Names in a lock that carry no SHA-256."""
    blocks = re.split(r"(?m)^(?=\S)", text)
    return [b.split("=")[0] for b in blocks if b.strip() and "--hash=sha256:" not in b]


def asked_for(text: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    names = (re.split(r"[\[<>=!~; ]", line)[0] for line in lines if not line.startswith("-r"))
    return {canonical(name) for name in names if name}


def hosts(text: str) -> list[str]:
    return re.findall(
        r"(?m)https?://\S+|^\s*-{1,2}(?:i|f|index-url|extra-index-url|find-links)\b.*", text
    )


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def test_text_and_lock_carry_the_same_pins() -> None:
    assert pins(read("requirements.lock")) == pins(read("requirements.txt"))


def test_the_tools_lock_holds_the_same_pins_and_more() -> None:
    product, tools = pins(read("requirements.txt")), pins(read("requirements-dev.lock"))
    # A tool may need a package on more Pythons than the product: compare versions by name.
    versions = {(name, version) for (name, _), version in tools.items()}
    assert {(name, version) for (name, _), version in product.items()} <= versions


def test_the_browsers_lock_asks_for_no_other_version() -> None:
    product = {name: version for (name, _), version in pins(read("requirements.txt")).items()}
    browser = {name: version for (name, _), version in pins(read(LOCKS[2])).items()}
    shared = product.keys() & browser.keys()
    assert shared
    assert {name: product[name] for name in shared} == {name: browser[name] for name in shared}


@pytest.mark.parametrize(
    ("asked", "locked"),
    [
        ("requirements.in", "requirements.txt"),
        ("requirements.in", "requirements.lock"),
        ("requirements-dev.in", "requirements-dev.lock"),
        ("requirements-browser.in", "requirements-browser.lock"),
    ],
)
def test_all_that_is_asked_for_is_pinned(asked: str, locked: str) -> None:
    assert asked_for(read(asked)) <= {name for name, _ in pins(read(locked))}


def test_the_versions_asked_for_are_the_ones_pinned() -> None:
    pinned = {name: version for (name, _), version in pins(read("requirements.txt")).items()}
    for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", read("requirements.in")):
        assert pinned[canonical(name)] == version


@pytest.mark.parametrize("name", LOCKS)
def test_everything_locked_has_a_hash(name: str) -> None:
    assert without_hash(read(name)) == []


@pytest.mark.parametrize(
    "name", [*LISTS, *LOCKS, *(lock.replace(".lock", ".in") for lock in LOCKS)]
)
def test_no_list_names_a_registry(name: str) -> None:
    assert hosts(read(name)) == []


def test_the_engine_of_the_distributed_setup_loads_with_these_pins() -> None:
    # Not implied by the resolver: a Celery that the provider allows can still fail to import.
    module = "airflow.providers.celery.executors.celery_executor_utils"
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_these_checks_can_fail() -> None:
    lock = "a==1 \\\n    --hash=sha256:00\nb==2 ; python_version < '3.12' \\\n    --hash=md5:00\n"
    assert without_hash(lock) == ["b"]
    assert pins(lock) == {("a", ""): "1", ("b", "python_version < '3.12'"): "2"}
    assert hosts("--index-url mirror.internal\nx @ https://example.org/x.whl") != []
    with pytest.raises(AssertionError, match="not a pin"):
        pins("a>=1\n")
    assert asked_for("# c\nA_b[x]>=1 # why\n-r other.in\n") == {"a-b"}
