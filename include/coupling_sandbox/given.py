"""What comes in through a control verb: the JSON body, and values of the right kind."""

import math
from typing import Any

from starlette.requests import Request

_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text",
          list: "a list", dict: "an object"}  # fmt: skip


class WrongUse(Exception):
    """A control verb was used wrongly; the text says how, and becomes the answer (400)."""


async def json_body(request: Request, kind: type | None = None) -> Any:
    """Return the body of a control verb.

    Raises:
        WrongUse: it is no JSON, or not of the kind that the verb takes.
    """
    try:
        body = await request.json()
    except ValueError as error:
        raise WrongUse(f"the body is no JSON: {error}") from None
    except RecursionError:
        raise WrongUse("the body is nested too deeply") from None
    if kind is not None and not isinstance(body, kind):
        raise WrongUse(f"the body must be {_NAMES[kind]}")
    return body


def check_kind(name: str, value: Any, like: Any) -> None:
    """Raise ValueError unless ``value`` is of the same kind as ``like``.

    True is no whole number; any finite number will do for a number with a point.
    """
    kind = type(like)
    fits = isinstance(value, (int, float) if kind is float else kind)
    if fits and kind is not bool and isinstance(value, bool):
        fits = False
    if fits and isinstance(value, float) and not math.isfinite(value):
        fits = False
    if not fits:
        raise ValueError(f"{name} must be {_NAMES[kind]}, not {value!r}")


def texts(name: str, value: Any) -> tuple[str, ...]:
    """Return a list of texts as a tuple; raise ValueError for anything else."""
    check_kind(name, value, [])
    for one in value:
        check_kind(name, one, "")
    return tuple(value)


def check_charset(name: str, value: str) -> None:
    """Raise ValueError unless Python can write text in the charset ``value``."""
    try:
        "".encode(value)
    except LookupError:
        raise ValueError(f"{name} {value!r} is no charset of texts") from None
