"""What may be said of an error that nobody foresaw: its kind and its place, never its text.

The text of a KeyError or of a number that can't be read repeats what was in hand, and that may be a
buyer or a code. Logs are kept longer, and read by more people, than the books.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from amazon_eboekhouden.pipelines.storage import storage_failure

_PACKAGE = Path(__file__).parents[1]


class Unforeseen(RuntimeError):
    """The program is wrong somewhere; the text of the first error is withheld."""


def unforeseen(error: BaseException) -> Unforeseen:
    """An error to raise in the place of one whose text may name anybody.

    Args:
        error: as it was caught.

    Returns:
        the kind of the error and the lines that led to it, innermost last, as one line of text;
        of a database or a disk what is wrong with it.
    """
    known = storage_failure(error)
    if known is not None:
        return Unforeseen(f"{known.row}: {known.cause}; {known.todo}")
    frames = traceback.extract_tb(error.__traceback__)
    way = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    return Unforeseen(
        f"{type(error).__name__}, its text withheld because it may name a buyer or a secret; {way}"
    )


def said_on_purpose(error: BaseException) -> bool:
    """Whether an error is a ValueError that we wrote for the person at the command line.

    One that a conversion raised repeats the value, and what the domain holds are customers.
    """
    frames = traceback.extract_tb(error.__traceback__)
    if not isinstance(error, ValueError) or not frames:
        return False
    file = Path(frames[-1].filename)
    ours = file.is_relative_to(_PACKAGE) and not file.is_relative_to(_PACKAGE / "domain")
    return ours and (frames[-1].line or "").startswith("raise ")
