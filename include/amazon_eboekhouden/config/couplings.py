"""Finding and reading the YAML files of the couplings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from amazon_eboekhouden.config import fees, vat
from amazon_eboekhouden.config.settings import CouplingSettings

SHIPPED = Path(__file__).parent.parent / "couplings"
EXAMPLE = "example"


class Invalid(Exception):
    """A coupling's file is wrong; `faults` holds one (field, why, line) per mistake."""

    def __init__(self, file: Path, faults: list[tuple[str, str, int]]) -> None:
        self.file = file
        self.faults = faults
        super().__init__(f"{file}: {faults}")


def names(folder: Path) -> list[str]:
    """Names of the couplings in a folder, sorted; the annotated example is none."""
    return sorted(path.stem for path in folder.glob("*.yaml") if path.stem != EXAMPLE)


def read(folder: Path, name: str) -> CouplingSettings:
    """The validated settings of one coupling.

    Raises:
        Invalid: no such file, not YAML, or a value that is not allowed; with the line.
    """
    file = folder / f"{name}.yaml"
    try:
        text = file.read_text(encoding="utf-8")
    except OSError:
        known = ", ".join(names(folder)) or "none"
        raise Invalid(file, [("name", f"no such coupling here; known are: {known}", 0)]) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise Invalid(file, [("file", f"is not YAML: {_short(error)}", line)]) from error
    if not isinstance(data, dict):
        raise Invalid(file, [("file", "must hold settings as names and values", 1)])
    try:
        settings = CouplingSettings.model_validate(data)
    except ValidationError as error:
        faults = [
            (
                ".".join(str(part) for part in fault["loc"]) or "file",
                _why(dict(fault)),
                _line_of(node, fault["loc"]),
            )
            for fault in error.errors()
        ]
        raise Invalid(file, faults) from error
    overrides = [
        (field, why, _line_of(node, tuple(int(p) if p.isdigit() else p for p in field.split("."))))
        for field, why in (*vat.override_faults(settings), *fees.override_faults(settings))
    ]
    if overrides:
        raise Invalid(file, overrides)
    if settings.name != name:
        why = f"is {settings.name!r}, but the file is called {name}.yaml"
        raise Invalid(file, [("name", why, _line_of(node, ("name",)))])
    return settings


def _why(fault: dict[str, Any]) -> str:
    if fault["type"] == "missing":
        return "is missing"
    if fault["type"] == "extra_forbidden":
        return "is not a setting that exists"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{message[0].lower()}{message[1:]} (found: {fault['input']!r})"


def _short(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def _line_of(node: yaml.Node | None, path: tuple[str | int, ...]) -> int:
    """Line (from 1) of the deepest part of `path` that stands in the file."""
    line = 1
    for part in path:
        found = _child(node, part)
        if found is None:
            break
        line, node = found
    return line


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if str(key.value) == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        item = node.value[part]
        return item.start_mark.line + 1, item
    return None
