"""Which credit note a refund pays: one per refund event, an existing one before a new one.

One refund may be known under two event ids (Amazon's finances and the settlement), so a refund
first looks for a credit note of its order and amount that no settlement has paid yet, of the same
day before any other. When only the amount differs it is most likely the same refund all the same:
then it is held for a person, for two credit notes would take the VAT back twice. Source: accounting
rules 7.1, 7.2 and 9.2.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from amazon_eboekhouden.config.settings import CouplingSettings
from amazon_eboekhouden.domain.booked_invoice import credit_note_key
from amazon_eboekhouden.domain.corrections import in_place_of
from amazon_eboekhouden.domain.credit_notes import seen_in_finances
from amazon_eboekhouden.domain.settlement.exchange import at_rate_of
from amazon_eboekhouden.domain.settlement.groups import Item
from amazon_eboekhouden.domain.settlement.known import ITEM, SKU, Document, Known
from amazon_eboekhouden.domain.settlement.places import Choice, Place


@dataclass(frozen=True, slots=True)
class RefundEvent:
    """The money rows of one refund; cents in the settlement's currency, below zero if refunded."""

    order_id: str
    event: str
    shipment_id: str
    posted: date
    cents: int
    currency: str = "EUR"
    items: frozenset[Item] = frozenset()


def choose_credit_notes(
    events: Sequence[RefundEvent],
    known: Known,
    settings: CouplingSettings,
    *,
    parked: frozenset[str] = frozenset(),
) -> list[Choice]:
    """A choice per refund event of one order.

    Args:
        events: all refund events of the order in this settlement, in any order.
        known: what the ledger knows.
        settings: the coupling's.
        parked: orders of this settlement that wait for their invoice; their refunds wait along.
    """
    order = sorted(range(len(events)), key=lambda i: (events[i].posted, events[i].event))
    choices: dict[int, Choice] = {}
    for index in order:
        choice = _settled_before(events[index], known, settings, parked)
        choice = choice or _own_note(events[index], known)
        if choice:
            choices[index] = choice
    rest = [index for index in order if index not in choices]
    wanted = Counter(events[index].cents for index in rest)
    amounts = {event.cents for event in events}
    for index in rest:
        used = {choice.document for choice in choices.values()}
        event = events[index]
        choice = _unpaid_note(event, wanted[event.cents], used, known)
        choice = choice or _same_with_another_amount(event, amounts, used, known)
        wanted[event.cents] -= 1
        choices[index] = choice or _new(event, known)
    return [choices[index] for index in range(len(events))]


def _settled_before(
    event: RefundEvent, known: Known, settings: CouplingSettings, parked: frozenset[str]
) -> Choice | None:
    """What needs no look at credit notes: nothing to pay, or nobody to pay it to."""
    if event.cents == 0:
        return Choice(Place.NOTHING, "the rows of the refund cancel out")
    if not event.order_id:
        return Choice(Place.HELD, "no order id", 0, problem="settlement-row-without-order")
    other = next(
        (i for i in known.invoices.get(event.order_id, ()) if i.currency != event.currency), None
    )
    if other is not None:  # What was refunded is no part of its amount, at no rate that is known.
        reason, code = "its invoice is in another currency", "settlement-refund-currency"
        return Choice(Place.HELD, reason, 0, problem=code, invoice=other.booking)
    decided = known.decided["refunds"].get(f"{event.order_id}:{event.event}")
    if decided == Place.HELD:
        return Choice(
            Place.HELD, "held by an earlier run", 0, problem="settlement-refund-ambiguous"
        )
    unknown = not known.invoices.get(event.order_id)
    if decided == Place.PARKED or (unknown and event.order_id in parked):
        return Choice(
            Place.PARKED, "its order waits for the invoice", 0, problem="settlement-order-parked"
        )
    before = event.posted < settings.books.go_live
    if decided == Place.BEFORE_GO_LIVE or unknown or before:
        return Choice(
            Place.BEFORE_GO_LIVE,
            "posted before go-live" if before else "order not booked by this coupling",
            0,
            problem="settlement-refund-unknown-order",
        )
    return None


def _own_note(event: RefundEvent, known: Known) -> Choice | None:
    own = known.event_credit_note.get((event.order_id, event.event))
    for note in known.credit_notes.get(event.order_id, []):
        if note.booking == own:
            return _pays(note, 100, "refund event")
    return None


def _unpaid_note(event: RefundEvent, wanted: int, used: set[str], known: Known) -> Choice | None:
    free = [n for n in _free(event, used, known) if n.currency_cents == event.cents]
    same_day = [note for note in free if event.posted in _days(note)]
    # Equal notes of one day on one invoice: any of them is right, and each is paid once.
    if same_day and len({note.invoice for note in same_day}) == 1:
        return _pays(same_day[0], 95, "order, refunded amount and day")
    if len(free) > wanted:
        return Choice(
            Place.HELD, "several credit notes fit", 0, problem="settlement-refund-ambiguous"
        )
    return _pays(free[0], 80, "order and refunded amount") if free else None


def waiting_note(event: RefundEvent, known: Known) -> Document | None:
    """The credit note of a refund that waited for its invoice, when another source made it."""
    found = [n for n in _free(event, (), known) if n.currency_cents == event.cents]
    return min(found, key=lambda n: (event.posted not in _days(n), n.booking), default=None)


def _same_with_another_amount(
    event: RefundEvent, amounts: Collection[int], used: set[str], known: Known
) -> Choice | None:
    """Hold a refund that finances showed with another amount.

    It is one when they showed it on the same day, or as an estimate, and no other refund of this
    settlement has that amount.
    """
    for note in _free(event, used, known):
        seen = seen_in_finances(note.row)
        if seen is None or note.currency_cents in amounts:
            continue
        if event.posted in seen.days or seen.is_estimate:
            reason = "another amount than in finances"
            return Choice(
                Place.HELD, reason, 0, problem="settlement-refund-differs", invoice=note.invoice
            )
    return None


def _free(event: RefundEvent, used: Collection[str], known: Known) -> list[Document]:
    """Credit notes of the order that no settlement made or paid, and that may be this refund's."""
    # A settlement's own credit notes were matched by their event.
    return [
        note
        for note in known.credit_notes.get(event.order_id, [])
        if not note.settlement_id
        and note.booking not in used
        and not known.payments.get(note.invoice_number)
        and min(_days(note), default=event.posted) <= event.posted + timedelta(days=1)
    ]


def _days(note: Document) -> tuple[date, ...]:
    """Days on which finances showed the refund; none for a credit note of another source."""
    seen = seen_in_finances(note.row)
    return seen.days if seen else ()


def _new(event: RefundEvent, known: Known) -> Choice:
    """A credit note that is still to be made, on the invoice that can bear it."""
    bearing = bearing_invoices(
        event.order_id, event.shipment_id, event.cents, known, items=event.items
    )
    if not bearing:
        return Choice(
            Place.HELD, "more than the invoice", 0, problem="settlement-refund-too-large",
            invoice=known.invoices[event.order_id][0].booking,
        )  # fmt: skip
    if len(bearing) > 1:
        return Choice(Place.HELD, "several invoices fit", 0, problem="settlement-refund-ambiguous")
    if at_rate_of(bearing[0], event.cents) == 0:
        return Choice(Place.HELD, "less than a cent", 0, problem="settlement-refund-ambiguous")
    key = credit_note_key(event.order_id, event.event)
    return Choice(
        Place.CREDIT_NOTE, "new credit note", 90, document=key, invoice=bearing[0].booking
    )


def bearing_invoices(
    order_id: str,
    shipment_id: str,
    cents: int,
    known: Known,
    *,
    items: Collection[Item] = (),
) -> Sequence[Document]:
    """The invoices of an order that a refund can be credited on.

    Those of its shipment, else of those with enough left the ones that its items stand on.

    Args:
        order_id: an order that has invoices.
        shipment_id: that Amazon names, "" if none.
        cents: below zero for a refund, in the currency of the order.
        known: what the ledger knows of the order.
        items: what was refunded; empty when not told.
    """
    invoices: Sequence[Document] = in_place_of(known.invoices[order_id], ())
    by_shipment = [i for i in invoices if shipment_id and i.shipment_id == shipment_id]
    if by_shipment:
        return by_shipment
    fitting = [i for i in invoices if _left(i, known) >= -cents]
    for place in (ITEM, SKU):
        # Parts such as postage may name no item.
        wanted = {item[place] for item in items if any(item)} or {""}
        named = [i for i in fitting if wanted <= {item[place] for item in i.items} - {""}]
        if named:
            return named
    return fitting


def _left(invoice: Document, known: Known) -> int:
    """What an invoice still holds after its credit notes, in its currency."""
    return invoice.currency_cents + sum(n.currency_cents for n in known.notes_on(invoice))


def _pays(note: Document, confidence: int, reason: str) -> Choice:
    return Choice(Place.CREDIT_NOTE, reason, confidence, note.booking, note.invoice)
