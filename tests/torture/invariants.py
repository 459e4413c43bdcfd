"""The invariants I1 to I14, checked from outside: on the books and on the store's own records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from amazon_eboekhouden.domain.bookings import BookingKind, Mutation, MutationKind, Relation
from amazon_eboekhouden.domain.books import BookedMutation
from amazon_eboekhouden.ledger.states import Draft, Intent, State

from tests.torture.remote import FakeRemote
from tests.torture.universe import CANARY, payloads

FINAL = {
    State.CONFIRMED,
    State.REJECTED,
    State.NEEDS_HUMAN,
    State.CONFLICT,
    State.HALF,
    State.DRIFTED,
}
_SPENT = {MutationKind.MONEY_SPENT, MutationKind.PAYMENT_SENT}


@dataclass
class Evidence:
    """What a schedule left behind.

    `events`: (op_key, actor, before, after, detail) in order. `touched`: natural keys whose row
    a person edited. `tight`: the month's calls were made too few on purpose. `chain`: whether the
    hashes of the events fit.
    """

    remote: FakeRemote
    intents: dict[str, Intent]
    events: Sequence[tuple[str, str, str, str, str]]
    handed_in: Sequence[Draft]
    versions: dict[int, int]
    settlement_total: int
    calls_a_month: int
    chain_holds: bool
    touched: set[str] = field(default_factory=set)
    rebooked: set[str] = field(default_factory=set)
    amended: bool = False
    tight: bool = False
    said: str = ""  # all that reports and problems said


def violations(seen: Evidence) -> Iterator[str]:
    """Every invariant that does not hold, in words."""
    yield from _books(seen)
    yield from _confirmed(seen)
    yield from _nothing_vanished(seen)
    yield from _order(seen)
    yield from _settlement(seen)
    yield from _records(seen)


def identity(row: BookedMutation) -> str:
    """Which booking a row is, without looking at the token."""
    return row.description[row.description.find("<") + 1 : -1]


def _books(seen: Evidence) -> Iterator[str]:
    rows = [row for row in seen.remote.rows.values() if row.number not in seen.remote.by_hand]
    for natural, times in Counter(identity(row) for row in rows).items():
        if times > 1:
            yield f"I1 {natural} stands in the books {times} times"
    armed = {key for key, _, _, after, _ in seen.events if after == State.SENDING}
    tokens = {intent.token: key for key, intent in seen.intents.items()}
    for row in rows:
        if row.voucher and tokens.get(row.voucher) not in armed:
            yield f"I3 mutation {row.number} was never armed"
        if any(line.net_cents + line.vat_cents != line.gross_cents for line in row.lines):
            yield f"I6 mutation {row.number} does not add up"


def _confirmed(seen: Evidence) -> Iterator[str]:
    for intent in seen.intents.values():
        if intent.state is not State.CONFIRMED or intent.natural in seen.touched:
            continue
        payload = payloads()[intent.payload_hash]
        if isinstance(payload, Relation):
            if payload.code not in seen.remote.relations:
                yield f"I2 {intent.natural} is confirmed and not there (false done)"
            continue
        own = [row for row in seen.remote.rows.values() if row.voucher == intent.token]
        if len(own) != 1:
            yield f"I2 {intent.natural} is confirmed and there {len(own)} times (false done)"
        elif not _same(payload, own[0]):
            yield f"I2 {intent.natural} is confirmed, the books show something else"


def _same(payload: Mutation, row: BookedMutation) -> bool:
    ours = [(line.account, line.gross_cents) for line in payload.lines]
    theirs = [(line.account, line.gross_cents) for line in row.lines]
    return (payload.kind, payload.account, ours) == (row.kind, row.account, theirs)


def _nothing_vanished(seen: Evidence) -> Iterator[str]:
    by_natural = {intent.natural: intent for intent in seen.intents.values()}
    for draft in seen.handed_in:
        intent = by_natural.get(draft.natural)
        if intent is None:
            yield f"I4 {draft.natural} vanished"
            continue
        changed = draft.payload_hash != intent.payload_hash and intent.kind.value != "REL"
        if changed and intent.state is State.CONFIRMED and intent.offered_hash == "":
            yield f"I4 the change of {draft.natural} is not surfaced"
        if intent.state in FINAL or seen.tight:
            continue
        if intent.state is State.PLANNED and _waits_for_a_person(intent, by_natural):
            continue
        yield f"I4 {draft.natural} is left in {intent.state}"


def _waits_for_a_person(intent: Intent, by_natural: dict[str, Intent]) -> bool:
    for natural in intent.depends_on:
        needed = by_natural[natural]
        if needed.state in FINAL - {State.CONFIRMED} or (
            needed.state is State.PLANNED and _waits_for_a_person(needed, by_natural)
        ):
            return True
    return False


def _order(seen: Evidence) -> Iterator[str]:
    place = {token: at for at, token in enumerate(seen.remote.order)}
    keys = {}
    for intent in seen.intents.values():
        payload = payloads()[intent.payload_hash]
        code = payload.code if isinstance(payload, Relation) else intent.token
        keys[intent.natural] = place.get(code)
    for intent in seen.intents.values():
        own = keys[intent.natural]
        for natural in intent.depends_on:
            needed = keys[natural]
            by_person = natural in seen.touched
            if own is not None and not by_person and (needed is None or needed > own):
                yield f"I5 {intent.natural} stands in the books before {natural}"


def _settlement(seen: Evidence) -> Iterator[str]:
    if seen.amended or seen.touched:
        return
    kinds = {BookingKind.PAYMENT, BookingKind.FEES, BookingKind.MONEY}
    parts = [intent for intent in seen.intents.values() if intent.kind in kinds]
    if any(intent.state is not State.CONFIRMED for intent in parts):
        return
    tokens = {intent.token for intent in parts}
    total = sum(
        -row.gross_cents if row.kind in _SPENT else row.gross_cents
        for row in seen.remote.rows.values()
        if row.voucher in tokens
    )
    if total != seen.settlement_total:
        yield f"I7 the settlement is {total}, it must be {seen.settlement_total}"


def _records(seen: Evidence) -> Iterator[str]:
    last = 0
    for _, _, before, after, detail in seen.events:
        if after == State.SENDING and before != after:
            epoch = int(detail.removeprefix("epoch "))
            if epoch < last:
                yield f"I9 epoch {epoch} wrote after epoch {last}"
            last = max(last, epoch)
    if not seen.chain_holds:
        yield "I10 the chain of events is broken"
    texts = [detail for *_, detail in seen.events]
    texts += [intent.evidence + intent.content for intent in seen.intents.values()]
    if any(CANARY in text for text in [*texts, seen.said]):
        yield "I13 a buyer's name is in the records"
    if seen.remote.calls["mutations"] > seen.calls_a_month:
        yield f"I14 {seen.remote.calls['mutations']} calls of {seen.calls_a_month}"
