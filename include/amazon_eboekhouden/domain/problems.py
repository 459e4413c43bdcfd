"""Row problems: values, not exceptions. One place knows every code, its wording and its remedy.

A problem names the row, the cause and what to do. `docs/errors.md` is generated from this
catalogue, and every code has a test in `tests/errors/` that provokes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person must look at.

    Attributes:
        code: key of the catalogue, such as "proceeds-missing".
        row: what it is about, such as "order 405-1234567-1234567".
        cause: what is wrong, with the values.
        todo: what to do about it.
        order_id: the order concerned, "" if none; lets the next run close the problem.
    """

    code: str
    row: str
    cause: str
    todo: str
    order_id: str = ""

    def as_dict(self) -> dict[str, str]:
        """The problem as the command line prints it: code, row, cause, todo."""
        return {key: value for key, value in asdict(self).items() if key != "order_id"}


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """Wording of one code; `{name}` are filled in from the details of the row."""

    cause: str
    todo: str


def problem(code: str, row: str, *, order_id: str = "", **details: Any) -> Problem:
    """A problem with the catalogue's wording.

    Raises:
        KeyError: the code is not in the catalogue, or a detail of its wording is missing.
    """
    kind = CATALOGUE[code]
    return Problem(code, row, kind.cause.format(**details), kind.todo.format(**details), order_id)


# --- settings and connections (config, check) ---------------------------------------------------
_SETTINGS: Mapping[str, ProblemKind] = {
    "settings-invalid": ProblemKind(
        "{field} {why}", "correct {field} in {file}, line {line}, then run `check` again"
    ),
    "connection-missing": ProblemKind(
        "there is no connection named {connection}",
        "create the connection {connection} ({kind}) in Airflow, or set AIRFLOW_CONN_{variable}",
    ),
    "credentials-refused": ProblemKind(
        "{service} refused {field}: {why}", "enter {field} again in the connection {connection}"
    ),
    "account-missing": ProblemKind(
        "ledger account {account} ({role}) does not exist in the administration",
        "create {account} with category {category} in e-Boekhouden, or name another one under "
        "accounts.{role}",
    ),
    "account-category": ProblemKind(
        "ledger account {account} ({role}) has category {found}, it must be {category}",
        "name an account of category {category} under accounts.{role}",
    ),
    "account-ambiguous": ProblemKind(
        "the administration has {count} ledger accounts of category {category}",
        "keep exactly one account of category {category} in e-Boekhouden",
    ),
    "service-unreachable": ProblemKind(
        "{service} could not be asked: {why}", "try again later; nothing was written"
    ),
    "administration-changed": ProblemKind(
        "the connection answers for administration {found}, the coupling is bound to {bound}",
        "restore the old connection, or make a new coupling for the other administration",
    ),
    "seller-changed": ProblemKind(
        "the connection belongs to seller {found}, the coupling is bound to {bound}",
        "restore the old connection, or make a new coupling for the other seller",
    ),
}

# --- runs (pipelines, expectations) ---------------------------------------------------------------
_RUNS: Mapping[str, ProblemKind] = {
    "expectation-failed": ProblemKind(
        "the booking {booking} breaks the rule {rule!r} ({found})",
        "report this row with its order: the coupling held it back because it would be wrong",
    ),
    "coupling-inactive": ProblemKind(
        "the coupling is not active", "set active: true in the coupling's file"
    ),
    "amazon-refused": ProblemKind(
        "Amazon refused {operation}: {why}", "run `check`; correct what it names, then run again"
    ),
    "books-refused": ProblemKind(
        "e-Boekhouden refused {operation}: {why}",
        "run `check`; correct what it names, then run again",
    ),
}

# --- orders (domain.orders …) --------------------------------------------------------------------
_ORDERS: Mapping[str, ProblemKind] = {}

# --- settlements (domain.settlement …) ------------------------------------------------------------
_SETTLEMENTS: Mapping[str, ProblemKind] = {}

# --- booking (ledger) -----------------------------------------------------------------------------
_BOOKING: Mapping[str, ProblemKind] = {}

CATALOGUE: Mapping[str, ProblemKind] = {
    **_SETTINGS,
    **_RUNS,
    **_ORDERS,
    **_SETTLEMENTS,
    **_BOOKING,
}
