"""Cuts a seller's money into settlements and publishes their files."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from coupling_sandbox.amazon.documents import SETTLEMENTS, publish
from coupling_sandbox.amazon.generator.events import TRANSFER_FAILED
from coupling_sandbox.amazon.generator.flatfile import event_rows, header_row, summary_row
from coupling_sandbox.amazon.generator.money import Row, Transaction
from coupling_sandbox.amazon.generator.options import SeedOptions
from coupling_sandbox.amazon.generator.rates import PRICE_FACTOR
from coupling_sandbox.amazon.generator.truth import SettlementTruth
from coupling_sandbox.amazon.places import MARKETPLACES, Marketplace
from coupling_sandbox.amazon.reports import KEPT
from coupling_sandbox.amazon.service import Amazon, iso
from coupling_sandbox.amazon.shelf import from_ms, ms
from coupling_sandbox.amazon.shop import Report


@dataclass
class _Carried:
    """What one settlement hands to the next of its stream."""

    reserve: int = 0
    owed: int = 0
    bounced: int = 0

    def __bool__(self) -> bool:
        return bool(self.reserve or self.owed or self.bounced)


def settle(amazon: Amazon, seller: str, options: SeedOptions) -> Iterator[dict[str, Any]]:
    """Settle all unsettled money of a seller; yield the truth of every settlement."""
    for stream in amazon.shop.streams(seller):
        place = MARKETPLACES[stream]
        if options.settlement_style == "iso":
            place = replace(place, date="%Y-%m-%d", comma=False)
        yield from _settle_stream(amazon, seller, options, place)


def _settle_stream(
    amazon: Amazon, seller: str, options: SeedOptions, place: Marketplace
) -> Iterator[dict[str, Any]]:
    carried, number = _Carried(), 0
    start = options.start
    weekly = options.profile == "year" and place.code in ("DE", "FR")
    length = timedelta(days=7 if weekly else options.period_days)
    while (last := amazon.shop.last_unsettled_ms(seller, place.code)) is not None:
        end = start + length
        more = last >= ms(end)
        truth = _publish(amazon, seller, options, place, (start, end), carried, number, more)
        if truth is not None:
            yield truth
        start, number = end, number + 1
    while carried and not options.closing_reserve:
        end = start + length
        truth = _publish(amazon, seller, options, place, (start, end), carried, number, False)
        if truth is not None:
            yield truth
        if carried.owed:
            return  # Nothing is left to set it off against; Amazon would charge the card.
        start, number = end, number + 1


def _publish(
    amazon: Amazon,
    seller: str,
    options: SeedOptions,
    place: Marketplace,
    period: tuple[datetime, datetime],
    carried: _Carried,
    number: int,
    more: bool,
) -> dict[str, Any] | None:
    """Write one settlement; None when nothing happened in its period."""
    start, end = period
    rng = Random(f"{options.seed}/settlement/{place.code}/{number}")  # noqa: S311
    settlement_id = f"{rng.randrange(2 * 10**10, 3 * 10**10)}"
    body, truth = io.StringIO(), SettlementTruth()
    for event in _opening(carried, start, rng):
        _write(body, truth, place, settlement_id, ms(start), event.packed())
    for _, posted, event_body in amazon.shop.unsettled(seller, place.code, ms(end)):
        _write(body, truth, place, settlement_id, posted, event_body)
    if not body.tell():
        return None
    keep = more or options.closing_reserve
    reserve = _reserve(rng, truth.total, number) if keep else 0
    if reserve:
        closing = _balance("Current Reserve Amount", -reserve, end)
        _write(body, truth, place, settlement_id, ms(end) - 1000, closing.packed())
    carried.reserve, carried.owed = reserve, min(truth.total, 0)
    fails = more and options.profile == "year" and rng.random() < options.failed_transfers
    carried.bounced = truth.total if fails and truth.total > 0 else 0
    amazon.shop.mark_settled(seller, place.code, ms(end), settlement_id)
    deposit = end + timedelta(days=2, minutes=rng.randrange(0, 600))
    times = (start, end, deposit)
    head = header_row() + summary_row(place, settlement_id, times, truth.total)
    listed = _listed(amazon, end + timedelta(minutes=rng.randrange(20, 400)))
    report = Report(
        settlement_id,
        SETTLEMENTS,
        (place.id,),
        listed,
        data_start=start,
        data_end=end,
        done=listed,
    )
    publish(amazon, seller, (head + body.getvalue()).encode("cp1252", "replace"), report)
    return {
        "settlement_id": settlement_id,
        "transfer_fails": bool(carried.bounced),
        "marketplace": place.name,
        "currency": place.currency,
        "start_utc": iso(start),
        "end_utc": iso(end),
        "deposit_utc": iso(deposit),
        "listed_utc": iso(listed),
        "converted_eur_cents": _converted(rng, place, truth.total),
        **truth.as_json(),
    }


def _opening(carried: _Carried, start: datetime, rng: Random) -> list[Transaction]:
    events = []
    if carried.reserve:
        events.append(_balance("Previous Reserve Amount Balance", carried.reserve, start))
    if carried.bounced:
        events.append(_balance(rng.choice(TRANSFER_FAILED), carried.bounced, start))
    if carried.owed:
        events.append(_balance("Payable to Amazon", carried.owed, start))
        if rng.random() < 0.5:
            events.append(_balance("Successful charge", -carried.owed, start))
    return events


def _balance(description: str, cents: int, posted: datetime) -> Transaction:
    row = Row("other-transaction", description, cents)
    return Transaction("other-transaction", posted, [row], extra={"balance": True})


def _reserve(rng: Random, total: int, number: int) -> int:
    """Amazon keeps part of a first settlement always, of a later one sometimes."""
    if total <= 0 or (number and rng.random() < 0.5):
        return 0
    return total * rng.randrange(5, 30) // 100


def _write(
    body: io.StringIO,
    truth: SettlementTruth,
    place: Marketplace,
    settlement_id: str,
    posted_ms: int,
    event: dict[str, Any],
) -> None:
    truth.add(event)
    body.writelines(event_rows(place, settlement_id, posted_ms, event))


def _converted(rng: Random, place: Marketplace, total: int) -> int | None:
    """Return what arrives at a euro bank account for another currency, 1 to 2 % below the rate."""
    if place.currency == "EUR" or total <= 0:
        return None
    return total * 100 * rng.randrange(980, 990) // (PRICE_FACTOR[place.currency] * 1000)


def _listed(amazon: Amazon, due: datetime) -> datetime:
    """Return when the file appears; one that would be gone by now appears now."""
    now = amazon.clock.now()
    return now if due < now - KEPT + timedelta(days=1) else from_ms(ms(due.astimezone(UTC)))
