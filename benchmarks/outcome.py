"""What a part of the benchmark found: a table, the requirements it shows, curves."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Line:
    """One contestant in one contest.

    Attributes:
        who: its name.
        what: size and unit, such as "16,000 orders".
        seconds: wall clock; None when it could not be run.
        rate: units per second, "" when it makes no sense.
        memory_mb: above its baseline.
        ratio: its seconds over ours; above 1 means that ours is faster.
        note: what a reader must know.
    """

    who: str
    what: str
    seconds: float | None
    rate: str = ""
    memory_mb: float | None = None
    ratio: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """A requirement and what was measured.

    Attributes:
        met: None when the figure needs a quiet machine or could not be measured.
    """

    what: str
    wanted: str
    found: str
    met: bool | None


@dataclass
class Part:
    """One part of the benchmark.

    Attributes:
        equal: how the results were found equal before times were compared.
        curves: name to points (size, seconds), for the plot.
        measured: when, in how many seconds, and on what.
    """

    name: str
    title: str
    equal: str = ""
    lines: list[Line] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    measured: str = ""


class Unequal(Exception):
    """Two contestants gave different answers: no time counts."""


def insist_on_equal(answers: dict[str, object]) -> None:
    """Raise unless all answers are the same.

    Raises:
        Unequal: they are not.
    """
    first_name, first = next(iter(answers.items()))
    for name, answer in answers.items():
        if answer != first:
            raise Unequal(f"{name}: {answer}; {first_name}: {first}")
