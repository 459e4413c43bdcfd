"""The statements that run for every booking, built once: building one costs more than running it.

Each is a function of `present`, the clock as an expression: the database's own, or the parameter
of that name where a clock was given. Parameters are named apart from the columns they meet.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Insert,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate, Update

from amazon_eboekhouden.ledger import schema
from amazon_eboekhouden.ledger.database_time import DatabaseMs
from amazon_eboekhouden.ledger.states import State

_ADMINISTRATION = schema.administration
_INTENT = schema.intent
_LEASE = schema.lease


def _text(name: str) -> BindParameter[str]:
    return bindparam(name, type_=Text)


def _whole(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger)


def _present(own_clock: bool) -> ColumnElement[int]:
    return DatabaseMs() if own_clock else _whole("present")


def _lease_holds(present: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(
        _LEASE.c.admin == _text("lease_admin"),
        _LEASE.c.holder == _text("lease_holder"),
        _LEASE.c.epoch == _whole("lease_epoch"),
        _LEASE.c.expires_at_utc > present + _whole("need_ms"),
    )


# --- sending ------------------------------------------------------------------------------------
@cache
def arm(own_clock: bool) -> ReturningUpdate[tuple[int]]:
    """PLANNED → SENDING while the payload is this one and the lease lasts; returns when.

    Parameters: key, hash, lease_admin, lease_holder, lease_epoch, need_ms (what must be left of
    the lease), settle_ms (until the outcome may be judged), highest.
    """
    present = _present(own_clock)
    return (
        update(_INTENT)
        .where(
            _INTENT.c.op_key == _text("key"),
            _INTENT.c.state == State.PLANNED.value,
            _INTENT.c.payload_hash == _text("hash"),
            _lease_holds(present),
        )
        .values(
            state=State.SENDING.value,
            reason="",
            attempt=_INTENT.c.attempt + 1,
            epoch=_whole("lease_epoch"),
            sent_at_utc=present,
            not_before_utc=present + _whole("settle_ms"),
            number_before=_whole("highest"),
            updated_utc=present,
        )
        .returning(_INTENT.c.updated_utc)
    )


@cache
def finish(own_clock: bool) -> ReturningUpdate[tuple[int]]:
    """SENDING under `sent_epoch` → what `_changed` sets; returns when."""
    present = _present(own_clock)
    still = (_INTENT.c.state == State.SENDING.value, _INTENT.c.epoch == _whole("sent_epoch"))
    return _changed(present).where(*still).returning(_INTENT.c.updated_utc)


@cache
def resolve(own_clock: bool) -> ReturningUpdate[tuple[int]]:
    """UNKNOWN after `read_attempt`, while the lease holds → what `_changed` sets; returns when."""
    present = _present(own_clock)
    still = (_INTENT.c.state == State.UNKNOWN.value, _INTENT.c.attempt == _whole("read_attempt"))
    return _changed(present).where(*still, _lease_holds(present)).returning(_INTENT.c.updated_utc)


def _changed(present: ColumnElement[int]) -> Update:
    """Parameters: key, to, why, proof, remote (None: as it was), answered, uncounted (0 or 1)."""
    answered = bindparam("answered", type_=Boolean)
    return (
        update(_INTENT)
        .where(_INTENT.c.op_key == _text("key"))
        .values(
            state=_text("to"),
            reason=_text("why"),
            evidence=_text("proof"),
            remote_id=func.coalesce(_text("remote"), _INTENT.c.remote_id),
            not_before_utc=case((answered, present), else_=_INTENT.c.not_before_utc),
            attempt=_INTENT.c.attempt - bindparam("uncounted", type_=Integer),
            updated_utc=present,
        )
    )


# --- history ------------------------------------------------------------------------------------
EVENTS: Insert = insert(schema.event)
CHAIN_END: Update = (
    update(_ADMINISTRATION)
    .where(_ADMINISTRATION.c.admin == _text("of_admin"))
    .values(seq=_whole("end_seq"), hash=_text("end_hash"), highest_number=_whole("end_highest"))
)
LOCKED_CHAIN: Select[tuple[object, ...]] = (
    select(_ADMINISTRATION).where(_ADMINISTRATION.c.admin == _text("of_admin")).with_for_update()
)
