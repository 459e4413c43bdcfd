"""A ledger, a folder or a disk that can't be used, said so that a person can mend it.

The first line of what a database or the system says about itself names hosts, files and causes,
never what was in hand; the statement and its values, which follow it, are left out.
"""

from __future__ import annotations

import errno

from sqlalchemy.exc import DatabaseError, DBAPIError, IntegrityError, OperationalError

from amazon_eboekhouden.domain.problems import Problem, problem

_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def storage_failure(error: BaseException) -> Problem | None:
    """The problem of a place where things are kept; None when the error is of another kind."""
    if isinstance(error, DBAPIError):
        return _ledger_failure(error)
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _DISK):
        place = str(error.filename or "the disk")
        return problem("storage-unusable", place, place=place, why=error.strerror or "unknown")
    return None


def _ledger_failure(error: DBAPIError) -> Problem | None:
    # SQLite says with the plainest of its errors that a file is no database or is damaged.
    plain = type(error) is DatabaseError
    if isinstance(error, IntegrityError) or not (
        plain or error.connection_invalidated or isinstance(error, OperationalError)
    ):
        return None  # The program is wrong, and its values would be repeated.
    said = str(error.orig).strip().splitlines() or [type(error).__name__]
    return problem("ledger-unusable", "the booking ledger", why=said[0])
