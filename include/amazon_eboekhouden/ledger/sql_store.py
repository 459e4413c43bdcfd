"""The protocol's store in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    and_,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from amazon_eboekhouden.domain.bookings import BookingKind
from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger import sql_statements as statements
from amazon_eboekhouden.ledger.database import reading
from amazon_eboekhouden.ledger.database_time import to_ms
from amazon_eboekhouden.ledger.sql_events import Chain
from amazon_eboekhouden.ledger.sql_numbers import SqlNumbers
from amazon_eboekhouden.ledger.sql_plan import Planner
from amazon_eboekhouden.ledger.sql_rows import chunks, insert_once, intent_of
from amazon_eboekhouden.ledger.states import (
    TROUBLED,
    Change,
    Draft,
    Intent,
    State,
    Verdict,
    check_transition,
)
from amazon_eboekhouden.ledger.store import Lease

_INTENT = schema.intent
_LEASE = schema.lease
_UNCERTAIN_TOO_LONG = timedelta(hours=24)


@dataclass
class SqlStore(SqlNumbers):
    """See `store.Store` for what each method promises."""

    _guards: dict[tuple[str, str], Connection] = field(default_factory=dict)

    # --- planning ----------------------------------------------------------------------------
    def plan(
        self, admin: str, coupling: str, drafts: Sequence[Draft]
    ) -> Mapping[str, tuple[Verdict, Intent | None]]:
        """Store new drafts, replace what was not sent yet; per op_key the verdict."""
        with reading(self.engine).connect() as connection:
            verdicts = Planner(connection, admin, coupling, 0).verdicts(drafts)
        if all(_changes_nothing(kind, intent) for kind, intent in verdicts.values()):
            return verdicts
        with self.engine.begin() as connection:
            chain = Chain(connection, admin)  # Locks: what is read below stays true.
            planner = Planner(connection, admin, coupling, self.now_ms(connection))
            verdicts = planner.verdicts(drafts)
            planner.write(drafts, verdicts, chain)
            chain.close()
        return verdicts

    def verdicts(
        self, admin: str, coupling: str, drafts: Sequence[Draft]
    ) -> Mapping[str, tuple[Verdict, Intent | None]]:
        """What `plan` would find; nothing is written."""
        with reading(self.engine).connect() as connection:
            return Planner(connection, admin, coupling, 0).verdicts(drafts)

    def has_work(self, admin: str, coupling: str) -> bool:
        """Whether something waits to be sent for the coupling, or to be settled at all."""
        waits = or_(
            _INTENT.c.state.in_([State.SENDING.value, State.UNKNOWN.value]),
            and_(_INTENT.c.state == State.PLANNED.value, _INTENT.c.coupling == coupling),
        )
        query = select(_INTENT.c.op_key).where(_INTENT.c.admin == admin, waits).limit(1)
        with reading(self.engine).connect() as connection:
            return connection.execute(query).first() is not None

    # --- lease -------------------------------------------------------------------------------
    def acquire(self, admin: str, holder: str) -> Lease | datetime:
        """The lease with a new epoch, or when the present one ends; what was left is orphaned."""
        if not self._guard(admin, holder):
            return self.now() + timedelta(seconds=self.settings.lease_s)
        lease = self._acquire(admin, holder)
        if not isinstance(lease, Lease):
            self.drop_guard(admin, holder)
        return lease

    def _acquire(self, admin: str, holder: str) -> Lease | datetime:
        with self.engine.begin() as connection:
            fresh = {"admin": admin, "holder": "", "epoch": 0, "expires_at_utc": 0}
            insert_once(connection, _LEASE, fresh)
            taken = connection.execute(
                update(_LEASE)
                .where(_LEASE.c.admin == admin, _LEASE.c.expires_at_utc < self.now_sql())
                .values(holder=holder, epoch=_LEASE.c.epoch + 1, expires_at_utc=self._after_lease())
            )
            row = connection.execute(select(_LEASE).where(_LEASE.c.admin == admin)).one()
            if taken.rowcount != 1:
                return row.expires_at_utc  # type: ignore[no-any-return]
            lease = Lease(admin, holder, row.epoch)
            self._orphan(connection, lease)
        return lease

    def _orphan(self, connection: Connection, lease: Lease) -> None:
        """What an earlier epoch left in SENDING becomes UNKNOWN."""
        chain = Chain(connection, lease.admin)
        query = select(_INTENT).where(
            _INTENT.c.admin == lease.admin, _INTENT.c.state == State.SENDING.value
        )
        orphans = [intent_of(row) for row in connection.execute(query)]
        for intent in orphans:
            change = Change(State.UNKNOWN, evidence="the worker that sent it did not report")
            self._finish(connection, chain, lease, intent, change, intent.epoch)
        if orphans:
            chain.close()

    def _after_lease(self) -> ColumnElement[int]:
        return self.now_sql() + literal(_ms(self.settings.lease_s), BigInteger)

    def _guard(self, admin: str, holder: str) -> bool:
        """Take an advisory lock on a session of its own, where the database has them.

        Returns:
            False: another session has it.
        """
        if self.engine.dialect.name != "postgresql":
            return True
        connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # A host that vanished must not keep the lock for the system's two hours.
        for setting in ("tcp_keepalives_idle = 20", "tcp_keepalives_interval = 5"):
            connection.execute(text(f"SET {setting}"))
        key = {"key": f"booking-ledger:{admin}"}
        query = text("SELECT pg_try_advisory_lock(hashtextextended(:key, 0))")
        taken = bool(connection.execute(query, key).scalar_one())
        if taken:
            self._guards[admin, holder] = connection
        else:
            connection.close()
        return taken

    def renew(self, lease: Lease) -> bool:
        """Extend the lease, if it is still this holder's and this epoch's."""
        return self._set_expiry(lease, self._after_lease())

    def release(self, lease: Lease) -> None:
        """End the lease now, if it is still ours."""
        self._set_expiry(lease, self.now_sql() - literal(1, BigInteger))
        self.drop_guard(lease.admin, lease.holder)

    def drop_guard(self, admin: str, holder: str) -> None:
        """Give up the advisory lock, as the end of a process does."""
        guard = self._guards.pop((admin, holder), None)
        if guard is None:
            return
        # Said aloud: a session that is only closed keeps its lock until its server process ends,
        # and the next worker would find it taken. A session that is lost has lost the lock too.
        with suppress(SQLAlchemyError):
            guard.execute(text("SELECT pg_advisory_unlock_all()"))
        guard.invalidate()
        guard.close()

    def drop_all_guards(self) -> None:
        """Give up every advisory lock that this store still holds."""
        for admin, holder in list(self._guards):
            self.drop_guard(admin, holder)

    def _set_expiry(self, lease: Lease, expires: ColumnElement[int]) -> bool:
        statement = update(_LEASE).where(
            _LEASE.c.admin == lease.admin,
            _LEASE.c.holder == lease.holder,
            _LEASE.c.epoch == lease.epoch,
        )
        with self.engine.begin() as connection:
            return connection.execute(statement.values(expires_at_utc=expires)).rowcount == 1

    def _of_lease(self, lease: Lease, need_s: float) -> dict[str, Any]:
        """Parameters of a statement that asks whether the lease lasts so many seconds more."""
        names = {"lease_admin": lease.admin, "lease_holder": lease.holder}
        return {**names, "lease_epoch": lease.epoch, "need_ms": _ms(need_s)}

    # --- sending -----------------------------------------------------------------------------
    def arm(self, lease: Lease, intent: Intent, number_before: int) -> bool:
        """PLANNED → SENDING, if the lease outlasts one call and the payload is still this one."""
        settings = self.settings
        wanted = {
            "key": intent.op_key,
            "hash": intent.payload_hash,
            "settle_ms": _ms(settings.call_deadline_s + settings.settle_s),
            "highest": max(number_before, 0),
            **self._of_lease(lease, settings.call_deadline_s + settings.margin_s),
        }
        with self.engine.begin() as connection:
            chain = Chain(connection, lease.admin)
            armed = self._when(connection, statements.arm, wanted)
            if armed is None:
                return False
            steps = (State.PLANNED.value, State.SENDING.value, f"epoch {lease.epoch}")
            chain.add(intent.op_key, lease.holder, *steps, armed)
            chain.close()
        return True

    def finish(self, lease: Lease, intent: Intent, change: Change) -> bool:
        """SENDING → the change, if it is still in SENDING under this epoch."""
        with self.engine.begin() as connection:
            chain = Chain(connection, lease.admin)
            if not self._finish(connection, chain, lease, intent, change, lease.epoch):
                return False
            chain.close()
        return True

    def _finish(
        self,
        connection: Connection,
        chain: Chain,
        lease: Lease,
        intent: Intent,
        change: Change,
        epoch: int,
    ) -> bool:
        check_transition(State.SENDING, change.to)
        still = {"sent_epoch": epoch}
        done = self._when(connection, statements.finish, _changed(intent, change) | still)
        if done is not None:
            _tell(chain, lease, intent, State.SENDING, change, done)
        return done is not None

    def resolve(self, lease: Lease, changes: Sequence[tuple[Intent, Change]]) -> set[str]:
        """UNKNOWN → the changes, while the lease holds and nothing moved since they were read."""
        done: set[str] = set()
        with self.engine.begin() as connection:
            chain = Chain(connection, lease.admin)
            for intent, change in changes:
                check_transition(State.UNKNOWN, change.to)
                still = {"read_attempt": intent.attempt, **self._of_lease(lease, 0)}
                values = _changed(intent, change) | still
                at_ms = self._when(connection, statements.resolve, values)
                if at_ms is not None:
                    _tell(chain, lease, intent, State.UNKNOWN, change, at_ms)
                    done.add(intent.op_key)
            if done:
                chain.close()
        return done

    def _when(
        self,
        connection: Connection,
        statement: Callable[[bool], Executable],
        values: Mapping[str, Any],
    ) -> int | None:
        """Run a statement of one intent; when it took effect in milliseconds, None: it did not."""
        if self.clock is not None:
            values = {**values, "present": to_ms(self.clock.now_utc())}
        when = connection.execute(statement(self.clock is None), values).scalar_one_or_none()
        return None if when is None else to_ms(when)

    # --- reading -----------------------------------------------------------------------------
    def unknowns(self, admin: str) -> list[Intent]:
        """Intents in UNKNOWN, each with `settled` as of now."""
        with reading(self.engine).connect() as connection:
            now_ms = self.now_ms(connection)
            query = select(_INTENT).where(
                _INTENT.c.admin == admin, _INTENT.c.state == State.UNKNOWN.value
            )
            return [intent_of(row, now_ms) for row in connection.execute(query)]

    def sendable(self, admin: str, coupling: str) -> list[Intent]:
        """Intents in PLANNED, oldest first, with their payload."""
        query = (
            select(_INTENT)
            .where(
                _INTENT.c.admin == admin,
                _INTENT.c.state == State.PLANNED.value,
                _INTENT.c.coupling == coupling,
            )
            .order_by(_INTENT.c.created_utc, _INTENT.c.op_key)
        )
        with reading(self.engine).connect() as connection:
            return [intent_of(row) for row in connection.execute(query)]

    def states(self, admin: str, naturals: Sequence[str]) -> Mapping[str, State]:
        """State per natural key; a key that is not stored is left out."""
        found: dict[str, State] = {}
        columns = select(_INTENT.c.natural, _INTENT.c.state).where(_INTENT.c.admin == admin)
        with reading(self.engine).connect() as connection:
            for part in chunks(naturals):
                query = columns.where(_INTENT.c.natural.in_(part))
                found.update({row[0]: State(row[1]) for row in connection.execute(query)})
        return found

    def own_tokens(self, admin: str, tokens: Sequence[str]) -> set[str]:
        """Which of these tokens are ours."""
        found: set[str] = set()
        columns = select(_INTENT.c.token).where(_INTENT.c.admin == admin)
        with reading(self.engine).connect() as connection:
            for part in chunks(tokens):
                query = columns.where(_INTENT.c.token.in_(part))
                found.update(connection.execute(query).scalars())
        return found

    def troubled(self, admin: str, coupling: str) -> list[Intent]:
        """Intents of the coupling that a person must look at."""
        day = _ms(_UNCERTAIN_TOO_LONG.total_seconds())
        too_long = self.now_sql() - literal(day, BigInteger)
        waits = or_(
            _INTENT.c.state.in_([state.value for state in TROUBLED]),
            and_(_INTENT.c.state == State.CONFIRMED.value, _INTENT.c.offered_hash != ""),
            and_(_INTENT.c.state == State.UNKNOWN.value, _INTENT.c.sent_at_utc < too_long),
        )
        query = select(_INTENT).where(
            _INTENT.c.admin == admin, _INTENT.c.coupling == coupling, waits
        )
        with reading(self.engine).connect() as connection:
            return [intent_of(row) for row in connection.execute(query)]


def _changed(intent: Intent, change: Change) -> dict[str, Any]:
    """Parameters of a statement that changes an intent."""
    return {
        "key": intent.op_key,
        "to": change.to.value,
        "why": change.reason,
        "proof": change.evidence,
        "remote": change.remote_id or None,
        "answered": change.answered,
        "uncounted": int(change.not_counted),
    }


def _tell(
    chain: Chain, lease: Lease, intent: Intent, before: State, change: Change, at_ms: int
) -> None:
    """Append the change to the history, and learn its mutation number."""
    if change.to is State.CONFIRMED and intent.kind is not BookingKind.RELATION:
        number = int(change.remote_id) if change.remote_id.isdigit() else 0
        chain.highest_number = max(chain.highest_number, number)
    detail = " ".join(filter(None, (change.reason, change.remote_id, change.evidence)))
    chain.add(intent.op_key, lease.holder, before.value, change.to.value, detail, at_ms)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _changes_nothing(kind: Verdict, intent: Intent | None) -> bool:
    settled = kind in {Verdict.BOOKED, Verdict.WAITING, Verdict.UNCERTAIN, Verdict.REFUSED}
    held = kind in {Verdict.HELD, Verdict.NUMBER_TAKEN}
    return held or (settled and intent is not None and not intent.offered_hash)
