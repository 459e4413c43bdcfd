"""What the ledger remembers of a coupling: its binding, its watermark, its problems."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, delete, insert, select, update

from amazon_eboekhouden.domain.problems import Problem, problem
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.sql_rows import insert_once

LEDGER = "ledger"  # scope of the problems that intents are
ORDERS = "orders"


@dataclass(frozen=True, slots=True)
class CouplingState:
    """A coupling as the ledger knows it."""

    name: str
    active: bool
    administration: str
    seller: str
    stop_reason: str
    since_utc: datetime


@dataclass(frozen=True, slots=True)
class OpenProblem:
    """A problem with its history."""

    problem: Problem
    scope: str
    first_seen_utc: datetime
    last_seen_utc: datetime


@dataclass
class Couplings:
    """Tables coupling, watermark and problem."""

    engine: Engine
    now_ms: Callable[[Connection], int]

    # --- binding -------------------------------------------------------------------------------
    def state(self, name: str) -> CouplingState | None:
        """The coupling, None before it was bound or a person's switch was used."""
        table = schema.coupling
        with reading(self.engine).connect() as connection:
            row = connection.execute(select(table).where(table.c.name == name)).first()
        return None if row is None else CouplingState(*row)

    def bind(self, name: str, administration: str, seller: str) -> Problem | None:
        """Bind at the first time; afterwards another answer stops the coupling.

        A connection that was renamed or re-entered must never book a whole history again in
        another administration. What a connection left empty is bound once it is named.
        """
        table = schema.coupling
        with self.engine.begin() as connection:
            values = {
                "name": name,
                "active": True,
                "administration": administration,
                "seller": seller,
                "stop_reason": "",
                "since_utc": self.now_ms(connection),
            }
            insert_once(connection, table, values)
            row = connection.execute(
                select(table).where(table.c.name == name).with_for_update()
            ).one()
            # A person stopped it before it was ever bound, or the connection named no seller.
            if row.administration in ("", administration) and not (
                row.administration and row.seller
            ):
                bound = {"administration": administration, "seller": seller}
                connection.execute(update(table).where(table.c.name == name).values(**bound))
                row = connection.execute(select(table).where(table.c.name == name)).one()
            found = mismatch(CouplingState(*row), administration, seller)
            # Restoring the right connection is the remedy, so it lets the coupling go on; only a
            # person's stop stays until a person takes it back.
            reason = found.code if found else ""
            if row.active and row.stop_reason != reason:
                changed = update(table).where(table.c.name == name)
                connection.execute(changed.values(stop_reason=reason))
        if found is None and not row.active:
            return problem("coupling-stopped", f"coupling {name}", why=row.stop_reason)
        return found

    def activate(self, name: str, *, active: bool, reason: str = "") -> None:
        """A person stops the coupling, or lets it go on; also before it was ever bound."""
        table = schema.coupling
        with self.engine.begin() as connection:
            unbound = {"name": name, "administration": "", "seller": "", "stop_reason": ""}
            now_ms = self.now_ms(connection)
            insert_once(connection, table, {**unbound, "active": active, "since_utc": now_ms})
            connection.execute(
                update(table)
                .where(table.c.name == name)
                .values(active=active, stop_reason="" if active else reason)
            )

    # --- watermark -----------------------------------------------------------------------------
    def watermark(self, name: str) -> datetime | None:
        """End of the last window that was loaded, None before the first."""
        table = schema.watermark
        query = select(table.c.until_utc).where(table.c.coupling == name)
        with reading(self.engine).connect() as connection:
            return connection.execute(query).scalar_one_or_none()

    def set_watermark(self, name: str, until_utc: datetime) -> None:
        """Move the watermark; it never goes back."""
        table = schema.watermark
        with self.engine.begin() as connection:
            insert_once(connection, table, {"coupling": name, "until_utc": until_utc})
            later = and_(table.c.coupling == name, table.c.until_utc < until_utc)
            connection.execute(update(table).where(later).values(until_utc=until_utc))

    # --- problems ------------------------------------------------------------------------------
    def record_problems(
        self,
        name: str,
        scope: str,
        problems: Sequence[Problem],
        *,
        orders: Collection[str] | None = None,
    ) -> None:
        """Open what is new, close what did not come back.

        Args:
            name: the coupling.
            scope: who looked: only problems of the same scope are closed.
            problems: all that were found this time.
            orders: which orders were looked at; None when everything of the scope was.
        """
        table = schema.problem
        now = {(p.code, p.row): p for p in problems}
        with self.engine.begin() as connection:
            now_ms = self.now_ms(connection)
            same_scope = and_(table.c.coupling == name, table.c.scope == scope, table.c.open)
            stored = connection.execute(select(table).where(same_scope)).all()
            for row in stored:
                again = now.pop((row.code, row.row), None)
                if again is not None:
                    seen = {"cause": again.cause, "todo": again.todo, "last_seen_utc": now_ms}
                elif orders is None or row.order_id in orders:
                    seen = {"open": False, "last_seen_utc": now_ms}
                else:
                    continue
                connection.execute(update(table).where(table.c.id == row.id).values(**seen))
            if now:
                rows = [_problem_row(name, scope, found, now_ms) for found in now.values()]
                connection.execute(insert(table), rows)

    def open_problems(self, name: str) -> list[OpenProblem]:
        """Open problems, oldest first; one that two scopes saw appears once."""
        table = schema.problem
        query = (
            select(table)
            .where(table.c.coupling == name, table.c.open)
            .order_by(table.c.first_seen_utc, table.c.id)
        )
        with reading(self.engine).connect() as connection:
            rows = connection.execute(query).all()
        found: dict[tuple[str, str], OpenProblem] = {}
        for row in rows:
            value = Problem(row.code, row.row, row.cause, row.todo, row.order_id)
            seen = (row.first_seen_utc, row.last_seen_utc)
            found.setdefault((row.code, row.row), OpenProblem(value, row.scope, *seen))
        return list(found.values())

    def held_orders(self, name: str) -> list[str]:
        """Orders with an open problem, the one that was looked at longest ago first."""
        table = schema.problem
        query = (
            select(table.c.order_id)
            .where(table.c.coupling == name, table.c.open, table.c.scope == ORDERS)
            .where(table.c.order_id != "")
            .order_by(table.c.last_seen_utc, table.c.id)
        )
        with reading(self.engine).connect() as connection:
            return list(dict.fromkeys(connection.execute(query).scalars()))

    def forget_closed(self, before_utc: datetime) -> int:
        """Delete problems that were closed before a moment; how many."""
        table = schema.problem
        old = and_(table.c.open.is_(False), table.c.last_seen_utc < before_utc)
        with self.engine.begin() as connection:
            return connection.execute(delete(table).where(old)).rowcount


def mismatch(bound: CouplingState, administration: str, seller: str) -> Problem | None:
    """Whether connections answer for another administration or seller than the coupling's own."""
    row = f"coupling {bound.name}"
    if bound.administration not in ("", administration):
        changed = {"found": administration, "bound": bound.administration}
        return problem("administration-changed", row, **changed)
    if bound.seller not in ("", seller):
        return problem("seller-changed", row, found=seller, bound=bound.seller)
    return None


def _problem_row(name: str, scope: str, found: Problem, now_ms: int) -> dict[str, object]:
    return {
        "coupling": name,
        "scope": scope,
        "code": found.code,
        "row": found.row,
        "cause": found.cause,
        "todo": found.todo,
        "order_id": found.order_id,
        "open": True,
        "first_seen_utc": now_ms,
        "last_seen_utc": now_ms,
    }
