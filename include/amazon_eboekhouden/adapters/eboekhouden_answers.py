"""What an answer of e-Boekhouden proves. Source: reliability rule 3.7, the table of outcomes.

Certainly booked, certainly refused, or unknown: everything that is not in the first two classes
beyond doubt is unknown, and the books must be asked.
"""

from __future__ import annotations

from typing import Any

import httpx
import zeep.exceptions

from amazon_eboekhouden.adapters.eboekhouden_codes import (
    DUPLICATE,
    REFUSED_BEFORE_BOOKING,
    SESSION_EXPIRED,
    meaning_of,
)
from amazon_eboekhouden.adapters.http import BodyTooLarge
from amazon_eboekhouden.adapters.soap import HttpStatus, WrongAnswer
from amazon_eboekhouden.domain.errors import BadAnswer, RemoteError, Unreachable
from amazon_eboekhouden.domain.outcomes import Outcome, OutcomeKind

SERVICE = "e-Boekhouden"

# Operations whose result is the error itself.
BARE_ERROR = frozenset({"UpdateRelatie", "UpdateGrootboekrekening"})

# Nothing of the request had left this machine when these were raised.
NOT_CONNECTED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def classified(result: Any, number_field: str) -> Outcome:
    """What the well-formed result of an Add… call proves.

    Args:
        result: as zeep parsed it; None when the answer was empty.
        number_field: the element that holds the number of what was booked.

    Returns:
        The outcome; its detail is the service's own text and may hold personal data.
    """
    if result is None:
        return Outcome(OutcomeKind.UNKNOWN, detail="the answer holds no result")
    number = int(result[number_field] or 0)
    code, text = error_of(result)
    if not code and not text:
        if number > 0:
            return Outcome(OutcomeKind.CONFIRMED, remote_id=str(number))
        return Outcome(OutcomeKind.UNKNOWN, detail="no error and no number")
    return _refused(code, text, made=number > 0)


def classified_invoice(result: Any, number: str) -> Outcome:
    """What the well-formed result of AddFactuur proves: at best that the invoice was made.

    It tells neither the total nor the mutation, so what was booked must be read back.

    Args:
        result: as zeep parsed it; None when the answer was empty.
        number: the invoice number that was asked for.
    """
    if result is None:
        return Outcome(OutcomeKind.UNKNOWN, detail="the answer holds no result")
    given = str(result["Factuurnummer"] or "").strip()
    code, text = error_of(result)
    if code or text:
        return _refused(code, text, made=bool(given))
    if given == number:
        return Outcome(OutcomeKind.MADE, detail="the invoice was made")
    return Outcome(OutcomeKind.UNKNOWN, detail="no error, and another invoice number")


def _refused(code: str, text: str, *, made: bool) -> Outcome:
    if made:
        return Outcome(OutcomeKind.UNKNOWN, code=code, detail="an error and a number")
    meaning = meaning_of(code)
    kind = OutcomeKind.UNKNOWN
    if meaning in SESSION_EXPIRED:
        kind = OutcomeKind.SESSION_EXPIRED
    elif meaning in DUPLICATE:
        kind = OutcomeKind.DUPLICATE
    elif meaning in REFUSED_BEFORE_BOOKING:
        kind = OutcomeKind.REJECTED
    return Outcome(kind, code=code, detail=text)


def error_of(result: Any) -> tuple[str, str]:
    """Code and text of the ErrorMsg; absent, empty and None all mean: no error."""
    return bare_error_of(result["ErrorMsg"])


def bare_error_of(error: Any) -> tuple[str, str]:
    """Code and text of a cError; None means: no error."""
    if error is None:
        return "", ""
    return str(error.LastErrorCode or "").strip(), str(error.LastErrorDescription or "").strip()


def name_of(error: BaseException) -> str:
    """An exception for the evidence: its kind only, for its text may quote what was sent."""
    if isinstance(error, HttpStatus):
        return str(error)
    return type(error).__name__


def as_remote_error(operation: str, error: Exception) -> RemoteError:
    """A failed read: nothing usable came back, or an answer that breaks the description."""
    if isinstance(error, RemoteError):
        return error
    if isinstance(error, HttpStatus) and error.status in (401, 403, 404, 405):
        return BadAnswer(SERVICE, operation, f"{name_of(error)}: is the address right?")
    network = (httpx.HTTPError, HttpStatus, zeep.exceptions.Fault)
    if isinstance(error, network):
        return Unreachable(SERVICE, operation, name_of(error))
    if isinstance(error, BodyTooLarge | WrongAnswer):
        return BadAnswer(SERVICE, operation, str(error))
    unreadable = BadAnswer(SERVICE, operation, f"the answer can't be read ({name_of(error)})")
    # zeep's TransportError: no well-formed XML, so half an answer or another program's page.
    unreadable.should_retry = isinstance(error, zeep.exceptions.TransportError)
    return unreadable
