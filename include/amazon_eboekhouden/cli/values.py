"""The values that options of the command line take."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta

from amazon_eboekhouden.domain.money import cents_of


def moment(text: str) -> datetime:
    """A moment in ISO 8601; a bare date is midnight UTC.

    Raises:
        argparse.ArgumentTypeError: it is no moment.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no moment in ISO 8601") from None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)


def quarter(text: str) -> tuple[int, int]:
    """A quarter such as `2026-Q4`.

    Raises:
        argparse.ArgumentTypeError: it is no quarter.
    """
    year, _, number = text.upper().partition("-Q")
    if not (year.isdigit() and number in ("1", "2", "3", "4")):
        raise argparse.ArgumentTypeError(f"{text!r} is no quarter, such as 2026-Q4")
    return int(year), int(number)


def deposit(text: str) -> tuple[str, int]:
    """A settlement and its deposit in EUR, such as `12345=678.90`.

    Raises:
        argparse.ArgumentTypeError: it is not of that form.
    """
    settlement_id, _, amount = text.partition("=")
    try:
        return settlement_id, cents_of(amount)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not ID=EUR, such as 123=45.67") from None


def day(text: str) -> date:
    """A day in ISO 8601.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day, such as 2026-10-31") from None


def words(text: str) -> tuple[str, ...]:
    """Words with commas between them."""
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)


def minutes(text: str) -> timedelta:
    """A number of minutes.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes, such as 15")
    return timedelta(minutes=int(text))
