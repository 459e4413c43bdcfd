"""Settlement Flat File V2, in the local format of its marketplace."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from coupling_sandbox.amazon.generator.arithmetic import money
from coupling_sandbox.amazon.places import Marketplace
from coupling_sandbox.amazon.shelf import from_ms

COLUMNS = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount",
    "currency", "transaction-type", "order-id", "merchant-order-id", "adjustment-id", "shipment-id",
    "marketplace-name", "amount-type", "amount-description", "amount", "fulfillment-id",
    "posted-date", "posted-date-time", "order-item-code", "merchant-order-item-id",
    "merchant-adjustment-item-id", "sku", "quantity-purchased", "promotion-id",
)  # fmt: skip


def header_row() -> str:
    """Return the names of the columns as a line."""
    return "\t".join(COLUMNS) + "\n"


def summary_row(
    place: Marketplace, settlement_id: str, times: Sequence[datetime], total: int
) -> str:
    """Return the first line: identity, start, end and deposit time, total."""
    written = [_time(place, moment) for moment in times]
    cells = [settlement_id, *written, money(total, place.comma), place.currency]
    return "\t".join([*cells, *[""] * (len(COLUMNS) - len(cells))]) + "\n"


def event_rows(
    place: Marketplace, settlement_id: str, posted_ms: int, event: dict[str, Any]
) -> Iterable[str]:
    """Yield one line for every amount of a transaction."""
    posted = from_ms(posted_ms)
    day, moment = posted.strftime(place.date), _time(place, posted)
    for kind, description, cents, item_id, sku, quantity, promotion in event["rows"]:
        cells = (
            settlement_id, "", "", "", "", "", event["kind"], event["order"], "",
            event["adjustment"], event["shipment"], event["marketplace"], kind, description,
            money(cents, place.comma), event["fulfillment"], day, moment, item_id, "", "", sku,
            quantity, promotion,
        )  # fmt: skip
        yield "\t".join(cells) + "\n"


def _time(place: Marketplace, moment: datetime) -> str:
    return f"{moment.strftime(place.date)} {moment:%H:%M:%S} UTC"
