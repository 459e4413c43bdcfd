"""What a person decides about a booking or a settlement: who, when, why, and what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.sql_events import Chain
from amazon_eboekhouden.ledger.states import ADOPTED, State, check_transition

_INTENT = schema.intent


class Choice(StrEnum):
    """What a person may choose."""

    RETRY = "retry"  # send again what was refused
    ADOPT = "adopt"  # what stands in the books counts as ours
    REBOOK = "rebook"  # book ours (again)
    IGNORE = "ignore"  # nothing more happens
    APPROVE = "approve"  # a settlement may be booked
    REJECT = "reject"  # a settlement may not be booked as it was shown
    ACTIVATE = "activate"  # a coupling fetches and books
    DEACTIVATE = "deactivate"  # it no longer does


# Which states a choice fits, and where it leads.
LEADS_TO: dict[Choice, tuple[frozenset[State], State]] = {
    Choice.RETRY: (frozenset({State.REJECTED}), State.PLANNED),
    Choice.REBOOK: (
        frozenset({State.REJECTED, State.NEEDS_HUMAN, State.CONFLICT, State.DRIFTED}),
        State.PLANNED,
    ),
    Choice.ADOPT: (
        frozenset({State.NEEDS_HUMAN, State.CONFLICT, State.HALF, State.DRIFTED}),
        State.CONFIRMED,
    ),
    Choice.IGNORE: (
        frozenset(
            {
                State.PLANNED,
                State.REJECTED,
                State.NEEDS_HUMAN,
                State.CONFLICT,
                State.HALF,
                State.DRIFTED,
            }
        ),
        State.IGNORED,
    ),
}
# There is nothing in the books that could be adopted, or it would become a second booking.
NOT_FOR = {(Choice.ADOPT, "absent"), (Choice.ADOPT, "deleted"), (Choice.REBOOK, "duplicated")}


class NotPossibleError(ValueError):
    """The choice does not fit the state of the booking."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of a person."""

    subject: str
    choice: Choice
    who: str
    why: str
    at_utc: datetime


@dataclass
class Decisions:
    """Table decision, and its effect on intents."""

    engine: Engine
    now_ms: Callable[[Connection], int]

    def decide(self, admin: str, natural: str, choice: Choice, *, who: str, why: str) -> None:
        """Apply a person's choice to one booking.

        Raises:
            NotPossibleError: no such booking, or the choice does not fit its state.
        """
        if not who or not why:
            raise NotPossibleError("a decision names who made it, and why")
        with self.engine.begin() as connection:
            chain = Chain(connection, admin)
            now_ms = self.now_ms(connection)
            row = connection.execute(
                select(_INTENT).where(_INTENT.c.admin == admin, _INTENT.c.natural == natural)
            ).first()
            if row is None:
                raise NotPossibleError(f"there is no booking {natural}")
            after = _after(row, choice)
            check_transition(State(row.state), after)
            # What a person adopted is no longer compared with what we would have booked.
            reason = ADOPTED if choice is Choice.ADOPT else ""
            values: dict[str, Any] = {"state": after.value, "updated_utc": now_ms, "reason": reason}
            if after is State.PLANNED:
                values["attempt"] = 0
            connection.execute(
                update(_INTENT).where(_INTENT.c.op_key == row.op_key).values(**values)
            )
            chain.add(row.op_key, who, row.state, after.value, f"{choice.value}: {why}", now_ms)
            chain.close()
            self._store(connection, row.op_key, choice, who, why, now_ms)

    def record(self, subject: str, choice: Choice, *, who: str, why: str) -> None:
        """Store a decision about something that is no booking, such as a settlement."""
        with self.engine.begin() as connection:
            self._store(connection, subject, choice, who, why, self.now_ms(connection))

    def chosen(self, prefix: str, choice: Choice) -> set[str]:
        """Rest of the subjects with a prefix whose last choice was this one, such as order ids."""
        table = schema.decision
        query = (
            select(table.c.subject, table.c.choice)
            .where(table.c.subject.startswith(prefix, autoescape=True))
            .order_by(table.c.id)
        )
        with reading(self.engine).connect() as connection:
            last = {row.subject: row.choice for row in connection.execute(query)}
        return {s.removeprefix(prefix) for s, made in last.items() if made == choice.value}

    def about(self, subject: str) -> list[Decision]:
        """Decisions about a booking's op_key or another subject, oldest first."""
        table = schema.decision
        query = select(table).where(table.c.subject == subject).order_by(table.c.id)
        with reading(self.engine).connect() as connection:
            return [
                Decision(row.subject, Choice(row.choice), row.who, row.why, row.at_utc)
                for row in connection.execute(query)
            ]

    def _store(
        self,
        connection: Connection,
        subject: str,
        choice: Choice,
        who: str,
        why: str,
        now_ms: int,
    ) -> None:
        values = {"subject": subject, "choice": choice.value, "who": who, "why": why}
        connection.execute(insert(schema.decision).values(**values, at_utc=now_ms))


def _after(row: Any, choice: Choice) -> State:
    if choice not in LEADS_TO:
        raise NotPossibleError(f"{choice.value} is not for a booking")
    states, after = LEADS_TO[choice]
    if State(row.state) not in states or (choice, row.reason) in NOT_FOR:
        raise NotPossibleError(
            f"{choice.value} is not possible for {row.natural}: {row.state} {row.reason}"
        )
    if after is State.PLANNED and not row.payload_enc:
        raise NotPossibleError(f"the content of {row.natural} was purged; hand it in again")
    return after
