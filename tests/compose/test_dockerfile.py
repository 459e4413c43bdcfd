"""The image is built from pins and hashes, holds only what is meant, and does not run as root."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yaml").read_text(encoding="utf-8"))


def instructions(text: str) -> list[tuple[str, str]]:
    """Instruction and arguments, continued lines joined, comments left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(verb, rest) for verb, _, rest in (line.partition(" ") for line in joined.splitlines())]


def faults(text: str) -> list[str]:
    """What is wrong with a Dockerfile."""
    found = []
    steps = instructions(text)
    bases = [rest.partition("=")[2] for verb, rest in steps if verb == "ARG"]
    if not all(re.search(r":\d+\.\d+\.\d+-python3\.11$|@sha256:", base) for base in bases):
        found.append(f"the base is not pinned: {bases}")
    if {rest.split()[0] for verb, rest in steps if verb == "FROM"} != {"${AIRFLOW_IMAGE}"}:
        found.append("another base than the pinned one")
    if [rest for verb, rest in steps if verb == "USER"][-1:] != ["50000:0"]:
        found.append("the process would be root")
    installs = [rest for verb, rest in steps if verb == "RUN" and "pip install" in rest]
    from_lock = [rest for rest in installs if "requirements.lock" in rest]
    if not from_lock or not all("--no-deps --require-hashes" in rest for rest in from_lock):
        found.append("the lock is not installed with its hashes alone")
    others = [rest for rest in installs if "requirements.lock" not in rest]
    if not all("--no-deps" in rest and "--no-index" in rest for rest in others):
        found.append("something is installed beside the lock")
    if any(verb == "ADD" or re.search(r"curl|wget|apt-get", rest) for verb, rest in steps):
        found.append("something is fetched while building")
    if any(re.search(r"PASS|SECRET|TOKEN", rest) for verb, rest in steps if verb in {"ENV", "ARG"}):
        found.append("a secret in the image")
    return found


def copied() -> list[str]:
    """Paths of the repository that go into the image."""
    copies = [rest.split() for verb, rest in instructions(DOCKERFILE) if verb == "COPY"]
    return [path for words in copies if words[0][:2] != "--" for path in words[:-1]]


def test_the_image_keeps_the_rules() -> None:
    assert faults(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("apache/airflow:3.3.2-python3.11", "apache/airflow:latest"),
        ("FROM ${AIRFLOW_IMAGE}\n", "FROM python:3.11\n"),
        ("USER 50000:0", "USER root"),
        ("--no-deps --require-hashes", "--no-deps"),
        ("--no-index /build", "/build"),
        ("COPY plugins", "ADD https://example.org/x"),
        ("VIRTUAL_ENV=/opt/venv", "API_TOKEN=x"),
    ],
)
def test_a_sabotaged_copy_breaks_them(old: str, new: str) -> None:
    assert old in DOCKERFILE
    assert faults(DOCKERFILE.replace(old, new)) != []


def test_all_that_is_copied_exists_and_reaches_the_builder() -> None:
    assert IGNORED[1] == "*"
    for path in copied():
        assert (REPOSITORY / path).exists(), path
        assert f"!{path.split('/')[0]}" in IGNORED


def left_out(files: Iterable[Path], patterns: dict[str, list[str]]) -> list[str]:
    """Files of the packages that an installation, and so the image, would not have."""
    found = []
    for file in files:
        package, *below = file.parts
        code = (
            file.suffix == ".py" and (REPOSITORY / "include" / file.parent / "__init__.py").exists()
        )
        named = any(PurePosixPath(*below).match(one) for one in patterns.get(package, []))
        if not code and not named:
            found.append(str(file))
    return found


def test_every_file_of_the_packages_is_installed() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]
    source = REPOSITORY / "include"
    files = [
        file.relative_to(source)
        for file in source.rglob("*")
        if file.is_file() and not {"__pycache__"} & set(file.parts) and "egg-info" not in str(file)
    ]
    assert len(files) > 200
    assert left_out(files, patterns) == []
    assert left_out([Path("amazon_eboekhouden/config/forgotten.txt")], patterns) != []


def test_the_builder_gets_nothing_else() -> None:
    allowed = {line[1:] for line in IGNORED if line.startswith("!")}
    assert allowed == {path.split("/")[0] for path in copied()}


def test_image_and_compose_file_agree() -> None:
    base = re.search(r"ARG AIRFLOW_IMAGE=(\S+)", DOCKERFILE)
    assert base
    assert COMPOSE["x-airflow"]["build"]["args"]["AIRFLOW_IMAGE"] == base[1]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert COMPOSE["x-airflow"]["image"] == f"{project['name']}:{project['version']}"
    version = re.search(r"(?m)^apache-airflow==(\S+)", (REPOSITORY / "requirements.in").read_text())
    assert version
    assert f":{version[1]}-python3.11" in base[1]


def test_every_volume_finds_a_folder_that_its_readers_may_use() -> None:
    targets = {
        mount.split(":")[1]
        for service in COMPOSE["services"].values()
        if service.get("image") == COMPOSE["x-airflow"]["image"]
        for mount in service.get("volumes", [])
        if "/" not in mount.split(":")[0] and "$" not in mount
    }
    made = set(re.findall(r"/opt/(?:airflow|keys)/\w+", DOCKERFILE))
    assert targets <= made
